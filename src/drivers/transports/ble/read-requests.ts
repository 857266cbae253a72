/** Reads of Bluetooth devices on their way; one that cannot be read rests, so that the others do not wait. */

import { monotonic } from "../../../kit/clock.ts";
import { CodedError, EdgeError } from "../../../kit/errors.ts";
import { doubling } from "../../../kit/loop/backoff.ts";
import { stopped } from "../../../kit/text/reasons.ts";
import type { Text } from "../../../model/index.ts";
import { PROTOCOL, type ReadCommand } from "../../ble-child/ble-protocol.ts";
import type { BleCharacteristic, BleValues } from "../../driver.ts";
import { DURING, type Step } from "./radio-words.ts";

/** A device was not read; `step` decides whether it rests. */
export class Unreachable extends CodedError {
  readonly step: Step;
  readonly reason: Text;

  constructor(step: Step, reason: Text) {
    const { code, context } = new EdgeError("ble.unreachable", { step, during: DURING[step], reason });
    super(code, context);
    this.step = step;
    this.reason = reason;
  }
}

export interface ReadPatience {
  readonly connectMs: number;
  readonly discoverMs: number;
  readonly readMs: number;
  /** From the order to its answer, those before it included. */
  readonly answerMs: number;
  /** After a failure, doubling; one not heard lately was not tried and costs nobody anything. */
  readonly rest: { readonly firstMs: number; readonly maxMs: number; readonly absentMs: number };
}

/** By address; at most as many as are wanted. */
interface Resting {
  readonly failures: number;
  readonly until: number;
  /** Why: whoever asks meanwhile wants to know that, and not that it rests. */
  readonly step: Step;
  readonly reason: Text;
}

export class ReadRequests {
  readonly #patience: ReadPatience;
  readonly #waiting = new Map<number, (result: BleValues | EdgeError) => void>();
  readonly #resting = new Map<string, Resting>();
  #lastId = 0;

  constructor(patience: ReadPatience) {
    this.#patience = patience;
  }

  async read(
    mac: string,
    characteristics: readonly BleCharacteristic[],
    say: (order: ReadCommand) => void,
    stop: AbortSignal,
  ): Promise<BleValues> {
    const resting = this.#resting.get(mac);
    if (resting && monotonic() < resting.until) {
      const { step, reason, until } = resting;
      const seconds = Math.ceil((until - monotonic()) / 1000);
      throw new Unreachable(step, {
        it: `${reason.it}; si riprova fra ${seconds} s`,
        en: `${reason.en}; tried again in ${seconds} s`,
      });
    }
    const { connectMs, discoverMs, readMs } = this.#patience;
    const id = ++this.#lastId;
    const result = await new Promise<BleValues | EdgeError>((resolve) => {
      const aborted = () => this.answer(id, new Unreachable("stopped", stopped));
      const late = () =>
        this.answer(id, new Unreachable("waits", { it: "la radio non ha risposto", en: "the radio gave no answer" }));
      const timer = setTimeout(late, this.#patience.answerMs);
      stop.addEventListener("abort", aborted, { once: true });
      this.#waiting.set(id, (answer) => {
        clearTimeout(timer);
        stop.removeEventListener("abort", aborted);
        resolve(answer);
      });
      say({ v: PROTOCOL, do: "read", id, mac, characteristics: [...characteristics], connectMs, discoverMs, readMs });
      if (stop.aborted) aborted();
    });
    if (result instanceof EdgeError) {
      if (result instanceof Unreachable && result.step !== "waits" && !stop.aborted) this.#rest(mac, result);
      throw result;
    }
    this.#resting.delete(mac);
    return result;
  }

  #rest(mac: string, { step, reason }: Unreachable): void {
    const { firstMs, maxMs, absentMs } = this.#patience.rest;
    const failures = (this.#resting.get(mac)?.failures ?? 0) + 1;
    const ms = step === "absent" ? absentMs : doubling(firstMs, maxMs)(failures);
    this.#resting.set(mac, {
      failures,
      until: monotonic() + ms,
      step,
      reason,
    });
  }

  /** An answer that nobody waits for any more is dropped. */
  answer(id: number, result: BleValues | EdgeError): void {
    const done = this.#waiting.get(id);
    this.#waiting.delete(id);
    done?.(result);
  }

  fail(error: EdgeError): void {
    for (const id of [...this.#waiting.keys()]) this.answer(id, error);
  }
}
