/** Interprets messages of several topics, each with its own points. */
import type { MessageLayout } from "../../driver.ts";
import type { Interpret } from "./listening-device.ts";
import { jsonIn, shownPayload, textIn } from "./payload-text.ts";
import { PointReader, type Range } from "./point-reader.ts";

/** `ranges` by point. */
export function messageValues(layouts: readonly MessageLayout[], ranges: Readonly<Record<string, Range>>): Interpret {
  const readers = new Map(layouts.map(({ topic, points }) => [topic, new PointReader(topic, points, ranges)]));
  return ({ topic, payload, mono }) => {
    const reader = readers.get(topic);
    if (reader === undefined) return { readings: [] };
    const text = textIn(payload);
    const document = text !== null && reader.isJson ? jsonIn(text) : null;
    if (text === null || (reader.isJson && document === null)) {
      const why = { topic, found: shownPayload(payload) };
      return { readings: reader.refused("mqtt.malformed", why, mono), isMalformed: true };
    }
    const readings = reader.read(document?.value, text, mono);
    const doubts = [...readers.values()].map((one) => one.wrongPointer());
    return { readings, unread: doubts.find((doubt) => doubt !== null) ?? null };
  };
}
