/** A Bluetooth child that dies, hangs, floods or talks nonsense: clear errors, and a radio that works again. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { commandSchema, LINE_MAX, messageSchema, parseLine } from "../../../../../src/drivers/ble-child/ble-protocol.ts";
import { busSchema } from "../../../../../src/drivers/buses.ts";
import { bthome } from "../../../../../src/drivers/devices/bthome.ts";
import type { BleAdvert, BleDevice, Wires } from "../../../../../src/drivers/driver.ts";
import { deviceInfo } from "../../../../../src/drivers/index.ts";
import { BleAdapter } from "../../../../../src/drivers/transports/ble/ble-adapter.ts";
import { PATIENCE, type Patience } from "../../../../../src/drivers/transports/ble/ble-patience.ts";
import { RecoveryPlan } from "../../../../../src/drivers/transports/ble/recovery-plan.ts";
import { monotonic } from "../../../../../src/kit/clock.ts";
import { type Log, noLog } from "../../../../../src/kit/log.ts";
import { LineSplitter } from "../../../../../src/kit/text/line-splitter.ts";
import fc from "../../../../support/property.ts";
import { codeOf, never, wait } from "../../support.ts";

const MAC = "A4:C1:38:00:00:01";
const OTHER = "A4:C1:38:00:00:02";
const BATTERY = [{ service: "180f", characteristic: "2a19" }];
const QUICK: Patience = {
  ...PATIENCE,
  openMs: 4000,
  silentMs: 2000,
  troubleMs: 800,
  lookMs: 50,
  ladder: { firstMs: 300, maxMs: 2000 },
  restart: { firstMs: 20, maxMs: 200 },
  rest: { firstMs: 400, maxMs: 1600, absentMs: 100 },
};

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "cippo-ble-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** What every scripted child begins with: `say`, `state`, `orders(then)`, a sign of life unless told otherwise, and what it was told in a file. */
const HEAD = `#!/usr/bin/env node
const fs = require("node:fs");
const say = (word) => process.stdout.write(JSON.stringify({ v: 1, ...word }) + "\\n");
const state = (state, reason) => say({ is: "state", state, reason, heard: Date.now() });
const seen = (mac, hex) => say({ is: "seen", mac, mono: Math.floor(Number(process.hrtime.bigint() / 1000000n)), rssi: -60, services: hex ? { fcd2: hex } : {} });
const note = (line) => fs.appendFileSync(process.argv[1] + ".log", line + "\\n");
const orders = (then) => require("node:readline").createInterface({ input: process.stdin }).on("line", (line) => { note(line); then(JSON.parse(line)); }).on("close", () => process.exit(0));
note("pid " + process.pid);
`;
let scripts = 0;

async function radio(body: string, patience: Patience = QUICK, log: Log = noLog) {
  const helper = join(folder, `child-${++scripts}.cjs`);
  await writeFile(helper, HEAD + body, { mode: 0o755 });
  const spec = busSchema.parse({ ble: "hci0", helper });
  if (!("ble" in spec)) throw new Error("a ble bus");
  const line = new BleAdapter(spec, log, patience);
  const told = async () => (await readFile(`${helper}.log`, "utf8").catch(() => "")).trim().split("\n");
  const pids = async () => (await told()).filter((l) => l.startsWith("pid ")).map((l) => Number(l.slice(4)));
  return { line, told, pids, [Symbol.asyncDispose]: () => line[Symbol.asyncDispose]() };
}

async function first(device: BleDevice, count: number): Promise<readonly BleAdvert[]> {
  const got: BleAdvert[] = [];
  // Not by the signal: what was heard while nobody listened comes in one piece.
  for await (const advert of device.adverts(never)) if (got.push(advert) >= count) break;
  return got;
}
const hexOf = (adverts: readonly BleAdvert[]) =>
  adverts.map(({ services }) => Buffer.from(services["fcd2"] ?? []).toString("hex"));

async function until<T>(look: () => Promise<T>, good: (value: T) => boolean): Promise<T> {
  for (let tries = 0; ; tries += 1) {
    const value = await look();
    if (good(value) || tries > 200) return value;
    await wait(25);
  }
}
const alive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};
const LIVING = `state("scanning"); setInterval(() => state("scanning"), 100);\n`;

const SENDING = `${LIVING} let wanted = []; setInterval(() => { for (const mac of wanted) seen(mac, mac.slice(-2)); }, 50);
orders((o) => { if (o.do === "want") wanted = o.macs; });\n`;

describe("a child that works", () => {
  it("is told what advertisements to listen for, whoever sends them; each listener hears its own", async () => {
    const beacon = (n: string) => `0215${n}`;
    await using here = await radio(`${LIVING}
const apple = (mac, hex) => say({ is: "seen", mac, mono: 1, rssi: -60, manufacturers: hex ? { "004c": hex } : {} });
orders((o) => { if (o.do !== "want" || o.matches.length < 2) return;
  apple("C0:00:00:00:00:01", "0215aa01"); apple("C0:00:00:00:00:02", "0215bb02"); apple("C0:00:00:00:00:01"); apple("C0:00:00:00:00:03"); apple("C0:00:00:00:00:01", "0215aa03"); });
`);
    const one = { manufacturer: "004c", begins: beacon("aa") };
    const other = { manufacturer: "004c", begins: beacon("bb") };
    using first = await here.line.hear(one, never);
    const heard: string[] = [];
    const listening = (async () => {
      for await (const { mac, manufacturers } of first.adverts(never))
        if (heard.push(`${mac.slice(-2)} ${Buffer.from(manufacturers["004c"] ?? []).toString("hex")}`) === 3) break;
    })();
    using second = await here.line.hear(other, never);
    const [bare] = await Promise.all([second.adverts(never)[Symbol.asyncIterator]().next(), listening]);
    // The strength alone is told of a packet that is sent again: it counts for who sent it.
    expect(heard).toEqual(["01 0215aa01", "01 ", "01 0215aa03"]);
    expect(bare.value?.mac).toBe("C0:00:00:00:00:02");
    expect(here.line.heard(one)?.frames).toBe(3);
    expect((await here.told()).some((line) => line.includes('"matches":[{"manufacturer":"004c","begins":"0215aa"}]'))).toBe(true);
  });

  it("is started once, told who is wanted, and gives each device its own advertisements", async () => {
    await using ble = await radio(SENDING);
    using one = await ble.line.open(MAC, never);
    using two = await ble.line.open(OTHER, never);
    const [ones, twos] = await Promise.all([first(one, 3), first(two, 3)]);
    expect([hexOf(ones), hexOf(twos)]).toEqual([Array(3).fill("01"), Array(3).fill("02")]);
    expect(ones[0]).toMatchObject({ rssi: -60, manufacturers: {} });
    expect(await ble.pids()).toHaveLength(1);
    expect((await ble.told()).at(-1)).toBe(`{"v":1,"do":"want","macs":["${MAC}","${OTHER}"],"matches":[]}`);
  });

  it("may tell of 5,000 strange addresses: nothing of them is kept or shown", async () => {
    await using ble = await radio(`${SENDING} let n = 0;
      const some = setInterval(() => { for (let i = 0; i < 250; i++) seen("D0:00:00:00:" + [n >> 8, n++ & 255].map((b) => b.toString(16).padStart(2, "0").toUpperCase()).join(":"), "ff"); if (n >= 5000) clearInterval(some); }, 20);`);
    using device = await ble.line.open(MAC, never);
    expect(new Set(hexOf(await first(device, 15)))).toEqual(new Set(["01"]));
  });

  it("reads in the order asked, and says null for what the device does not have", async () => {
    await using ble = await radio(
      `${LIVING} orders((o) => { if (o.do === "read") say({ is: "values", id: o.id, mono: 5, values: ["57", null] }); });`,
    );
    using device = await ble.line.open(MAC, never);
    const { values } = await device.read([...BATTERY, { service: "180a", characteristic: "2a29" }], never);
    expect(values.map((value) => value && Buffer.from(value).toString("hex"))).toEqual(["57", null]);
    expect((await ble.told()).at(-1)).toContain('"connectMs":15000,"discoverMs":15000,"readMs":5000');
  });

  it("is counted: what each device was heard to say, and what nobody took in time", async () => {
    await using ble = await radio(
      `${LIVING} orders((o) => { if (o.macs?.length > 1) for (let i = 0; i <= 40; i++) seen("${MAC}", "01"); });`,
    );
    const wires = { ble: () => ble.line } as unknown as Wires;
    const info = (mac: string) => deviceInfo("tag", bthome, bthome.options.parse({ mac }), "radio", wires);
    using device = await ble.line.open(MAC, never);
    expect(info(MAC).wire?.()).toBeUndefined();
    const adverts = device.adverts(never)[Symbol.asyncIterator]();
    const heard = adverts.next();
    using _other = await ble.line.open(OTHER, never);
    await heard;
    await expect.poll(() => info(MAC).wire?.()).toMatchObject({ frames: 41, strayBytes: 0 });
    const { unread } = ble.line.heard(MAC) ?? { unread: 0 };
    expect(unread).toBeGreaterThan(0);
    for (let taken = 1; taken + unread < 41; taken += 1) await adverts.next();
    const more = adverts.next().then(() => "more");
    expect(await Promise.race([more, wait(50)])).toBeUndefined();
    await ble.line[Symbol.asyncDispose]();
    await expect(more).rejects.toThrow("ble.unavailable");
  });

  it.each(["0", "5e15", "Math.max(0, now() - 3600000)", "Math.max(0, now() - 30000)"])(
    "dates nothing wrong, whatever the child says that it is (%s)",
    async (time) => {
      await using ble = await radio(
        `${LIVING} const now = () => Math.floor(Number(process.hrtime.bigint() / 1000000n));
      setInterval(() => say({ is: "seen", mac: "${MAC}", mono: ${time}, services: { fcd2: "01" } }), 50);
      orders((o) => { if (o.do === "read") say({ is: "values", id: o.id, mono: ${time}, values: ["57"] }); });`,
      );
      using device = await ble.line.open(MAC, never);
      const begun = monotonic();
      const [advert] = await first(device, 1);
      const { mono } = await device.read(BATTERY, never);
      for (const heard of [advert?.mono ?? 0, mono]) {
        expect(heard).toBeGreaterThanOrEqual(begun);
        expect(heard).toBeLessThanOrEqual(monotonic());
      }
    },
  );

  it("lets a device that cannot be read rest, ever longer; one that is only absent, hardly", async () => {
    await using ble = await radio(
      `${LIVING} orders((o) => { if (o.do === "read") say({ is: "failed", id: o.id, step: o.mac.endsWith("1") ? "connect" : "absent", reason: "no answer" }); });`,
      { ...QUICK, rest: { firstMs: 2000, maxMs: 8000, absentMs: 100 } },
    );
    using device = await ble.line.open(MAC, never);
    using absent = await ble.line.open(OTHER, never);
    const fails = async (of: BleDevice) =>
      of.read(BATTERY, never).then(
        () => "read",
        ({ context: { step, reason } }) => `${step}: ${reason.en}`,
      );
    const tried = "connect: no answer";
    const rests = expect.stringMatching(/^connect: no answer; tried again in \d s$/);
    expect(await fails(device)).toBe(tried);
    expect(await fails(device)).toEqual(rests);
    const gone = "absent: no answer";
    expect(await fails(absent)).toBe(gone);
    await wait(150);
    expect([await fails(device), await fails(absent)]).toEqual([rests, gone]);
    await wait(2000);
    expect(await fails(device)).toBe(tried);
    await wait(1000);
    expect(await fails(device)).toEqual(rests);
  });

  it("that answers no order holds nobody for ever, and it is no fault of the device", async () => {
    await using ble = await radio(LIVING, { ...QUICK, answerMs: 100 });
    using device = await ble.line.open(MAC, never);
    for (let i = 0; i < 2; i += 1)
      expect(await device.read(BATTERY, never).catch((error) => `${error.code} ${error.context.step}`)).toBe(
        "ble.unreachable waits",
      );
  });

  it("does not hold who has stopped waiting", async () => {
    await using ble = await radio(LIVING);
    using device = await ble.line.open(MAC, never);
    const stop = new AbortController();
    const read = codeOf(device.read(BATTERY, stop.signal));
    const listening = first(device, 1).catch(() => "ended");
    stop.abort();
    expect(await read).toBe("ble.unreachable");
    await ble.line[Symbol.asyncDispose]();
    expect(await listening).toBe("ended");
  });
});

describe("a child that does not", () => {
  /** Fails the first time; the second it works. */
  const once = (bad: string) =>
    `if (fs.readFileSync(process.argv[1] + ".log", "utf8").split("pid ").length > 2) { ${SENDING} } else { ${bad} }`;
  const faults: Readonly<Record<string, string>> = {
    "dies at once": "process.exit(3);",
    "dies while it listens": `${SENDING} setTimeout(() => process.exit(3), 200);`,
    throws: `state("scanning"); setTimeout(() => { throw new Error("dbus"); }, 100);`,
    "gives no sign of life": `state("scanning"); setInterval(() => {}, 1000);`,
    hangs: `state("scanning"); setTimeout(() => { for (;;); }, 100);`,
    "is stopped": `state("scanning"); process.kill(process.pid, "SIGSTOP");`,
    "speaks another language": `state("scanning"); setInterval(() => console.log("BLE ready >"), 5); process.stdin.resume();`,
    "speaks another version": `setInterval(() => process.stdout.write('{"v":2,"is":"state","state":"scanning","heard":0}\\n'), 5);`,
    "never ends a line": `state("scanning"); setInterval(() => process.stdout.write("x".repeat(4096)), 1);`,
    floods: `state("scanning"); setInterval(() => { for (let i = 0; i < 2000; i++) seen("D0:00:00:00:00:01", "ff".repeat(200)); }, 1);`,
  };
  it.each(Object.entries(faults))("%s: its devices are told, it is ended, and the next one works", async (_, bad) => {
    await using ble = await radio(once(bad));
    const failed = await ble.line.open(MAC, never).then(
      async (device) => codeOf(first(device, 1000).finally(() => device[Symbol.dispose]())),
      (error) => error.code,
    );
    expect(failed).toBe("ble.unavailable");
    const device = await until(
      () => ble.line.open(MAC, never).catch(() => null),
      (opened) => opened !== null,
    );
    expect(hexOf(await first(device as BleDevice, 1))).toEqual(["01"]);
    const [former = 0] = await ble.pids();
    expect(alive(former)).toBe(false);
    // Where the machine keeps it waiting for long, the second may have been ended too; another one then works.
    expect(await until(async () => alive((await ble.pids()).at(-1) ?? 0), Boolean)).toBe(true);
  });

  it("is not there: said in words, and tried again ever more rarely", async () => {
    await using ble = await radio("process.exit(1);");
    const begun = performance.now();
    for (let tries = 0; tries < 40; tries += 1) {
      expect(await codeOf(ble.line.open(MAC, never))).toBe("ble.unavailable");
      await wait(10);
    }
    // The first four rests together are 150 to 300 ms, each further one is 100 ms at least.
    expect((await ble.pids()).length).toBeLessThan(6 + (performance.now() - begun) / 100);
    const spec = busSchema.parse({ ble: "hci0", helper: join(folder, "nothing") });
    await using line = new BleAdapter(spec as Extract<typeof spec, { ble: string }>, noLog, QUICK);
    const error = await line.open(MAC, never).catch((e) => e);
    expect([error.code, error.context.adapter]).toEqual(["ble.unavailable", "hci0"]);
    expect(error.context.reason.en).toMatch(/nothing|ENOENT|No such file/);
  });

  it("ends within two seconds when the gateway does, whatever it thinks of signals", async () => {
    const ble = await radio(`process.on("SIGTERM", () => {}); process.stdin.resume().on("end", () => {}); ${LIVING}`);
    (await ble.line.open(MAC, never))[Symbol.dispose]();
    const begun = performance.now();
    await ble[Symbol.asyncDispose]();
    // Nobody waits for a child that never ends; on a busy machine its end is heard of late.
    expect(performance.now() - begun).toBeLessThan(10_000);
    expect(alive((await ble.pids())[0] ?? 0)).toBe(false);
    expect(await codeOf(ble.line.open(MAC, never))).toBe("ble.unavailable");
  });
});

describe("a radio that is ill", () => {
  it("takes its devices down after a while, and gives them back by itself", async () => {
    await using ble = await radio(
      `let well = true; setInterval(() => well ? state("scanning") : state("no-adapter", "pulled out"), 50);
      state("scanning"); setTimeout(() => { well = false; }, 200); setTimeout(() => { well = true; }, 1600);`,
      { ...QUICK, ladder: PATIENCE.ladder },
    );
    using device = await ble.line.open(MAC, never);
    const error = await first(device, 1).catch((e) => e);
    expect([error.code, error.context.reason.en]).toEqual(["ble.unavailable", "pulled out"]);
    using again = await ble.line.open(OTHER, never);
    expect(again).toBeDefined();
    expect(await ble.pids()).toHaveLength(1);
  });

  it("is cured rung by rung: adapter, connection, process", async () => {
    await using ble = await radio(
      `state("failing", "stuck"); setInterval(() => state("failing", "stuck"), 50); orders(() => {});`,
    );
    void codeOf(ble.line.open(MAC, never));
    const told = await until(ble.told, (lines) => lines.some((line) => line.includes('"connection"')));
    expect(told.filter((line) => line.includes("reset"))).toEqual([
      '{"v":1,"do":"reset","what":"adapter"}',
      '{"v":1,"do":"reset","what":"connection"}',
    ]);
    const [pid = 0] = await ble.pids();
    expect(
      await until(
        async () => alive(pid),
        (living) => !living,
      ),
    ).toBe(false);
  });

  it("is cured when it hears nobody for long, though it says that it scans", async () => {
    await using ble = await radio(
      `const mute = () => say({ is: "state", state: "scanning", heard: 7 }); mute(); setInterval(mute, 50); orders(() => {});`,
      { ...QUICK, deafMs: 300 },
    );
    using device = await ble.line.open(MAC, never);
    expect(device).toBeDefined();
    const told = await until(ble.told, (lines) => lines.some((line) => line.includes("reset")));
    expect(told.find((line) => line.includes("reset"))).toContain("adapter");
  });

  it("climbs the ladder ever more slowly, and begins below after each recovery", () => {
    const ladder = new RecoveryPlan({ firstMs: 30_000, maxMs: 30 * 60_000 });
    const taken: [number, string][] = [];
    for (let at = 0; at <= 3_600_000; at += 1000) {
      const rung = ladder.next(true, at);
      if (rung) taken.push([at / 1000, rung]);
    }
    expect(taken).toEqual([
      [30, "adapter"],
      [90, "connection"],
      [210, "process"],
      [450, "adapter"],
      [930, "connection"],
      [1890, "process"],
    ]);
    expect(ladder.next(false, 3_700_000)).toBeNull();
    expect([ladder.next(true, 3_701_000), ladder.next(true, 3_731_000)]).toEqual([null, "adapter"]);
  });
});

describe("the protocol", () => {
  it("takes lines split anywhere, and nothing else for a word", () => {
    const word = JSON.stringify({ v: 1, is: "seen", mac: MAC, mono: 1, services: { fcd2: "400157" } });
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }), fc.string(), (cuts, noise) => {
        const text = `${word}\n${noise.replaceAll("\n", "")}\n${word}\n`;
        const lines = new LineSplitter(LINE_MAX);
        const got: (string | null)[] = [];
        for (let at = 0, i = 0; at < text.length; i += 1) {
          const end = at + (cuts[i % cuts.length] ?? 1);
          got.push(...lines.push(text.slice(at, end)));
          at = end;
        }
        return (
          got.length === 3 && parseLine(messageSchema, got[0] ?? "") !== null && parseLine(messageSchema, got[2] ?? "") !== null
        );
      }),
    );
    const anything = fc.oneof(fc.string(), fc.json());
    fc.assert(
      fc.property(anything, (line) => parseLine(messageSchema, line) === null && parseLine(commandSchema, line) === null),
      { numRuns: 10_000 },
    );
  });

  it("bounds what one child is asked for", () => {
    const macs = Array.from(
      { length: 257 },
      (_, n) => `D0:00:00:00:0${n >> 8}:${(n & 255).toString(16).padStart(2, "0").toUpperCase()}`,
    );
    expect(parseLine(commandSchema, JSON.stringify({ v: 1, do: "want", macs }))).toBeNull();
    expect(parseLine(commandSchema, JSON.stringify({ v: 1, do: "want", macs: macs.slice(1) }))).not.toBeNull();
  });
});
