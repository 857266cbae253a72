/** Judges what an asset told against the list that its scenario carries. Pure. */
import type { ExpectedAsset } from "../../site/expectation.ts";
import type { BayFinding, BayInput, ReceivedAttribute, ReceivedEvent, RetainedBay } from "./bays.ts";
import * as say from "./sentences.ts";

export interface ExpectedInput {
  readonly asset: string;
  readonly expected: ExpectedAsset;
  readonly withinMs: number;
  /** When the play began; all expected times count from it. */
  readonly begun: number;
  /** Of this asset, in order of their numbers. */
  readonly events: readonly ReceivedEvent[];
  /** Of this asset, in order of their numbers. */
  readonly attributes: readonly ReceivedAttribute[];
  readonly retained: RetainedBay | null;
  /** What is due after this need not have come. */
  readonly end: number;
}

/** The play begins while devices are still being opened: what stood then may be told so much later. */
const OPENING_MS = 5000;

type ExpectedEvent = ExpectedAsset["events"][number];

export const judgeExpected = (input: ExpectedInput): readonly BayFinding[] => [
  ...judgeOrder(input),
  ...judgeStates(input),
  ...judgeState(input),
];

/** None missing, none extra, in the order of the list, each at its time. */
function judgeOrder(input: ExpectedInput): readonly BayFinding[] {
  const { asset, expected, events, begun, withinMs, end } = input;
  const findings: BayFinding[] = [];
  const missing = (list: readonly ExpectedEvent[]) => {
    for (const { kind, state, at } of list)
      findings.push({ what: "missing", asset, told: say.at(`${kind} ${state}`, begun + at) });
  };
  let next = 0;
  for (const event of events) {
    const found = expected.events.findIndex((one, i) => i >= next && fits(event, one, input));
    if (found < 0) {
      const { kind, state, mono } = event;
      findings.push({ what: "extra", asset, told: say.at(`${kind} ${state}`, mono) });
      continue;
    }
    missing(expected.events.slice(next, found));
    next = found + 1;
  }
  missing(expected.events.slice(next).filter(({ at }) => begun + at + withinMs <= end));
  return findings;
}

const fits = (event: ReceivedEvent, { kind, state, reason, at }: ExpectedEvent, { begun, withinMs }: ExpectedInput): boolean =>
  event.kind === kind &&
  event.state === state &&
  (reason === undefined || event.reason === reason) &&
  Math.abs(event.mono - begun - at) <= withinMs;

/** Each state of the list was there: at some moment within the tolerance each of its attributes had that value. */
function judgeStates({ asset, expected, attributes, begun, withinMs, end }: ExpectedInput): readonly BayFinding[] {
  const findings: BayFinding[] = [];
  for (const { at, quality: _, ...wanted } of expected.states) {
    const lateMs = at < OPENING_MS ? Math.max(OPENING_MS, withinMs) : withinMs;
    const [from, to] = [begun + at - withinMs, begun + at + lateMs];
    if (to > end) continue;
    for (const [name, value] of Object.entries(wanted)) {
      const told = attributes.filter((one) => one.name === name && one.mono <= to);
      const before = told.findLast(({ mono }) => mono < from);
      const wasSo = before?.value === value || told.some((one) => one.mono >= from && one.value === value);
      if (!wasSo) findings.push({ what: "missing", asset, told: say.at(`${name} ${value}`, begun + at) });
    }
  }
  return findings;
}

/** The state that stands at the end, or the one that was just coming. */
function judgeState({ asset, expected, retained, begun, withinMs, end }: ExpectedInput): readonly BayFinding[] {
  const settled = expected.states.filter(({ at }) => begun + at + withinMs <= end).at(-1);
  const changing = expected.states.filter(({ at }) => Math.abs(begun + at - end) < withinMs);
  if (settled === undefined || changing.some((state) => holds(state, retained)) || holds(settled, retained)) return [];
  const { at: _, quality, ...wanted } = settled;
  return [
    {
      what: "wrong",
      asset,
      told: say.insteadOf(`retained ${written(retained?.state ?? null, retained?.quality)}`, written(wanted, quality)),
    },
  ];
}

const written = (state: object | null, quality = "good"): string =>
  `${JSON.stringify(state)}${quality === "good" ? "" : ` (${quality})`}`;

const holds = ({ at: _, quality = "good", ...wanted }: ExpectedAsset["states"][number], retained: RetainedBay | null): boolean =>
  retained?.quality === quality && Object.entries(wanted).every(([name, value]) => retained.state[name] === value);

/** What is left of a bay for its own judge, which knows permits alone. */
export function withoutListed(input: BayInput): BayInput {
  const { rule, events, retained } = input;
  const isListed = ({ kind }: ReceivedEvent) => rule.listed?.includes(kind) === true;
  const ids = new Set(events.filter(isListed).map(({ id }) => id));
  const others = (open: readonly string[]) => open.filter((id) => !ids.has(id));
  return {
    ...input,
    events: events.filter((event) => !isListed(event)),
    retained: retained && { ...retained, alarms: others(retained.alarms), listed: others(retained.listed) },
  };
}
