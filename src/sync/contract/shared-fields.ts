/** Fields that several messages share, as zod schemas from which JSON Schema is generated. */
import * as z from "zod";

export const v = z.literal(1).describe("Version of the contract; version 1 only adds.");
export const epoch = z.string().min(1).describe("One run of the gateway on one database file.");
export const stream = z.enum(["readings", "events"]);
export const wall = z.number().describe("Epoch milliseconds UTC.");
export const clock = z.enum(["synced", "unsynced"]).describe("Speaks of the time only.");
export const quality = z.enum(["good", "uncertain", "bad"]).describe("Speaks of the value only.");
export const severity = z.enum(["info", "low", "medium", "high", "critical"]);
export const seq = z.int().min(1).describe("Number in its stream, from 1 without gaps inside an epoch.");
export const count = z.int().min(0);
export const range = z.tuple([z.int().min(1), z.int().min(1)]).describe("Both ends belong to it.");
export const value = z
  .union([z.number(), z.string(), z.boolean(), z.null()])
  .describe("Null when bad; integers beyond 2^53 as strings.");
export const text = z.looseObject({ it: z.string(), en: z.string() });
export const place = z.looseObject({
  lat: z.number().optional(),
  lon: z.number().optional(),
  hint: z.looseObject({ it: z.string().optional(), en: z.string().optional() }).optional(),
});
export const cat = z.string().describe("Hash of the catalog in force.");
