/** Makes the driver of an output of a Shelly (Gen2 and later): its state, its meter, and commands that it answers. */
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

const options = z.strictObject({
  topic: z
    .string()
    .refine(isTopic, { error: "expected a topic such as plant/tank-1, without + and #" })
    .describe("Its MQTT prefix, such as shellyplus1pm-hall. It needs `Generic status update over MQTT` on."),
  output: z.int().min(0).max(15).prefault(0).describe("Which of its outputs, from 0."),
  metered: z.boolean().prefault(false).describe("It measures what flows through it (PM types)."),
  silentAfter: duration().describe("Not heard for this long, it counts as silent: some three times what it promises."),
  answerWithin: duration({ least: "100ms", most: "1min" })
    .prefault("5s")
    .describe("How long to wait for its answer to a command."),
  limits: switchLimits(),
  impact: switchImpact(),
  safe: safe(),
  report: report(),
});
type Options = z.output<typeof options>;

const SWITCH: Readonly<Record<string, MessageValue>> = { on: { at: "/output", is: "boolean" } };
/** Shelly API, Switch, status. */
const METER: Readonly<Record<string, MessageValue>> = {
  power: { at: "/apower", is: "number" },
  voltage: { at: "/voltage", is: "number" },
  current: { at: "/current", is: "number" },
  energy: { at: "/aenergy/total", is: "number" },
};

const readIn = ({ metered }: Options) => (metered ? { ...SWITCH, ...METER } : SWITCH);

export function shellyDriver(table: {
  readonly type: string;
  readonly title: Text;
  readonly goldens: readonly Golden[];
}): Driver<Options> {
  return {
    ...table,
    wire: "mqtt",
    options,
    points: (o) => withReport(switchPoints(o, "W.h"), o.report),
    silentAfterMs: (o) => o.silentAfter,
    claims: (o) => [`topic ${o.topic} ${o.output}`],
    status: ({ id, bus, wires }) => wires.mqtt(bus).received(id),
    layout: (o) => ({ wire: "mqtt", messages: [{ topic: statusTopic(o), points: readIn(o) }] }),
    open: (at) => Promise.resolve(new ShellySwitch(at)),
    decode: ({ name, rx, options: written }) => {
      const o = options.parse(written);
      const [topic = "", ...payload] = rx.split(" ");
      const { readings, isMalformed } = interpreter(o)({ topic, payload: Buffer.from(payload.join(" ")), mono: 0 });
      if (isMalformed || readings.length === 0) throw new EdgeError("frame.invalid", { device: name });
      return Object.fromEntries(readings.map(({ point, value }) => [point, value]));
    },
  };
}

const statusTopic = ({ topic, output }: Options): string => `${topic}/status/switch:${output}`;

/** Its status, what it notifies of, and that it has left. Answers are taken out before. */
function interpreter(o: Options): Interpret {
  const reader = new PointReader(statusTopic(o), readIn(o), {});
  const offline = `${o.topic}/online`;
  return ({ topic, payload, mono }) => {
    const text = textIn(payload) ?? "";
    if (topic === offline) return { readings: text.trim() === "false" ? reader.refused("mqtt.offline", { topic }, mono) : [] };
    const document = jsonIn(text);
    if (document === null)
      return { readings: reader.refused("mqtt.malformed", { topic, found: shownPayload(payload) }, mono), isMalformed: true };
    if (topic === statusTopic(o)) return { readings: reader.read(document.value, text, mono), unread: reader.wrongPointer() };
    const status = valueAt(document.value, `/params/switch:${o.output}`);
    return { readings: status === undefined ? [] : reader.read(status, text, mono) };
  };
}

interface Answer {
  readonly id: number;
  readonly error?: { readonly code?: number; readonly message?: string };
}

class ShellySwitch implements Device {
  readonly #at: Opening<Options>;
  readonly #device: ListeningDevice;
  /** Whoever waits for the answer to a request. */
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  /** Begins at random, so that a late answer to an earlier run's request matches none of ours. */
  #request = Math.floor(Math.random() * 1e9);

  constructor(at: Opening<Options>) {
    this.#at = at;
    const { topic } = at.options;
    const filters = [statusTopic(at.options), `${topic}/events/rpc`, `${topic}/online`, `${this.#source}/rpc`];
    const listener = at.wires.mqtt(at.bus).listen(at.id, filters);
    const interpret = interpreter(at.options);
    const answers = `${this.#source}/rpc`;
    this.#device = new ListeningDevice(
      listener,
      (message) => (message.topic === answers ? this.#answered(message.payload) : interpret(message)),
      at.host,
    );
  }

  /** Where it sends its answers. */
  get #source(): string {
    return `${this.#at.wires.mqtt(this.#at.bus).name}/${this.#at.id}`;
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

  #answered(payload: Uint8Array): { readonly readings: readonly Reading[] } {
    const answer = jsonIn(textIn(payload) ?? "")?.value as Answer | null | undefined;
    this.#waiting.get(answer?.id ?? Number.NaN)?.(answer as Answer);
    return { readings: [] };
  }

  async perform(_point: string, value: number | boolean, stop: AbortSignal, latest?: number): Promise<Outcome> {
    if (latest !== undefined && latest <= monotonic()) return { state: "expired", code: "command.expired" };
    const { topic, output, limits, answerWithin } = this.#at.options;
    const on = value === true;
    this.#request += 1;
    const id = this.#request;
    // The device's own timer switches it off even when nobody can reach it any more.
    const params = { id: output, on, ...(on && limits?.maxOn !== undefined && { toggle_after: limits.maxOn / 1000 }) };
    const request = JSON.stringify({ id, src: this.#source, method: "Switch.Set", params });
    const answered = new Promise<Answer>((resolve) => this.#waiting.set(id, resolve));
    try {
      const sent = await this.#at.wires.mqtt(this.#at.bus).publish(`${topic}/rpc`, request);
      if (sent === "unsent") return unsentFor(this.outage());
      return outcomeOf(await within(answerWithin, answered, stop), on);
    } finally {
      this.#waiting.delete(id);
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#device[Symbol.asyncDispose]();
  }
}

function outcomeOf(answer: Answer | null, on: boolean): Outcome {
  if (answer === null) return { state: "unknown", code: "mqtt.no-answer" };
  const { error } = answer;
  if (error === undefined) return { state: "succeeded", value: on };
  const refused = new EdgeError("mqtt.device-refused", { reason: `${error.code ?? "?"} ${error.message ?? ""}`.trim() });
  return { state: "failed", code: refused.code, told: toldOf(refused) };
}
