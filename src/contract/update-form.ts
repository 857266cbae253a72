/** The order to update that the platform pushes down: which release, where it lies, and when it may be installed. */
import * as z from "zod";

const count = z.int().min(0);

export const updateForm = z.looseObject({
  v: z.literal(1).describe("Version of the contract; version 1 only adds."),
  version: z.string().min(1).max(64),
  seq: z.int().min(1).max(999_999_999).describe("Grows with every release; the release itself is signed with it."),
  manifestSha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .describe("SHA-256 of the file `release` at that address; not compared yet."),
  bytes: count.describe("What is fetched; not compared yet."),
  url: z
    .string()
    .max(500)
    .regex(/^https:\/\/[A-Za-z0-9._:/-]+$/)
    .describe("Folder of the release at a web server, below the address that root has allowed."),
  notBefore: z.int().optional().describe("Epoch milliseconds UTC."),
  window: z
    .string()
    .min(1)
    .max(200)
    .nullish()
    .describe("When it may begin, as opening hours: `Mo-Fr 02:00-05:00`. Absent: at any time."),
  network: z.enum(["any", "unmetered"]).optional().describe("Over which way to the network. Absent: any."),
  keyId: z.string().min(1).max(64),
  signature: z.string().max(200),
});
