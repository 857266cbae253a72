/** One line under `buses:` goes in; a checked description of that wire comes out, with every default filled in. */
import * as z from "zod";
import { duration } from "../kit/quantities.ts";
import { host, serialDevice, serialOrTcp } from "./addresses.ts";
import type { Wire } from "./driver.ts";

const port = z.int().min(1).max(65_535);
const hostName = host().describe("Host name or address.");
const RATES: ReadonlySet<number> = new Set([
  ...[300, 600, 1200, 1800, 2400, 4800, 9600, 10_400, 14_400, 19_200, 28_800, 31_250, 38_400, 56_000, 57_600, 62_500, 74_880],
  ...[76_800, 100_000, 115_200, 128_000, 230_400, 250_000, 256_000, 460_800, 500_000, 576_000, 921_600, 1_000_000],
  ...[1_152_000, 1_500_000, 2_000_000, 2_500_000, 3_000_000, 3_500_000, 4_000_000],
]);
const baud = z
  .int()
  .min(300)
  .max(4_000_000)
  .refine((rate) => RATES.has(rate), {
    error: "expected a rate that serial devices have, such as 1200, 2400, 4800, 9600, 19200, 38400, 57600 or 115200",
  })
  .prefault(9600)
  .describe("Bits per second; must be the one set in the devices.");
const parity = z.enum(["none", "even", "odd"]).prefault("none").describe("Parity bit of each character.");
const stopBits = z
  .union([z.literal(1), z.literal(2)])
  .prefault(1)
  .describe("Stop bits; most meters use 1 even without parity.");

const patience = {
  timeout: duration({ least: "1ms", most: "1min" })
    .optional()
    .describe("How long to wait for a reply. Default: twice the line time and 100 ms, at least 500 ms."),
  slowest: duration()
    .prefault("2s")
    .describe(
      "How late a unit may still answer: after a timeout it rests this long, so that no late reply is taken for another. Less than the timeout: twice the timeout.",
    ),
  gap: duration({ most: "2s" })
    .prefault("0ms")
    .describe("Silence kept between two requests, beyond what the line needs (Heidelberg 100 ms, older Eastron 60 ms)."),
};

const tolerate = () =>
  z
    .array(z.enum(["unit-echo", "transaction-echo"]))
    .optional()
    .describe(
      "What a gateway may do otherwise than Modbus TCP says: reply in the name of another unit, or under another transaction. Without the transaction only time tells a late reply from the right one: a silent unit then rests for `slowest`. Default: nothing.",
    );

export const busSchema = z.union(
  [
    z
      .strictObject({
        modbus: z.literal("rtu"),
        port: serialDevice().describe("Serial device, best by its lasting name: /dev/serial/by-id/…"),
        baud,
        parity,
        stopBits,
        ...patience,
      })
      .describe("Modbus RTU on a serial port."),
    z
      .strictObject({
        modbus: z.literal("tcp"),
        host: hostName,
        port: port.prefault(502).describe("TCP port."),
        ...patience,
        tolerate: tolerate(),
      })
      .describe("Modbus TCP."),
    z
      .strictObject({
        modbus: z.literal("rtu-tcp"),
        host: hostName,
        port: port.describe("TCP port of the serial device server."),
        ...patience,
      })
      .describe("Modbus RTU frames through a serial device server."),
    z
      .strictObject({
        serial: serialOrTcp().describe("Serial device, tcp://host:port or tcp://[address]:port."),
        baud,
        parity,
        stopBits,
      })
      .describe("Serial line of one device that is not Modbus."),
    z
      .strictObject({
        gpio: z
          .enum(["auto", "onoff", "gpiod"])
          .describe("How pins are reached; auto: gpiod where its tools are installed, else onoff."),
        tools: z.string().optional().describe("Folder of gpiodetect, gpiomon, gpioget, gpioset and gpioinfo; default: PATH."),
        chip: z
          .string()
          .prefault("header")
          .describe(
            "GPIO chip, by its label or name (gpiodetect lists both). header: a Raspberry Pi's, known by its label pinctrl-rp1, pinctrl-bcm2711 or pinctrl-bcm2835, whatever its number. Other boards must name theirs.",
          ),
      })
      .describe("GPIO pins, numbered as BCM lines."),
    z
      .strictObject({
        ble: z
          .string()
          .regex(/^hci\d{1,2}$/, { error: "expected an adapter such as hci0 (`bluetoothctl list` shows them)" })
          .describe("Bluetooth adapter such as hci0."),
        helper: z
          .string()
          .regex(/^\/\S/, { error: "expected a program with its whole path, such as /opt/cippo/bin/ble" })
          .optional()
          .describe(
            "Program that reaches the adapter, instead of the gateway's own (docs/decisions/0008); started with the adapter's name.",
          ),
      })
      .describe("Bluetooth LE radio, reached by a process of its own."),
    z
      .strictObject({
        mqtt: z
          .string()
          .regex(/^mqtts?:\/\/.+/, { error: "expected mqtt://host:port or mqtts://host:port" })
          .describe("Broker that returns data."),
        credentials: z.string().optional().describe("Name under the credentials directory."),
      })
      .describe("Readings of a third party's network over MQTT."),
  ],
  { error: "expected one of: modbus rtu | tcp | rtu-tcp, serial, gpio, ble, mqtt, each with its own keys only" },
);

export type BusSpec = z.output<typeof busSchema>;
export type ModbusSpec = Extract<BusSpec, { modbus: string }>;
export type SerialSpec = Extract<BusSpec, { serial: string }>;
export type GpioSpec = Extract<BusSpec, { gpio: string }>;
export type BleSpec = Extract<BusSpec, { ble: string }>;

/** Which wire a bus is, as drivers ask for it; mqtt has no driver yet. */
export function wireOf(spec: BusSpec): Wire | "mqtt" {
  if ("modbus" in spec) return "modbus";
  if ("serial" in spec) return "serial";
  if ("gpio" in spec) return "gpio";
  return "ble" in spec ? "ble" : "mqtt";
}
