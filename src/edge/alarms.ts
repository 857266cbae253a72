/** Keeps the list of what stands open, with ids that outlive restarts. */
import type { EventDraft, OpenAlarm, Restated, Text } from "../model/index.ts";
import type { Recorder } from "./commit/recorder.ts";
import { restated } from "./time/restated.ts";

/** Each alarm has a row of its own, written with the event that changes it, so that one that stays open for weeks is not written again and again. */
const PREFIX = "alarm/";
/** Where earlier releases kept all of them in one row. */
const FORMER_KEY = "alarms";

/** The key under which a device that is down stands open. */
export const DOWN = "down";

type AlarmRecorder = Pick<Recorder, "raise" | "save" | "openAlarms" | "wall">;

export type AlarmDraft = Omit<EventDraft, "state" | "id">;

export class Alarms {
  readonly #open: Map<string, OpenAlarm>;
  readonly #recorder: AlarmRecorder;

  constructor(recorder: AlarmRecorder, saved: ReadonlyMap<string, unknown>) {
    this.#recorder = recorder;
    const former = Object.entries((saved.get(FORMER_KEY) ?? {}) as Record<string, OpenAlarm>);
    const rows = [...saved].filter(([key, alarm]) => key.startsWith(PREFIX) && alarm !== null);
    this.#open = new Map([...former, ...rows.map(([key, alarm]) => [key.slice(PREFIX.length), alarm as OpenAlarm] as const)]);
    if (saved.has(FORMER_KEY)) this.#divide(former);
    recorder.openAlarms(this.list());
  }

  #divide(former: readonly (readonly [string, OpenAlarm])[]): void {
    for (const [key, alarm] of former) this.#recorder.save(PREFIX + key, alarm);
    this.#recorder.save(FORMER_KEY, null);
  }

  list(): readonly OpenAlarm[] {
    return [...this.#open.values()];
  }

  idsOf(asset: string): readonly string[] {
    return this.list()
      .filter((alarm) => alarm.asset === asset)
      .map((alarm) => alarm.id);
  }

  /** What stands open of one owner, by the keys under which it was raised. */
  ofOwner(owner: string): readonly (OpenAlarm & { readonly key: string })[] {
    const prefix = `${owner}|`;
    return [...this.#open].flatMap(([key, alarm]) =>
      key.startsWith(prefix) ? [{ ...alarm, key: key.slice(prefix.length) }] : [],
    );
  }

  isOpen(owner: string, key: string): boolean {
    return this.#open.has(`${owner}|${key}`);
  }

  /** Whether the alarm that this device is down is open. */
  isDown(device: string): boolean {
    return this.isOpen(device, DOWN);
  }

  /** Epoch ms. */
  openSince(owner: string, key: string): number | undefined {
    return this.#open.get(`${owner}|${key}`)?.since;
  }

  /** Raises an alarm, unless it is open already. */
  raise(owner: string, key: string, draft: AlarmDraft, mono: number): void {
    if (this.isOpen(owner, key)) return;
    const event = this.#recorder.raise({ ...draft, state: "raised" }, mono);
    const { id, asset, device, kind, severity, urgent, since } = event;
    const { epoch } = this.#recorder.wall(mono);
    this.#set(`${owner}|${key}`, {
      id,
      kind,
      severity,
      ...(urgent && { urgent }),
      since,
      ...(epoch !== undefined && { sinceEpoch: epoch }),
      ...(asset !== undefined && { asset }),
      ...(device !== undefined && { device }),
    });
    this.#recorder.openAlarms(this.list());
  }

  update(owner: string, key: string, draft: AlarmDraft, mono: number): void {
    const open = this.#open.get(`${owner}|${key}`);
    if (open === undefined) return;
    this.#recorder.raise({ ...draft, id: open.id, state: "updated", ...keptOf(open) }, mono);
  }

  clear(owner: string, key: string, draft: AlarmDraft, mono: number): void {
    const open = this.#open.get(`${owner}|${key}`);
    if (open === undefined) return;
    this.#recorder.raise({ reason: "normal", ...draft, id: open.id, state: "cleared", ...keptOf(open) }, mono);
    this.#open.delete(`${owner}|${key}`);
    this.#recorder.save(`${PREFIX}${owner}|${key}`, null);
    this.#recorder.openAlarms(this.list());
  }

  /** Somebody takes care of it; it stands as before. False: nothing of this id is open at this device or asset. */
  acknowledge(
    target: string,
    id: string,
    of: { readonly by: string; readonly text: (kind: string) => Text; readonly extra: EventDraft["extra"] },
    mono: number,
  ): boolean {
    const found = [...this.#open].find(([, open]) => open.id === id && (open.asset ?? open.device) === target);
    if (found === undefined) return false;
    const [key, open] = found;
    const { kind, severity, asset, device } = open;
    const whose = { ...(asset !== undefined && { asset }), ...(device !== undefined && { device }) };
    const { by, text, extra } = of;
    this.#recorder.raise(
      { kind, severity, id, state: "acknowledged", ...whose, text: text(kind), ...keptOf(open), extra: { ...extra, by } },
      mono,
    );
    this.#set(key, { ...open, ackedBy: by });
    this.#recorder.openAlarms(this.list());
    return true;
  }

  /** Something that happened and does not stand. */
  note(draft: AlarmDraft, mono: number): void {
    this.#recorder.raise({ ...draft, state: "noted" }, mono);
  }

  /** Something became known of the time in which they began. */
  restate(of: Restated): void {
    let changed = false;
    for (const [key, { sinceEpoch, since, ...rest }] of this.#open) {
      if (sinceEpoch !== of.epoch) continue;
      const { wall, epoch } = restated(since, of);
      this.#set(key, { ...rest, since: wall, ...(epoch !== undefined && { sinceEpoch: epoch }) });
      changed = true;
    }
    if (changed) this.#recorder.openAlarms(this.list());
  }

  /** Owners that the configuration no longer names: their alarms end as `removed`. */
  removeAllBut(owners: ReadonlySet<string>, mono: number): void {
    const open = [...this.#open.keys()].map((key) => key.slice(0, key.indexOf("|")));
    for (const owner of new Set(open)) if (!owners.has(owner)) this.remove(owner, mono);
  }

  /** The configuration no longer names it. */
  remove(owner: string, mono: number): void {
    const text = { it: `${owner} non è più configurato`, en: `${owner} is no longer configured` };
    for (const { key, kind, severity, asset, device } of this.ofOwner(owner)) {
      const of = { ...(asset !== undefined && { asset }), ...(device !== undefined && { device }) };
      this.clear(owner, key, { kind, severity, reason: "removed", text, ...of }, mono);
    }
  }

  #set(key: string, alarm: OpenAlarm): void {
    this.#open.set(key, alarm);
    this.#recorder.save(PREFIX + key, alarm);
  }
}

/** What each further event of an alarm says as the first one did, whoever tells it. */
const keptOf = ({ since, sinceEpoch, urgent }: OpenAlarm): Pick<EventDraft, "sinceWall" | "sinceEpoch" | "urgent"> => ({
  ...(urgent && { urgent }),
  sinceWall: since,
  ...(sinceEpoch !== undefined && { sinceEpoch }),
});
