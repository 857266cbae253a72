/** How a Modbus line is written under `buses:`, over a serial port or over TCP. */
import * as z from "zod";
import { duration } from "../../../kit/text/quantities.ts";
import { bare, host, serialDevice } from "../../addresses.ts";
import type { BusKind } from "../../bus-kind.ts";
import { lineSettings } from "../serial/line-settings.ts";

const port = z.int().min(1).max(65_535);
const hostName = host().describe("Host name or address.");

const patience = {
  timeout: duration({ least: "1ms", most: "1min" })
    .optional()
    .describe("How long to wait for a reply. Default: twice the line time and 100 ms, at least 500 ms."),
  replyDeadline: duration()
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
      "What a gateway may do otherwise than Modbus TCP says: reply in the name of another unit, or under another transaction. Without the transaction only time tells a late reply from the right one: a silent unit then rests for `replyDeadline`. Default: nothing.",
    );

const rtu = z
  .strictObject({
    modbus: z.literal("rtu").describe("Frames with a CRC on a serial line."),
    port: serialDevice().describe("Serial device, best by its lasting name: /dev/serial/by-id/…"),
    ...lineSettings,
    ...patience,
  })
  .describe("Modbus RTU on a serial port.");
const tcp = z
  .strictObject({
    modbus: z.literal("tcp").describe("Frames with a transaction over TCP."),
    host: hostName,
    port: port.prefault(502).describe("TCP port."),
    ...patience,
    tolerate: tolerate(),
  })
  .describe("Modbus TCP.");
const rtuTcp = z
  .strictObject({
    modbus: z.literal("rtu-tcp").describe("Frames with a CRC, through a device server."),
    host: hostName,
    port: port.describe("TCP port of the serial device server."),
    ...patience,
  })
  .describe("Modbus RTU frames through a serial device server.");
export type ModbusSpec = z.output<typeof rtu> | z.output<typeof tcp> | z.output<typeof rtuTcp>;

export const modbusBus = {
  forms: [rtu, tcp, rtuTcp],
  example: "{ modbus: rtu, port: /dev/ttyUSB0 }",
  port: (word) => (word("host") === undefined ? word("port") : `${bare(word("host") ?? "")}:${word("port") ?? 502}`),
} as const satisfies BusKind;
