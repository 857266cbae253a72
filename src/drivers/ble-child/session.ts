/** One D-Bus connection: listens for wanted addresses and carries out reads, until it is lost or old. */
import { setTimeout as sleep } from "node:timers/promises";
import { monotonic } from "../../kit/clock.ts";
import {
  type AdvertMatch,
  type BleMessageBody,
  fits,
  type RadioState,
  type ReadCommand,
  type ReadStep,
  SENDERS_MAX,
} from "./ble-protocol.ts";
import { Bluez } from "./bluez.ts";
import type { Heard } from "./properties.ts";
import { type Trouble, troubleOf } from "./trouble.ts";

/**
 * How often BlueZ is asked something cheap. That finds a dead connection, a restarted bluetoothd and an adapter that was switched off; after a
 * restart it also makes dbus-next accept signals of the new bluetoothd.
 */
const PING_MS = 5000;
/** dbus-next never removes its match rules (0.10.2, _removeMatch), so the whole connection is renewed after this time or number. */
const RECYCLE = { afterMs: 6 * 3_600_000, matchRules: 400 };
/** Pause between two reads: while one device is connected to, advertisements of the others are not heard. */
const REST_MS = 2000;
const POWER_MS = 1000;

export interface SessionEvents {
  say(message: BleMessageBody): void;
  state(state: RadioState, reason?: string): void;
  heardOne(): void;
}

export class Session implements Disposable {
  readonly #bluez: Bluez;
  readonly #events: SessionEvents;
  readonly #wanted = new Set<string>();
  #matches: readonly AdvertMatch[] = [];
  /** Addresses whose advertisements fitted one of the patterns, the latest last. */
  readonly #senders = new Set<string>();
  readonly #begun = monotonic();
  #queue: ReadCommand[] = [];
  #reading: ReadCommand | null = null;
  #scanning = false;
  /** The list changed since its addresses were followed. */
  #listed = true;
  #over: Trouble | "recycle" | null = null;
  #wake: () => void = () => undefined;
  #woken = false;

  private constructor(bluez: Bluez, events: SessionEvents) {
    this.#bluez = bluez;
    this.#events = events;
  }

  /** Throws Trouble. */
  static async open(adapter: string, events: SessionEvents): Promise<Session> {
    let session: Session | undefined;
    const bluez = await Bluez.open(adapter, {
      heard: (mac, advert) => {
        events.heardOne();
        if (session === undefined || !session.#isWanted(mac, advert)) return;
        events.say({ is: "seen", mac, mono: monotonic(), ...advert });
        void session.#follow(mac);
      },
      lost: (trouble) => session?.end(trouble),
    });
    session = new Session(bluez, events);
    return session;
  }

  want(macs: ReadonlySet<string>, matches: readonly AdvertMatch[]): void {
    this.#matches = matches;
    for (const mac of this.#wanted)
      if (!macs.has(mac)) {
        this.#wanted.delete(mac);
        this.#bluez.unfollow(mac);
      }
    for (const mac of macs) this.#wanted.add(mac);
    this.#listed = true;
    this.#nudge();
  }

  /** When a followed sender repeats an advertisement, BlueZ tells only its signal strength: then the address decides. */
  #isWanted(mac: string, advert: Heard): boolean {
    if (this.#wanted.has(mac)) return true;
    const isBare = Object.keys(advert.services).length + Object.keys(advert.manufacturers).length === 0;
    if (!(isBare ? this.#senders.has(mac) : this.#matches.some((match) => fits(match, advert)))) return false;
    this.#senders.delete(mac);
    this.#senders.add(mac);
    const [oldest = mac] = this.#senders;
    if (this.#senders.size > SENDERS_MAX) {
      this.#senders.delete(oldest);
      this.#bluez.unfollow(oldest);
    }
    return true;
  }

  /** One order waits for each device: nobody overtakes by asking twice. */
  read(order: ReadCommand): void {
    const twice = this.#queue.find(({ mac }) => mac === order.mac);
    if (twice) this.#failed(twice, "radio", "asked again");
    this.#queue = [...this.#queue.filter((waiting) => waiting !== twice), order];
    this.#nudge();
  }

  end(why: Trouble | "recycle"): void {
    this.#over ??= why;
    this.#nudge();
  }

  async powerCycle(): Promise<void> {
    this.#scanning = false;
    await this.#bluez.power(false).catch(() => undefined);
    await sleep(POWER_MS);
    await this.#bluez.power(true).catch(() => undefined);
    this.#nudge();
  }

  /** Resolves when it is old; throws Trouble. */
  async run(): Promise<void> {
    let pinged = Number.NEGATIVE_INFINITY;
    let rested = 0;
    try {
      for (;;) {
        if (this.#over === "recycle") return;
        if (this.#over) throw this.#over;
        const now = monotonic();
        if (now - pinged >= PING_MS || !this.#scanning) {
          await this.#ping();
          pinged = monotonic();
        }
        if (this.#listed) {
          this.#listed = false;
          for (const mac of this.#wanted) if (!this.#isOld) await this.#follow(mac);
          if (this.#matches.length > 0) await this.#followRemembered();
        }
        const order = this.#scanning && monotonic() >= rested ? this.#queue.shift() : undefined;
        if (order) {
          await this.#carryOut(order);
          rested = monotonic() + REST_MS;
        }
        if (this.#isOld) return;
        await this.#pause(this.#queue.length > 0 && this.#scanning ? Math.max(0, rested - monotonic()) : PING_MS);
      }
    } catch (error) {
      throw troubleOf(error);
    } finally {
      for (const order of this.#queue) this.#failed(order, "radio", "the connection to BlueZ ended");
    }
  }

  /** Switched off is no reason to leave: whoever switches it on again is seen by the next ping. */
  async #ping(): Promise<void> {
    const { powered, discovering } = await this.#bluez.health();
    if (!powered) {
      this.#scanning = false;
      this.#events.state("off", "the adapter is switched off");
      return;
    }
    if (!this.#scanning || !discovering) {
      await this.#bluez.startDiscovery();
      this.#scanning = true;
    }
    this.#events.state("scanning");
  }

  get #isOld(): boolean {
    return monotonic() - this.#begun > RECYCLE.afterMs || this.#bluez.matchRules > RECYCLE.matchRules;
  }

  async #followRemembered(): Promise<void> {
    for (const [mac, advert] of await this.#bluez.remembered())
      if (!this.#isOld && !this.#wanted.has(mac) && this.#isWanted(mac, advert)) await this.#follow(mac);
  }

  async #follow(mac: string): Promise<void> {
    // A failure is ignored here: its cause will fail the next ping too, which deals with it.
    await this.#bluez.follow(mac).catch(() => false);
  }

  /** Scanning and connecting at once starve each other on one controller: discovery stops first (bluez#2309). */
  async #carryOut(order: ReadCommand): Promise<void> {
    const { mac, id } = order;
    if (!(await this.#bluez.knows(mac))) return this.#failed(order, "absent", "not heard lately");
    this.#reading = order;
    this.#events.state("reading");
    let step: ReadStep = "connect";
    try {
      await this.#bluez.stopDiscovery().catch(() => undefined);
      await this.#bluez.connect(mac, order.connectMs);
      step = "discover";
      await this.#bluez.resolved(mac, order.discoverMs);
      const wanted = order.characteristics.map(({ service, characteristic }) => [service, characteristic] as const);
      step = "read";
      const values = await this.#bluez.readAll(mac, wanted, order.readMs);
      const hex = values.map((value) => (value === null ? null : Buffer.from(value).toString("hex")));
      this.#events.say({ is: "values", id, mono: monotonic(), values: hex });
    } catch (error) {
      this.#failed(order, step, error instanceof Error ? error.message : String(error));
    } finally {
      // Also after a connect that timed out: BlueZ would go on trying.
      await this.#bluez.disconnect(mac).catch(() => undefined);
      this.#reading = null;
      this.#scanning = false;
      this.#nudge();
    }
  }

  /** A device left connected no longer advertises, to anybody. */
  async letGo(): Promise<void> {
    if (this.#reading) await this.#bluez.disconnect(this.#reading.mac).catch(() => undefined);
  }

  #failed({ id }: ReadCommand, step: ReadStep, reason: string): void {
    this.#events.say({ is: "failed", id, step, reason });
  }

  #nudge(): void {
    this.#woken = true;
    this.#wake();
  }

  async #pause(ms: number): Promise<void> {
    if (!this.#woken)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    this.#woken = false;
  }

  [Symbol.dispose](): void {
    this.#bluez[Symbol.dispose]();
  }
}
