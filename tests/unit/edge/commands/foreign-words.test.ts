/** Names that somebody else chose, with marks that nobody sees: what events and answers make of them. */
import { expect, it } from "vitest";
import { eventOf } from "../../../../src/edge/commands/command-result.ts";
import { clipped, type Envelope } from "../../../../src/edge/commands/envelope.ts";

const command: Envelope = {
  v: 1,
  id: "c1",
  gateway: "gw",
  target: "lamp\u202e.on\u0000",
  action: "se\u200dt",
  args: {},
  issuedAt: 0,
  expiresAt: 1,
  issuer: "ma\u2066rco\u001b[2J",
};

it("an event shows a dot for each", () => {
  const { text, extra } = eventOf(command, "platform", "refused", undefined);
  expect(text.en).toBe("se·t lamp·.on·: refused");
  expect(extra).toMatchObject({ target: "lamp·.on·", action: "se·t", by: "ma·rco·[2J" });
  expect(JSON.stringify([text, extra])).not.toMatch(/[\p{Cf}\p{Cs}]|\\u00/u);
});

it.each([
  ["x".repeat(80), "x".repeat(80)],
  ["x".repeat(81), `${"x".repeat(79)}…`],
  ["\u202e".repeat(1000), `${"·".repeat(79)}…`],
  [`${"x".repeat(78)}\ud83d\ude00yz`, `${"x".repeat(78)}…`],
])("%j is cut, and at no half of a character", (written, shown) => expect(clipped(written)).toBe(shown));
