/** The messages that may come down, as zod schemas: tolerant envelopes, strict `args` (contract, Down). */
import * as z from "zod";
import { count, epoch, range, stream, v, wall } from "./shared-fields.ts";

/** Most entries of one message, and most `held` and `missing` ranges of one entry. More are ignored: the platform sends them again. */
const MOST_ENTRIES = 256;
const MOST_RANGES = 500;

const ranges = () => z.array(range).max(MOST_RANGES);

export const ackEntry = z.looseObject({
  epoch: epoch.max(64),
  stream,
  upTo: count.describe("Every number up to here is held, or named by a held ledger.gap with kept 0."),
  held: ranges().optional().describe("Held beyond it."),
  missing: ranges().optional().describe("Neither held nor pending: to be sent again."),
});
export type AckEntry = z.output<typeof ackEntry>;

export const ackMessage = z.looseObject({ v, at: wall.optional(), acks: z.array(ackEntry).max(MOST_ENTRIES) });

const envelope = z.looseObject({ v, acks: z.array(z.unknown()) });

const head = ackEntry.omit({ held: true, missing: true });

/** The valid entries of an acknowledgement, and how many are invalid; null: it is not an acknowledgement. */
export function readAck(body: unknown): { readonly entries: readonly AckEntry[]; readonly wrong: number } | null {
  const message = envelope.safeParse(body);
  if (!message.success) return null;
  const read = message.data.acks.slice(0, MOST_ENTRIES);
  const entries = read.flatMap((entry) => readEntry(entry) ?? []);
  return { entries, wrong: read.length - entries.length };
}

function readEntry(entry: unknown): AckEntry | null {
  const { success, data } = head.safeParse(entry);
  if (!success) return null;
  const [held, missing] = [rangesIn(data["held"]), rangesIn(data["missing"])];
  return held === null || missing === null ? null : { ...data, held, missing };
}

/** The first of the ranges, or null when one is wrong. Checked by hand: there may be thousands, and a schema takes microseconds for each. */
function rangesIn(list: unknown): [number, number][] | null {
  if (list === undefined) return [];
  if (!Array.isArray(list)) return null;
  const few: unknown[] = list.slice(0, MOST_RANGES);
  return few.every(isRange) ? few : null;
}

const isRange = (pair: unknown): pair is [number, number] =>
  Array.isArray(pair) &&
  pair.length === 2 &&
  Number.isSafeInteger(pair[0]) &&
  Number.isSafeInteger(pair[1]) &&
  pair[0] >= 1 &&
  pair[0] <= pair[1];

export const args = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]));

export const commandMessage = z.looseObject({
  v,
  id: z.string().min(1).describe("UUIDv7; at most one effect per id."),
  gateway: z.string(),
  target: z.string().describe("device.point or asset."),
  action: z.string(),
  args: args.optional(),
  issuedAt: wall,
  expiresAt: wall,
  issuer: z.string(),
  keyId: z.string().optional(),
  signature: z.string().optional(),
});

const signed = { keyId: z.string(), signature: z.string() };
const reference = { sha256: z.string().optional(), bytes: count.optional(), url: z.string().optional() };

export const configMessage = z.looseObject({
  v,
  rev: z.string(),
  base: z.string().describe("Hash that must be running, or the document is refused."),
  hash: z.string(),
  document: z.record(z.string(), z.unknown()).optional(),
  ...reference,
  ...signed,
});

export { updateForm as updateMessage } from "../../contract/update-form.ts";
