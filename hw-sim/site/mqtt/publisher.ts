/** A device that publishes its values over MQTT: the messages of its table, filled with what the play says. */
import type { MessageLayout, MessageValue } from "../../../src/drivers/driver.ts";
import type { Value } from "../wires/wire.ts";

/** What speaks for one device. */
export interface Published {
  readonly values: Readonly<Record<string, Value>>;
  set(point: string, value: Value): void;
  /** What it says now. */
  messages(): readonly Message[];
}

export interface Message {
  readonly topic: string;
  readonly payload: string;
  /** What a reader must make of it, by point. */
  readonly shown: Readonly<Record<string, Value>>;
}

export class Publisher implements Published {
  readonly #messages: readonly MessageLayout[];
  readonly #values = new Map<string, Value>();

  constructor(messages: readonly MessageLayout[]) {
    this.#messages = messages;
    for (const { points } of messages) for (const [point, spec] of Object.entries(points)) this.#values.set(point, firstOf(spec));
  }

  get values(): Readonly<Record<string, Value>> {
    return Object.fromEntries(this.#values);
  }

  set(point: string, value: Value): void {
    const known = this.#values.get(point);
    if (known === undefined) throw new Error(`no point ${point}: it has ${[...this.#values.keys()].join(", ")}`);
    if (typeof value !== typeof known) throw new Error(`${point} is a ${typeof known}`);
    this.#values.set(point, value);
  }

  messages(): readonly Message[] {
    return this.#messages.map(({ topic, points }) => {
      const all = Object.entries(points).map(([point, spec]) => ({
        point,
        spec,
        ...written(this.#values.get(point) ?? 0, spec),
      }));
      const plain = all.find(({ spec }) => spec.at === null);
      const payload = plain === undefined ? JSON.stringify(documentOf(all)) : String(plain.raw);
      return { topic, payload, shown: Object.fromEntries(all.map(({ point, shown }) => [point, shown])) };
    });
  }
}

export function firstOf({ is, map }: MessageValue): Value {
  if (map !== undefined) return Object.values(map)[0] ?? "";
  return is === "number" ? 0 : is === "boolean" ? false : "simulated";
}

/** As it is published, and as near as that can carry it. */
export function written(
  value: Value,
  { map, scale = 1, offset = 0 }: MessageValue,
): { readonly raw: Value; readonly shown: Value } {
  if (map !== undefined) return { raw: Object.keys(map).find((word) => map[word] === value) ?? "", shown: value };
  if (typeof value !== "number") return { raw: value, shown: value };
  const raw = Number(((value - offset) / scale).toPrecision(9));
  return { raw, shown: Number((raw * scale + offset).toPrecision(15)) };
}

/** A document that has each value at its pointer. Where a pointer counts, there is a list. */
export function documentOf(all: readonly { readonly spec: MessageValue; readonly raw: Value }[]): unknown {
  const root: Record<string, unknown> = {};
  for (const { spec, raw } of all) {
    const keys = (spec.at ?? "")
      .split("/")
      .slice(1)
      .map((key) => key.replaceAll("~1", "/").replaceAll("~0", "~"));
    let at: Record<string, unknown> = root;
    for (const [i, key] of keys.entries()) {
      const isLast = i === keys.length - 1;
      at[key] ??= isLast ? raw : /^\d+$/.test(keys[i + 1] ?? "") ? [] : {};
      if (!isLast) at = at[key] as Record<string, unknown>;
    }
  }
  return root;
}
