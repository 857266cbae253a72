/** Makes the driver of any device whose values stand in messages of named topics, as JSON or as plain text. */
import * as z from "zod";
import { EdgeError } from "../../../kit/errors.ts";
import { duration } from "../../../kit/text/quantities.ts";
import type { Text } from "../../../model/index.ts";
import type { Driver, Golden, MessageLayout, MessageValue } from "../../driver.ts";
import { isTopic } from "../../transports/mqtt/topic-filter.ts";
import { report, withReport } from "../options.ts";
import { pointer } from "./json-pointer.ts";
import { contradictions, meaning, messageValueOf, pointsOf, rangesOf, specOf } from "./json-points.ts";
import { ListeningDevice } from "./listening-device.ts";
import { messageValues } from "./message-values.ts";

const topic = () => z.string().refine(isTopic, { error: "expected a topic such as plant/tank-1, without + and #" });

const point = z
  .strictObject({
    at: pointer()
      .optional()
      .describe(
        "Where it stands in the message: a JSON pointer (RFC 6901) such as /ENERGY/Power. Without it, the whole payload, which need not be JSON.",
      ),
    topic: topic().optional().describe("Where it comes on another topic than the device's."),
    ...meaning,
  })
  .superRefine(contradictions);

const options = z.strictObject({
  topic: topic().describe("Topic on which it publishes."),
  silentAfter: duration().describe("Not heard for this long, it counts as silent: some three times what it promises."),
  points: pointsOf(point),
  report: report(),
});
type Options = z.output<typeof options>;

export function jsonDevice(table: {
  readonly type: string;
  readonly title: Text;
  readonly goldens: readonly Golden[];
}): Driver<Options> {
  return {
    ...table,
    wire: "mqtt",
    options,
    points: (o) => withReport(Object.fromEntries(Object.entries(o.points).map(([name, one]) => [name, specOf(one)])), o.report),
    silentAfterMs: (o) => o.silentAfter,
    status: ({ id, bus, wires }) => wires.mqtt(bus).received(id),
    layout: (o) => ({ wire: "mqtt", messages: messagesOf(o) }),
    open: (at) => {
      const messages = messagesOf(at.options);
      const listener = at.wires.mqtt(at.bus).listen(
        at.id,
        messages.map(({ topic }) => topic),
      );
      return Promise.resolve(new ListeningDevice(listener, messageValues(messages, rangesOf(at.options.points)), at.host));
    },
    decode: ({ name, rx, options: written }) => {
      const o = options.parse(written);
      const [topic = "", ...payload] = rx.split(" ");
      const { readings, isMalformed } = messageValues(
        messagesOf(o),
        rangesOf(o.points),
      )({ topic, payload: Buffer.from(payload.join(" ")), mono: 0 });
      if (isMalformed || readings.length === 0) throw new EdgeError("frame.invalid", { device: name });
      return Object.fromEntries(readings.map(({ point, value }) => [point, value]));
    },
  };
}

/** By topic, in the order in which they are first named. */
function messagesOf(o: Options): readonly MessageLayout[] {
  const byTopic = new Map<string, Record<string, MessageValue>>();
  for (const [name, one] of Object.entries(o.points)) {
    const of = byTopic.get(one.topic ?? o.topic) ?? {};
    byTopic.set(one.topic ?? o.topic, { ...of, [name]: messageValueOf(one, one.at ?? null) });
  }
  return [...byTopic].map(([topic, points]) => ({ topic, points }));
}
