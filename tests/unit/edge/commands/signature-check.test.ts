/** A command of high impact is done when a key has signed it that may, for this gateway and topic, and once only. */
import { expect, it } from "vitest";
import { TrustedKeys } from "../../../../src/edge/trust/trusted-keys.ts";
import { DOWN, Signer } from "../../../support/lists/signer.ts";
import { type DeskSetting, openDesk, switchOn, WALL } from "../../../support/memory/command-desk.ts";

const TOPIC = `${DOWN}/commands`;
const never = new AbortController().signal;
const body = switchOn("gate.mains");

function opened(signer: Signer | null) {
  const keys = signer === null ? null : new TrustedKeys(signer.file);
  const checkSignature: DeskSetting["checkSignature"] = keys === null ? undefined : (...of) => keys.check(TOPIC, ...of);
  const at = openDesk("gate.mains", { impact: "high" }, { checkSignature });
  const ended = async (n: number) => (await at.ended(n)).map((answer) => answer.join(" ").trim());
  return { ...at, ended };
}

const signer = () => new Signer().trust("desk", "commands/set").trust("lists", "lists/*");

it("is done once, also when it comes twice at the same time and is replayed later", async () => {
  await using keys = signer();
  const at = opened(keys);
  await at.processor.resume(never);
  const command = keys.signed("desk", TOPIC, body);
  await Promise.all([at.receive(command), at.receive(command)]);
  await at.ended(1);
  await at.receive(command);
  expect(new Set(await at.ended(2))).toEqual(new Set(["succeeded"]));
  expect(at.written).toEqual([true]);
});

type Make = (keys: Signer) => unknown;
it.each<readonly [string, string, Make]>([
  ["without a signature", "refused command.unsigned", () => body],
  [
    "signed with an unknown key",
    "refused signature.unknown-key",
    (keys) => ({ ...keys.signed("desk", TOPIC, body), keyId: "x" }),
  ],
  ["signed with a key for something else", "refused signature.not-allowed", (keys) => keys.signed("lists", TOPIC, body)],
  ["signed for another topic", "refused signature.wrong", (keys) => keys.signed("desk", `${DOWN}/config`, body)],
  [
    "signed for another gateway's topic",
    "refused signature.wrong",
    (keys) => keys.signed("desk", "cippo/v1/other/down/commands", body),
  ],
  ["for another gateway", "refused command.wrong-gateway", (keys) => keys.signed("desk", TOPIC, { ...body, gateway: "other" })],
  [
    "changed after it was signed",
    "refused signature.wrong",
    (keys) => ({ ...keys.signed("desk", TOPIC, body), args: { value: false } }),
  ],
  ["under another id", "refused signature.wrong", (keys) => ({ ...keys.signed("desk", TOPIC, body), id: "d" })],
  ["with a later end", "refused signature.wrong", (keys) => ({ ...keys.signed("desk", TOPIC, body), expiresAt: WALL + 120_000 })],
  [
    "that has expired",
    "expired command.expired",
    (keys) => keys.signed("desk", TOPIC, { ...body, issuedAt: WALL - 9, expiresAt: WALL - 1 }),
  ],
  ["whose signature is no text", "refused signature.missing", (keys) => ({ ...keys.signed("desk", TOPIC, body), signature: 7 })],
])("is refused %s", async (_, ending, make) => {
  await using keys = signer();
  const at = opened(keys);
  await at.processor.resume(never);
  await at.receive(make(keys));
  expect(await at.ended(1)).toEqual([ending]);
  expect(at.written).toEqual([]);
});

it("is refused when it is retained, and where no key is trusted", async () => {
  await using keys = signer();
  const command = keys.signed("desk", TOPIC, body);
  const [one, other] = [opened(keys), opened(null)];
  await Promise.all([one.processor.resume(never), other.processor.resume(never)]);
  await one.receive(command, { retained: true });
  await other.receive(command);
  expect([await one.ended(1), await other.ended(1)]).toEqual([["refused command.retained"], ["refused command.unsigned"]]);
});

it("needs no signature from a person at the box", async () => {
  await using keys = signer();
  const at = opened(keys);
  await at.processor.resume(never);
  await at.receive(body, { origin: "local" });
  expect(await at.ended(1)).toEqual(["succeeded"]);
});
