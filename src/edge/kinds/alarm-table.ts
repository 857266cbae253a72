/** The alarms of a kind by the keys under which they are told, also those of what comes and goes. */
import { formatDuration } from "../../kit/text/format-duration.ts";
import type { Text } from "../../model/index.ts";
import type { AlarmSpec, AnyKind } from "./kind.ts";

/** Under this key it is told once that an alarm was raised too often. */
export const unstableOf = (key: string): string => `${key}.unstable`;

/** What is said then, after what the alarm itself says. */
export function comesAndGoes({ it, en }: Text, { times, withinMs }: NonNullable<AlarmSpec["unstable"]>): Text {
  const often = `${times}× / ${formatDuration(withinMs)}`;
  return { it: `${it}: va e viene (${often})`, en: `${en}: comes and goes (${often})` };
}

const TODO: Text = {
  it: "Cercare la causa: un contatto incerto, un cavo allentato o un disturbo sul posto.",
  en: "Look for the cause: a loose contact or cable, or something on site that disturbs it.",
};

/** Everything that an asset of this kind may raise. */
export function alarmsOf({ alarms }: Pick<AnyKind, "alarms">): Readonly<Record<string, AlarmSpec>> {
  const all: Record<string, AlarmSpec> = {};
  for (const [key, spec] of Object.entries(alarms as Readonly<Record<string, AlarmSpec>>)) {
    all[key] = spec;
    if (spec.unstable !== undefined)
      all[unstableOf(key)] = { ...spec, raised: comesAndGoes(spec.raised, spec.unstable), todo: TODO };
  }
  return all;
}
