/** Whatever happens at a defibrillator, a replay of its stored past tells the same, and its use is never kept back. */
import { expect, it } from "vitest";
import { replay } from "../../../../../src/edge/engine/past/replay.ts";
import fc from "../../../../support/property.ts";
import { aedAssets, answers, cabinet, HOUR, MINUTE, type WATCHED } from "./cabinet.ts";

type Role = keyof typeof WATCHED;

const LIGHTS = ["blinking", "green", "dark", "steady", "red"];
const reading = fc.oneof(
  fc.record({
    role: fc.constantFrom<Role>("door", "present", "chirp", "tamper", "heater", "thermostat"),
    value: fc.boolean(),
  }),
  fc.record({ role: fc.constant<Role>("light"), value: fc.constantFrom(...LIGHTS) }),
  fc.record({ role: fc.constant<Role>("temperature"), value: fc.constantFrom(-5, 0.2, 4.8, 20, 45.2, 60) }),
  fc.record({ role: fc.constant<Role>("battery"), value: fc.integer({ min: 0, max: 100 }) }),
);
const move = fc.record({
  gap: fc.oneof(fc.integer({ min: 0, max: 90_000 }), fc.integer({ min: 0, max: HOUR })),
  what: fc.oneof(
    { weight: 6, arbitrary: reading },
    { weight: 1, arbitrary: fc.constantFrom<Role>("door", "present", "light") },
    { weight: 2, arbitrary: fc.constantFrom("commit", "kill", "stop", "reboot", "reboot unknown", "clock" as const) },
  ),
});
const moves = fc.array(move, { minLength: 3, maxLength: 40 });

it("says the same when its stored past is played again", { timeout: 120_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(moves, async (list) => {
      const { site, reads } = await cabinet({ batteryExpiry: "2026-01-23" });
      for (const { gap, what } of list) {
        site.wait(gap);
        if (typeof what === "object") reads(what.role, what.value);
        else if (what === "door" || what === "present" || what === "light")
          reads(what, null, { quality: "bad", code: "bus.timeout" });
        else if (what === "commit") site.commit();
        else if (what === "clock") site.findsClock();
        else {
          if (what !== "kill") site.commit();
          await site.open({
            reboot: what.startsWith("reboot"),
            offMs: gap % (2 * MINUTE),
            isOffKnown: what !== "reboot unknown",
          });
          site.commit();
        }
      }
      site.commit();
      const { told } = await replay(site.past, aedAssets({ batteryExpiry: "2026-01-23" }), answers());
      const again = told.map(
        ({ epoch, mono, asset, kind, state }) => `${epoch} ${Math.max(mono, site.openedAt(epoch))} ${asset} ${kind} ${state}`,
      );
      expect(again).toEqual(site.told);
    }),
    { numRuns: Number(process.env["CIPPO_HISTORIES"] ?? 100) },
  );
});

it("is in use in the moment of the reading that says so, whatever else it says of itself", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(reading, { maxLength: 12 }), fc.constantFrom<Role>("door", "present"), async (before, role) => {
      const { site, reads, well, told, state } = await cabinet();
      for (const { role: of, value } of before) {
        reads(of, value);
        site.wait(MINUTE);
      }
      well();
      told();
      reads(role, role === "door");
      expect(told()).toContain("aed.in-use raised");
      expect(state()["readiness"]).toBe("inUse");
    }),
    { numRuns: 100 },
  );
});
