/** The names of all topics of a gateway (contract: root `cippo/v1/{gateway}`). */

export const PREFIX = "cippo/v1";

export interface Topics {
  /** Whether a requester may be answered there: inside `up/results/`, and a name that every broker takes. */
  takesAnswers(topic: string): boolean;
  up(name: UpName): string;
  /** Part n of a retained document that may be cut; counted from 1. */
  part(name: "catalog" | "alarms", n: number): string;
  asset(asset: string): string;
  down(name: DownName): string;
  /** What lies behind `down/`, or null when the topic is not this gateway's. */
  nameOf(topic: string): string | null;
}

export type UpName = "state" | "urgent" | "events" | "readings" | "history/readings" | "history/events" | "results" | "reported";
export type DownName = "ack" | "commands" | "config" | "lists/+" | "lists/+/delta" | "update";

const MOST_TOPIC_BYTES = 256;
const MOST_LEVELS = 20;
/** MQTT 5 § 1.5.4 and 4.7: wildcards, control characters, half characters and non-characters; some brokers cut the link for them. */
const NOT_IN_TOPICS = /[+#\p{Cc}\p{Cs}\p{Noncharacter_Code_Point}]/u;

export function topicsOf(gateway: string, prefix: string = PREFIX): Topics {
  const root = `${prefix}/${gateway}`;
  const downRoot = `${root}/down/`;
  return {
    takesAnswers: (topic) =>
      topic.startsWith(`${root}/up/results/`) &&
      Buffer.byteLength(topic) <= MOST_TOPIC_BYTES &&
      topic.split("/").length <= MOST_LEVELS &&
      !NOT_IN_TOPICS.test(topic),
    up: (name) => `${root}/up/${name}`,
    part: (name, n) => `${root}/up/${name}/${n}`,
    asset: (asset) => `${root}/up/assets/${asset}`,
    down: (name) => `${downRoot}${name}`,
    nameOf: (topic) => (topic.startsWith(downRoot) ? topic.slice(downRoot.length) : null),
  };
}
