/** Checks the envelope of a command; of a malformed one it reads as much as an answer needs (contract, Commands). */

import * as z from "zod";
import { uuidv7 } from "../../kit/uuid-v7.ts";
import type { Args, Text } from "../../model/index.ts";
import type { Order } from "../engine/asset/want.ts";

const name = () => z.string().max(200);
const id = () => z.string().regex(/^[0-9A-Za-z][0-9A-Za-z/_.-]{0,127}$/);
export const envelope = z.looseObject({
  v: z.literal(1),
  id: id(),
  gateway: name(),
  target: name(),
  action: name(),
  args: z.record(name(), z.union([z.string().max(4096), z.number(), z.boolean()])).default({}),
  // Whole numbers: the store takes no other, and what it refuses would be tried for ever.
  issuedAt: z.int(),
  expiresAt: z.int(),
  issuer: name(),
});
export type Envelope = z.output<typeof envelope>;

const readable = z.object({
  id: id().optional().catch(undefined),
  target: name().optional().catch(undefined),
  action: name().optional().catch(undefined),
});

/** As much of a malformed command as can be read. */
export const readableIn = (body: unknown): z.output<typeof readable> => readable.catch({}).parse(body);

/** Where a malformed command is wrong, and how. A name in it may be as long as the message. */
export function reasonOf({ issues: [issue] }: z.ZodError): Text {
  if (issue === undefined) return { it: "", en: "" };
  const where = issue.path.map((part) => clipped(String(part))).join(".");
  return { it: clipped(`${where} ${WRONG[issue.code] ?? "non valido"}`.trim()), en: clipped(`${where} ${issue.message}`.trim()) };
}

/** What zod says in English, by its codes. */
const WRONG: Readonly<Partial<Record<z.core.$ZodIssue["code"], string>>> = {
  invalid_type: "assente o di un altro tipo",
  invalid_value: "non ammesso",
  invalid_format: "scritto in un'altra forma",
  too_big: "troppo grande",
  too_small: "troppo piccolo",
  unrecognized_keys: "con voci sconosciute",
};

/** What a person needs of somebody else's words. */
const MOST_CHARACTERS = 80;
/** Cut, and with a dot for each character that nobody sees, or that turns round what stands after it. */
export function clipped(words: string, most: number = MOST_CHARACTERS): string {
  const seen = words.slice(0, most + 1).replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, "·");
  return seen.length <= most ? seen : `${seen.slice(0, most - 1).replace(/[\ud800-\udbff]$/, "")}…`;
}

/** A person at the socket waits for the answer: longer than this, nobody does. */
const LOCAL_LIFETIME_MS = 60_000;

/** The command of a person at the socket. `wall`: epoch ms of now. */
export function localEnvelope(
  wall: number,
  of: {
    readonly gateway: string;
    readonly target: string;
    readonly action: string;
    readonly args: Args;
    readonly issuer: string;
  },
): Envelope {
  return { v: 1, id: uuidv7(wall), ...of, args: { ...of.args }, issuedAt: wall, expiresAt: wall + LOCAL_LIFETIME_MS };
}

/** An order of a rule that could not begin for so long is over; the rule orders again. */
const RULE_LIFETIME_MS = 60_000;

/** The command of a rule: its id says whose it is, in which epoch, so that no crash can repeat it. */
export const ruleEnvelope = (wall: number, gateway: string, { id, target, value, by }: Order): Envelope => ({
  v: 1,
  id,
  gateway,
  target,
  action: "set",
  args: { value },
  issuedAt: wall,
  expiresAt: wall + RULE_LIFETIME_MS,
  issuer: by,
});
