/** A command of high impact is done when a key has signed it that may, for this gateway and topic, and once only. */
import { expect, it, vi } from "vitest";
import { CommandProcessor } from "../../../../src/edge/commands/command-processor.ts";
import { LimitKeeper } from "../../../../src/edge/commands/limits.ts";
import type { InboxRow } from "../../../../src/edge/store/store.ts";
import { TrustedKeys } from "../../../../src/edge/trust/trusted-keys.ts";
import { noLog } from "../../../../src/kit/log.ts";
import type { CommandResult, CommandTarget, EventDraft, Outcome } from "../../../../src/model/index.ts";
import { DOWN, Signer } from "../../../support/lists/signer.ts";

const WALL = 1_764_000_000_000;
const TOPIC = `${DOWN}/commands`;
const never = new AbortController().signal;
const target: CommandTarget = {
  target: "gate.mains",
  action: "set",
  args: { value: { type: "boolean", required: true } },
  impact: "high",
  safe: false,
};
const body = {
  v: 1,
  id: "c",
  gateway: "gw",
  target: "gate.mains",
  action: "set",
  args: { value: true },
  issuedAt: WALL,
  expiresAt: WALL + 60_000,
  issuer: "desk",
};

function opened(signer: Signer | null) {
  const written: unknown[] = [];
  const told: CommandResult[] = [];
  const host = {
    mono: () => 1_000_000,
    running: () => 1_000_000,
    raise: (_draft: EventDraft) => undefined,
    save: () => undefined,
    inbox: (_row: InboxRow) => undefined,
    flush: async () => undefined,
    asset: () => undefined,
    operator: (): Outcome => ({ state: "succeeded" }),
    ordered: () => undefined,
    alone: (_target: string, work: () => Promise<void>) => work(),
    perform: async (_target: string, value: unknown): Promise<Outcome> => {
      written.push(value);
      return { state: "succeeded" };
    },
  };
  const keys = signer === null ? null : new TrustedKeys(signer.file);
  const processor = new CommandProcessor({
    gateway: "gw",
    targets: [target],
    assets: new Set(),
    host,
    limits: new LimitKeeper(
      { ...host, alarms: { raise: () => undefined, clear: () => undefined }, log: noLog },
      new Map(),
      0,
      new Map([[target.target, target]]),
    ),
    checkSignature: keys === null ? undefined : (document, action) => keys.check(TOPIC, document, action),
    clock: { boot: "b", mono: () => 1_000_000, now: () => ({ mono: 1_000_000, wall: WALL, synced: true }) },
    log: noLog,
    saved: new Map(),
    offMs: 0,
    knowsFrom: null,
  });
  processor.onResult((result) => told.push(result));
  const send = (message: unknown, more: { readonly retained?: boolean; readonly origin?: "local" } = {}) =>
    processor.receive({ origin: "platform", retained: false, body: message, ...more }, never);
  const ended = (n: number) =>
    vi
      .waitFor(() => expect(told.length).toBeGreaterThanOrEqual(n), 15_000)
      .then(() => told.map(({ state, code }) => [state, code].join(" ").trim()));
  return { processor, written, send, ended };
}

const signer = () => new Signer().trust("desk", "commands/set").trust("lists", "lists/*");

it("is done once, also when it comes twice at the same time and is replayed later", async () => {
  await using keys = signer();
  const at = opened(keys);
  await at.processor.resume(never);
  const command = keys.signed("desk", TOPIC, body);
  await Promise.all([at.send(command), at.send(command)]);
  await at.ended(1);
  await at.send(command);
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
  await at.send(make(keys));
  expect(await at.ended(1)).toEqual([ending]);
  expect(at.written).toEqual([]);
});

it("is refused when it is retained, and where no key is trusted", async () => {
  await using keys = signer();
  const command = keys.signed("desk", TOPIC, body);
  const [one, other] = [opened(keys), opened(null)];
  await Promise.all([one.processor.resume(never), other.processor.resume(never)]);
  await one.send(command, { retained: true });
  await other.send(command);
  expect([await one.ended(1), await other.ended(1)]).toEqual([["refused command.retained"], ["refused command.unsigned"]]);
});

it("needs no signature from a person at the box", async () => {
  await using keys = signer();
  const at = opened(keys);
  await at.processor.resume(never);
  await at.send(body, { origin: "local" });
  expect(await at.ended(1)).toEqual(["succeeded"]);
});
