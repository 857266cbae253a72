/** A hint that the sensors of two bays may be swapped: somebody uses one bay, and only the one beside it becomes occupied. */
import { type AlarmSpec, type Claim, type Context, held, type Seen, type Senses } from "../kind.ts";
import type { BayOptions } from "./bay-options.ts";

/** What is remembered for that; times in ms of observation. */
export interface SwapWatch {
  /** Of each neighbour that is known: since when it is occupied, where it was seen to become so; null: it is free. */
  readonly beside: Readonly<Record<string, number | null>>;
  /** What its socket was last known to be. */
  readonly socket: string | null;
  /** The use that is being weighed: its own sensor may see the vehicle a little later. */
  readonly use: Use | null;
  readonly row: Row | null;
}

/** Somebody was there: showed a valid badge, plugged in or paid for the bay. */
interface Use {
  readonly at: number;
  /** The neighbours that became occupied near to it, each with its moment. */
  readonly came: Readonly<Record<string, number>>;
}

/** Uses in a row at which one and the same neighbour became occupied, and the bay itself did not. */
interface Row {
  readonly neighbour: string;
  readonly times: number;
  /** Of the first use and of the last one. */
  readonly since: number;
  readonly at: number;
  /** When the neighbour became occupied at the last one: a badge that is shown again during that stay says nothing new. */
  readonly came: number;
  /** Its own sensor saw a vehicle in between, so it is not simply stuck. */
  readonly moved: boolean;
}

type Cx = Context<BayOptions, Senses>;
interface News {
  readonly of: string;
  readonly seen?: Seen<unknown>;
}

const NOTHING: SwapWatch = { beside: {}, socket: null, use: null, row: null };
const PLUGGED = ["occupied", "charging"];

export const swapped: AlarmSpec = {
  severity: "low",
  raised: {
    it: "Stallo {name}: il suo sensore è forse scambiato con quello di {neighbour}: {times} volte di seguito qualcuno ha usato lo stallo e si è visto occupare solo {neighbour}",
    en: "Bay {name}: its sensor may be swapped with that of {neighbour}: {times} times in a row somebody used the bay, and only {neighbour} became occupied",
  },
  cleared: {
    it: "Stallo {name}: il suo sensore vede di nuovo chi lo usa",
    en: "Bay {name}: its sensor sees again who uses it",
  },
  todo: {
    it: "Sul posto, coprire un sensore e guardare con `cippo watch` quale cambia. Se sono scambiati, scambiarli nella configurazione; altrimenti vedere a quale stallo appartengono il lettore, la presa o il numero del parcometro.",
    en: "On site, cover one sensor and see with `cippo watch` which one changes. If they are swapped, swap them in the configuration; if not, see to which bay the reader, the socket or the number at the pay station belongs.",
  },
};

/** `isPaid`: what was heard is a new session at the pay station. */
export function weighed(before: SwapWatch | null, heard: News, isPaid: boolean, cx: Cx): SwapWatch | null {
  const { o, now } = cx;
  if (o.swapped === undefined) return null;
  const was = before ?? NOTHING;
  const isOver = was.use !== null && now.at > overAt(was.use.at, o);
  const next = learned(isOver ? { ...was, use: null, row: rowWith(was) } : was, heard, isPaid, cx);
  return next === NOTHING ? before : next;
}

function learned(was: SwapWatch, heard: News, isPaid: boolean, cx: Cx): SwapWatch {
  const { of, seen } = heard;
  if (isPaid) return used(was, cx);
  if (seen === undefined) return was;
  if (of === "badge") return isValid(seen) ? used(was, cx) : was;
  if (of === "occupancy") return sawItself(was, seen);
  if (of === "socket") {
    const socket = seen.known ? String(seen.value) : null;
    const isPlugged = was.socket === "free" && socket !== null && PLUGGED.includes(socket);
    const next = socket === was.socket ? was : { ...was, socket };
    return isPlugged ? used(next, cx) : next;
  }
  const place = /^neighbour-(\d)$/.exec(of)?.[1];
  const neighbour = place === undefined ? undefined : cx.o.neighbours?.[Number(place) - 1];
  return neighbour === undefined ? was : sawBeside(was, neighbour, seen);
}

const isValid = (seen: Seen<unknown>): boolean =>
  seen.known && (seen.value as { readonly verdict?: unknown }).verdict === "valid";

function sawItself(was: SwapWatch, seen: Seen<unknown>): SwapWatch {
  // Nobody can say what it would have seen.
  if (!seen.known) return was.use === null ? was : { ...was, use: null };
  if (seen.value !== true) return was;
  // It saw the vehicle after all.
  if (was.use !== null) return { ...was, use: null, row: null };
  return was.row === null || was.row.moved ? was : { ...was, row: { ...was.row, moved: true } };
}

function sawBeside(was: SwapWatch, neighbour: string, seen: Seen<unknown>): SwapWatch {
  const { [neighbour]: since, ...others } = was.beside;
  if (seen.known && seen.value === "free") return since === null ? was : { ...was, beside: { ...others, [neighbour]: null } };
  // After a silence nobody knows when it became what it is.
  if (!seen.known || seen.value !== "occupied") return since === undefined ? was : { ...was, beside: others };
  if (since !== null) return was;
  const use = was.use && { ...was.use, came: { ...was.use.came, [neighbour]: seen.since } };
  return { ...was, use, beside: { ...others, [neighbour]: seen.since } };
}

function used(was: SwapWatch, { o, now, sees }: Cx): SwapWatch {
  const { occupancy } = sees;
  const { beside, use, row } = was;
  if (use !== null || occupancy === undefined || !occupancy.known || occupancy.blind) return was;
  // Its own sensor sees whoever is there.
  if (occupancy.value === true) return row === null ? was : { ...was, row: null };
  const from = now.at - (o.swapped?.within ?? 0);
  if (occupancy.since > from) return was;
  if (row !== null && beside[row.neighbour] === row.came) return was;
  const came = Object.entries(beside).filter((one): one is [string, number] => one[1] !== null && one[1] >= from);
  return { ...was, use: { at: now.at, came: Object.fromEntries(came) } };
}

/** The row with the use that is being weighed, as if that were over. */
function rowWith({ use, row }: SwapWatch): Row | null {
  if (use === null) return row;
  const [only, ...more] = Object.entries(use.came);
  // The vehicle was seen nowhere: whatever is wrong, it is not that two sensors are swapped.
  if (only === undefined) return null;
  if (more.length > 0) return row;
  const [neighbour, came] = only;
  const isSame = row?.neighbour === neighbour;
  return {
    ...(isSame ? { ...row, times: row.times + 1 } : { times: 1, since: use.at, moved: false }),
    ...{ neighbour, came, at: use.at },
  };
}

const overAt = (at: number, { swapped: o, debounce }: BayOptions): number => at + (o?.within ?? 0) + debounce;

export function seemsSwapped(watch: SwapWatch | null, { o, sees }: Cx): Claim {
  if (o.swapped === undefined || watch === null) return false;
  const { use, row } = watch;
  const now = use === null || Object.keys(use.came).length === 0 ? row : rowWith(watch);
  if (now === null || !now.moved || now.times < o.swapped.times) return false;
  const { neighbour, times, since, at } = now;
  const isBlind = sees["occupancy"]?.known !== true || sees["occupancy"].blind;
  const claim = held(since, 0, { neighbour, times });
  return { ...claim, due: isBlind ? Number.POSITIVE_INFINITY : overAt(at, o) };
}
