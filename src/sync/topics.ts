/** A prefix and a gateway's id go in; the names of all its topics come out (contract: root `cippo/v1/{gateway}`). */

export const PREFIX = "cippo/v1";

export interface Topics {
  /** Everything this gateway may write lies under it. */
  readonly upRoot: string;
  up(name: UpName): string;
  /** Part n of a retained document that may be cut; counted from 1. */
  part(name: "catalog" | "alarms", n: number): string;
  asset(asset: string): string;
  down(name: DownName): string;
  /** What lies behind `down/`, or null when the topic is not this gateway's. */
  nameOf(topic: string): string | null;
}

export type UpName = "state" | "urgent" | "events" | "readings" | "history/readings" | "history/events" | "results" | "reported";
export type DownName = "ack" | "commands" | "config" | "lists/+" | "update";

export function topicsOf(gateway: string, prefix: string = PREFIX): Topics {
  const root = `${prefix}/${gateway}`;
  const downRoot = `${root}/down/`;
  return {
    upRoot: `${root}/up/`,
    up: (name) => `${root}/up/${name}`,
    part: (name, n) => `${root}/up/${name}/${n}`,
    asset: (asset) => `${root}/up/assets/${asset}`,
    down: (name) => `${downRoot}${name}`,
    nameOf: (topic) => (topic.startsWith(downRoot) ? topic.slice(downRoot.length) : null),
  };
}
