/** Sensors fall silent or send rubbish: every surface says which, why, since when and what to do, and shows no good value. */
import { join } from "node:path";
import { expect, it } from "vitest";
import type { PointStatus } from "../../../src/model/index.ts";
import { Held } from "../../support/running/held.ts";
import { broker, Gateway, Program, startPlatform, temporary, until } from "../../support/running/processes.ts";
import { Site } from "../../support/running/site.ts";

const SCENARIO = {
  buses: { radio: { ble: "hci0" }, "bay-uart": { serial: "tcp", baud: 9600 }, "noisy-uart": { serial: "tcp", baud: 9600 } },
  devices: {
    env: { type: "bthome", bus: "radio", mac: "A4:C1:38:00:00:01", silentAfter: "3s" },
    bay: { type: "a02yyuw", bus: "bay-uart", occupiedBelow: "1200mm" },
    noisy: { type: "a02yyuw", bus: "noisy-uart", occupiedBelow: "1200mm" },
  },
  assets: { "bay-1": { kind: "parking-bay", occupancy: "bay.presence", debounce: "1s" } },
};
const CIPPO = join(import.meta.dirname, "../../../dist/cippo.js");
const WELL_MS = 20_000;
const FOR_GOOD = 3_600_000;
const DEAD = ["env", "bay", "noisy"];

it("a dead sensor is never good", { timeout: 180_000 }, async () => {
  await using folder = await temporary("dead");
  await using city = await broker();
  await using platform = await startPlatform(city.url, join(folder.path, "city.sqlite"), "--ack-after", "200ms");
  await using site = await Site.open(folder.path, SCENARIO);
  await using gateway = new Gateway(folder.path);
  await gateway.configure(city.url, site.ready.site);
  await gateway.start();
  await site.ask({ do: "set", device: "env", point: "temperature", value: 21.5 });
  for (const device of ["bay", "noisy"]) await site.ask({ do: "set", device, point: "distance", value: 647 });
  const devices = async () => (await gateway.status()).devices;
  const seen = async (id: string) => (await devices()).find((one) => one.id === id);
  await until(async () => (await devices()).every(({ state }) => state === "up"), WELL_MS, "all up");
  const bayState = async () => (await gateway.status()).assets[0];
  await until(async () => (await bayState())?.state["status"] === "occupied", WELL_MS, "an occupied bay");
  expect((await gateway.cippo("read", "bay")).stdout).toMatch(/distance +647 +mm +good/);
  expect(platform.program.running).toBe(true);

  for (const device of ["env", "bay"]) await site.ask({ do: "fault", kind: "silence", device, forMs: FOR_GOOD });
  await site.ask({ do: "fault", kind: "garbage", device: "noisy", forMs: FOR_GOOD });
  await until(async () => (await gateway.status()).alarms.length === DEAD.length, 40_000, "three alarms");

  // The picture itself, and what a person is shown of it.
  for (const { state, points, problem } of await devices()) {
    expect([state, points.map(({ quality }) => quality).includes("good"), problem === undefined]).toEqual(["down", false, false]);
    expect(points.every(({ last }) => last)).toBe(true);
  }
  expect((await seen("bay"))?.problem?.code).toBe("device.silent");
  expect((await seen("env"))?.problem?.code).toBe("device.silent");
  expect((await seen("noisy"))?.problem).toMatchObject({
    code: "frame.invalid",
    what: { en: expect.stringMatching(/\d+ stray bytes in/) },
  });
  expect(await bayState()).toMatchObject({ state: { status: "unknown" }, quality: "uncertain" });
  const shown = await gateway.cippo("status");
  expect(shown.code).toBe(1);
  expect(shown.stdout).toMatch(
    /env {2}down for .*device\.silent\n +Nothing has come from env for .*\n +→ Check power or battery/,
  );
  expect(shown.stdout).toMatch(/noisy {2}down for .*frame\.invalid\n.*stray bytes/);
  expect(shown.stdout).not.toMatch(/\bgood\b/);
  const inItalian = await gateway.cippo("--lang", "it", "status");
  expect(inItalian.stdout).toMatch(/noisy .*\n.*byte senza senso in .*\n +→ Controllare il tipo di sensore/);
  const listed = await gateway.cippo("devices");
  expect([listed.code, listed.stdout]).toEqual([1, expect.stringMatching(/distance +647 +mm +\d+ s +last device\.silent/)]);
  expect(listed.stdout).not.toMatch(/\bgood\b/);
  await using watch = new Program(process.execPath, [CIPPO, "watch", "bay"], {
    env: { CIPPO_SOCKET: gateway.socket, LANG: "C" },
  });
  expect(await watch.line((line) => (line.includes("bay.distance") ? line : undefined))).toMatch(
    /647 mm {2}last device\.silent$/,
  );

  for (const [device, last, code] of [
    ["bay", /distance +647 +mm +last +\d+ s/, "device.silent"],
    ["env", /temperature +21\.5 +°C +last +\d+ s/, "device.silent"],
    ["noisy", /distance +647 +mm +last +\d+ s/, "frame.invalid"],
  ] as const) {
    const read = await gateway.cippo("read", device);
    expect([device, read.code, read.stdout]).toEqual([device, 1, expect.stringMatching(last)]);
    expect(read.stderr).toMatch(new RegExp(`^error ${code}: .+\\n→ .+\\n$`));
    expect(read.stdout).not.toMatch(/\bgood\b/);
    const json = await gateway.cippo("--json", "read", device);
    expect(json.code).toBe(1);
    const points = JSON.parse(json.stdout) as readonly PointStatus[];
    expect(new Set(points.map(({ last: isLast, quality }) => `${isLast} ${quality}`))).toEqual(new Set(["true bad"]));
    expect(JSON.parse(json.stderr)).toMatchObject({ error: { code } });
    const point = device === "env" ? "env.temperature" : `${device}.distance`;
    const { stdout } = await gateway.cippo("history", point);
    expect(stdout.split("\n").findLast((line) => /^\d{4}-/.test(line))).toMatch(new RegExp(`– .* bad ${code}`));
  }
  expect((await gateway.cippo("--lang", "it", "read", "bay")).stdout).toMatch(/distance +647 +mm +ultimo/);

  // And what the platform holds: why, and no good value after that.
  await gateway.delivered();
  await using held = await Held.open(join(folder.path, "city.sqlite"));
  const downs = await held.events("device.down");
  expect(downs.map(({ device, cause }) => [device, (cause as { code: string }).code]).toSorted()).toEqual([
    ["bay", "device.silent"],
    ["env", "device.silent"],
    ["noisy", "frame.invalid"],
  ]);
  for (const device of DEAD) expect((await held.readings(device)).at(-1)).toMatchObject({ quality: "bad", value: null });
});
