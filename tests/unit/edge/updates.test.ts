/** An order to update: whose it is, when it may begin, and what is asked of the scripts, once. */
import { existsSync } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { SiteAnswers } from "../../../src/edge/answers/site-answers.ts";
import { TrustedKeys } from "../../../src/edge/trust/trusted-keys.ts";
import { UpdateOrders } from "../../../src/edge/updates/update-orders.ts";
import { noLog } from "../../../src/kit/log.ts";
import { type UpdateStatus, updateStatusOf } from "../../../src/kit/system/update-status.ts";
import { DOWN, Signer } from "../../support/lists/signer.ts";

const HOUR = 3_600_000;
/** A Monday, 12:00 in Rome. */
const NOON = Date.UTC(2026, 10, 30, 11);
const TOPIC = `${DOWN}/update`;
const ORDER = {
  v: 1,
  version: "0.2.0",
  seq: 12,
  manifestSha256: "0".repeat(64),
  bytes: 5_000_000,
  url: "https://updates.example/12",
};

let signer: Signer;
let state: UpdateStatus["state"];
let wall: number;
let synced: boolean;
let running: number | undefined;
let isMetered: boolean;
let orders: UpdateOrders;

beforeEach(() => {
  signer = new Signer().trust("fleet", "update").trust("city", "lists/*");
  [state, wall, synced, running, isMetered] = ["idle", NOON, true, 11, false];
  const keys = new TrustedKeys(signer.file);
  const answers = new SiteAnswers({ timezone: "Europe/Rome" });
  const now = () => ({ wall, mono: wall - NOON, synced });
  orders = new UpdateOrders({
    folder: signer.folder,
    seq: async () => running,
    check: (document) => keys.check(TOPIC, document, "update"),
    isOpen: (hours, at) => answers.hours(hours, at).is,
    get isMetered() {
      return isMetered;
    },
    clock: { now, mono: () => now().mono, boot: "boot" },
    log: noLog,
    status: () => ({ state }),
  });
});
afterEach(() => signer[Symbol.asyncDispose]());

const request = () => join(signer.folder, "update/request");
const order = (more: object = {}, keyId = "fleet", topic = TOPIC) =>
  orders.receive(Buffer.from(JSON.stringify(signer.signed(keyId, topic, { ...ORDER, ...more }))));

it("is asked for once, and no more once it runs", async () => {
  await order();
  await orders.look();
  expect(await readFile(request(), "utf8")).toBe("12 https://updates.example/12\n");
  expect(orders.status).toEqual({ state: "asked", seq: 12, version: "0.2.0" });
  await rm(request());
  // The broker sends a retained order at each connection.
  await order();
  wall += 10 * 60_000;
  await orders.look();
  expect(existsSync(request())).toBe(false);
  running = 12;
  await orders.look();
  expect(orders.status).toBeNull();
});

it("is asked for again after an hour or more where the scripts did not take it", async () => {
  await order();
  await orders.look();
  await rm(request());
  wall += HOUR + 1;
  await orders.look();
  expect(existsSync(request())).toBe(true);
});

describe("waits", () => {
  it.each<[string, object, () => void, () => void, string]>([
    ["for its time", { notBefore: NOON + HOUR }, () => {}, () => (wall += HOUR), "notBefore"],
    ["for its window, in the site's own time", { window: "Mo-Fr 13:00-14:00" }, () => {}, () => (wall += HOUR), "window"],
    ["for the right time, where it has one", { notBefore: NOON - HOUR }, () => (synced = false), () => (synced = true), "clock"],
    ["for another way to the network", { network: "unmetered" }, () => (isMetered = true), () => (isMetered = false), "network"],
    ["for an update under way", {}, () => (state = "trial"), () => (state = "idle"), "scripts"],
  ])("%s", async (_, more, before, then, waitsFor) => {
    before();
    await order(more);
    await orders.look();
    expect(orders.status).toEqual({ state: "waiting", seq: 12, version: "0.2.0", waitsFor });
    expect(existsSync(request())).toBe(false);
    then();
    await orders.look();
    expect(existsSync(request())).toBe(true);
  });
});

describe("is refused, told, and the one before goes on:", () => {
  it.each<[string, () => Promise<void>, string]>([
    ["no JSON", () => orders.receive(Buffer.from("{")), "update.malformed"],
    ["an address that is none", () => order({ url: "file:///etc/shadow" }), "update.malformed"],
    ["a window that is none", () => order({ window: "at night" }), "update.malformed"],
    [
      "no signature",
      () => orders.receive(Buffer.from(JSON.stringify({ ...ORDER, keyId: "fleet", signature: "" }))),
      "signature.wrong",
    ],
    ["a key that may not", () => order({}, "city"), "signature.not-allowed"],
    ["another gateway's", () => order({}, "fleet", "cippo/v1/other/down/update"), "signature.wrong"],
  ])("%s", async (_, send, code) => {
    await send();
    expect(orders.status).toMatchObject({ state: "refused", code });
    await orders.look();
    expect(existsSync(request())).toBe(false);
    await order({ seq: 13 });
    await orders.look();
    expect(orders.status).toEqual({ state: "asked", seq: 13, version: "0.2.0" });
  });

  it("and an empty message takes an order back", async () => {
    await order({ notBefore: NOON + HOUR });
    await orders.receive(new Uint8Array(0));
    wall += 2 * HOUR;
    await orders.look();
    expect([orders.status, existsSync(request())]).toEqual([null, false]);
  });
});

it("where the folder cannot be written, it says that the scripts are what is missing, and tries on", async () => {
  await writeFile(join(signer.folder, "update"), "");
  await order();
  await orders.look();
  expect(orders.status).toMatchObject({ state: "waiting", waitsFor: "scripts" });
  await rm(join(signer.folder, "update"));
  await mkdir(join(signer.folder, "update"));
  await orders.look();
  expect(orders.status).toMatchObject({ state: "asked" });
});

it("what the scripts tell is read whole, and garbage is idle", () => {
  expect(updateStatusOf("now-state=trial\nnow-release=cippo-2\nnow-tries=1\nnow-ran=x\ntext=T\n")).toEqual({
    state: "trial",
    release: "cippo-2",
    tries: 1,
  });
  expect(updateStatusOf("\u0000\nstate=trial\n==\n")).toEqual({ state: "idle" });
});
