/** Commands each wrong in one way: the code that says why they are refused. */
import { describe, expect, it } from "vitest";
import { envelope, reasonOf } from "../../../../src/edge/commands/envelope.ts";
import { type Arrival, refusalOf } from "../../../../src/edge/commands/refusal.ts";
import type { CommandTarget } from "../../../../src/model/index.ts";

const NOW = 1_764_000_000_000;
const DAY = 86_400_000;
const lamp: CommandTarget = {
  target: "lamp.on",
  action: "set",
  args: { value: { type: "boolean", required: true } },
  impact: "low",
  safe: false,
};
const setpoint: CommandTarget = { ...lamp, args: { value: { type: "number", required: true, min: 5, max: 30 } } };
const command = {
  v: 1,
  id: "c1",
  gateway: "pole",
  target: "lamp.on",
  action: "set",
  args: { value: true },
  issuedAt: NOW,
  expiresAt: NOW + 60_000,
  issuer: "desk",
};
const arrival: Arrival = {
  gateway: "pole",
  target: lamp,
  retained: false,
  origin: "platform",
  now: { mono: 0, wall: NOW, synced: true },
  knowsFrom: null,
};
const unsynced = { ...arrival.now, synced: false };

const verdict = (of: Partial<typeof command>, at: Partial<Arrival>) => {
  const refusal = refusalOf(envelope.parse({ ...command, ...of }), { ...arrival, ...at });
  return refusal && `${refusal.state} ${refusal.code}`;
};
type Case = readonly [string, Partial<Record<keyof typeof command, unknown>>, Partial<Arrival>, string];

describe("a command", () => {
  it("that nothing speaks against is done", () => expect(verdict({}, {})).toBe(null));

  it.each<Case>([
    ["for another gateway", { gateway: "pier" }, {}, "refused command.wrong-gateway"],
    ["that the broker kept", {}, { retained: true }, "refused command.retained"],
    ["for nobody", {}, { target: undefined }, "refused command.unknown-target"],
    ["with an argument too many", { args: { value: true, dim: 3 } }, {}, "refused command.out-of-range"],
    ["without its argument", { args: {} }, {}, "refused command.out-of-range"],
    ["with a word for a switch", { args: { value: "on" } }, {}, "refused command.out-of-range"],
    ["above the limit", { args: { value: 31 } }, { target: setpoint }, "refused command.out-of-range"],
    ["below the limit", { args: { value: 4 } }, { target: setpoint }, "refused command.out-of-range"],
    ["that would live for more than a day", { expiresAt: NOW + DAY + 1 }, {}, "refused command.lifetime"],
    ["from the future", { issuedAt: NOW + 60_001, expiresAt: NOW + 120_000 }, {}, "refused command.lifetime"],
    ["that is over", { issuedAt: NOW - 60_000, expiresAt: NOW }, {}, "expired command.expired"],
    ["while nobody knows the time", {}, { now: unsynced }, "refused command.clock-unsynced"],
    ["from before this database's memory", {}, { knowsFrom: NOW + 1 }, "unknown command.history-lost"],
  ])("%s is not", (_, of, at, wanted) => expect(verdict(of as Partial<typeof command>, at)).toBe(wanted));

  it.each<readonly [string, Partial<Arrival>]>([
    ["what is safe may be done while nobody knows the time", { now: unsynced, target: { ...lamp, safe: true } }],
    ["so may what a person at the box asks for", { now: unsynced, origin: "local" }],
    ["whose memory is no matter to that person", { knowsFrom: NOW + 1, origin: "local" }],
    ["nor is a signature", { target: { ...lamp, impact: "high" }, origin: "local" }],
  ])("%s", (_, at) => expect(verdict({}, at)).toBe(null));
});

it("what is no command says where it is wrong", () => {
  const parsed = envelope.safeParse({ ...command, expiresAt: 0.5 });
  const { it: italian, en } = parsed.success ? { it: "", en: "" } : reasonOf(parsed.error);
  expect([italian, en]).toEqual(["expiresAt assente o di un altro tipo", expect.stringMatching(/^expiresAt /)]);
});
