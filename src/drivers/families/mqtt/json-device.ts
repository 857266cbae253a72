/** Makes the driver of any device whose values stand in messages of named topics, as JSON or as plain text. */
import * as z from "zod";
import { EdgeError } from "../../../kit/errors.ts";
import { duration } from "../../../kit/text/quantities.ts";
import type { PointSpec, Text } from "../../../model/index.ts";
import type { Driver, Golden, MessageLayout, MessageValue } from "../../driver.ts";
import { isTopic } from "../../transports/mqtt/topic-filter.ts";
import { unitOf } from "../modbus/ucum-units.ts";
import { report, reportOf, withReport } from "../options.ts";
import { pointer } from "./json-pointer.ts";
import { ListeningDevice } from "./listening-device.ts";
import { messageValues } from "./message-values.ts";

const ROW_AT_LEAST_MS = 15 * 60_000;

const topic = () => z.string().refine(isTopic, { error: "expected a topic such as plant/tank-1, without + and #" });

const ucum = () =>
  z
    .string()
    .transform((written, { addIssue }) => {
      const read = unitOf(written);
      if ("meant" in read) addIssue({ code: "custom", message: `expected ${read.meant}` });
      return "unit" in read ? read.unit : "1";
    })
    .optional()
    .describe("Of a number: its unit as UCUM code, 1 where it has none; °C, kWh, m³ and their like are understood.");

const point = z
  .strictObject({
    at: pointer()
      .optional()
      .describe(
        "Where it stands in the message: a JSON pointer (RFC 6901) such as /ENERGY/Power. Without it, the whole payload, which need not be JSON.",
      ),
    topic: topic().optional().describe("Where it comes on another topic than the device's."),
    unit: ucum(),
    kind: z
      .enum(["gauge", "counter", "state", "text"])
      .optional()
      .describe("Default: with a unit gauge, otherwise state: true or false, or a word of `map`."),
    map: z
      .record(z.string().min(1).max(64), z.union([z.boolean(), z.string().min(1).max(64)]))
      .refine((map) => new Set(Object.values(map).map((value) => typeof value)).size === 1, {
        error: "expected either true and false, or words",
      })
      .optional()
      .describe(
        "What each word or number means: { ON: true, OFF: false }, or words. Of words any other is told as it is, and doubtful.",
      ),
    scale: z
      .number()
      .refine((scale) => scale !== 0, { error: "expected a number other than 0" })
      .optional()
      .describe("Value = number × scale + offset."),
    offset: z.number().optional().describe("What is added after the scale."),
    range: z
      .tuple([z.number(), z.number()])
      .refine(([smallest, largest]) => smallest <= largest, { error: "expected the smaller number first" })
      .optional()
      .describe("Smallest and largest possible value; what is outside is bad."),
    report: report(),
  })
  .superRefine(({ unit, kind, map, scale, offset, range }, { addIssue }) => {
    const isNumber = unit !== undefined;
    const wrong = (path: string, message: string) => addIssue({ code: "custom", path: [path], message });
    if (!isNumber && (kind === "gauge" || kind === "counter"))
      wrong("kind", "expected a unit beside a gauge or counter, 1 for none");
    if (isNumber && (kind === "state" || kind === "text")) wrong("unit", "expected no unit: only numbers have one");
    if (map !== undefined && (isNumber || kind === "text")) wrong("map", "expected none: only a state has one");
    if (!isNumber && [scale, offset, range].some((one) => one !== undefined))
      wrong("unit", "expected a unit: only numbers are scaled");
  });
type Point = z.output<typeof point>;

const options = z.strictObject({
  topic: topic().describe("Topic on which it publishes."),
  silentAfter: duration().describe("Not heard for this long, it counts as silent: some three times what it promises."),
  points: z
    .record(
      z.string().regex(/^(?!constructor$)[a-z][a-z0-9-]*$/, { error: "expected a name such as flow-temp, and not constructor" }),
      point,
    )
    .refine((points) => Object.keys(points).length > 0, { error: "expected at least one point" })
    .describe("Name → where it stands and what it is."),
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
      return Promise.resolve(new ListeningDevice(listener, messageValues(messages, rangesOf(at.options)), at.host));
    },
    decode: ({ name, rx, options: written }) => {
      const o = options.parse(written);
      const [topic = "", ...payload] = rx.split(" ");
      const { readings, isMalformed } = messageValues(
        messagesOf(o),
        rangesOf(o),
      )({ topic, payload: Buffer.from(payload.join(" ")), mono: 0 });
      if (isMalformed || readings.length === 0) throw new EdgeError("frame.invalid", { device: name });
      return Object.fromEntries(readings.map(({ point, value }) => [point, value]));
    },
  };
}

function specOf(one: Point): PointSpec {
  const given = one.report ? reportOf(one.report) : {};
  const report = { atLeastMs: ROW_AT_LEAST_MS, ...given };
  if (one.unit === undefined) return { unit: "", kind: one.kind === "text" ? "text" : "state", report };
  return { unit: one.unit, kind: one.kind === "counter" ? "counter" : "gauge", report, ...(one.range && { range: one.range }) };
}

const rangesOf = (o: Options) => Object.fromEntries(Object.entries(o.points).map(([name, { range }]) => [name, range]));

/** By topic, in the order in which they are first named. */
function messagesOf(o: Options): readonly MessageLayout[] {
  const byTopic = new Map<string, Record<string, MessageValue>>();
  for (const [name, one] of Object.entries(o.points)) {
    const of = byTopic.get(one.topic ?? o.topic) ?? {};
    byTopic.set(one.topic ?? o.topic, { ...of, [name]: messageValueOf(one) });
  }
  return [...byTopic].map(([topic, points]) => ({ topic, points }));
}

function messageValueOf({ at, unit, kind, map, scale, offset }: Point): MessageValue {
  const isText = kind === "text" || (map !== undefined && Object.values(map).some((value) => typeof value === "string"));
  return {
    at: at ?? null,
    is: unit !== undefined ? "number" : isText ? "text" : "boolean",
    ...(scale !== undefined && { scale }),
    ...(offset !== undefined && { offset }),
    ...(map !== undefined && { map }),
  };
}
