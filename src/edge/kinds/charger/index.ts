/** A charging column: its sockets, power, energy and faults, and the limit and pause that it is commanded. */
import {
  type Act,
  assetKind,
  type Claim,
  held,
  type Moment,
  optional,
  type Seen,
  type Sense,
  shown,
  value,
  type Wanted,
  want,
  withActs,
  word,
} from "../kind.ts";
import { fault, offline, unavailable } from "./charger-alarms.ts";
import { type ChargerOptions, canPause, chargerIdle, chargerOptions, deviceOf, MOST_SOCKETS } from "./charger-options.ts";
import { addOf, addOfCharge, emptySocket, plugged, type Socket, sum } from "./sessions.ts";

const DAY_MS = 86_400_000;
/** A contactor takes a moment. */
const SETTLE_MS = 2000;
const SILENT = "device.silent";

interface Facts {
  readonly sockets: readonly Socket[];
  /** kWh given since the gateway has known the column. */
  readonly energy: number;
  readonly sessions: number;
  /** What it was commanded; null: nothing yet. */
  readonly limit: number | null;
  readonly isPaused: boolean | null;
  /** When that was, in `passed`. */
  readonly commandedAt: number;
  /** When it was seen to hold another limit than it was told, in `passed`; null: it holds it, or does not say. */
  readonly lostAt: number | null;
}

/** How long an order may take until it is read back. */
const ORDERED_WITHIN_MS = 60_000;
/** How long a limit that was lost is not wanted, so that it is ordered anew. */
const ANEW_AFTER_MS = 10_000;
/** Columns round what they are told. */
const NEAR_A = 0.2;

const WORDS: Readonly<Record<string, string>> = { A: "free", B: "occupied", C: "charging", F: "fault", U: "unavailable" };

const SOCKETS = Array.from({ length: MOST_SOCKETS }, (_, at) => at);
const point = (o: ChargerOptions, at: number, name: string): string | undefined => {
  const device = deviceOf(o, at);
  return device === undefined ? undefined : `${device}.${name}`;
};

/** Of each socket, by `state-0`, `energy-0` … */
function sensesOf(o: ChargerOptions): Readonly<Record<string, Sense<string | number> | undefined>> {
  const senses: Record<string, Sense<string | number> | undefined> = {};
  for (const at of SOCKETS) {
    senses[`state-${at}`] = optional(point(o, at, "state"), (from) => word(from, SETTLE_MS) as Sense<string | number>);
    for (const name of ["energy", "session-energy", "power"])
      senses[`${name}-${at}`] = optional(point(o, at, name), (from) => value(from) as Sense<string | number>);
  }
  senses["limit-0"] = optional(o.limit, (from) => value(from) as Sense<string | number>);
  return senses;
}

type Sees = Readonly<Record<string, Seen<string | number> | undefined>>;

/** The letters of the sockets that there are. */
const lettersOf = (o: ChargerOptions, sees: Sees): readonly Seen<string | number>[] =>
  o.sockets.flatMap((_, at) => sees[`state-${at}`] ?? []);

const is = (seen: Seen<string | number>, ...letters: readonly string[]): boolean =>
  seen.known && letters.includes(String(seen.value));

export const charger = assetKind({
  kind: "charger",
  model: "EVChargingStation",
  title: { it: "Colonnina di ricarica", en: "Charging column" },
  version: 1,
  options: chargerOptions,
  idle: chargerIdle,
  senses: sensesOf,
  shows: {
    status: {
      unit: "",
      kind: "word",
      meaning:
        "As EVChargingStation has it: `working`, `withIncidence` (a socket is out of service), `outOfService` (all are) or `unknown`.",
    },
    "socket-1": socketShown(1),
    "socket-2": socketShown(2),
    "socket-3": socketShown(3),
    "socket-4": socketShown(4),
    free: { unit: "1", kind: "gauge", meaning: "How many sockets are free: `availableCapacity` of EVChargingStation." },
    power: { unit: "W", kind: "gauge", change: 100, meaning: "What all its sockets give, where they measure it." },
    energy: {
      unit: "kW.h",
      kind: "counter",
      meaning: "Energy given since the gateway has known it; goes on after restarts and when the column is replaced.",
    },
    sessions: { unit: "1", kind: "counter", meaning: "How many cars were plugged in and out again." },
    "session-energy": {
      unit: "kW.h",
      kind: "interval",
      meaning: "What one car took, told when it is unplugged; incomplete where the gateway did not see all of it.",
    },
    paused: { unit: "", kind: "state", meaning: "Whether it was commanded to pause. Absent before the first command." },
  },
  alarms: { "charger.fault": fault, "charger.unavailable": unavailable, "charger.offline": offline },
  actions: (o) => ({
    ...(o.limit !== undefined && {
      "charger.limit": {
        args: { amperes: { type: "number" as const, required: true, min: 6, max: o.most ?? 6 } },
        impact: "high" as const,
        safe: false,
      },
    }),
    ...(canPause(o) && {
      "charger.pause": { args: {}, impact: "high" as const, safe: false },
      "charger.resume": { args: {}, impact: "high" as const, safe: false },
    }),
  }),
  statics: (o) => ({ capacity: o.sockets.length, socketType: [...new Set(o.sockets.map(({ type }) => type))] }),
  facts: {
    sockets: SOCKETS.map(() => emptySocket),
    energy: 0,
    sessions: 0,
    limit: null,
    isPaused: null,
    commandedAt: 0,
    lostAt: null,
  } as Facts,
  lookBackMs: DAY_MS,
  commands: {
    "charger.limit": {
      meaning: "Sets how much current each phase may take. With `limit`.",
      args: { amperes: "A, from 6 to `most`." },
    },
    "charger.pause": { meaning: "Stops the charging, until it is resumed. Where the options name what does that.", args: {} },
    "charger.resume": { meaning: "Lets a paused column charge again.", args: {} },
  },

  learn(facts, heard, { o, now }) {
    if (heard.of === "action") {
      const { action, args } = heard as { readonly action: string; readonly args: Readonly<Record<string, unknown>> };
      if (action === "charger.limit") return { ...facts, ...ordered(now), limit: Number(args["amperes"]) };
      if (action === "charger.pause" || action === "charger.resume")
        return { ...facts, ...ordered(now), isPaused: action === "charger.pause" };
      return facts;
    }
    const { seen } = heard as { readonly seen: Seen<string | number> };
    const cut = heard.of.lastIndexOf("-");
    const [name, at] = [heard.of.slice(0, cut), Number(heard.of.slice(cut + 1))];
    const socket = facts.sockets[at];
    if (socket === undefined) return facts;
    const become = (next: Socket): readonly Socket[] => facts.sockets.map((one, i) => (i === at ? next : one));
    if (!seen.known) {
      // The counter still holds what is taken meanwhile, but nobody knows whether one car took it.
      const session = name === "state" && socket.session ? { ...socket.session, complete: false } : socket.session;
      return session === socket.session ? facts : { ...facts, sockets: become({ ...socket, session }) };
    }
    if (name === "state") {
      const [next, ended] = plugged(socket, String(seen.value));
      if (ended === null) return { ...facts, sockets: become(next) };
      const measured: Act = { do: "measure", name: "session-energy", value: ended.energy, complete: ended.complete };
      return withActs({ ...facts, sockets: become(next), sessions: facts.sessions + 1 }, measured);
    }
    if (name === "power") return facts;
    if (name === "limit") {
      const wanted = limitWanted(facts, o);
      const isLost = wanted !== null && Math.abs(Number(seen.value) - wanted) > NEAR_A;
      if (isLost && now.passed < facts.commandedAt + ORDERED_WITHIN_MS) return facts;
      return { ...facts, lostAt: isLost ? now.passed : null };
    }
    const [next, added] = (name === "energy" ? addOf : addOfCharge)(socket, Number(seen.value));
    return { ...facts, sockets: become(next), energy: sum(facts.energy, added) };
  },

  says(facts, cx) {
    const { o, sees } = cx;
    const letters = lettersOf(o, sees);
    const out = letters.filter((seen) => is(seen, "F", "U")).length;
    const status =
      out === letters.length
        ? "outOfService"
        : out > 0
          ? "withIncidence"
          : letters.some((seen) => !seen.known)
            ? "unknown"
            : "working";
    const free = letters.filter((seen) => is(seen, "A")).length;
    const unseen = letters.find((seen) => !seen.known);
    const powers = o.sockets.map((_, at) => sees[`power-${at}`]).filter((seen) => seen?.known === true);
    const socket = (at: number) => {
      const seen = letters[at];
      return seen && shown(seen, (letter) => WORDS[String(letter)] ?? "unknown");
    };
    const [first] = letters;
    return {
      ...(first && letters.length === 1 && { since: first.since }),
      shows: {
        status,
        "socket-1": socket(0),
        "socket-2": socket(1),
        "socket-3": socket(2),
        "socket-4": socket(3),
        free: unseen === undefined ? free : { value: free, code: unseen.code },
        power: powers.length === letters.length ? powers.reduce((all, seen) => all + Number(seen?.value), 0) : undefined,
        energy: facts.energy,
        sessions: facts.sessions,
        paused: facts.isPaused ?? undefined,
      },
      claims: {
        "charger.fault": claimed(letters, (seen) => is(seen, "F"), o.faultAfter),
        "charger.unavailable": claimed(letters, (seen) => is(seen, "U"), o.unavailableAfter),
        "charger.offline": silent(letters, o.offlineAfter),
      },
      wants: wantsOf(facts, o, facts.lostAt !== null && cx.ended(facts.lostAt + ANEW_AFTER_MS) === null),
    };
  },
});

function socketShown(number: number) {
  const meaning =
    "`free`, `occupied` (a car that does not charge), `charging`, `fault`, `unavailable` or `unknown`. For the EU's dynamic data: free is not in use, occupied and charging are in use, fault and unavailable are out of order; maintenance is told by the state itself.";
  return {
    unit: "",
    kind: "word",
    meaning: number === 1 ? meaning : `The same of socket ${number}, where there is one.`,
  } as const;
}

/** Judges the socket that has been so for longest. Where none is, but one cannot be seen, the claim is unknown. */
function claimed(
  letters: readonly Seen<string | number>[],
  isSo: (seen: Seen<string | number>) => boolean,
  afterMs: number,
): Claim {
  const found = longest(letters, isSo);
  if (found === undefined) return letters.some((seen) => !seen.known) ? "unknown" : false;
  const [seen, socket] = found;
  const claim = held(seen.since, afterMs, { socket });
  return seen.known && seen.blind ? { ...claim, due: Number.POSITIVE_INFINITY } : claim;
}

function silent(letters: readonly Seen<string | number>[], afterMs: number): Claim {
  const found = longest(letters, (seen) => !seen.known && seen.code === SILENT);
  return found === undefined ? false : held(found[0].since, afterMs, { socket: found[1] });
}

function longest(
  letters: readonly Seen<string | number>[],
  isSo: (seen: Seen<string | number>) => boolean,
): readonly [Seen<string | number>, number] | undefined {
  const found = letters.map((seen, at) => [seen, at + 1] as const).filter(([seen]) => isSo(seen));
  return found.sort(([one], [other]) => one.since - other.since)[0];
}

const ordered = ({ passed }: Moment): Pick<Facts, "commandedAt" | "lostAt"> => ({ commandedAt: passed, lostAt: null });

const pausesByLimit = (o: ChargerOptions): boolean => o.pause === undefined && o.zeroPauses;

/** Null before the first command: what the column does by itself is its own affair until then. */
function limitWanted({ limit, isPaused }: Facts, o: ChargerOptions): number | null {
  const byLimit = pausesByLimit(o);
  if (limit === null && (!byLimit || isPaused === null)) return null;
  return byLimit && isPaused ? 0 : (limit ?? o.most ?? 0);
}

/** A limit that the column lost, such as by an unnoticed restart, is not wanted for a moment, so that it is ordered anew. */
function wantsOf(facts: Facts, o: ChargerOptions, isLost: boolean): readonly Wanted[] {
  const limit = limitWanted(facts, o);
  return [
    ...(o.limit !== undefined && limit !== null && !isLost ? [want(o.limit, limit)] : []),
    ...(o.pause !== undefined && facts.isPaused !== null ? [want(o.pause, facts.isPaused)] : []),
  ];
}
