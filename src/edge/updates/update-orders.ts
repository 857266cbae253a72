/** Takes the platform's order to update, waits until it may begin, and asks root's scripts for it. */
import { mkdir, rename, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type * as z from "zod";
import { updateForm } from "../../contract/update-form.ts";
import type { Clock } from "../../kit/clock.ts";
import { asEdgeError, EdgeError, toldOf } from "../../kit/errors.ts";
import type { Log } from "../../kit/log.ts";
import { backoff } from "../../kit/loop/backoff.ts";
import { pause } from "../../kit/loop/pause.ts";
import { readUpdateStatus, type UpdateStatus } from "../../kit/system/update-status.ts";
import type { Text } from "../../model/index.ts";
import { notUnderstood } from "../answers/opening-hours.ts";
import { reasonOf } from "../commands/envelope.ts";

const LOOK_MS = 10_000;
/** An order that was refused for what may pass is asked for again: the network, the space, an update under way. */
const AGAIN = { firstMs: 3_600_000, mostMs: 86_400_000 };

type Order = z.output<typeof updateForm>;

/** What an order still waits for. */
export type WaitsFor = "clock" | "notBefore" | "window" | "network" | "scripts";

/** For `reported.update.order` (contract). */
export interface OrderStatus {
  readonly state: "waiting" | "asked" | "refused";
  readonly seq?: number;
  readonly version?: string;
  readonly waitsFor?: WaitsFor;
  readonly code?: string;
  readonly told?: { readonly what: Text; readonly next: Text };
}

export interface UpdateOrdersOptions {
  /** The runtime directory, in which the scripts look for a request. */
  readonly folder: string;
  /** The release that runs; undefined: the program is not part of one. */
  readonly seq: () => Promise<number | undefined>;
  /** Throws `signature.*`. */
  readonly check: (document: Readonly<Record<string, unknown>>) => Promise<void>;
  /** Whether it is open at a moment, in the site's own time. */
  readonly isOpen: (hours: string, wall: number) => boolean;
  readonly isMetered: boolean;
  readonly clock: Clock;
  readonly log: Log;
  readonly status?: () => UpdateStatus | null;
}

export class UpdateOrders {
  readonly #o: UpdateOrdersOptions;
  readonly #wait = backoff(AGAIN.firstMs, AGAIN.mostMs);
  #order: Order | null = null;
  #refused: OrderStatus | null = null;
  #waitsFor: WaitsFor | undefined;
  /** How often it was asked for, and when it may be again, monotonic ms. */
  #asked = 0;
  #again = 0;

  constructor(options: UpdateOrdersOptions) {
    this.#o = options;
  }

  /** An order replaces the one before; an empty message takes it back. Never throws: whatever is wrong stands in `reported`. */
  async receive(payload: Uint8Array): Promise<void> {
    if (payload.length === 0) {
      this.#take(null);
      return;
    }
    try {
      const order = await this.#read(payload);
      if (order.signature !== this.#order?.signature) this.#take(order);
    } catch (raw) {
      const error = asEdgeError(raw);
      this.#o.log.warn("update.order-refused", { code: error.code });
      this.#refused = { state: "refused", code: error.code, told: toldOf(error) };
    }
  }

  #take(order: Order | null): void {
    this.#order = order;
    this.#refused = null;
    this.#waitsFor = undefined;
    this.#asked = 0;
    this.#again = 0;
  }

  async #read(payload: Uint8Array): Promise<Order> {
    const malformed = (reason: Text): EdgeError => new EdgeError("update.malformed", { reason });
    let body: unknown;
    try {
      body = JSON.parse(Buffer.from(payload).toString("utf8"));
    } catch {
      throw malformed({ it: "non è JSON", en: "it is no JSON" });
    }
    const parsed = updateForm.safeParse(body);
    if (!parsed.success) throw malformed(reasonOf(parsed.error));
    const { window } = parsed.data;
    const strange = typeof window === "string" ? notUnderstood(window) : null;
    if (strange !== null)
      throw malformed({ it: `la finestra oraria ${strange} non è valida`, en: `window: ${strange} is no time` });
    await this.#o.check(body as Readonly<Record<string, unknown>>);
    return parsed.data;
  }

  /** Until stopped: looks whether the order may begin, and asks for it. */
  async run(stop: AbortSignal): Promise<void> {
    while (!stop.aborted) {
      await this.look();
      await pause(LOOK_MS, stop);
    }
  }

  async look(): Promise<void> {
    const order = this.#order;
    if (order === null) return;
    const { seq, folder, log, clock } = this.#o;
    const running = await seq();
    // Confirmed or on trial, it runs: there is nothing left to ask for.
    if (running !== undefined && running >= order.seq) this.#take(null);
    if (this.#order !== order) return;
    this.#waitsFor = this.#missing(order);
    if (this.#waitsFor !== undefined || clock.mono() < this.#again) return;
    try {
      // The scripts begin when a file of this name is there, so it must be whole by then.
      const file = join(folder, "update", "request");
      await mkdir(dirname(file), { recursive: true });
      await writeFile(`${file}.new`, `${order.seq} ${order.url}\n`);
      await rename(`${file}.new`, file);
      this.#asked += 1;
      this.#again = clock.mono() + this.#wait(this.#asked);
      log.info("update.asked", { seq: order.seq });
    } catch (error) {
      this.#waitsFor = "scripts";
      log.warn("update.no-request", { cause: error });
    }
  }

  #missing({ notBefore = 0, window, network }: Order): WaitsFor | undefined {
    const { clock, isMetered, isOpen, status = readUpdateStatus } = this.#o;
    const { wall, synced } = clock.now();
    if ((notBefore > 0 || typeof window === "string") && !synced) return "clock";
    if (wall < notBefore) return "notBefore";
    if (typeof window === "string" && !isOpen(window, wall)) return "window";
    if (network === "unmetered" && isMetered) return "network";
    return (status()?.state ?? "idle") === "idle" ? undefined : "scripts";
  }

  /** Null: nothing was ordered, or it is done. */
  get status(): OrderStatus | null {
    if (this.#refused !== null || this.#order === null) return this.#refused;
    const { seq, version } = this.#order;
    const waits = this.#waitsFor;
    return this.#asked > 0 && waits === undefined
      ? { state: "asked", seq, version }
      : { state: "waiting", seq, version, ...(waits && { waitsFor: waits }) };
  }
}
