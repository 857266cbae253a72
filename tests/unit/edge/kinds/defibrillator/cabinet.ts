/** A defibrillator in its cabinet, lived by the real engine: what its sensors say, and what is told of it. */
import { SiteAnswers } from "../../../../../src/edge/answers/site-answers.ts";
import { defibrillator } from "../../../../../src/edge/kinds/defibrillator/index.ts";
import type { SiteAsset } from "../../../../../src/edge/kinds/index.ts";
import type { Value } from "../../../../../src/model/index.ts";
import { LivedSite } from "../../../../support/memory/lived-site.ts";

export const SECOND = 1000;
export const MINUTE = 60_000;
export const HOUR = 3_600_000;

/** Everything that may watch one. */
export const WATCHED = {
  door: "door.door",
  present: "present.presence",
  light: "light.blink",
  chirp: "chirp.chirp",
  tamper: "tamper.tamper",
  heater: "heater.heater",
  thermostat: "thermostat.thermostat",
  temperature: "env.temperature",
  battery: "env.battery",
};

export function aedAssets(options: object = {}): readonly SiteAsset[] {
  const asset = {
    id: "aed-1",
    urn: "urn:aed-1",
    kind: "defibrillator",
    name: { it: "Galleana", en: "Galleana" },
    options: defibrillator.options.parse({ ...WATCHED, make: "Philips", model: "HeartStart FRx", ...options }),
    silentAfterMs: Object.fromEntries(Object.keys(WATCHED).map((role) => [role, 30_000])),
  };
  return [{ kind: defibrillator, asset }];
}

export const answers = () => new SiteAnswers({ timezone: "Europe/Rome" });

/** Opened, with everything in order. */
export async function cabinet(options: object = {}) {
  const site = new LivedSite(aedAssets(options), answers());
  await site.open();
  /** By the name of the option that names the point. */
  const reads = (role: keyof typeof WATCHED, value: Value, more: object = {}) => {
    const [device = "", point = ""] = WATCHED[role].split(".");
    site.reads(device, { point, value, quality: "good", ...more });
  };
  const well = (light = "blinking") => {
    reads("door", false);
    reads("present", true);
    reads("light", light);
    for (const role of ["chirp", "tamper", "thermostat"] as const) reads(role, false);
    reads("heater", true);
    reads("temperature", 18);
    reads("battery", 90);
    site.wait(SECOND);
  };
  const all = () => {
    site.commit();
    return site.events.filter(({ event }) => event.asset === "aed-1").map(({ event }) => event);
  };
  return {
    site,
    reads,
    well,
    /** What was told, since the last time that this was asked. */
    told: (() => {
      let known = 0;
      return () => {
        const events = all();
        const news = events.slice(known).map(({ kind, state }) => `${kind} ${state}`);
        known = events.length;
        return news;
      };
    })(),
    events: all,
    state: () => site.states.at(-1)?.state.state ?? {},
  };
}
