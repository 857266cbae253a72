/** A camera through days of a site: faults told apart, power cut by the rules, somebody called in the end. */
import { expect, it } from "vitest";
import { replay } from "../../../../src/edge/engine/past/replay.ts";
import { camera } from "../../../../src/edge/kinds/camera/index.ts";
import { LivedSite } from "../../../support/memory/lived-site.ts";
import fc from "../../../support/property.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const ALL = {
  health: "cam.alive",
  authorised: "cam.authorised",
  clock: "cam.clock-offset",
  firmware: "cam.firmware",
  restarts: "cam.restarts",
  tamper: "box.tamper",
  supply: "box.supply",
  power: "cam-power",
  powerCycle: { unless: ["nvr.recording"] },
};

const assetsOf = (written: object) => [
  {
    kind: camera,
    asset: {
      id: "gate",
      urn: "urn:gate",
      kind: "camera",
      name: { it: "Cancello", en: "Gate" },
      options: camera.options.parse({ health: "cam.alive", ...written }),
      silentAfterMs: Object.fromEntries(
        ["health", "authorised", "clock", "firmware", "restarts", "tamper", "supply", "unless-0"].map((role) => [
          role,
          3 * MINUTE,
        ]),
      ),
    },
  },
];

async function lived(written: object) {
  const site = new LivedSite(assetsOf(written));
  await site.open();
  const says = (point: string, value: boolean | number | string | null, more: object = {}) => {
    const [device = "", name = ""] = point.split(".");
    site.reads(device, { point: name, value, quality: value === null ? "bad" : "good", ...more });
  };
  const told = () => {
    site.commit();
    return site.events.flatMap(({ event: e }) => (e.asset === "gate" ? [`${e.kind} ${e.state}: ${e.text.it}`] : []));
  };
  /** When its power was ordered off and on, in minutes of the machine. */
  const orders = () => {
    site.commit();
    return site.ordered.map((line) => line.replace(/^\S+ (\d+) \S+ /, (_, mono) => `${(Number(mono) / MINUTE).toFixed(1)} `));
  };
  const status = () => site.states.at(-1)?.state.state["status"];
  return { site, says, told, orders, status };
}

/** Orders succeed while time goes on. */
function waits(site: LivedSite, ms: number): void {
  for (let left = ms; left > 0; left -= 5000) {
    site.wait(Math.min(5000, left));
    site.endsOrder(true);
  }
}

it("that does not answer is powered off and on by the rules, and after three times in vain somebody is called", async () => {
  const { site, says, told, orders, status } = await lived({ power: "cam-power", powerCycle: {} });
  says("cam.alive", true);
  waits(site, MINUTE);
  says("cam.alive", false);
  waits(site, 2 * HOUR);
  expect(orders()).toEqual([
    "6.0 cam-power.on=false",
    "6.2 cam-power.on=true",
    "21.0 cam-power.on=false",
    "21.2 cam-power.on=true",
    "36.0 cam-power.on=false",
    "36.2 cam-power.on=true",
  ]);
  expect(status()).toBe("fault");
  says("cam.alive", true);
  waits(site, MINUTE);
  expect(told()).toEqual([
    "camera.fault raised: Telecamera Cancello: non risponde da 5 min",
    "camera.unrecovered raised: Telecamera Cancello: non risponde nemmeno dopo 3 riavvii: serve un intervento sul posto",
    "camera.fault cleared: Telecamera Cancello: risponde di nuovo",
    "camera.unrecovered cleared: Telecamera Cancello: risponde di nuovo",
  ]);
  // The same day it is not powered off again.
  says("cam.alive", false);
  waits(site, 2 * HOUR);
  expect(orders()).toHaveLength(6);
});

it("whose power is off when the gateway is killed has it again at the start", async () => {
  const { site, says, orders } = await lived({ power: "cam-power", powerCycle: {} });
  says("cam.alive", true);
  site.wait(MINUTE);
  says("cam.alive", false);
  site.wait(5 * MINUTE);
  expect(orders()).toHaveLength(1);
  site.endsOrder(true);
  site.commit();
  await site.open({ offMs: 20_000 });
  site.wait(1000);
  expect(orders().map((line) => line.split(" ")[1])).toEqual(["cam-power.on=false", "cam-power.on=true"]);
});

it("keeps its power while its recorder forbids it, or while nobody knows whether it does", async () => {
  const { site, says, orders } = await lived({ power: "cam-power", powerCycle: { unless: ["nvr.recording"] } });
  says("cam.alive", true);
  says("nvr.recording", true);
  waits(site, MINUTE);
  says("cam.alive", false);
  waits(site, HOUR);
  site.device("nvr", false);
  waits(site, HOUR);
  expect(orders()).toEqual([]);
  site.device("nvr", true);
  says("nvr.recording", false);
  waits(site, 5000);
  expect(orders().map((line) => line.split(" ")[1])).toEqual(["cam-power.on=false"]);
  // It begins to record meanwhile: the power returns at once.
  says("nvr.recording", true);
  waits(site, 5000);
  expect(orders().map((line) => line.split(" ")[1])).toEqual(["cam-power.on=false", "cam-power.on=true"]);
});

it("that nobody can reach, as the gateway's own network is gone, is neither called broken nor powered off", async () => {
  const { site, says, told, orders, status } = await lived({ power: "cam-power", powerCycle: {} });
  says("cam.alive", true);
  waits(site, MINUTE);
  says("cam.alive", null, { code: "net.not-tried" });
  waits(site, 3 * HOUR);
  expect([told(), orders(), status()]).toEqual([[], [], "unknown"]);
});

it("tells each fault apart", async () => {
  const { site, says, told } = await lived(ALL);
  const well = () => {
    for (const [point, value] of Object.entries({
      "cam.alive": true,
      "cam.authorised": true,
      "cam.clock-offset": 1,
      "cam.firmware": "1.0",
    }))
      says(point, value);
    says("box.tamper", false);
    says("box.supply", true);
    says("nvr.recording", false);
  };
  well();
  waits(site, MINUTE);
  says("box.tamper", true);
  waits(site, MINUTE);
  well();
  says("cam.authorised", false);
  says("cam.clock-offset", -75);
  waits(site, 11 * MINUTE);
  well();
  says("cam.restarts", 0);
  says("cam.restarts", 1);
  says("cam.firmware", "2.0");
  waits(site, MINUTE);
  says("box.supply", false);
  says("cam.alive", false);
  waits(site, 4 * MINUTE);
  says("box.supply", true);
  says("cam.alive", true);
  waits(site, MINUTE);
  expect(told()).toEqual([
    "camera.tamper raised: Telecamera Cancello: manomissione",
    "camera.tamper cleared: Telecamera Cancello: nessuna manomissione",
    "camera.unauthorised raised: Telecamera Cancello: rifiuta utente e password da 10 min",
    "camera.clock raised: Telecamera Cancello: orologio sbagliato di oltre 1 min da 10 min",
    "camera.unauthorised cleared: Telecamera Cancello: accesso di nuovo consentito",
    "camera.clock cleared: Telecamera Cancello: orologio di nuovo giusto",
    "camera.restarted noted: La telecamera si è riavviata",
    "camera.firmware-changed noted: Firmware della telecamera cambiato: prima 1.0, ora 2.0",
    "camera.no-power raised: Telecamera Cancello: senza alimentazione da 1 min",
    "camera.no-power cleared: Telecamera Cancello: di nuovo alimentata",
  ]);
});

it("without a relay has no power-cycle, and the configuration is told so", () => {
  const o = camera.options.parse({ health: "cam.alive", powerCycle: {} });
  expect(camera.idle?.(o)).toEqual({ powerCycle: ["power"] });
});

it.each([
  { power: "cam-power", powerCycle: { off: "2min", cooldown: "1min" } },
  { power: "cam-power", powerCycle: { perDay: 0 } },
  { power: "a.b.c" },
  { password: "x" },
])("is not configured so: %j", (written) =>
  expect(camera.options.safeParse({ health: "cam.alive", ...written }).success).toBe(false),
);

/** An order that was lost with a kill is given at the next start, if the power would still be off then. */
const LATE_MS = 10_000;
const WHAT = ["gone", "gone", "there", "unseen", "recording", "idle", "idle", "commit", "kill", "reboot"] as const;
const moves = fc.array(
  fc.record({
    gap: fc.oneof(fc.integer({ min: 0, max: 20_000 }), fc.integer({ min: 0, max: 4 * HOUR })),
    what: fc.constantFrom(...WHAT),
  }),
  { minLength: 3, maxLength: 30 },
);

it("is powered off no more than three times in any day, never twice within its rest, and is on in the end", {
  timeout: 120_000,
}, async () => {
  await fc.assert(
    fc.asyncProperty(moves, async (list) => {
      const written = { power: "cam-power", powerCycle: { unless: ["nvr.recording"] } };
      const { site, says } = await lived(written);
      for (const { gap, what } of list) {
        if (what !== "kill" && what !== "reboot") site.wait(gap);
        if (what === "gone" || what === "there") says("cam.alive", what === "there");
        else if (what === "unseen") says("cam.alive", null, { code: "net.not-tried" });
        else if (what === "recording" || what === "idle") says("nvr.recording", what === "recording");
        else if (what === "commit") site.endsOrder(true);
        else {
          await site.open({ reboot: what === "reboot", offMs: what === "kill" ? 2000 : 60_000 });
          site.commit();
        }
      }
      says("cam.alive", true);
      site.wait(MINUTE);
      site.commit();
      const orders = site.ordered.map((line) => line.split("="));
      // In another boot the clock of the machine begins anew.
      if (!list.some(({ what }) => what === "reboot")) {
        const offs = orders.flatMap(([head = "", value]) => (value === "false" ? [Number(head.split(" ")[1])] : []));
        for (const [i, at] of offs.entries()) {
          expect(at - (offs[i - 1] ?? Number.NEGATIVE_INFINITY)).toBeGreaterThanOrEqual(15 * MINUTE - LATE_MS);
          expect(at - (offs[i - 3] ?? Number.NEGATIVE_INFINITY)).toBeGreaterThanOrEqual(24 * HOUR - LATE_MS);
        }
      }
      if (orders.length > 0) expect(orders.at(-1)?.[1]).toBe("true");
      const { told } = await replay(site.past, assetsOf(written));
      const again = told.map(
        ({ epoch, mono, asset, kind, state }) => `${epoch} ${Math.max(mono, site.openedAt(epoch))} ${asset} ${kind} ${state}`,
      );
      expect(again).toEqual(site.told);
    }),
    { numRuns: Number(process.env["CIPPO_HISTORIES"] ?? 100) },
  );
});
