/** How a serial line that is not Modbus is written under `buses:`. */
import * as z from "zod";
import { serialOrTcp, tcpAddress } from "../../addresses.ts";
import type { BusKind } from "../../bus-kind.ts";
import { lineSettings } from "./line-settings.ts";

const line = z
  .strictObject({
    serial: serialOrTcp().describe("Serial device, tcp://host:port or tcp://[address]:port."),
    ...lineSettings,
  })
  .describe("Serial line of one device that is not Modbus.");
export type SerialSpec = z.output<typeof line>;

export const serialBus = {
  forms: [line],
  example: "{ serial: /dev/ttyUSB0 }",
  port(word) {
    const address = tcpAddress(word("serial") ?? "");
    return address === null ? word("serial") : `${address.host}:${address.port}`;
  },
} as const satisfies BusKind;
