/** How a Bluetooth adapter is written under `buses:`. */
import * as z from "zod";
import type { BusKind } from "../../bus-kind.ts";

const adapter = z
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
  .describe("Bluetooth LE radio, reached by a process of its own.");
export type BleSpec = z.output<typeof adapter>;

export const bleBus = { forms: [adapter], example: "{ ble: hci0 }", port: (word) => word("ble") } as const satisfies BusKind;
