/** A Bluetooth adapter: advertisements and reads of devices, from a supervised process that may die or hang. */
import { fileURLToPath } from "node:url";
import { monotonic } from "../../../kit/clock.ts";
import { EdgeError } from "../../../kit/errors.ts";
import type { Log } from "../../../kit/log.ts";
import { backoff } from "../../../kit/loop/backoff.ts";
import { pause } from "../../../kit/loop/pause.ts";
import { PushQueue } from "../../../kit/loop/push-queue.ts";
import { AnyOf } from "../../../kit/loop/signals.ts";
import { stopped, systemReason, verbatim } from "../../../kit/text/reasons.ts";
import type { HeardStatus, Text } from "../../../model/index.ts";
import {
  type AdvertMatch,
  type BleMessage,
  MATCHES_MAX,
  PROTOCOL,
  type RadioState,
  type ReadStep,
  WANTED_MAX,
} from "../../ble-child/ble-protocol.ts";
import type { BleSpec } from "../../buses.ts";
import type { BleAdvert, BleCharacteristic, BleDevice, BleListening, BleRadio, BleValues, Heard } from "../../driver.ts";
import { heardAt } from "../child/heard-at.ts";
import { PATIENCE, type Patience } from "./ble-patience.ts";
import { BleProcess } from "./ble-process.ts";
import { advertOf, MatchedSenders, nameOf } from "./matched-senders.ts";
import { SILENT, STATES } from "./radio-words.ts";
import { ReadRequests, Unreachable } from "./read-requests.ts";
import { RecoveryPlan } from "./recovery-plan.ts";

/** Our own child, beside the bundle. Its heap is bounded: what it remembers is one object per wanted address. */
const OWN_CHILD = fileURLToPath(new URL("./cippo-ble.js", import.meta.url));
const SMALL_HEAP = ["--max-old-space-size=32", "--max-semi-space-size=1", "--no-warnings"];

/** Advertisements kept for a device until it takes them: a sensor repeats itself anyway, and nobody presses a button faster. */
const UNREAD_ADVERTS = 16;
const GOOD: readonly RadioState[] = ["scanning", "reading"];

/** Somebody listens to an address, or to whoever sends what fits. */
interface Wanted {
  readonly match: AdvertMatch | null;
  holders: number;
  readonly listeners: Set<PushQueue<BleAdvert>>;
  /** Null until it is listened to. */
  heard: Heard | null;
}

export class BleAdapter implements BleRadio, AsyncDisposable {
  readonly #spec: BleSpec;
  readonly #log: Log;
  readonly #patience: Patience;
  readonly #ladder: RecoveryPlan;
  readonly #restartMs: (failures: number) => number;
  readonly #wanted = new Map<string, Wanted>();
  readonly #senders = new MatchedSenders();
  readonly #reads: ReadRequests;
  readonly #waiting = new Set<() => void>();
  #process: BleProcess | null = null;
  #look: NodeJS.Timeout | undefined;
  #state: RadioState = "starting";
  #reason = STATES.starting;
  /** When it last listened, last heard anything, was started, may be started again. */
  #at = { good: 0, heard: 0, started: 0, startable: 0 };
  #heard = 0;
  #deaths = 0;
  #closed = false;

  constructor(spec: BleSpec, log: Log, patience: Patience = PATIENCE) {
    this.#spec = spec;
    this.#log = log;
    this.#patience = patience;
    this.#reads = new ReadRequests(patience);
    this.#ladder = new RecoveryPlan(patience.ladder);
    this.#restartMs = backoff(patience.restart.firstMs, patience.restart.maxMs);
  }

  async open(mac: string, stop: AbortSignal): Promise<BleDevice> {
    const listening = await this.#opened(mac, null, stop);
    return { ...listening, read: (characteristics, stop) => this.#read(mac, characteristics, stop) };
  }

  hear(match: AdvertMatch, stop: AbortSignal): Promise<BleListening> {
    return this.#opened(nameOf(match), match, stop);
  }

  async #opened(name: string, match: AdvertMatch | null, stop: AbortSignal): Promise<BleListening> {
    const listening = this.#retain(name, match);
    try {
      this.#start();
      await this.#listening(stop);
    } catch (error) {
      listening[Symbol.dispose]();
      throw error;
    }
    return listening;
  }

  /** One supervised child, whoever asks. A child that does not live is started ever more rarely. */
  #start(): void {
    if (this.#process) return;
    const now = monotonic();
    if (this.#closed || now < this.#at.startable) throw this.#unavailable();
    const { ble, helper } = this.#spec;
    const own = helper === undefined;
    this.#at = { ...this.#at, good: now, heard: now, started: now };
    this.#state = "starting";
    this.#reason = STATES.starting;
    let child: BleProcess;
    try {
      child = new BleProcess({
        command: own ? process.execPath : helper,
        args: own ? [...SMALL_HEAP, OWN_CHILD, ble] : [ble],
        heard: (word) => this.#hear(word),
        died: (reason) => this.#died(child, reason),
      });
    } catch (cause) {
      this.#reason = systemReason(cause);
      throw this.#unavailable();
    }
    this.#process = child;
    this.#tellWanted();
    this.#look = setInterval(() => this.#watch(), this.#patience.lookMs);
  }

  async #listening(stop: AbortSignal): Promise<void> {
    const latest = monotonic() + this.#patience.openMs;
    while (!this.#listens) {
      const left = latest - monotonic();
      if (stop.aborted || !this.#process || left <= 0) throw this.#unavailable();
      const changed = new AbortController();
      const wake = () => changed.abort();
      this.#waiting.add(wake);
      using over = new AnyOf(stop, changed.signal);
      await pause(left, over.signal);
      this.#waiting.delete(wake);
    }
  }

  /** Whether the radio listens at this moment: its last word alone may be too old. */
  get #listens(): boolean {
    return GOOD.includes(this.#state) && monotonic() - this.#at.good <= this.#patience.troubleMs;
  }

  #hear(word: BleMessage): void {
    switch (word.is) {
      case "state":
        this.#hearState(word);
        break;
      case "seen":
        this.#hearSeen(word);
        break;
      case "values":
        this.#reads.answer(word.id, {
          mono: heardAt(word.mono, this.#at.started),
          values: word.values.map((value) => (value === null ? null : Buffer.from(value, "hex"))),
        });
        break;
      case "failed":
        this.#reads.answer(word.id, this.#unreachable(word.step, verbatim(word.reason)));
    }
  }

  #hearState({ state, reason, heard }: Extract<BleMessage, { is: "state" }>): void {
    const now = monotonic();
    if (GOOD.includes(state)) this.#at.good = now;
    if (heard !== this.#heard) this.#at.heard = now;
    this.#heard = heard;
    this.#reason = reason === undefined ? STATES[state] : { it: `${STATES[state].it} (${reason})`, en: reason };
    if (state !== this.#state) this.#log.debug("ble.state", { adapter: this.#spec.ble, state, reason });
    this.#state = state;
    for (const wake of this.#waiting) wake();
  }

  /** Of addresses that nobody wants nothing is kept, whatever the child says. */
  #hearSeen(seen: Extract<BleMessage, { is: "seen" }>): void {
    const names = [seen.mac, ...this.#senders.namesFor(seen, this.#matches)];
    const listening = names.flatMap((name) => this.#wanted.get(name) ?? []);
    if (listening.length === 0) return;
    this.#at.heard = monotonic();
    const advert = advertOf(seen, this.#at.started);
    for (const { heard, listeners } of listening) {
      if (heard !== null) heard.frames += 1;
      for (const listener of listeners) listener.push(advert);
    }
  }

  heard(who: string | AdvertMatch): HeardStatus | undefined {
    return this.#wanted.get(typeof who === "string" ? who : nameOf(who))?.heard ?? undefined;
  }

  #watch(): void {
    const now = monotonic();
    const { silentMs, troubleMs, deafMs } = this.#patience;
    if (this.#process && now - this.#process.spoke > silentMs) {
      this.#process.kill(SILENT);
      return;
    }
    const troubled = now - this.#at.good > troubleMs;
    if (troubled && GOOD.includes(this.#state)) this.#reason = SILENT;
    if (troubled) this.#fail(this.#unavailable());
    const rung = this.#ladder.next(troubled || now - this.#at.heard > deafMs, now);
    if (rung === null) return;
    this.#log.warn("ble.reset", { adapter: this.#spec.ble, what: rung, state: this.#state, reason: this.#reason });
    if (rung === "process")
      this.#process?.kill({ it: `non si riprende: ${this.#reason.it}`, en: `did not recover: ${this.#reason.en}` });
    else this.#process?.say({ v: PROTOCOL, do: "reset", what: rung });
  }

  #died(child: BleProcess, reason: Text): void {
    if (this.#process !== child) return;
    clearInterval(this.#look);
    this.#process = null;
    const now = monotonic();
    this.#deaths = now - this.#at.started > this.#patience.healthyMs ? 1 : this.#deaths + 1;
    this.#at.startable = now + this.#restartMs(this.#deaths);
    this.#state = "failing";
    this.#reason = reason;
    this.#fail(this.#unavailable());
  }

  /** Everybody who listens or waits is told; the host comes again. */
  #fail(error: EdgeError): void {
    for (const { listeners } of this.#wanted.values()) for (const listener of listeners) listener.fail(error);
    this.#reads.fail(error);
    for (const wake of this.#waiting) wake();
  }

  #retain(name: string, match: AdvertMatch | null): BleListening {
    const most = match === null ? WANTED_MAX : MATCHES_MAX;
    const alike = [...this.#wanted.values()].filter((one) => (one.match === null) === (match === null));
    if (!this.#wanted.has(name) && alike.length >= most)
      throw new EdgeError("ble.unavailable", {
        adapter: this.#spec.ble,
        reason: { it: `più di ${most} dispositivi`, en: `more than ${most} devices` },
      });
    const wanted = this.#wanted.get(name) ?? { match, holders: 0, listeners: new Set<PushQueue<BleAdvert>>(), heard: null };
    this.#wanted.set(name, wanted);
    wanted.holders += 1;
    if (wanted.holders === 1) this.#tellWanted();
    let held = true;
    return {
      adverts: (stop) => this.#listen(wanted, stop),
      [Symbol.dispose]: () => {
        if (!held) return;
        held = false;
        wanted.holders -= 1;
      },
    };
  }

  /** Tells the child all that is listened for. An address stays in the list while its device waits to be opened again; one that no device holds is removed only when the list is full. */
  #tellWanted(): void {
    for (const [mac, { holders }] of this.#wanted) if (holders === 0 && this.#wanted.size >= WANTED_MAX) this.#wanted.delete(mac);
    const macs = [...this.#wanted].flatMap(([name, { match }]) => (match === null ? [name] : []));
    this.#process?.say({ v: PROTOCOL, do: "want", macs, matches: this.#matches.map(([, match]) => match) });
  }

  get #matches(): readonly (readonly [name: string, AdvertMatch])[] {
    return [...this.#wanted].flatMap(([name, { match }]) => (match === null ? [] : [[name, match] as const]));
  }

  async *#listen(wanted: Wanted, stop: AbortSignal): AsyncGenerator<BleAdvert> {
    const heard = wanted.heard ?? { frames: 0, strayBytes: 0, unread: 0 };
    wanted.heard = heard;
    const dropped = () => void heard.unread++;
    const listener = new PushQueue<BleAdvert>({ most: UNREAD_ADVERTS, drops: "oldest", dropped });
    wanted.listeners.add(listener);
    try {
      if (!this.#process) throw this.#unavailable();
      yield* listener.drain(stop);
    } finally {
      wanted.listeners.delete(listener);
    }
  }

  async #read(mac: string, characteristics: readonly BleCharacteristic[], stop: AbortSignal): Promise<BleValues> {
    if (!this.#process) throw this.#unavailable();
    return this.#reads.read(mac, characteristics, (order) => this.#process?.say(order), stop);
  }

  #unavailable(): EdgeError {
    return new EdgeError("ble.unavailable", { adapter: this.#spec.ble, reason: this.#reason });
  }

  #unreachable(step: ReadStep, reason: Text): EdgeError {
    if (step === "radio") return new EdgeError("ble.unavailable", { adapter: this.#spec.ble, reason });
    return new Unreachable(step, reason);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    clearInterval(this.#look);
    this.#reason = stopped;
    const child = this.#process;
    this.#process = null;
    this.#fail(this.#unavailable());
    await child?.[Symbol.asyncDispose]();
  }
}
