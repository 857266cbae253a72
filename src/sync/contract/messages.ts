/** The list of all messages, from which documents, AsyncAPI and tests are made. */
import type * as z from "zod";
import { deltaMessage, listMessage } from "../../contract/list-form.ts";
import { ackMessage, commandMessage, configMessage, updateMessage } from "./down.ts";
import {
  alarmsMessage,
  assetMessage,
  catalogMessage,
  eventsMessage,
  readingsMessage,
  reportedMessage,
  resultMessage,
  stateMessage,
  urgentMessage,
} from "./up.ts";

export interface Message {
  readonly name: string;
  /** Under `{prefix}/{gateway}/`. */
  readonly topic: string;
  readonly direction: "up" | "down";
  readonly retained: boolean;
  readonly schema: z.ZodType;
  /** `json`, or `body`: JSON, or zlib (RFC 1950) of it, told by the first byte. */
  readonly encoding: "json" | "body";
}

const up = (name: string, topic: string, retained: boolean, schema: z.ZodType, encoding: Message["encoding"]): Message => ({
  name,
  topic: `up/${topic}`,
  direction: "up",
  retained,
  schema,
  encoding,
});
const down = (name: string, topic: string, retained: boolean, schema: z.ZodType): Message => ({
  name,
  topic: `down/${topic}`,
  direction: "down",
  retained,
  schema,
  encoding: "json",
});

export const messages: readonly Message[] = [
  up("state", "state", true, stateMessage, "json"),
  up("catalog", "catalog/{n}", true, catalogMessage, "body"),
  up("asset", "assets/{asset}", true, assetMessage, "json"),
  up("alarms", "alarms/{n}", true, alarmsMessage, "body"),
  up("urgent", "urgent", false, urgentMessage, "json"),
  up("events", "events", false, eventsMessage, "body"),
  up("readings", "readings", false, readingsMessage, "body"),
  up("history-events", "history/events", false, eventsMessage, "body"),
  up("history-readings", "history/readings", false, readingsMessage, "body"),
  up("result", "results", false, resultMessage, "json"),
  up("reported", "reported", true, reportedMessage, "json"),
  down("ack", "ack", false, ackMessage),
  down("command", "commands", false, commandMessage),
  down("config", "config", true, configMessage),
  down("list", "lists/{name}", true, listMessage),
  down("list-delta", "lists/{name}/delta", false, deltaMessage),
  down("update", "update", true, updateMessage),
];

/** A requester's own topic for answers lies below this one. */
const RESULTS = "up/results";

/** The message that a topic carries; `rest` is what follows `{prefix}/{gateway}/`. */
export const messageOn = (rest: string): Message | undefined => {
  const name = rest.startsWith(`${RESULTS}/`) ? RESULTS : rest;
  return messages.find(({ topic }) => new RegExp(`^${topic.replace(/\{\w+\}/g, "[^/]+")}$`).test(name));
};
