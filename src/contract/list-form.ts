/** The lists that the platform pushes down: their names, and the form of an envelope and of an entry. */
import * as z from "zod";

export const listNames = ["disabled", "loading", "resident", "payments", "suspensions", "holidays"] as const;
export type ListName = (typeof listNames)[number];

export const isListName = (name: string): name is ListName => listNames.some((one) => one === name);

/** Their keys are hashes of badges or plates, made with a key of the gateway that `kid` names. */
export const HASHED: readonly ListName[] = ["disabled", "loading", "resident", "payments"];

const wall = z.int().describe("Epoch milliseconds UTC.");
const count = z.int().min(0);

/** Entries for people and documents; the gateway reads a hundred thousand of them by hand (`src/edge/lists/list-entry.ts`). */
export const listEntry = z.looseObject({
  key: z.string().min(1).max(200).describe("What is looked up: a hash, a day (`2026-12-07` or `12-07`), the number of a permit."),
  assets: z.array(z.string().min(1).max(63)).max(1000).optional().describe("Where it holds; absent: wherever the list is asked."),
  from: wall,
  to: wall,
  revoked: z.boolean().optional(),
});

export const listEnvelope = z.looseObject({
  v: z.literal(1).describe("Version of the contract; version 1 only adds."),
  name: z.enum(listNames),
  version: z.int().min(1).describe("Higher than the one in force."),
  base: z.int().min(1).optional().describe("Of a delta: the version that it changes."),
  kid: z
    .string()
    .regex(/^[\w.-]{1,32}$/)
    .optional()
    .describe("Name of the badge key that the keys of its entries were hashed with."),
  issuedAt: wall,
  maxAgeMs: count.describe("Older than this it still counts, and is told to be stale."),
  keyId: z.string().min(1).max(64).optional(),
  signature: z.string().max(200).optional().describe("Base64 of the Ed25519 signature."),
});

const signed = { keyId: z.string(), signature: z.string() };

/** Either the entries themselves, or where they lie: a line of JSON each. */
export const listMessage = listEnvelope.omit({ base: true }).extend({
  entries: z.array(listEntry).optional(),
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .optional()
    .describe("Of the lines of entries, in hexadecimal."),
  bytes: count.optional().describe("How many bytes those lines are."),
  url: z.string().max(2000).optional().describe("Where they lie, https://…; absent: they follow the envelope in the same file."),
  ...signed,
});

/** What changes from one version to another: the entries of each key that it names take the place of the former ones. */
export const deltaMessage = listEnvelope.extend({
  base: z.int().min(1).describe("The version in force that it changes."),
  entries: z.array(listEntry),
  ...signed,
});
