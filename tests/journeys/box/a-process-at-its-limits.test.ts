/** A gateway is stopped in the middle of its work, or may open no further file: it loses nothing and goes on by itself. */
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { CountingSite, counter } from "../../support/running/counting-site.ts";
import { broker, Gateway, startPlatform, temporary, until } from "../../support/running/processes.ts";
import { proofOf, proved, told } from "../../support/running/proof.ts";

const UNITS = Array.from({ length: 20 }, (_, i) => i + 1);
const meters = Object.fromEntries(UNITS.map((unit) => [`meter-${unit}`, counter(unit, "50ms")]));
/** A radio's helper that lives, hears nobody, and leaves its process id beside itself. */
const HELPER = `#!/bin/bash
echo $$ > "$0.pid"
while echo '{"v":1,"is":"state","state":"scanning","heard":1}'; do sleep 1; done
`;
const QUICK = { sync: { live: { every: "100ms" } }, store: { commit: "200ms" } };

/** Each read of a unit shows one more: whoever has them all has no hole. */
const holes = (values: readonly { readonly value: unknown }[]) =>
  values.filter(({ value }, i) => i > 0 && Number(value) !== Number(values[i - 1]?.value) + 1);

describe("a process at its limits", () => {
  it("told to stop under load, stops within ten seconds, and all that it had read is stored", { timeout: 120_000 }, async () => {
    await using folder = await temporary("stopped");
    await using site = await CountingSite.open();
    await using city = await broker();
    const held = join(folder.path, "city.sqlite");
    await using _platform = await startPlatform(city.url, held, "--ack-after", "1s");
    await using gateway = new Gateway(folder.path);
    await gateway.configure(city.url, { ...QUICK, buses: site.buses, devices: meters });
    await gateway.start();
    const total = () => [...site.shown.values()].reduce((sum, n) => sum + n, 0);
    await until(() => UNITS.every((unit) => (site.shown.get(unit) ?? 0) > 20), 60_000, "work");
    const begun = performance.now();
    const before = total();
    expect(await gateway.stop()).toBe(0);
    expect(performance.now() - begun).toBeLessThan(10_000);
    expect(total()).toBeGreaterThanOrEqual(before);
    const shown = new Map(site.shown);

    site.held = true;
    await gateway.start();
    await proved(gateway, 60_000);
    const proof = await proofOf(gateway.db, held, Object.keys(meters));
    expect(proof).toMatchObject({ delivered: proof.stored, acknowledged: proof.stored, gaps: 0, duplicates: [] });
    for (const unit of UNITS) {
      const values = (await told(held, `meter-${unit}`, "n")).filter(({ n, quality }) => n === 1 && quality === "good");
      expect(holes(values)).toEqual([]);
      // The answer to the one request that was on the wire may have come too late.
      expect(Number(values.at(-1)?.value)).toBeGreaterThanOrEqual((shown.get(unit) ?? 0) - 1);
    }
    expect(await gateway.stop()).toBe(0);
  });

  it.skipIf(spawnSync("prlimit", ["--version"]).status !== 0)(
    "without a descriptor left it reads and stores on, and when there are some again it delivers all (skipped without prlimit)",
    { timeout: 120_000 },
    async () => {
      await using folder = await temporary("descriptors");
      await using site = await CountingSite.open();
      const first = await broker();
      const held = join(folder.path, "city.sqlite");
      await using gateway = new Gateway(folder.path);
      const helper = join(folder.path, "helper");
      writeFileSync(helper, HELPER, { mode: 0o755 });
      const helperPid = () => Number(readFileSync(`${helper}.pid`, "utf8"));
      await gateway.configure(first.url, {
        ...QUICK,
        buses: { ...site.buses, radio: { ble: "hci0", helper } },
        devices: { meter: counter(1, "100ms"), tag: { type: "bthome", bus: "radio", mac: "A4:C1:38:00:00:01" } },
      });
      const program = await gateway.start();
      await program.line((line) => (line.includes('"sync.online"') ? true : undefined));
      await until(() => (site.shown.get(1) ?? 0) > 5, 30_000, "readings");
      const pid = program.child.pid ?? 0;
      const allow = (most: number) =>
        expect(spawnSync("prlimit", ["--pid", String(pid), `--nofile=${most}:`], { encoding: "utf8" })).toMatchObject({
          status: 0,
        });
      const open = () => readdirSync(`/proc/${pid}/fd`).map(Number);
      const before = open().length;
      // What is open stays open, and nothing more: not even in the place of what is closed.
      allow(3);
      // Its next one has no pipes to be had.
      const lost = helperPid();
      process.kill(lost);

      await first[Symbol.asyncDispose]();
      await using city = await broker(first.port);
      await using _platform = await startPlatform(city.url, held, "--ack-after", "200ms");
      const shown = site.shown.get(1) ?? 0;
      const asked = gateway.cippo("status");
      await until(() => (site.shown.get(1) ?? 0) > shown + 20, 20_000, "readings without a descriptor");
      expect(program.running, program.stderr).toBe(true);
      // The broker's connection is gone, and nothing has taken its place.
      expect(open().length).toBeLessThan(before);

      allow(4096);
      await until(async () => (await gateway.status()).sync !== undefined, 20_000, "an answer");
      await until(() => helperPid() !== lost, 20_000, "another helper");
      // Whoever asked meanwhile was not kept waiting, answered or not.
      expect((await asked).code).not.toBeNull();
      await site.hold(1);
      await proved(gateway, 60_000);
      const values = (await told(held, "meter", "n")).filter(({ quality }) => quality === "good");
      expect(holes(values)).toEqual([]);
      expect(values.length).toBeGreaterThan(shown);
      await until(() => open().length <= before + 2, 15_000, `no more descriptors than ${before}`);
      expect(await gateway.stop()).toBe(0);
    },
  );
});
