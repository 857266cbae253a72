/** What a gateway says of itself for the update scripts: only what is true of this very start. */
import { expect, it } from "vitest";
import { evidenceOf } from "../../../src/gateway/update-evidence.ts";
import type { GatewayStatus } from "../../../src/model/index.ts";

const stream = (epoch: string, name: "events" | "readings", head: number, upTo: number) => ({
  epoch,
  stream: name,
  head,
  upTo,
  held: [],
  oldest: 1,
  sentUpTo: upTo,
});
const device = (id: string, state: "up" | "problem" | "down" | "starting") => ({
  id,
  type: "x",
  state,
  ageMs: 1,
  points: [],
  commands: [],
});
const status = {
  ready: true,
  uptimeMs: 301_500,
  epoch: { id: "e2", n: 2 },
  devices: [device("meter", "up"), device("door", "problem"), device("bay", "down"), device("lamp", "starting")],
  alarms: [
    { id: "1", kind: "device.down", severity: "medium", since: 1, device: "bay" },
    { id: "2", kind: "store.salvaged", severity: "high", since: 1 },
  ],
  sync: { broker: "mqtt://x", mode: "platform", connected: true },
  store: { writable: true },
  streams: [stream("e1", "events", 40, 40), stream("e2", "events", 3, 0)],
} as unknown as GatewayStatus;
const of = { release: "cippo-1", boot: "aa-bb", overdue: [] };
const lines = (text: string) =>
  Object.fromEntries(
    text
      .trim()
      .split("\n")
      .map((line) => line.split("=")),
  );

it("tells the release, the boot, and the devices that answer", () => {
  expect(lines(evidenceOf(status, of))).toEqual({
    release: "cippo-1",
    boot: "aabb",
    ready: "yes",
    up: "301",
    epoch: "e2",
    written: "yes",
    loops: "yes",
    acked: "no",
    linked: "yes",
    answers: "meter door",
    alarms: "1",
  });
});

it("what an earlier start delivered, or a store that fails, proves nothing", () => {
  const now = { ...status, streams: [stream("e1", "events", 40, 40), stream("e2", "events", 3, 1)] };
  expect(lines(evidenceOf(now, of))).toMatchObject({ acked: "yes" });
  const failing = { ...now, store: { ...status.store, writable: false } };
  expect(lines(evidenceOf(failing, { ...of, overdue: ["store"] }))).toMatchObject({ written: "no", loops: "no" });
});
