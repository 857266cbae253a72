/** What a person reads of a gateway on a terminal and in a pipe. */
import { describe, expect, it } from "vitest";
import { clip, numbers, picture, plain, type ViewInput, type ViewOptions } from "../../../../../hw-sim/start/terminal/view.ts";
import { englishIn } from "../../../../support/italian.ts";

const seen: ViewInput = {
  broker: "mqtt://127.0.0.1:2883",
  ask: "node dist/cippo.js --socket /tmp/cippo-1/sock",
  seconds: 75,
  gateway: {
    gateway: "sim",
    version: "0",
    configRev: "r",
    pid: 42,
    ready: true,
    uptimeMs: 1,
    clock: "synced",
    epoch: { id: "E2", n: 2, boot: "b", opened: 0, cause: "start", former: null },
    devices: [
      {
        id: "meter-hall",
        type: "eastron-sdm120",
        state: "up",
        ageMs: 400,
        commands: [],
        points: [
          { point: "power", kind: "gauge", value: 2310.123456, unit: "W", quality: "good", ageMs: 400 },
          {
            point: "energy",
            kind: "counter",
            value: 123450.2,
            unit: "kW.h",
            quality: "uncertain",
            code: "value.went-back",
            ageMs: 61_000,
          },
          { point: "never", kind: "gauge", value: null, unit: "V", quality: "bad", ageMs: null },
        ],
      },
      {
        id: "boiler",
        type: "modbus-points",
        state: "down",
        problem: {
          code: "bus.timeout",
          forMs: 12_000,
          what: { it: "Nessuna risposta da boiler", en: "No answer from boiler" },
          next: { it: "Controllare il cablaggio.", en: "Check the wiring." },
        },
        ageMs: 13_000,
        points: [
          {
            point: "flow",
            kind: "gauge",
            value: 54.3,
            unit: "Cel",
            quality: "bad",
            code: "bus.timeout",
            ageMs: 13_000,
            last: true,
          },
        ],
        commands: [],
      },
    ],
    buses: [],
    assets: [
      {
        asset: "bay-1",
        urn: "u",
        epoch: "E2",
        seq: 1,
        at: 0,
        since: 0,
        clock: "synced",
        state: { status: "occupied", permit: "valid" },
        quality: "good",
        alarms: [],
      },
    ],
    alarms: [{ id: "E2/1", asset: "bay-1", kind: "bay.illegal-occupation", severity: "high", since: 0 }],
    sync: { broker: "mqtt://x", mode: "platform", connected: false },
    store: { file: "f", bytes: 1, quotaBytes: 2, unacknowledged: 7, writable: true, waiting: 0 },
    streams: [{ epoch: "E2", stream: "readings", upTo: 90, held: [], head: 97, oldest: 1, sentUpTo: 97 }],
  },
  platform: {
    connected: true,
    streams: [
      { gateway: "sim", epoch: "E1", stream: "readings", rows: 10, repeats: 0, upTo: 10, held: [[1, 10]], ledger: [], gaps: [] },
      { gateway: "sim", epoch: "E2", stream: "readings", rows: 95, repeats: 0, upTo: 95, held: [[1, 95]], ledger: [], gaps: [] },
    ],
    events: {},
    urgent: 0,
    malformed: [],
    commands: [],
  },
};
/** Names of the site, and what is typed. */
const NAMES = ["boiler", "meter-hall", "power", "energy", "never", "flow", "bay-1", "cippo", "sock", "node", "sim", "status"];
const look: ViewOptions = { lang: "en", colours: true };
// biome-ignore lint/suspicious/noControlCharactersInRegex: an escape sequence begins with one
const words = (lines: readonly string[]) => lines.join("\n").replace(/\x1b\[\d*m/g, "");

describe("the live view", () => {
  it("counts a finished epoch by the platform's word and the present one by the gateway's", () =>
    expect(numbers(seen)).toEqual({ delivered: 105, acknowledged: 100, buffer: 7 }));

  it("shows devices with value, age and quality, bays, alarms and numbers", () => {
    const text = words(picture(seen, 200, 50, look));
    expect(text).toContain("cippo sim · 1:15 · broker mqtt://127.0.0.1:2883 AWAY");
    expect(text).toMatch(/meter-hall +up +0\.4 s +power 2310\.1 W · ~value\.went-back energy 123450\.2 kWh 61 s/);
    expect(text).toMatch(/boiler +down +13 s +No answer from boiler · last flow 54\.3 °C 13 s/);
    expect(text).toContain("bay-1 occupied (permit)");
    expect(text).toContain("bay.illegal-occupation bay-1 (high)");
    expect(text).toContain("WAITING 7   DELIVERED 105   ACKNOWLEDGED 100");
    expect(text).not.toContain("never");
  });

  it("is one plain line in a pipe", () => {
    expect(plain(seen, "en")).toBe(
      "  75 s  devices 1/2 up  bay-1=occupied  alarms bay.illegal-occupation@bay-1  broker away  waiting 7  delivered 105  acknowledged 100",
    );
    expect(plain({ ...seen, gateway: null }, "en")).toContain("the gateway does not answer");
    expect(plain(seen, "it")).toBe(
      "  75 s  dispositivi 1/2 attivi  bay-1=occupato  allarmi bay.illegal-occupation@bay-1  broker non risponde  in attesa 7  consegnati 105  confermati 100",
    );
    expect(plain({ ...seen, gateway: null }, "it")).toContain("il gateway non risponde");
  });

  it.each([9, 5, 4])(
    "keeps bays, alarms and numbers on a terminal of %i rows, and says how many devices there are more",
    (rows) => {
      const { gateway } = seen;
      if (!gateway) throw new Error("no gateway");
      const [meter] = gateway.devices;
      if (!meter) throw new Error("no device");
      const devices = Array.from({ length: 8 }, (_, i) => ({ ...meter, id: `meter-${i}` }));
      const text = words(picture({ ...seen, gateway: { ...gateway, devices } }, 40, rows, look));
      expect(text.split("\n")).toHaveLength(rows);
      expect(text).toMatch(/^cippo sim[\s\S]*\nBAYS [\s\S]*\nALARMS [\s\S]*\nWAITING /);
      if (rows > 4) expect(text).toContain(`… ${rows === 9 ? 4 : 8} more`);
    },
  );

  it("shows first what is down where there is no room for all, and none of the others is lost without a word", () => {
    const { gateway } = seen;
    const [meter, boiler] = gateway?.devices ?? [];
    if (!gateway || !meter || !boiler) throw new Error("no devices");
    const devices = [...Array.from({ length: 39 }, (_, i) => ({ ...meter, id: `meter-${i}` })), boiler];
    const lines = picture({ ...seen, gateway: { ...gateway, devices } }, 80, 23, look).map((line) => words([line]));
    expect(lines).toHaveLength(23);
    expect(lines[1]).toMatch(/^boiler +down/);
    expect(lines[18]).toBe("… 23 more");
  });

  it("speaks Italian, with a comma before the decimals, and without colours where none are wanted", () => {
    const lines = picture(seen, 200, 50, { lang: "it", colours: false });
    expect(englishIn([...lines, plain(seen, "it")].join("\n"), NAMES)).toEqual([]);
    const text = lines.join("\n");
    expect(text).not.toContain("\x1b");
    expect(text).toMatch(/meter-hall +attivo +0,4 s +power 2310,1 W/);
    expect(text).toContain("broker mqtt://127.0.0.1:2883 NON RISPONDE");
    expect(text).toContain("POSTI   bay-1 occupato (con permesso)");
    expect(text).toContain("IN ATTESA 7   CONSEGNATI 105   CONFERMATI 100");
    expect(lines.at(-1)).toBe("q termina · altrove: node dist/cippo.js --socket /tmp/cippo-1/sock status");
  });

  it("fits a narrow and low terminal, colours taking no room", () => {
    const lines = picture(seen, 30, 5, look);
    expect(lines).toHaveLength(5);
    for (const line of lines) expect(words([line]).length).toBeLessThanOrEqual(30);
    expect(clip("\x1b[1mabcdef\x1b[0m", 3)).toBe("\x1b[1mab…\x1b[0m");
    expect(clip("\x1b[1mabc\x1b[0mdef", 4)).toBe("\x1b[1mabc…\x1b[0m");
    expect(clip("\x1b[1mabc\x1b[0m", 3)).toBe("\x1b[1mabc\x1b[0m");
  });
});
