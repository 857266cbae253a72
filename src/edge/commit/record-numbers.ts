/** Gives records and events their next number and the wall time in force, none from before its epoch. */
import type { Clock } from "../../kit/clock.ts";
import { isTrusted } from "../../kit/held-clock.ts";
import type { EdgeEvent, EpochInfo, EventDraft, ReadingRecord, Stream } from "../../model/index.ts";
import { type ClockNews, RecordClock, type Stretch } from "../time/record-clock.ts";
import type { Group } from "./buffer-content.ts";

/** Wall time of a moment; `synced`: hours and schedules may be judged by it; `epoch`: in whose unsynchronised time it is. */
export interface WallTime {
  readonly wall: number;
  readonly synced: boolean;
  readonly epoch?: string;
}

export class RecordNumbers {
  readonly #epoch: EpochInfo;
  readonly #wall: RecordClock;
  readonly #next: Record<Stream, number> = { readings: 1, events: 1 };

  constructor(clock: Clock, epoch: EpochInfo) {
    this.#epoch = epoch;
    this.#wall = new RecordClock(clock);
  }

  /** See RecordClock. */
  look(stamped: boolean): ClockNews | null {
    return this.#wall.look(stamped, this.#next);
  }

  get stretch(): Stretch | null {
    return this.#wall.stretch;
  }

  /** Wall time of a monotonic moment, as the records around it carry it. */
  wall(mono: number): WallTime {
    const { offset, stretch } = this.#wall;
    const wall = mono + offset;
    if (stretch === null) return { wall, synced: true };
    const synced = stretch.contact !== null && isTrusted(mono - stretch.contact);
    return { wall, synced, epoch: this.#epoch.id };
  }

  record(): number {
    return this.#next.readings++;
  }

  /** Puts a numbered record into the group it belongs to: a new one after a clock step or a change of synchronisation. */
  stamp(seq: number, record: ReadingRecord, groups: Group[]): void {
    const mono = this.#inEpoch(record.mono);
    this.#group(seq, groups).records.push(mono === record.mono ? record : { ...record, mono });
  }

  #group(seq: number, groups: Group[]): Group {
    const last = groups.at(-1);
    const { clock, offset } = this.#wall;
    if (last !== undefined && last.clock === clock && last.offset === offset && last.from + last.records.length === seq)
      return last;
    const group: Group = { clock, offset, from: seq, records: [] };
    groups.push(group);
    return group;
  }

  event(draft: EventDraft, when: number): EdgeEvent {
    const mono = this.#inEpoch(when);
    const seq = this.#next.events++;
    const { sinceMono, sinceWall, sinceEpoch, id, extra, ...rest } = draft;
    const { clock } = this.#wall;
    return {
      seq,
      after: this.#next.readings - 1,
      at: mono + this.#wall.offset,
      since: sinceWall ?? (sinceMono ?? mono) + this.#wall.offset,
      mono: mono - this.#epoch.opened,
      clock,
      // `since` is in the time of `at`, unless one of these says otherwise.
      ...(clock === "unsynced" && sinceWall !== undefined && sinceEpoch === undefined && { sinceClock: "synced" }),
      ...(sinceEpoch !== undefined && sinceEpoch !== this.#epoch.id && { sinceEpoch }),
      id: id ?? `${this.#epoch.id}/${seq}`,
      ...rest,
      ...extra,
    };
  }

  /** A record never carries a moment before its epoch: a timer that fell due while the gateway was off counts from the opening. */
  #inEpoch(mono: number): number {
    return Math.max(mono, this.#epoch.opened);
  }
}
