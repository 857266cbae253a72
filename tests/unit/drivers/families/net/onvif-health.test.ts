/** An ONVIF camera over real sockets: alive, its clock, who it is, and each thing that may be wrong told from the others. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { deviceInfo, loadDriver } from "../../../../../src/drivers/index.ts";
import { openWires } from "../../../../../src/drivers/wires.ts";
import { noLog } from "../../../../../src/kit/log.ts";
import type { Reading } from "../../../../../src/model/index.ts";
import { SimulatedCamera } from "../../../../support/running/camera.ts";
import { temporary } from "../../../../support/running/processes.ts";

const CANARY = "canary-0aK!7";
let folder: Awaited<ReturnType<typeof temporary>>;
beforeAll(async () => {
  folder = await temporary("camera");
  await writeFile(join(folder.path, "cam.password"), `${CANARY}\n`);
  await writeFile(join(folder.path, "empty.password"), "\n");
});
afterAll(() => folder[Symbol.asyncDispose]());

const LOGIN = { user: "cippo", credentials: { password: "cam.password" } };

/** What it says of the camera at each look. */
async function* looks(camera: Pick<SimulatedCamera, "port">, more: object = {}) {
  const driver = await loadDriver("onvif-health");
  await using wires = openWires({}, noLog, { credentials: folder.path });
  const options = driver.options.parse({ host: "127.0.0.1", port: camera.port, timeout: "20s", ...more });
  const stop = new AbortController();
  await using device = await deviceInfo("cam", driver, options, "", wires).open(stop.signal);
  for await (const readings of device.readings({ next: async () => 0 }, stop.signal)) yield byPoint(readings);
}

const byPoint = (readings: readonly Reading[]) =>
  Object.fromEntries(readings.map(({ point, value, code }) => [point, code ?? value])) as Readonly<Record<string, unknown>>;

async function first(camera: Pick<SimulatedCamera, "port">, more: object = {}) {
  for await (const readings of looks(camera, more)) return readings;
  throw new Error("no readings");
}

const camera = async (behaviour: Partial<SimulatedCamera["behaviour"]> = {}) => {
  const made = await new SimulatedCamera().open();
  Object.assign(made.behaviour, { password: CANARY, ...behaviour });
  return made;
};

describe("an ONVIF camera", () => {
  it("without a login is asked for its time alone", async () => {
    await using cam = await camera({ offsetMs: -90_000 });
    const told = await first(cam);
    expect(Object.keys(told)).toEqual(["alive", "answer-time", "clock-offset"]);
    expect(told["alive"]).toBe(true);
    expect(Number(told["clock-offset"])).toBeGreaterThanOrEqual(-100);
    expect(Number(told["clock-offset"])).toBeLessThanOrEqual(-89);
    expect(cam.logins).toBe(0);
  });

  it.each(["token", "digest"] as const)("whose clock is two hours wrong lets us in all the same, by %s", async (login) => {
    await using cam = await camera({ login, offsetMs: 7_200_000 });
    const told = await first(cam, LOGIN);
    expect(told).toMatchObject({ authorised: true, manufacturer: "ACME", model: "C-1", firmware: "1.0", "serial-number": "42" });
    expect(Number(told["clock-offset"])).toBeGreaterThan(7000);
    expect(cam.heard.join()).not.toContain(CANARY);
    expect(cam.heard.join()).not.toContain(Buffer.from(`cippo:${CANARY}`).toString("base64"));
  });

  it.each(["token", "digest"] as const)(
    "that knows another password says so, and is not asked again at once, by %s",
    async (login) => {
      await using cam = await camera({ login, password: "another" });
      let [seen, logins] = [0, 0];
      for await (const told of looks(cam, LOGIN)) {
        expect(told).toMatchObject({ alive: true, authorised: false, model: "net.unauthorised", firmware: "net.unauthorised" });
        if (++seen === 1) logins = cam.logins;
        if (seen === 3) break;
      }
      expect(cam.logins).toBe(logins);
    },
  );

  it("that refuses and does not say its time may have the wrong one: its password is not called wrong", async () => {
    await using cam = await camera({ offsetMs: null });
    expect(await first(cam, LOGIN)).toMatchObject({ alive: true, "clock-offset": "net.no-time", authorised: "net.no-time" });
  });

  it("that wants the password in clear does not get it", async () => {
    await using cam = await camera({ login: "basic" });
    expect(await first(cam, LOGIN)).toMatchObject({ alive: true, authorised: "net.open-password" });
    expect(cam.heard.join()).not.toContain(CANARY);
    expect(cam.heard.join()).not.toContain("Basic");
  });

  it.each(["garbage", "half"] as const)("that answers %s lives, and is not understood", async (says) => {
    await using cam = await camera({ says });
    expect(await first(cam, LOGIN)).toMatchObject({
      alive: true,
      "clock-offset": "net.not-understood",
      authorised: "net.not-understood",
    });
  });

  it("that takes the connection and says nothing does not live", async () => {
    await using cam = await camera({ says: "nothing" });
    expect(await first(cam, { ...LOGIN, timeout: "100ms" })).toMatchObject({ alive: false, authorised: "net.timeout" });
  });

  it("that is gone does not live, and what it was is not known any more", async () => {
    const cam = await camera();
    const { port } = cam;
    await cam[Symbol.asyncDispose]();
    expect(await first({ port }, LOGIN)).toMatchObject({ alive: false, authorised: "net.refused", firmware: "net.refused" });
  });

  it("is not opened without its password, and the error does not tell one", async () => {
    await using cam = await camera();
    const without = (password: string) => first(cam, { user: "cippo", credentials: { password } });
    await expect(without("gone.password")).rejects.toMatchObject({ code: "credentials.missing" });
    await expect(without("empty.password")).rejects.toMatchObject({ code: "credentials.unusable" });
    expect(cam.heard).toEqual([]);
  });

  it("is told of no password in its configuration, and of both or neither", async () => {
    const { options } = await loadDriver("onvif-health");
    for (const wrong of [
      { user: "x" },
      { credentials: { password: "p" } },
      { user: "x", credentials: { password: "../p" } },
      { password: "x" },
    ])
      expect(options.safeParse({ host: "cam", ...wrong }).success).toBe(false);
  });
});
