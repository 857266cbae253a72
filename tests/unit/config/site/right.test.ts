/** What is right is read as it is meant, defaults and all. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import * as z from "zod";
import { checkSite, jsonSchema, loadSite } from "../../../../src/config/index.ts";
import { EXAMPLE, HEAD, ROADMAP, scratch, site } from "./support.ts";

const folder = scratch();

describe("what is right", () => {
  it("has nothing to say of the example", async () => {
    // By its text: this machine may lack the pins that the site has.
    const loaded = await checkSite(await readFile(EXAMPLE, "utf8"), EXAMPLE);
    expect(loaded.problems).toEqual([]);
    expect(loaded.site?.assets["bay-014"]?.asset).toMatchObject({
      urn: "urn:ngsi-ld:ParkingSpot:parco-galleana:bay-014",
      silentAfterMs: { occupancy: expect.any(Number) },
    });
  });

  it("accepts the roadmap with warnings only, each of something that does nothing yet", async () => {
    const loaded = await loadSite(ROADMAP);
    expect(new Set(loaded.problems.map((p) => `${p.severity} ${p.code}`))).toEqual(
      new Set(["warning config.type-not-yet", "warning config.not-yet"]),
    );
    expect(Object.keys(loaded.site.devices)).toContain("meter-hall");
    expect(Object.keys(loaded.site.devices)).not.toContain("water-main");
    expect(loaded.hash).toMatch(/^[0-9a-f]{64}$/);
    expect(loaded.hash.startsWith(loaded.rev)).toBe(true);
  });

  it("fills every default in", async () => {
    const { site: made, problems } = await site("");
    expect(problems).toEqual([]);
    expect(made).toMatchObject({
      gateway: { timezone: "Europe/Rome", clock: "auto" },
      sync: {
        acknowledge: "platform",
        mqtt: 5,
        prefix: "cippo/v1",
        live: { every: 1000 },
        reconnect: { first: 60_000, max: 300_000 },
      },
      store: { quotaMB: 256, keep: 14 * 86_400_000, commit: 1000 },
      devices: {},
    });
  });

  it("sends live values less often on a metered uplink", async () => {
    const text = HEAD.replace("1883", "1883\n  uplink: { metered: true }");
    expect((await checkSite(text, "site.yaml")).site?.sync.live.every).toBe(30_000);
  });

  it("reads paths from the folder of the file", async () => {
    const file = join(folder.path, "site.yaml");
    await writeFile(
      file,
      `${HEAD.replace("site: { id: park }", "site: { id: park }\n  socket: run/a.sock")}store: { file: a.sqlite }\n`,
    );
    const loaded = await loadSite(file);
    expect(loaded.site.gateway.socket).toBe(join(folder.path, "run/a.sock"));
    expect(loaded.site.store.file).toBe(join(folder.path, "a.sqlite"));
  });
});

describe("the generated schema", () => {
  it.each([EXAMPLE, ROADMAP])("accepts %s as an editor does, and not a wrong word in it", async (file) => {
    const { parse } = await import("yaml");
    const schema = z.fromJSONSchema((await jsonSchema()) as Parameters<typeof z.fromJSONSchema>[0]);
    const example = parse(await readFile(file, "utf8")) as { devices: Record<string, object> };
    expect(schema.safeParse(example).error?.issues ?? []).toEqual([]);
    example.devices["meter-hall"] = { ...example.devices["meter-hall"], unti: 1 };
    expect(schema.safeParse(example).success).toBe(false);
  });
});
