/** A technician without a network asks the running gateway everything that the command line offers, in two languages. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Coils, coils } from "../../support/running/coils.ts";
import { Gateway, Opened, Program, temporary, until } from "../../support/running/processes.ts";

const open = new Opened();
let slave: Coils;
let gateway: Gateway;
let folder = "";

/** Nobody is at the broker's address: the box is offline, and everything below works all the same. */
const NO_BROKER = "mqtt://127.0.0.1:9";

beforeAll(async () => {
  folder = open.use(await temporary("technician")).path;
  slave = open.use(await coils("2s"));
  gateway = open.use(new Gateway(folder));
  slave.inputs.add(0);
  await gateway.configure(NO_BROKER, {
    buses: { plant: slave.bus },
    devices: {
      relay: {
        type: "modbus-points",
        bus: "plant",
        unit: 1,
        every: "30s",
        points: { pump: { coil: 1, writable: true }, wet: { fc: 2, address: 0 } },
      },
      loop: { type: "modbus-points", bus: "plant", unit: 2, every: "200ms", points: { present: { fc: 2, address: 0 } } },
    },
    assets: {
      "bay-1": {
        kind: "parking-bay",
        reservedFor: "disabled",
        occupancy: "loop.present",
        debounce: "100ms",
        permits: { list: "disabled", grace: "100ms" },
      },
    },
  });
  await gateway.start();
  await until(async () => (await gateway.status()).alarms.length === 1, 15_000, "an alarm");
}, 60_000);
afterAll(() => open[Symbol.asyncDispose]());

const json = async (...words: readonly string[]) => JSON.parse((await gateway.cippo("--json", ...words)).stdout);

describe("a technician at the box", { timeout: 60_000, shuffle: false }, () => {
  it("sees how the gateway is, and that the broker is not there", async () => {
    const { code, stdout, stderr } = await gateway.cippo("status");
    expect(stdout).toMatch(/^gateway gw-1 {2}cippo \d+\.\d+\.\d+/);
    expect(stdout).toMatch(/broker mqtt:\/\/127\.0\.0\.1:9 {2}not connected for \d+ \w+ {2}sync\.unreachable/);
    expect(stdout).toMatch(/^\d devices? (is|are) well$/m);
    expect(stdout).toMatch(/^1 asset: bay-1 occupied permit=none$/m);
    const all = await gateway.cippo("status", "--all");
    expect(all.stdout).toMatch(/loop +modbus-points +up/);
    expect(all.stdout).toMatch(/bay-1 +occupied/);
    expect(stdout).toMatch(/bay\.illegal-occupation +bay-1 +high/);
    expect(stderr).toBe("");
    // Something needs attention.
    expect(code).toBe(1);
    expect((await gateway.cippo("status", "--lang", "it")).stdout).toMatch(/broker .* {2}non collegato/);
    expect(await json("status")).toMatchObject({ gateway: "gw-1", sync: { connected: false, code: "sync.unreachable" } });
  });

  it("reads one device now, though its turn is far away", async () => {
    const { code, stdout } = await gateway.cippo("read", "relay");
    expect([code, stdout]).toEqual([0, expect.stringMatching(/pump +false .*good/)]);
    slave.inputs.delete(0);
    const points = await json("read", "relay");
    expect(points.find(({ point }: { point: string }) => point === "wet")).toMatchObject({ value: false, quality: "good" });
    slave.inputs.add(0);
    // The loop has that input too, and may have been asked meanwhile.
    const present = async () =>
      (await gateway.status()).devices.flatMap((one) => one.points).find(({ point }) => point === "present");
    await until(async () => (await present())?.value === true, 15_000, "the loop sees it again");
  });

  it("sees every device with its values, and what can be commanded", async () => {
    const { code, stdout } = await gateway.cippo("devices");
    expect(code).toBe(0);
    expect(stdout).toMatch(/^relay +modbus-points \(plant\) +up/m);
    expect(stdout).toMatch(/^ +present +true/m);
    expect((await gateway.cippo("devices", "--lang=it")).stdout).toMatch(/^relay +modbus-points \(plant\) +attivo/m);
    const one = await gateway.cippo("devices", "loop");
    expect([one.stdout.includes("present"), one.stdout.includes("pump")]).toEqual([true, false]);
    expect((await json("devices")).map(({ id, state }: { id: string; state: string }) => [id, state])).toEqual([
      ["relay", "up"],
      ["loop", "up"],
    ]);
    expect((await gateway.cippo("devices", "--commands")).stdout).toMatch(
      /relay\.pump +set +low +value=<true\|false> \(required\)$/m,
    );
    expect((await gateway.cippo("devices", "--types", "--lang", "it")).stdout).toMatch(/eastron-sdm120/);
  });

  it("watches values as they come, and ends when he has seen enough", async () => {
    const dist = join(import.meta.dirname, "../../../dist/cippo.js");
    const env = { CIPPO_SOCKET: gateway.socket, LANG: "C" };
    await using watch = new Program(process.execPath, [dist, "watch", "loop"], { env });
    expect(await watch.line((line) => (line.includes("loop.present") ? line : undefined))).toMatch(
      /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d {2}loop\.present {2}true/,
    );
    await using machine = new Program(process.execPath, [dist, "--json", "watch"], { env });
    // The relay's turn may come first.
    const loop = await machine.line((line) => [JSON.parse(line)].find(({ source }) => source === "loop"));
    expect(loop).toMatchObject({ what: "reading", point: "present", quality: "good" });
    await watch.kill("SIGINT");
    await machine.kill("SIGINT");
    // Nobody is the worse for it.
    expect((await gateway.status()).ready).toBe(true);
  });

  it("is told why a device is dead, and reads it when it is repaired", async () => {
    slave.dead.add(1);
    const dead = await gateway.cippo("read", "relay");
    expect([dead.code, dead.stderr]).toEqual([1, expect.stringMatching(/^error bus\.timeout: .+\n→ .+\n$/)]);
    const devices = await gateway.cippo("devices");
    expect([devices.code, devices.stdout]).toEqual([
      1,
      expect.stringMatching(/relay +modbus-points \(plant\) +down.*\n +bus\.timeout: /),
    ]);
    // The others on the line go on.
    expect((await gateway.cippo("read", "loop")).code).toBe(0);
    slave.dead.clear();
    await until(async () => (await gateway.cippo("read", "relay")).code === 0, 40_000, "it is read again");
  });

  it("commands what may be commanded, and learns why not otherwise", async () => {
    const done = await gateway.cippo("command", "relay.pump", "set", "value=true");
    expect([done.code, done.stdout]).toEqual([0, "relay.pump set: succeeded, now it is true"]);
    expect(slave.on.has(1)).toBe(true);
    expect(await json("command", "relay.pump", "set", "value=false")).toMatchObject({ state: "succeeded", value: false });
    const wrong = await gateway.cippo("--lang", "it", "command", "relay.pump", "set", "value=7");
    expect([wrong.code, wrong.stdout]).toEqual([
      1,
      expect.stringMatching(/rifiutato {2}command\.out-of-range[\s\S]*\n→ `cippo devices/),
    ]);
    expect((await gateway.cippo("command", "bay-1", "permit.confirm", "until=+1h")).code).toBe(0);
    await until(async () => (await gateway.status()).alarms.length === 0, 15_000, "the alarm is cleared");
  });

  it("reads what happened, and the stored values of a point", async () => {
    const events = await gateway.cippo("events", "--since", "1h");
    expect(events.code).toBe(0);
    expect(events.stdout).toMatch(/bay\.illegal-occupation +raised +high +bay-1\s+Disabled bay/);
    expect((await gateway.cippo("events", "--lang", "it")).stdout).toMatch(/Stallo disabili bay-1 occupato senza contrassegno/);
    const last = await json("events", "--limit", "1");
    expect(last).toHaveLength(1);
    const history = await gateway.cippo("history", "loop.present");
    expect([history.code, history.stdout]).toEqual([0, expect.stringMatching(/^TIME +VALUE\n\d{4}-.* {2}true\n/)]);
    const rows = await json("history", "relay.pump", "--since", "1h");
    expect(rows.map(({ value }: { value: boolean }) => value)).toContain(true);
    expect(await json("history", "relay.pump", "--since", "0ms")).toEqual([]);
  });

  it("looks up a code, and checks a configuration", async () => {
    const one = await gateway.cippo("errors", "bus.timeout", "--lang", "it");
    expect([one.code, one.stdout]).toEqual([0, expect.stringMatching(/^bus\.timeout: Nessuna risposta[\s\S]*\n→ /)]);
    expect((await json("errors")).length).toBeGreaterThan(50);
    expect((await gateway.cippo("config", "check", gateway.file)).code).toBe(0);
    const wrong = join(folder, "wrong.yaml");
    await writeFile(wrong, "gatway: {}\n");
    const checked = await gateway.cippo("config", "check", wrong, "--lang", "it");
    expect([checked.code, checked.stdout]).toEqual([
      1,
      expect.stringMatching(/wrong\.yaml:1:1: config\.unknown-key: .*c'è "gatway"/),
    ]);
    expect(await json("config", "schema")).toMatchObject({ type: "object" });
    expect((await gateway.cippo("version")).stdout).toMatch(/cippo \d/);
  });

  it("is told what is wrong with his words: exit 2, with what was probably meant", async () => {
    for (const [words, expected] of [
      [["statsu"], /status/],
      [["read"], /device/],
      [["status", "--jsn"], /--json/],
      [["history", "loop.present", "--since", "yesterday"], /yesterday/],
      [["command", "relay.pump", "set", "true"], /true/],
      [["events", "--limit", "many"], /many/],
      [["status", "--lang", "de"], /de/],
      [["errors", "bus.timout"], /bus\.timeout/],
    ] as const) {
      const { code, stderr, stdout } = await gateway.cippo(...words);
      expect([words, code, stdout]).toEqual([words, 2, ""]);
      expect(stderr).toMatch(/^error cli\.usage: .+\n→ .+\n$/);
      expect(stderr).toMatch(expected);
    }
    for (const words of [
      ["read", "nobody"],
      ["history", "nobody.n"],
      ["watch", "nobody"],
      ["devices", "nobody"],
    ]) {
      const { code, stderr } = await gateway.cippo(...words);
      expect([words, code, stderr]).toEqual([words, 1, expect.stringMatching(/^error cli\.unknown-name: .*nobody.*\n→ .+\n$/)]);
    }
    for (const [words, expected] of [
      [["read", "rely"], /^error cli\.unknown-name: rely .*\n→ Did you mean relay\?/],
      [["read", "bay-1"], /^error cli\.not-a-device: bay-1 .*\n→ `cippo watch bay-1`/],
      [["watch", "baj-1"], /^error cli\.unknown-name: baj-1 .*\n→ Did you mean bay-1\?/],
      [["watch", "relay.pmp"], /^error cli\.unknown-point: .*\n→ Did you mean relay\.pump\? There are: relay\.pump, relay\.wet/],
      [["history", "relay.nope"], /^error cli\.unknown-point: .*\n→ There are: relay\.pump, relay\.wet/],
      [["history", "bay-1"], /^error cli\.which-point: .*\n→ There are: bay-1\.status/],
    ] as const) {
      const { code, stderr } = await gateway.cippo(...words);
      expect([words, code, stderr]).toEqual([words, 1, expect.stringMatching(expected)]);
    }
    expect((await gateway.cippo("history", "bay-1.status")).stdout).toMatch(/occupied/);
  });

  it("is told when no gateway runs, and what to do", async () => {
    expect(await gateway.stop()).toBe(0);
    for (const words of [["status"], ["devices"], ["watch"], ["read", "relay"], ["events"], ["history", "loop.present"]]) {
      const { code, stderr, stdout } = await gateway.cippo(...words);
      expect([words, code, stdout]).toEqual([words, 1, ""]);
      expect(stderr).toMatch(/^error cli\.not-running: .+\n→ .+\n$/);
    }
    const { stderr } = await gateway.cippo("--json", "status", "--lang", "it");
    expect(JSON.parse(stderr)).toMatchObject({
      error: { code: "cli.not-running", hint: expect.stringMatching(/systemctl|cippo run/) },
    });
  });
});
