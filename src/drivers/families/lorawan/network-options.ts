/** The options that every device of a LoRaWAN network has: whose network it is, and by what name it is known there. */
import * as z from "zod";
import { duration } from "../../../kit/text/quantities.ts";
import { report } from "../options.ts";
import { NETWORKS, uplinkTopic } from "./network-uplink.ts";

export const network = {
  network: z
    .enum(NETWORKS)
    .prefault("chirpstack")
    .describe("Whose words the uplinks are in: ChirpStack v4 (JSON), or tts, The Things Stack v3 and The Things Network."),
  devEui: z
    .string({ error: 'expected 16 hex digits in quotation marks, such as "70B3D52C00012345"' })
    .regex(/^[0-9A-Fa-f]{16}$/, { error: 'expected 16 hex digits in quotation marks, such as "70B3D52C00012345"' })
    .optional()
    .describe("On ChirpStack: the device's EUI, in quotation marks."),
  device: z
    .string()
    .regex(/^[a-z0-9](-?[a-z0-9])*$/, { error: "expected a device id of The Things Stack, such as eui-70b3d52c00012345" })
    .optional()
    .describe("On The Things Stack: the device's id there."),
  silentAfter: duration().describe(
    "Not heard for this long, it counts as silent: some three times the keep-alive that is set in it.",
  ),
  report: report(),
};
export type NetworkOptions = z.output<z.ZodObject<typeof network>>;

/** Each network knows its devices by a name of its own. */
export function misnamed({ network, devEui, device }: NetworkOptions, { addIssue }: z.RefinementCtx): void {
  const wrong = (path: string, message: string) => addIssue({ code: "custom", path: [path], message });
  if (network === "chirpstack" && devEui === undefined) wrong("devEui", "expected the EUI by which ChirpStack knows the device");
  if (network === "tts" && device === undefined) wrong("device", "expected the id by which The Things Stack knows the device");
}

export const topicOf = (o: NetworkOptions): string => uplinkTopic(o);
