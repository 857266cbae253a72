/** How the broker of a third party's network is written under `buses:`. */
import * as z from "zod";
import { cadence } from "../../../kit/text/quantities.ts";
import { wrongHost } from "../../addresses.ts";
import type { BusKind } from "../../bus-kind.ts";

const BROKER = "expected mqtt://host:port or mqtts://host:port, without user and password";

const file = (what: string) =>
  z
    .string()
    .regex(/^[A-Za-z0-9_][\w.-]*$/, { error: "expected the name of a file, without a folder" })
    .optional()
    .describe(what);

const credentials = z
  .strictObject({
    ca: file("Authorities that the broker's certificate is checked against."),
    cert: file("Client certificate."),
    key: file("Its private key."),
    password: file("File with the password of `user`, one line."),
  })
  .refine(({ cert, key }) => (cert === undefined) === (key === undefined), {
    error: "expected cert and key, or neither",
    path: ["cert"],
  });

const broker = z
  .strictObject({
    mqtt: z.string().refine(isBroker, { error: BROKER }).describe("Broker that returns data."),
    user: z.string().min(1).max(200).optional().describe("User name at the broker; its password lies in a file."),
    credentials: credentials.prefault({}).describe("Names of files under the credentials directory, never contents."),
    clientId: z
      .string()
      .min(1)
      .max(200)
      .optional()
      .describe("Client id, where the broker wants a certain one. Default: gateway.id, - and the name of the bus."),
    reconnect: z
      .strictObject({
        first: cadence().prefault("1s").describe("Longest wait before the first new try after the link was lost."),
        max: cadence().prefault("1min").describe("Longest wait between two tries."),
      })
      .refine(({ first, max }) => first <= max, { error: "expected not less than first", path: ["max"] })
      .prefault({})
      .describe("How soon a broker that went away is tried again; each wait is doubled, and drawn by lot."),
    version: z
      .literal([5, "3.1.1"])
      .prefault("3.1.1")
      .describe("Version of MQTT. Every broker speaks 3.1.1; with 5 it is told how many messages may be under way."),
  })
  .superRefine(({ mqtt, user, credentials: { ca, password } }, at) => {
    const lacks = (path: readonly string[], message: string) => at.addIssue({ code: "custom", path: [...path], message });
    if (mqtt.startsWith("mqtts:") && ca === undefined)
      lacks(["credentials"], "expected ca, the file with the authorities of the broker's certificate");
    if (user !== undefined && password === undefined)
      lacks(["credentials"], "expected password, the file with the password of user");
    if (user === undefined && password !== undefined) lacks(["credentials", "password"], "expected user beside a password");
  })
  .describe("Readings of a third party's network over MQTT.");
export type MqttBusSpec = z.output<typeof broker>;

export const mqttBus = {
  forms: [broker],
  example: '{ mqtt: "mqtt://127.0.0.1:1883" }',
  port: () => undefined,
} as const satisfies BusKind;

function isBroker(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, username, password, pathname, search } = new URL(text);
  const isBare = username === "" && password === "" && (pathname === "" || pathname === "/") && search === "";
  return (protocol === "mqtt:" || protocol === "mqtts:") && isBare && wrongHost(hostname) === undefined;
}
