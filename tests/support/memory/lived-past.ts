/** What of a lived site is durable: read back as a store reads it. */
import type { Order } from "../../../src/edge/engine/asset/want.ts";
import { encodeEvent, encodeReadings } from "../../../src/edge/segments/segment.ts";
import type { StoredEvent, StoredRecord } from "../../../src/edge/store/store.ts";
import type { Segment, Stream } from "../../../src/model/index.ts";

/** What waits for the next commit; in its inbox null: ended. */
export const emptyWindow = () => ({
  saved: new Map<string, unknown>(),
  records: [] as StoredRecord[],
  events: [] as StoredEvent[],
  inbox: new Map<string, Order | null>(),
});

export class LivedPast {
  readonly saved = new Map<string, unknown>();
  readonly stored = { records: [] as StoredRecord[], events: [] as StoredEvent[] };
  /** Orders that were accepted and have not ended, oldest first. */
  readonly inbox = new Map<string, Order>();
  /** Kernel monotonic ms at which each epoch opened. */
  readonly opened = new Map<string, number>();

  take({ saved, records, events, inbox }: ReturnType<typeof emptyWindow>): void {
    for (const [key, value] of saved) this.saved.set(key, value);
    this.stored.records.push(...records);
    this.stored.events.push(...events);
    for (const [id, order] of inbox)
      if (order === null) this.inbox.delete(id);
      else this.inbox.set(id, order);
  }

  readonly history = () => each(this.stored.records);
  readonly events = () => each(this.stored.events);

  readonly read = async (epoch: string, stream: Stream, from: number, to: number): Promise<readonly Segment[]> => {
    const within = (seq: number) => seq >= from && seq <= to;
    const mine = { id: epoch, cat: "", opened: this.opened.get(epoch) ?? 0, n: 1 } as never;
    const rows =
      stream === "readings"
        ? this.stored.records
            .filter((record) => record.epoch === epoch && within(record.seq))
            .map(({ seq, wall, clock, ...record }) =>
              encodeReadings(mine, { from: seq, records: [record], offset: wall - record.mono, clock }),
            )
        : this.stored.events
            .filter((one) => one.epoch === epoch && within(one.event.seq))
            .map(({ event }) => encodeEvent(mine, event, false));
    return rows.map(({ from: a, to: b, body }) => ({ epoch, stream, from: a, to: b, count: 1, mono: null, body }));
  };
}

async function* each<T>(list: readonly T[]): AsyncGenerator<T> {
  yield* list;
}
