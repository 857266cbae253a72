/** Makes the driver of an output of a device with Tasmota: its state, its meter, and commands behind its own off-timer. */
import * as z from "zod";
import { monotonic } from "../../../kit/clock.ts";
import { EdgeError, toldOf } from "../../../kit/errors.ts";
import { duration } from "../../../kit/text/quantities.ts";
import type { Device, Outcome, Reading, Text, Ticks } from "../../../model/index.ts";
import type { Driver, Golden, MessageValue, Opening } from "../../driver.ts";
import { isTopic } from "../../transports/mqtt/topic-filter.ts";
import { report, safe, switchImpact, switchLimits, switchPoints, withReport } from "../options.ts";
import { unsentFor, within } from "./answers-to-commands.ts";
import { valueAt } from "./json-pointer.ts";
import { type Interpret, ListeningDevice } from "./listening-device.ts";
import { jsonIn, shownPayload, textIn } from "./payload-text.ts";
import { PointReader } from "./point-reader.ts";
import { PULSE_MOST_MS, pulseTimeOf } from "./pulse-time.ts";

const isFullTopic = (text: string): boolean =>
  text.includes("%prefix%") && text.includes("%topic%") && isTopic(text.replaceAll("%", ""));

const options = z
  .strictObject({
    topic: z
      .string()
      .refine((text) => isTopic(text) && !text.includes("%"), { error: "expected a topic such as tasmota_9CF9D1" })
      .describe("Its `Topic`, such as tasmota_9CF9D1."),
    fullTopic: z
      .string()
      .refine(isFullTopic, { error: "expected a topic with %prefix% and %topic%" })
      .prefault("%prefix%/%topic%/")
      .describe("Its `FullTopic`, where that was changed."),
    output: z.int().min(1).max(8).prefault(1).describe("Which of its outputs, from 1."),
    metered: z.boolean().prefault(false).describe("It measures what flows through it: its `SENSOR` has `ENERGY`."),
    silentAfter: duration().describe(
      "Not heard for this long, it counts as silent: some three times its `TelePeriod`, 5 min as delivered.",
    ),
    answerWithin: duration({ least: "100ms", most: "1min" })
      .prefault("5s")
      .describe("How long to wait for its answer to a command."),
    limits: switchLimits(),
    impact: switchImpact(),
    safe: safe(),
    report: report(),
  })
  .superRefine(({ limits }, { addIssue }) => {
    if ((limits?.maxOn ?? 0) > PULSE_MOST_MS)
      addIssue({
        code: "custom",
        path: ["limits", "maxOn"],
        message: "expected at most 18h: its own off-timer, PulseTime, counts no further",
      });
  });
type Options = z.output<typeof options>;

const WORDS = { ON: true, OFF: false } as const;
const METER: Readonly<Record<string, MessageValue>> = {
  power: { at: "/ENERGY/Power", is: "number" },
  voltage: { at: "/ENERGY/Voltage", is: "number" },
  current: { at: "/ENERGY/Current", is: "number" },
  energy: { at: "/ENERGY/Total", is: "number" },
};

type Prefix = "cmnd" | "stat" | "tele";
const topicOf = ({ fullTopic, topic }: Options, prefix: Prefix, name: string): string =>
  `${fullTopic.replaceAll("%prefix%", prefix).replaceAll("%topic%", topic).replace(/\/$/, "")}/${name}`;

/** The first output of a device with only one has no number. */
const namesOf = ({ output }: Options): readonly string[] => (output === 1 ? ["POWER", "POWER1"] : [`POWER${output}`]);
const switchIn = (o: Options): Readonly<Record<string, MessageValue>> => ({
  on: { at: `/${namesOf(o)[0]}`, is: "boolean", map: WORDS },
});

export function tasmotaDriver(table: {
  readonly type: string;
  readonly title: Text;
  readonly goldens: readonly Golden[];
}): Driver<Options> {
  return {
    ...table,
    wire: "mqtt",
    options,
    points: (o) => withReport(switchPoints(o, "kW.h"), o.report),
    silentAfterMs: (o) => o.silentAfter,
    claims: (o) => [`topic ${o.topic} ${o.output}`],
    status: ({ id, bus, wires }) => wires.mqtt(bus).received(id),
    layout: (o) => ({
      wire: "mqtt",
      messages: [
        { topic: topicOf(o, "tele", "STATE"), points: switchIn(o) },
        ...(o.metered ? [{ topic: topicOf(o, "tele", "SENSOR"), points: METER }] : []),
      ],
    }),
    open: (at) => Promise.resolve(new TasmotaOutput(at)),
    decode: ({ name, rx, options: written }) => {
      const o = options.parse(written);
      const [topic = "", ...payload] = rx.split(" ");
      const { readings, isMalformed } = interpreter(o)({ topic, payload: Buffer.from(payload.join(" ")), mono: 0 });
      if (isMalformed || readings.length === 0) throw new EdgeError("frame.invalid", { device: name });
      return Object.fromEntries(readings.map(({ point, value }) => [point, value]));
    },
  };
}

/** Its telemetry, what it says when it switches, and that it has left. */
function interpreter(o: Options): Interpret {
  const [state, sensor, lwt] = [topicOf(o, "tele", "STATE"), topicOf(o, "tele", "SENSOR"), topicOf(o, "tele", "LWT")];
  const [name = "", ...others] = namesOf(o);
  const switches = new PointReader(state, switchIn(o), {});
  const meter = new PointReader(sensor, o.metered ? METER : {}, {});
  const changes = new Map(
    [name, ...others].map((name) => {
      const topic = topicOf(o, "stat", name);
      return [topic, new PointReader(topic, { on: { at: null, is: "boolean", map: WORDS } }, {})];
    }),
  );
  return ({ topic, payload, mono }) => {
    const text = textIn(payload) ?? "";
    const all = [switches, meter].flatMap((reader) => reader.refused("mqtt.offline", { topic }, mono));
    if (topic === lwt) return { readings: text.trim() === "Offline" ? all : [] };
    const change = changes.get(topic);
    if (change !== undefined) return { readings: change.read(undefined, text, mono) };
    const document = jsonIn(text);
    if (document === null) {
      const reader = topic === sensor ? meter : switches;
      return { readings: reader.refused("mqtt.malformed", { topic, found: shownPayload(payload) }, mono), isMalformed: true };
    }
    const { value } = document;
    const word = () => [name, ...others].map((one) => valueAt(value, `/${one}`)).find((one) => one !== undefined);
    const readings =
      topic === state ? switches.read({ [name]: word() }, text, mono) : meter.read(channelOf(value, o.output), text, mono);
    return { readings, unread: switches.wrongPointer() ?? meter.wrongPointer() };
  };
}

/** A meter of several channels has a list where another has a number. */
function channelOf(document: unknown, output: number): unknown {
  const energy = valueAt(document, "/ENERGY");
  if (typeof energy !== "object" || energy === null) return document;
  const own = Object.entries(energy).map(([key, value]) => [key, Array.isArray(value) ? value[output - 1] : value]);
  return { ENERGY: Object.fromEntries(own) };
}

/** What somebody waits for: the device's word about its output, or its off-timer. */
type Awaited = { readonly of: "power"; readonly on: boolean } | { readonly of: "timer"; readonly set: number };

class TasmotaOutput implements Device {
  readonly #at: Opening<Options>;
  readonly #device: ListeningDevice;
  readonly #waiting = new Map<Awaited, () => void>();
  /** What its off-timer is set to, as it said last; null: it has not said. */
  #timer: number | null = null;

  constructor(at: Opening<Options>) {
    this.#at = at;
    const o = at.options;
    const answers = topicOf(o, "stat", "RESULT");
    const telemetry = ["STATE", "LWT", ...(o.metered ? ["SENSOR"] : [])].map((name) => topicOf(o, "tele", name));
    const changes = namesOf(o).map((name) => topicOf(o, "stat", name));
    const listener = at.wires.mqtt(at.bus).listen(at.id, [...telemetry, ...changes, ...(this.#wanted === null ? [] : [answers])]);
    const interpret = interpreter(o);
    this.#device = new ListeningDevice(
      listener,
      (message) => {
        if (message.topic === answers) return this.#answered(message.payload);
        const understood = interpret(message);
        if (changes.includes(message.topic)) this.#switched(understood.readings);
        // It began anew, and writes down what it was set to only once an hour.
        if (message.topic === telemetry[1]) this.#timer = null;
        return understood;
      },
      at.host,
    );
  }

  /** What its off-timer should be set to; null: the site does not say. */
  get #wanted(): number | null {
    const maxOn = this.#at.options.limits?.maxOn;
    return maxOn === undefined ? null : pulseTimeOf(maxOn);
  }

  outage(): EdgeError | null {
    return this.#device.outage();
  }

  unread(): EdgeError | null {
    return this.#device.unread();
  }

  memory(): unknown {
    return this.#device.memory();
  }

  readings(ticks: Ticks, stop: AbortSignal): AsyncIterable<readonly Reading[]> {
    return this.#device.readings(ticks, stop);
  }

  #switched(readings: readonly Reading[]): void {
    for (const { value } of readings) this.#tell((one) => one.of === "power" && one.on === value);
  }

  #answered(payload: Uint8Array): { readonly readings: readonly Reading[] } {
    const set = valueAt(jsonIn(textIn(payload) ?? "")?.value, `/PulseTime${this.#at.options.output}/Set`);
    if (typeof set === "number") {
      this.#timer = set;
      this.#tell((one) => one.of === "timer" && one.set === set);
    }
    return { readings: [] };
  }

  #tell(which: (one: Awaited) => boolean): void {
    for (const [one, resolve] of this.#waiting) if (which(one)) resolve();
  }

  async perform(_point: string, value: number | boolean, stop: AbortSignal, latest?: number): Promise<Outcome> {
    const [on, timer] = [value === true, this.#wanted];
    const isLate = () => latest !== undefined && latest <= monotonic();
    if (isLate()) return { state: "expired", code: "command.expired" };
    // The device's own timer switches it off even when nobody can reach it any more. It keeps it, and its memory wears: it is set only where it differs.
    if (on && timer !== null && timer !== this.#timer) {
      const set = await this.#ask(`PulseTime${this.#at.options.output}`, String(timer), { of: "timer", set: timer }, stop);
      if (set === "unsent") return unsentFor(this.outage());
      if (set === "unanswered") return notSwitched();
      if (isLate()) return { state: "expired", code: "command.expired" };
    }
    const switched = await this.#ask(namesOf(this.#at.options).at(-1) ?? "", on ? "ON" : "OFF", { of: "power", on }, stop);
    if (switched === "unsent") return unsentFor(this.outage());
    return switched === "answered" ? { state: "succeeded", value: on } : { state: "unknown", code: "mqtt.no-answer" };
  }

  async #ask(command: string, payload: string, awaited: Awaited, stop: AbortSignal) {
    const { options, wires, bus } = this.#at;
    const answered = new Promise<true>((resolve) => this.#waiting.set(awaited, () => resolve(true)));
    try {
      const sent = await wires.mqtt(bus).publish(topicOf(options, "cmnd", command), payload);
      if (sent === "unsent") return "unsent";
      return (await within(options.answerWithin, answered, stop)) === null ? "unanswered" : "answered";
    } finally {
      this.#waiting.delete(awaited);
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#device[Symbol.asyncDispose]();
  }
}

/** Without its own timer behind it nothing is switched on. */
function notSwitched(): Outcome {
  const error = new EdgeError("mqtt.no-off-timer", {});
  return { state: "failed", code: error.code, told: toldOf(error) };
}
