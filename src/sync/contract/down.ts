/** What may come down, as zod schemas: tolerant envelopes, strict `args` (contract, Down). */
import * as z from "zod";
import { count, epoch, range, stream, v, wall } from "./words.ts";

/** A platform that has more holes than this names the first of them: the rest follows with the next acknowledgement. */
const ranges = () => z.array(range).max(1000);

export const ackMessage = z.looseObject({
  v,
  at: wall.optional(),
  acks: z
    .array(
      z.looseObject({
        epoch,
        stream,
        upTo: count.describe("Every number up to here is held, or named by a held ledger.gap with kept 0."),
        held: ranges().optional().describe("Held beyond it."),
        missing: ranges().optional().describe("Neither held nor pending: to be sent again."),
      }),
    )
    .max(256),
});

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

export const listMessage = z.looseObject({
  v,
  name: z.enum(["disabled", "loading", "resident", "payments", "suspensions", "holidays"]),
  version: count,
  base: count.optional(),
  issuedAt: wall,
  maxAgeMs: count,
  entries: z
    .array(
      z.looseObject({
        key: z.string(),
        assets: z.array(z.string()).optional(),
        from: wall,
        to: wall,
        revoked: z.boolean().optional(),
      }),
    )
    .optional(),
  ...reference,
  ...signed,
});

export const updateMessage = z.looseObject({
  v,
  version: z.string(),
  seq: count,
  manifestSha256: z.string(),
  bytes: count,
  url: z.string(),
  notBefore: wall,
  window: z.unknown(),
  network: z.enum(["any", "unmetered"]),
  ...signed,
});
