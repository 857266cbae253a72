/** How the broker of a third party's network is written under `buses:`. */
import * as z from "zod";
import type { BusKind } from "../../bus-kind.ts";

const broker = z
  .strictObject({
    mqtt: z
      .string()
      .regex(/^mqtts?:\/\/.+/, { error: "expected mqtt://host:port or mqtts://host:port" })
      .describe("Broker that returns data."),
    credentials: z.string().optional().describe("Name under the credentials directory."),
  })
  .describe("Readings of a third party's network over MQTT.");
export type MqttBusSpec = z.output<typeof broker>;

export const mqttBus = { forms: [broker], port: () => undefined } as const satisfies BusKind;
