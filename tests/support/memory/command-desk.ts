/** A command processor with one target, its wire and its clock in the hands of the test, and all that it tells. */
import { expect, vi } from "vitest";
import { CommandProcessor, type CommandProcessorOptions } from "../../../src/edge/commands/command-processor.ts";
import { LimitKeeper } from "../../../src/edge/commands/limits.ts";
import type { InboxRow } from "../../../src/edge/store/store.ts";
import { noLog } from "../../../src/kit/log.ts";
import { KeyedMutex } from "../../../src/kit/mutex.ts";
import type { CommandResult, CommandTarget, EventDraft, Limits, Outcome } from "../../../src/model/index.ts";
import { Heard } from "../../unit/edge/store/support.ts";

export const WALL = 1_764_000_000_000;
const never = new AbortController().signal;

export interface DeskSetting extends Pick<CommandProcessorOptions, "checkSignature"> {
  /** Time off before this run, where it is known. */
  readonly offMs?: number;
  readonly saved?: readonly InboxRow[];
  readonly limits?: Limits;
}

/** To switch `target` on, within a minute. */
export const switchOn = (target: string) => ({
  v: 1,
  id: "c",
  gateway: "gw",
  target,
  action: "set",
  args: { value: true },
  issuedAt: WALL,
  expiresAt: WALL + 60_000,
  issuer: "desk",
});

/** The wire obeys at once, or when the test says so. */
export function openDesk(
  name: string,
  { impact = "low", safe = false }: Partial<Pick<CommandTarget, "impact" | "safe">>,
  { offMs = 0, saved = [], limits, checkSignature }: DeskSetting = {},
) {
  const now = { mono: 1_000_000, wall: WALL, synced: true };
  const written: (number | boolean)[] = [];
  const told: CommandResult[] = [];
  const wire = { obeys: async (_latest?: number): Promise<Outcome> => ({ state: "succeeded" }) };
  const mutex = new KeyedMutex();
  const log = new Heard();
  const events: EventDraft[] = [];
  const rows: InboxRow[] = [];
  const host = {
    mono: () => now.mono,
    running: () => now.mono,
    raise: (draft: EventDraft) => void events.push(draft),
    save: () => undefined,
    inbox: (row: InboxRow) => void rows.push(row),
    flush: async () => undefined,
    asset: () => undefined,
    operator: (): Outcome => ({ state: "succeeded" }),
    ordered: () => undefined,
    alone: (target: string, work: () => Promise<void>) => mutex.run(target, work),
    perform: async (_target: string, value: number | boolean, _stop: AbortSignal, latest?: number) => {
      written.push(value);
      return wire.obeys(latest);
    },
  };
  const target: CommandTarget = {
    target: name,
    action: "set",
    args: { value: { type: "boolean", required: true } },
    impact,
    safe,
    ...(limits !== undefined && { limits }),
  };
  const processor = new CommandProcessor({
    gateway: "gw",
    targets: [target],
    assets: new Set(),
    host,
    limits: new LimitKeeper(
      { ...host, alarms: { raise: () => undefined, clear: () => undefined }, log: noLog },
      new Map(),
      0,
      new Map([[target.target, target]]),
    ),
    checkSignature,
    clock: { boot: "b", mono: () => now.mono, now: () => ({ ...now }) },
    log,
    saved: new Map(saved.map((row) => [row.id, row])),
    offMs,
    knowsFrom: null,
  });
  processor.onResult((result) => told.push(result));
  /** A message of any kind, as it came. */
  const receive = (body: unknown, how: { readonly retained?: boolean; readonly origin?: "local" } = {}) =>
    processor.receive({ origin: "platform", retained: false, body, ...how }, never);
  const send = (more: Readonly<Record<string, unknown>> = {}) => receive({ ...switchOn(name), ...more });
  /** All answers, as soon as there are so many. */
  const ended = (n = 1) =>
    vi
      .waitFor(() => expect(told.length).toBeGreaterThanOrEqual(n), 15_000)
      .then(() => told.map(({ state, code }) => [state, code]));
  return { processor, now, wire, written, told, events, rows, log, receive, send, ended };
}
