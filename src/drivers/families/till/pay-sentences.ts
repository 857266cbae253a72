/** Makes the driver of a pay station that tells its state and its paid sessions in sentences (docs/pay-stations.md). */
import * as z from "zod";
import { duration } from "../../../kit/text/quantities.ts";
import type { PointSpec, Reading, Text } from "../../../model/index.ts";
import type { FrameLayout, Golden } from "../../driver.ts";
import { type BadgeKey, badgeKeysIn, hashed } from "../frame/badge/badge-key.ts";
import type { Fields } from "../frame/codec.ts";
import { frameDriver } from "../frame/frame.ts";

export interface PaySentencesTable {
  readonly type: string;
  readonly title: Text;
  readonly goldens: readonly Golden[];
}

/** What the page asks of a station: it speaks at least this often. */
const EVERY_MS = 30_000;
/** Beyond, it is a slip of whoever wrote it. */
const LONGEST_S = 31 * 86_400;
const ROW_AT_LEAST_MS = 15 * 60_000;
/** A session that is told again and ends as before is no news; seconds are cut, and lines wait a moment. */
const SAME_END_MS = 5000;
/** Sessions of which the end is remembered, so that repetitions make no rows. */
const REMEMBERED = 1000;

// `A`: its state, fault and cash box in place of number and bay. `S`: a session.
const FRAME: FrameLayout = {
  framing: "line",
  begin: "$PAY,",
  fields: [
    { name: "sentence", decode: "text", chars: [1, 1] },
    { name: "number", decode: "text", chars: [0, 10] },
    { name: "bay", decode: "text", chars: [0, 32] },
    { name: "starts", decode: "decimal", chars: [0, 7] },
    { name: "lasts", decode: "decimal", chars: [0, 7] },
    { name: "cents", decode: "decimal", chars: [0, 7] },
    { name: "plate", decode: "text", chars: [0, 16] },
  ],
  check: "nmea",
  end: "\r\n",
};

const options = z.strictObject({
  silentAfter: duration().prefault("2min").describe("Nothing heard for this long: the station is silent."),
  plates: z
    .boolean()
    .prefault(false)
    .describe(
      "Plates or tickets that it sends are hashed, as badges are, and judged by the lists of whoever names it as reader. Otherwise they are overwritten unread.",
    ),
});
type Options = z.output<typeof options>;

const state: PointSpec = { unit: "", kind: "state", report: { atLeastMs: ROW_AT_LEAST_MS } };

export function paySentences(table: PaySentencesTable) {
  return frameDriver<Options>({
    ...table,
    baud: 9600,
    everyMs: EVERY_MS,
    options,
    silentAfterMs: ({ silentAfter }) => silentAfter,
    frame: () => FRAME,
    points: ({ plates }) => ({
      fault: state,
      "cash-box": state,
      session: { unit: "", kind: "state", isWord: true },
      ...(plates && { plate: { unit: "", kind: "credential" } }),
    }),
    isEach: true,
    key: async (wires, { plates }) => (plates ? wires.badgeKey() : undefined),
    interpreter: (_, file) => {
      const keys = file === undefined ? null : badgeKeysIn(file);
      const told = new ToldSessions();
      return (fields, mono) => {
        const who = personIn(fields, keys);
        const sentence = textIn(fields, "sentence");
        if (sentence === "A") return [...flag("fault", fields, "number", mono), ...flag("cash-box", fields, "bay", mono)];
        if (sentence !== "S") return [];
        const session = sessionIn(fields);
        if (session === null) return [{ point: "session", value: null, quality: "bad", code: "value.out-of-range", mono }];
        if (!told.isNews(session, mono)) return [];
        const { number, bay, starts, lasts, cents } = session;
        const value = `${number} ${bay} ${starts} ${lasts} ${cents}`;
        return [{ point: "session", value, quality: "good", mono }, ...(who === null ? [] : [plateOf(who, mono)])];
      };
    },
  });
}

const plateOf = (value: string, mono: number): Reading => ({ point: "plate", value, quality: "good", mono });

interface Session {
  readonly number: string;
  readonly bay: string;
  /** Seconds from now; `lasts` 0: it is over. */
  readonly starts: number;
  readonly lasts: number;
  readonly cents: number;
}

/** null: it is not one that can be. */
function sessionIn(fields: Fields): Session | null {
  const [number, bay] = [textIn(fields, "number"), textIn(fields, "bay")];
  const [starts = 0, lasts = 0, cents = 0] = ["starts", "lasts", "cents"].map((name) => Number(fields[name]));
  if (!/^\d+$/.test(number) || !/^[A-Za-z0-9-]*$/.test(bay) || starts + lasts > LONGEST_S) return null;
  return { number, bay: bay === "" ? "-" : bay, starts, lasts, cents };
}

/** Which sessions were told, and when each ends: a station repeats them. */
class ToldSessions {
  /** Begin and end, kernel monotonic ms, 0: of what runs, and of what is over; the oldest first. */
  readonly #told = new Map<string, readonly [number, number]>();

  isNews({ number, bay, starts, lasts }: Session, mono: number): boolean {
    const key = `${number} ${bay}`;
    const before = this.#told.get(key);
    const [begins, ends] = [mono + starts * 1000, mono + (starts + lasts) * 1000];
    const now: readonly [number, number] = lasts === 0 ? [0, 0] : [starts === 0 ? 0 : begins, ends];
    this.#told.delete(key);
    this.#told.set(key, now);
    const [oldest] = this.#told.keys();
    if (this.#told.size > REMEMBERED && oldest !== undefined) this.#told.delete(oldest);
    return before === undefined || now.some((at, i) => Math.abs(at - (before[i] ?? 0)) > SAME_END_MS);
  }
}

/** 1: yes, 0: no; anything else says nothing. */
function flag(point: string, fields: Fields, name: string, mono: number): readonly Reading[] {
  const text = textIn(fields, name);
  return text === "0" || text === "1" ? [{ point, value: text === "1", quality: "good", mono }] : [];
}

const textIn = (fields: Fields, name: string): string => Buffer.from(fields[name] as Uint8Array).toString("latin1");

/** The hash of the plate or ticket, however it was typed; null: none is there, or none is asked for. Its bytes are overwritten. */
function personIn({ plate }: Fields, keys: readonly BadgeKey[] | null): string | null {
  if (!(plate instanceof Uint8Array) || plate.length === 0) return null;
  const letters = plate.filter(isLetterOrDigit).map((byte) => (byte >= 0x61 ? byte - 0x20 : byte));
  plate.fill(0);
  if (keys !== null && letters.length > 0) return hashed(letters, keys);
  letters.fill(0);
  return null;
}

const isLetterOrDigit = (byte: number): boolean =>
  (byte >= 0x30 && byte <= 0x39) || (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a);
