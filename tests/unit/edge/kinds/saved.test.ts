/** What is saved of an asset is short, and brings back all that was known. */

import { expect, it } from "vitest";
import { AssetRun } from "../../../../src/edge/engine/asset/asset-run.ts";
import { restore, savedOf } from "../../../../src/edge/engine/asset/saved.ts";
import { parkingBay } from "../../../../src/edge/kinds/parking-bay/index.ts";
import fc from "../../../support/property.ts";

const bay = () =>
  new AssetRun(
    {
      id: "bay-000",
      urn: "urn:bay-000",
      kind: "parking-bay",
      name: { it: "0", en: "0" },
      options: parkingBay.options.parse({ occupancy: "sensor.presence", reservedFor: "disabled", permits: {} }),
      silentAfterMs: { occupancy: 10_000 },
    },
    parkingBay,
    0,
  );

const ms = fc.integer({ min: 0, max: 1e11 });
const orNull = <T>(of: fc.Arbitrary<T>) => fc.option(of, { nil: null });
const code = fc.constantFrom("device.silent", "sensor.no-echo");
const sight = fc.oneof(
  fc.record({ known: fc.constant(true as const), value: fc.boolean() }),
  fc.record({ known: fc.constant(false as const), code }),
);
const seen = fc.oneof(
  fc.record({ known: fc.constant(true as const), value: fc.boolean(), since: ms, blind: fc.boolean(), doubt: orNull(code) }),
  fc.record({ known: fc.constant(false as const), since: ms, code }),
  fc.record({ known: fc.constant(false as const), since: ms, code, presumed: fc.boolean() }),
);
const attribute = fc.oneof(
  fc.record({ value: fc.oneof(fc.string(), fc.boolean(), fc.integer()), quality: fc.constant("good" as const) }),
  fc.record({ value: fc.string(), quality: fc.constant("uncertain" as const), code }),
);
const lived = fc.record({
  facts: fc.record({
    stay: orNull(ms),
    permit: orNull(fc.record({ at: ms, until: orNull(ms) })),
    paid: orNull(fc.record({ last: fc.string(), sessions: fc.constant([]) })),
    staleBadge: orNull(fc.constant(true as const)),
    watch: orNull(fc.record({ changed: fc.array(ms), moved: fc.nat(), beside: fc.constant({ "neighbour-1": "free" }) })),
    swap: orNull(
      fc.record({
        beside: fc.constant({ "13": null }),
        socket: orNull(fc.string()),
        use: fc.constant(null),
        row: fc.constant(null),
      }),
    ),
  }),
  senses: fc.record({ occupancy: fc.record({ seen, pending: orNull(fc.record({ sight, since: ms })) }) }),
  claims: fc.oneof(fc.constant({}), fc.record({ "bay.illegal-occupation": fc.record({ since: ms, lostAt: orNull(ms) }) })),
  flapping: fc.oneof(
    fc.constant({}),
    fc.record({ "bay.illegal-occupation": fc.record({ raised: fc.array(ms), holds: fc.boolean(), changed: ms }) }),
  ),
  shown: fc.oneof(fc.constant({}), fc.record({ status: attribute, permit: attribute })),
  at: fc.integer({ min: 1, max: 2e12 }),
  since: ms,
  atEpoch: fc.option(fc.constant("E1"), { nil: undefined }),
  sinceEpoch: fc.option(fc.constant("E0"), { nil: undefined }),
  heardAt: ms,
});

it("brings back all that was known", () => {
  const heard = fc.record({ n: fc.nat(), readings: fc.nat(), events: fc.nat() });
  fc.assert(
    fc.property(lived, heard, (state, upTo) => {
      const run = Object.assign(bay(), state);
      const back = bay();
      restore(back, JSON.parse(JSON.stringify(savedOf(run, upTo))));
      expect(back).toEqual(Object.assign(run, { restored: "kept", upTo }));
    }),
    { numRuns: 500 },
  );
});

it("takes 200 bytes with its key for a bay that was just taken, after a year", () => {
  const at = 31_536_000_000;
  const run = Object.assign(bay(), {
    facts: { stay: at, permit: null, paid: null, staleBadge: null, watch: null },
    senses: { occupancy: { seen: { known: true, value: true, since: at, blind: false, doubt: null }, pending: null } },
    shown: { status: { value: "occupied", quality: "good" }, permit: { value: "none", quality: "good" } },
    heardAt: at + 5000,
    at: 1_764_000_000_000,
    since: 1_763_999_995_000,
  });
  const saved = JSON.stringify(savedOf(run, { n: 321, readings: 123_456_789, events: 12_345 }));
  expect("asset/bay-000".length + saved.length, saved).toBeLessThanOrEqual(200);
});
