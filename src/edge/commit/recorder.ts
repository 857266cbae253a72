/** What rules and alarms write, and where: into the open commit, or into the list of a replay. Types only. */
import type { AssetState, EdgeEvent, EventDraft, OpenAlarm, ReadingRecord } from "../../model/index.ts";
import type { WallTime } from "./record-numbers.ts";

export interface Recorder {
  /** Numbers an attribute record. */
  add(record: ReadingRecord): number;
  /** Numbers an event. */
  raise(draft: EventDraft, mono: number): EdgeEvent;
  /** Saved with the commit that holds its reason; null: removed. */
  save(key: string, value: unknown): void;
  /** The retained state of an asset. */
  asset(state: AssetState): void;
  /** The retained list of open alarms. */
  openAlarms(list: readonly OpenAlarm[]): void;
  /** Wall time of a monotonic moment, whether it can be trusted, and in whose unsynchronised time it is. */
  wall(mono: number): WallTime;
}
