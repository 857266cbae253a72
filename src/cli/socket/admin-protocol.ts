/** The protocol of the admin socket: one line of JSON per request and answer, checked at both ends. */
import * as z from "zod";
import type { StoredRecord } from "../../edge/store/store.ts";
import { asEdgeError, CodedError, EdgeError, isCode } from "../../kit/errors.ts";
import type { Args, EdgeEvent, GatewayStatus, PointSpec, Quality, Text, Value } from "../../model/index.ts";

export const VERSION = 1;
/** A request longer than this is no request. */
export const MAX_LINE = 65_536;

const name = z.string().min(1).max(200);
const args = z.record(name, z.union([z.string().max(4096), z.number(), z.boolean()]));

/** `do` says what is wanted. Times are epoch ms. */
export const requestSchema = z.discriminatedUnion("do", [
  z.strictObject({ v: z.literal(VERSION), id: z.int(), do: z.literal("status") }),
  z.strictObject({ v: z.literal(VERSION), id: z.int(), do: z.literal("problems") }),
  z.strictObject({ v: z.literal(VERSION), id: z.int(), do: z.literal("commands") }),
  z.strictObject({ v: z.literal(VERSION), id: z.int(), do: z.literal("read"), device: name }),
  z.strictObject({ v: z.literal(VERSION), id: z.int(), do: z.literal("watch"), names: z.array(name).max(1000) }),
  z.strictObject({
    v: z.literal(VERSION),
    id: z.int(),
    do: z.literal("command"),
    target: name,
    action: name,
    args,
    /** The user name that the client gives: a claim, not a proof. */
    says: z
      .string()
      .regex(/^[a-z_][a-z0-9_.-]{0,31}$/i)
      .optional(),
  }),
  z.strictObject({
    v: z.literal(VERSION),
    id: z.int(),
    do: z.literal("events"),
    sinceMs: z.number().optional(),
    limit: z.int().min(1).max(100_000),
  }),
  z.strictObject({ v: z.literal(VERSION), id: z.int(), do: z.literal("lists") }),
  z.strictObject({
    v: z.literal(VERSION),
    id: z.int(),
    do: z.literal("import-list"),
    /** Names the file among those that others may be sending. */
    file: z.string().regex(/^[0-9a-f-]{36}$/),
    /** How many bytes of it were sent before. */
    at: z.int().min(0),
    base64: z.string().max(60_000),
    isLast: z.boolean(),
    /** False: only says whether it would be taken. */
    keep: z.boolean(),
  }),
  z.strictObject({ v: z.literal(VERSION), id: z.int(), do: z.literal("history"), point: name, sinceMs: z.number() }),
]);
export type Request = z.output<typeof requestSchema>;

type Without<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;
/** A request as a command states it; the client adds version and id. */
export type Wanted = Without<Request, "v" | "id">;

const text = z.object({ it: z.string(), en: z.string() });
const failure = z.object({ code: z.string(), what: text, hint: text, context: z.record(z.string(), z.unknown()) });
/** Tolerant: a later version only adds. `more`: further answers follow; `dropped`: so many were left out because the reader was slow. */
export const answerSchema = z.discriminatedUnion("ok", [
  z.object({
    v: z.literal(VERSION),
    id: z.int().nullable(),
    ok: z.literal(true),
    more: z.literal(true).optional(),
    dropped: z.int().optional(),
    data: z.unknown(),
  }),
  z.object({ v: z.literal(VERSION), id: z.int().nullable(), ok: z.literal(false), error: failure }),
]);
export type Answer = z.output<typeof answerSchema>;
export type Failure = z.output<typeof failure>;

/** What `watch` tells: the present, once and first; then each reading as it is taken, each event as it becomes durable. */
export type Watched = { readonly what: "present"; readonly status: GatewayStatus } | Happened;

export type Happened =
  | {
      readonly what: "reading";
      readonly source: string;
      readonly point: string;
      readonly value: Value;
      readonly unit: string;
      readonly quality: Quality;
      readonly code?: string;
      readonly at: number;
    }
  | { readonly what: "event"; readonly event: EdgeEvent };

export interface CommandRequest {
  readonly target: string;
  readonly action: string;
  readonly args: Args;
  /** Who asks, as events name it. */
  readonly by: string;
}

/** `kind`: how its number is written for people; absent for an attribute of an asset. */
export type HistoryRow = StoredRecord & { readonly kind?: PointSpec["kind"] };

/** Both languages travel, so that the one who asks chooses; the context without what JSON cannot carry. */
export function failureOf(error: unknown): Failure {
  const edge = asEdgeError(error);
  const both = (say: (lang: keyof Text) => string): Text => ({ it: say("it"), en: say("en") });
  return { code: edge.code, what: both((l) => edge.what(l)), hint: both((l) => edge.hint(l)), context: plain(edge.context) };
}

/** The other end's failure as an error of ours; a code of a later version keeps its own words. */
export function errorOf(failure: Failure): EdgeError {
  if (isCode(failure.code)) return new CodedError(failure.code, failure.context);
  return new EdgeError("internal", { message: `${failure.code}: ${failure.what.en}` });
}

function plain(context: Readonly<Record<string, unknown>>): Record<string, unknown> {
  try {
    return JSON.parse(JSON.stringify(context)) as Record<string, unknown>;
  } catch {
    return {};
  }
}
