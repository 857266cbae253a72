/** Epochs that ended without ever knowing the time go in; when the clock is right again, one `clock.bounded` for each comes out (contract, Time). */
import type { EventDraft, Now } from "../model.ts";

const STATE_KEY = "clock";

interface Unbounded {
  readonly epoch: string;
  /** Wall time that was surely over when it began, 0 when unknown. */
  readonly notBefore: number;
}

interface Saved {
  /** The epoch that wrote this, and whether it has known the time. */
  readonly epoch: string;
  readonly synced: boolean;
  readonly notBefore: number;
  readonly unbounded: readonly Unbounded[];
}

export interface BoundsSink {
  raise(draft: EventDraft, mono: number): unknown;
  save(key: string, value: unknown): void;
}

export class ClockBounds {
  readonly #sink: BoundsSink;
  readonly #epoch: string;
  readonly #notBefore: number;
  #unbounded: readonly Unbounded[];

  constructor(
    sink: BoundsSink,
    saved: ReadonlyMap<string, unknown>,
    epoch: string,
    formerEnd: { readonly wall: number; readonly synced: boolean } | null,
  ) {
    this.#sink = sink;
    this.#epoch = epoch;
    const last = saved.get(STATE_KEY) as Saved | undefined;
    this.#notBefore = formerEnd?.synced ? formerEnd.wall : (last?.notBefore ?? 0);
    this.#unbounded = [
      ...(last?.unbounded ?? []),
      ...(last !== undefined && !last.synced ? [{ epoch: last.epoch, notBefore: last.notBefore }] : []),
    ];
  }

  opened(now: Now): void {
    if (now.synced) this.synchronised(now);
    else this.#save(false);
  }

  synchronised(now: Now): void {
    for (const { epoch, notBefore } of this.#unbounded) {
      const text = { it: "Periodo senza ora esatta, ora delimitato", en: "A period without the right time is now bounded" };
      this.#sink.raise(
        { kind: "clock.bounded", state: "noted", severity: "info", text, extra: { epoch, notBefore, notAfter: now.wall } },
        now.mono,
      );
    }
    this.#unbounded = [];
    this.#save(true);
  }

  #save(synced: boolean): void {
    const state: Saved = { epoch: this.#epoch, synced, notBefore: this.#notBefore, unbounded: this.#unbounded };
    this.#sink.save(STATE_KEY, state);
  }
}
