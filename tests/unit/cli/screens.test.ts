/** The command line on a real terminal of 80×24, as a technician sees it. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Watched } from "../../../src/cli/socket/admin-protocol.ts";
import { type Admin, serveAdmin } from "../../../src/cli/socket/admin-server.ts";
import { EdgeError } from "../../../src/kit/errors.ts";
import { noLog } from "../../../src/kit/log.ts";
import type { DeviceStatus, EdgeEvent, GatewayStatus } from "../../../src/model/index.ts";
import { hasTerminal, Screen } from "../../support/running/screen.ts";
import { gatewayStatus } from "./gateway-status.ts";

const CIPPO = `${process.execPath} ${join(import.meta.dirname, "../../../dist/cippo.js")}`;
const SIZE = { columns: 80, rows: 24 };

const [meter] = gatewayStatus.devices;
if (meter === undefined) throw new Error("no meter");

/** Of `all` devices the last `down` are down and the one before them has a problem; all on one bus, or each on its own. */
function site(all: number, down: number, buses: "one bus" | "a bus each" = "one bus"): GatewayStatus {
  const devices = Array.from({ length: all }, (_, i): DeviceStatus => {
    const id = `bay-${String(i + 1).padStart(3, "0")}-sensor`;
    const base = { ...(meter as DeviceStatus), id, bus: buses === "one bus" ? "hall-485" : `line-${i + 1}` };
    const code = i >= all - down ? "port.lost" : "contact.chatter";
    const error = new EdgeError(code, { port: "/dev/serial/by-id/usb-1a86_USB_Serial-if00-port0", device: id, edges: 340 });
    const problem = {
      code,
      forMs: 95_000,
      what: { it: error.what("it"), en: error.what("en") },
      next: { it: error.hint("it"), en: error.hint("en") },
    };
    if (i >= all - down) return { ...base, state: "down", problem };
    return i === all - down - 1 ? { ...base, state: "problem", problem } : base;
  });
  const alarms = devices
    .slice(-down)
    .map(({ id }, i) => ({ id: `e/${i}`, device: id, kind: "device.down", severity: "medium" as const, since: 0 }));
  return { ...gatewayStatus, devices, alarms };
}

describe.skipIf(!hasTerminal)("on a terminal of 80×24", { timeout: 90_000 }, () => {
  let folder = "";
  let socket = "";
  let picture = site(40, 3);
  let tell: (item: Watched) => void = () => undefined;
  const stop = new AbortController();
  const admin: Admin = {
    status: () => picture,
    present: () => picture,
    problems: () => [],
    commands: () => [],
    lists: () => [],
    importList: async () => null,
    read: async () => [],
    watch: (_, listener) => {
      tell = listener;
      return () => undefined;
    },
    command: async () => {
      throw new EdgeError("cli.unknown-name", { name: "x" });
    },
    events: async function* () {
      yield* ["meter-hall", "bay-014"].map((device, i) => ({
        ...{ id: `e/${i}`, epoch: "e", seq: i, after: 0, at: 0, mono: 0, clock: "synced" as const, kind: "device.down" },
        ...{ device, state: "raised" as const, severity: "medium" as const, since: 0 },
        text: {
          it: `${device} è fermo: la porta è stata scollegata e nessuno l'ha ricollegata`,
          en: `${device} is down: its port was unplugged and nobody plugged it in again`,
        },
      })) as unknown as EdgeEvent[];
    },
    history: async function* () {},
  };
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "cippo-screen-"));
    socket = join(folder, "s");
    await serveAdmin(socket, admin, noLog, stop.signal);
  });
  afterAll(async () => {
    stop.abort();
    await rm(folder, { recursive: true, force: true });
  });
  const open = (words: string, env: Readonly<Record<string, string>> = {}, size = SIZE) =>
    new Screen(`PS1='[ended $?]'; clear; ${CIPPO} --socket ${socket} ${words}`, size, { LC_ALL: "C.UTF-8", TZ: "UTC", ...env });
  /** A command that ended: its lines and exit code. The whole of it must stand on the screen. */
  async function ended(words: string, env: Readonly<Record<string, string>> = {}, size = SIZE) {
    using screen = open(words, env, size);
    const lines = await screen.shows(/^\[ended \d+\]$/m);
    const end = lines.findIndex((line) => line.startsWith("[ended"));
    return { lines: lines.slice(0, end), code: Number(/\d+/.exec(lines[end] ?? "")?.[0]) };
  }

  it.each([
    ["en", "4 of 40 devices are not well", "36 devices are well", "hall-485: 3 of 40 devices  down for 95 s  port.lost"],
    [
      "it",
      "4 di 40 dispositivi non stanno bene",
      "36 dispositivi stanno bene",
      "hall-485: 3 di 40 dispositivi  non rispondono da 95 s  port.lost",
    ],
  ])("status of 40 devices names a line that stops 3 of them once, on one screen with the faults first, in %s", async (...of) => {
    const [lang, title, well, fault] = of;
    picture = site(40, 3);
    const { lines, code } = await ended("status", { LC_ALL: lang === "it" ? "it_IT.UTF-8" : "C.UTF-8" });
    expect(code).toBe(1);
    // Its first line has not left the screen.
    expect(lines[0]).toMatch(/^gateway pc-galleana-01/);
    expect(lines.length).toBeLessThanOrEqual(23);
    const at = lines.indexOf(title);
    expect(at).toBe(5);
    expect(lines[at + 1]).toBe(fault);
    expect(lines[at + 2]).toBe("    bay-038-sensor, bay-039-sensor, bay-040-sensor");
    expect(lines[at + 3]).toMatch(/^ {4}\S.*usb-1a86_USB_Serial-if00-port0/);
    // The next step of the line once, and that of the device with a problem.
    expect(lines.filter((line) => line.startsWith("    → "))).toHaveLength(2);
    expect(lines.filter((line) => /^bay-037-sensor {2}\S/.test(line))).toHaveLength(1);
    expect(lines).toContain(well);
  });

  it("status remembers outages, and says that the platform is silent though the broker is there", async () => {
    const uplink = {
      ...{ state: "up" as const, since: 0, forMs: 7_200_000, outages: 2, downMs: 190_000 },
      ...{ last: { since: 0, durationMs: 40_000 }, platform: { silent: true, since: 0, heardAgoMs: null } },
    };
    const whole = site(3, 0);
    picture = { ...whole, devices: whole.devices.slice(0, 2), sync: { ...gatewayStatus.sync, uplink } };
    const { lines, code } = await ended("status");
    expect(lines.slice(2, 5)).toEqual([
      "broker mqtt://127.0.0.1:1883  connected for 2 h",
      "  2 outages, in all 3 min, the last from 1970-01-01 00:00:00 for 40 s",
      expect.stringMatching(/^ {2}THE PLATFORM IS SILENT: the broker is there, but nothing is acknowledged/),
    ]);
    expect(code).toBe(1);
    picture = {
      ...picture,
      sync: { ...gatewayStatus.sync, uplink: { ...uplink, outages: 0, platform: { silent: false, heardAgoMs: 5 } } },
    };
    const well = await ended("status", { LC_ALL: "it_IT.UTF-8" });
    expect(well.lines.slice(2, 4)).toEqual([
      "broker mqtt://127.0.0.1:1883  collegato da 2 h",
      expect.stringMatching(/^archivio /),
    ]);
    expect(well.code).toBe(0);
  });

  it("why the broker is away, and what to do, is said in the reader's language", async () => {
    const error = new EdgeError("sync.taken-over", {
      broker: "mqtt://127.0.0.1:1883",
      clientId: "gw",
      clientIdKey: "gateway.id",
      reason: "0x8e",
    });
    const detail = { it: error.what("it"), en: error.what("en") };
    const next = { it: error.hint("it"), en: error.hint("en") };
    picture = { ...site(1, 0), sync: { ...gatewayStatus.sync, connected: false, code: error.code, detail, next } };
    const shown = async (lang: string) => (await ended("status", { LC_ALL: lang })).lines.join(" ");
    const whole = (text: string) => text.replaceAll(/\s+/g, " ");
    expect(whole(await shown("it_IT.UTF-8"))).toContain(`sync.taken-over (${detail.it}) → ${next.it} `);
    expect(whole(await shown("en_GB.UTF-8"))).toContain(`sync.taken-over (${detail.en}) → ${next.en} `);
    expect(detail.it).not.toBe(detail.en);
  });

  it("status fits whatever is down: what has no room is counted", async () => {
    picture = site(40, 30, "a bus each");
    const { lines } = await ended("status");
    expect(lines[0]).toMatch(/^gateway pc-galleana-01/);
    expect(lines).toContain("31 of 40 devices are not well");
    const shown = lines.filter((line) => /^bay-\d+-sensor {2}down/.test(line)).length;
    expect(shown).toBeGreaterThan(5);
    expect(lines).toContain(`… ${31 - shown} more: \`cippo status --all\``);
    expect(lines).toContain("9 devices are well");
    expect(lines).toContain("30 open alarms:");
  });

  it("status names as many devices of one fault as two lines hold, and counts the others", async () => {
    picture = site(40, 30);
    const { lines } = await ended("status");
    const at = lines.indexOf("hall-485: 30 of 40 devices  down for 95 s  port.lost");
    expect(lines.slice(at + 1, at + 3)).toEqual([
      "    bay-011-sensor, bay-012-sensor, bay-013-sensor, bay-014-sensor,",
      expect.stringMatching(/^ {4}bay-015-sensor, .*, … \d\d more$/),
    ]);
    expect(lines).toContain("bay-010-sensor  up with a problem for 95 s  contact.chatter");
    expect(lines.length).toBeLessThanOrEqual(23);
  });

  it.each([40, 60, 80, 120])(
    "no line of a table leaves a terminal of %i columns, and all rows are laid out alike",
    async (columns) => {
      picture = site(2, 1);
      for (const words of ["events", "devices", "status --all"]) {
        const { lines } = await ended(words, {}, { columns, rows: 120 });
        // What was wrapped by the terminal itself would be a line of full width that goes on in the next one.
        for (const line of lines) expect(line.length).toBeLessThanOrEqual(columns);
        const at = lines.filter((line) => line.startsWith("1970-01-01 ")).map((line) => line.indexOf("raised"));
        expect(new Set(at).size).toBeLessThanOrEqual(1);
      }
    },
  );

  it("watch shows the present first; Enter moves nothing, q ends it", async () => {
    picture = site(2, 0);
    using screen = open("watch bay-001-sensor");
    await screen.shows(/and from now on/);
    screen.keys("Enter", "Enter", "x");
    tell({ what: "reading", source: "bay-001-sensor", point: "power", value: 7.5, unit: "W", quality: "good", at: 0 });
    const lines = await screen.shows(/7\.5 W/);
    expect(lines.slice(0, 5).map((line) => line.replace(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/, "T"))).toEqual([
      "present values:",
      "T  bay-001-sensor.power  412.5 W",
      "T  bay-001-sensor.voltage  – V  bad bus.timeout",
      "and from now on (q ends):",
      "T  bay-001-sensor.power  7.5 W",
    ]);
    screen.keys("q");
    expect((await screen.shows(/^\[ended 0\]$/m))[5]).toBe("[ended 0]");
  });
});
