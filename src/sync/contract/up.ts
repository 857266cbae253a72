/** The messages that go up, as zod schemas that tests and documents check every message against. */
import * as z from "zod";
import { cat, clock, count, epoch, place, quality, range, seq, severity, stream, text, v, value, wall } from "./shared-fields.ts";

export const stateMessage = z.looseObject({
  v,
  online: z.boolean(),
  epoch,
  at: wall.optional(),
  boot: z.string().optional(),
  n: count.optional().describe("Which opening of this database file."),
  version: z.string().optional(),
  configRev: z.string().optional(),
  catalog: cat.optional(),
  clock: clock.optional(),
  since: wall.optional(),
});

const part = { part: z.int().min(1), parts: z.int().min(1) };

export const catalogMessage = z.looseObject({
  v,
  cat,
  ...part,
  devices: z.array(
    z.looseObject({
      id: z.string(),
      type: z.string(),
      place: place.optional(),
      points: z.record(z.string(), z.looseObject({ unit: z.string(), kind: z.string() })),
    }),
  ),
  assets: z.array(z.looseObject({ id: z.string(), urn: z.string(), kind: z.string(), type: z.string() })),
  commands: z.array(
    z.looseObject({
      target: z.string(),
      action: z.string(),
      args: z.record(z.string(), z.unknown()),
      impact: z.enum(["low", "high"]),
    }),
  ),
  features: z.array(z.string()),
});

export const assetMessage = z.looseObject({
  v,
  urn: z.string(),
  epoch,
  seq: count.describe("Number in `readings` of its newest attribute record."),
  cat,
  at: wall,
  since: wall,
  clock,
  state: z.record(z.string(), value),
  quality,
  alarms: z.array(z.string()),
  maintenance: z
    .looseObject({ until: wall.optional(), by: z.string() })
    .optional()
    .describe("Somebody works on it; `until` is absent where that began without the right time."),
});

const sinceEpoch = z
  .string()
  .optional()
  .describe("`since` is in the unsynchronised time of this epoch, and is settled with it; absent: in the time of the message.");

const urgent = z
  .literal(true)
  .optional()
  .describe("Its kind calls it urgent, whatever its severity: it is copied to `urgent`, during maintenance too.");

export const alarmsMessage = z.looseObject({
  v,
  epoch,
  asOf: count.describe("Events up to this number are accounted for."),
  ...part,
  open: z.array(
    z.looseObject({
      id: z.string(),
      asset: z.string().optional(),
      device: z.string().optional(),
      kind: z.string(),
      severity,
      urgent,
      since: wall,
      sinceEpoch,
      ackedBy: z.string().optional(),
    }),
  ),
});

const causeOf = z.looseObject({
  device: z.string().optional().describe("Whose reading it is; an asset where its attribute is the reading."),
  point: z
    .string()
    .regex(/^[^.]+$/)
    .optional()
    .describe("The name of the point alone."),
  value: value.optional(),
  code: z.string().optional().describe("Why it is in doubt, or why it happened: an error code."),
});

const eventFields = {
  at: wall,
  since: wall,
  mono: z.number().describe("Milliseconds since its epoch opened."),
  clock,
  sinceClock: z.literal("synced").optional().describe("`since` is right although `at` is not yet."),
  sinceEpoch,
  id: z.string().describe("Opaque; joins what belongs together."),
  kind: z.string(),
  state: z.enum(["raised", "updated", "acknowledged", "cleared", "noted"]),
  severity,
  urgent,
  asset: z.string().optional(),
  device: z.string().optional(),
  urn: z.string().optional(),
  place: place.optional(),
  text,
  reason: z.enum(["normal", "suspended", "removed", "replaced", "maintenance", "lost"]).optional(),
  quality: quality.optional(),
  list: z
    .string()
    .optional()
    .describe(
      "`stale`: what it tells was judged by a list that is older than its sender allows. Of `list.*`: the name of the list.",
    ),
  maintenance: z.literal(true).optional().describe("Somebody works on its asset."),
  by: z.string().optional().describe("Of `acknowledged`: who takes care of it."),
  note: z.string().optional().describe("Of `acknowledged`: what they have to say."),
  cause: z.union([causeOf, z.string()]).optional().describe("The reading behind it; of `epoch.opened` how the epoch began."),
};
export const event = z.looseObject({ seq, ...eventFields });

const settles = {
  epoch: epoch.describe("The epoch whose records are meant."),
  readings: z.union([range, z.null()]).describe("Exactly the numbers of one unsynchronised stretch; null: none."),
  events: z.union([range, z.null()]),
};

/** Fields that an event of this kind carries in addition. */
export const eventExtras: Readonly<Record<string, z.ZodType>> = {
  "clock.corrected": z.looseObject({
    ...settles,
    offsetMs: z.number().describe("To be added to the times of those records."),
    boundMs: count.describe("What they may still be wrong by."),
  }),
  "clock.bounded": z.looseObject({
    ...settles,
    notBefore: wall.describe("The true time of those records lies between the two."),
    notAfter: wall,
  }),
  "clock.lost": z.looseObject({
    epoch,
    heldMs: z.union([count, z.null()]).describe("Since the last contact with a time server."),
    boundMs: z.union([count, z.null()]),
  }),
};

export const urgentMessage = z.looseObject({
  v,
  epoch,
  seq: z.union([seq, z.null()]).describe("Null while the store cannot be written."),
  stored: z.literal(false).optional(),
  late: z.boolean().optional().describe("Older than 10 s."),
  ...eventFields,
});

const batchHead = { v, epoch, cat: cat.optional(), from: seq, to: seq };

export const eventsBatch = z.looseObject({ ...batchHead, events: z.array(event).min(1) });

const offset = z.number().min(0).describe("Milliseconds since t0 and mono0.");
const point = z.int().min(0).describe("Index into points.");
const row = z.union([
  z.tuple([offset, point, value]),
  z.tuple([offset, point, value, quality]),
  z.tuple([offset, point, value, quality, z.string()]),
]);

export const readingsBatch = z.looseObject({
  ...batchHead,
  mono0: z.number(),
  t0: wall,
  clock,
  points: z.array(z.tuple([z.string(), z.string(), z.string()])).describe("[device or asset, point or attribute, UCUM unit]"),
  rows: z.array(row).min(1).describe("Row i is record from + i, or from + n[i] when thinned."),
  thinned: z.string().optional(),
  n: z.array(count).optional(),
});

const joined = <T extends z.ZodType>(batch: T) => z.union([batch, z.looseObject({ v, batches: z.array(batch).min(1) })]);
export const eventsMessage = joined(eventsBatch);
export const readingsMessage = joined(readingsBatch);

export const resultMessage = z.looseObject({
  v,
  id: z.string(),
  target: z.string(),
  action: z.string(),
  state: z.enum(["accepted", "executing", "succeeded", "failed", "expired", "refused", "unknown"]),
  code: z.string().optional(),
  detail: z.string().optional(),
  value: value.optional(),
  at: wall,
});

export const reportedMessage = z.looseObject({
  v,
  at: wall,
  streams: z.array(
    z.looseObject({
      epoch,
      stream,
      head: count,
      oldest: count,
      sentUpTo: count.describe("Highest number that the broker acknowledged with success."),
      pending: z.array(range).describe("At or below it, and still to be sent."),
    }),
  ),
});
