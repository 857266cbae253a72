/** The configuration of the demonstration's gateway, and what the judge must know of its points and bays. */
import { stringify } from "yaml";
import * as z from "zod";
import { loadDriver } from "../../src/drivers/index.ts";
import { duration } from "../../src/kit/text/quantities.ts";
import type { Expectation } from "../site/expectation.ts";
import type { BayRule } from "./judge/bays.ts";
import type { PointRule } from "./judge/levels.ts";

export const siteReady = z.looseObject({
  control: z.number(),
  served: z.string(),
  site: z.object({
    buses: z.record(z.string(), z.unknown()),
    devices: z.record(z.string(), z.looseObject({ type: z.string(), bus: z.string() })),
    assets: z.record(z.string(), z.looseObject({ kind: z.string() })),
  }),
  permits: z.array(z.string()).default([]),
  earlyPermits: z.array(z.string()).default([]),
  /** Checked by the site when it read its scenario. */
  expect: z.custom<Expectation | null>().default(null),
  paces: z.record(z.string(), z.number()).default({}),
  faults: z.record(z.string(), z.array(z.string())),
});
export type Site = z.infer<typeof siteReady>["site"];

export const GATEWAY = "sim-piazza";
export const COMMIT_MS = 1000;

export interface Places {
  readonly socket: string;
  readonly store: string;
  readonly broker: string;
  /** Whose signature the gateway trusts: a file, and its folder. */
  readonly credentials?: { readonly folder: string; readonly trust: string };
}

/** A configuration like any other: nothing in it knows of a simulation. */
export function gatewayConfig(site: Site, { socket, store, broker, credentials }: Places): string {
  return stringify({
    gateway: {
      id: GATEWAY,
      site: { id: "piazza" },
      socket,
      clock: "assumed",
    },
    ...(credentials && { credentials: { folder: credentials.folder, trust: credentials.trust } }),
    sync: { broker, acknowledge: "platform", live: { every: "1s" }, reconnect: { first: "1s", max: "2s" } },
    store: { file: store, quotaMB: 64, keep: "14d", commit: `${COMMIT_MS}ms` },
    buses: site.buses,
    devices: Object.fromEntries(
      Object.entries(site.devices).map(([id, { bus, ...device }]) => [
        id,
        Object.hasOwn(site.buses, bus) ? { ...device, bus } : device,
      ]),
    ),
    assets: site.assets,
  });
}

export interface Points {
  /** Devices that are not polled: they send by themselves. */
  readonly speakers: ReadonlySet<string>;
  readonly rules: ReadonlyMap<string, PointRule>;
  /** The longest polling period: after it every device has been asked once more. */
  readonly slowestMs: number;
}

export async function pointsOf(site: Site): Promise<Points> {
  const rules = new Map<string, PointRule>();
  const speakers = new Set<string>();
  let slowestMs = 0;
  for (const [device, { type, bus, ...written }] of Object.entries(site.devices)) {
    const driver = await loadDriver(type);
    const options = driver.options.parse(written);
    const everyMs = driver.everyMs?.(options);
    if (everyMs === undefined) speakers.add(device);
    slowestMs = Math.max(slowestMs, everyMs ?? 0);
    const layout = driver.layout(options);
    // What a sign is said to show follows from its rhythm, later than any level: the list of what its asset must tell judges it.
    if (layout.wire === "gpio" && layout.role === "sign") continue;
    const debounceMs = z.looseObject({ debounce: z.number().default(0) }).parse(options).debounce;
    for (const [point, { kind, report }] of Object.entries(driver.points(options)))
      rules.set(`${device}.${point}`, {
        bus,
        // A session is paid, and does not stand on the wire: a station that repeats it says nothing new.
        kind: type === "pay-line" && point === "session" ? "text" : kind,
        debounceMs,
        change: report?.change ?? 0,
        ...(layout.wire === "mqtt" && { isKept: true }),
        ...(layout.wire === "gpio" && layout.perPulse !== undefined && { perPulse: layout.perPulse }),
      });
  }
  return { rules, speakers, slowestMs };
}

/** A bay, and the point by which its sensor sees a vehicle. */
export interface SiteBay extends BayRule {
  readonly occupancy: string;
}

/** The judge's own schema of a bay: it shares nothing with the kind that it judges. */
const bay = z.looseObject({
  kind: z.literal("parking-bay"),
  reservedFor: z.string().optional(),
  occupancy: z.string(),
  debounce: duration().prefault("5s"),
  permits: z.looseObject({ grace: duration().prefault("5min"), shownBefore: duration().prefault("2min") }).optional(),
  maxStay: z.string().optional(),
  charger: z.string().optional(),
  payments: z.looseObject({}).optional(),
  hours: z.string().optional(),
});
const periods = z.looseObject({ wire: z.string(), everyMs: z.number().default(0) });

/** `paces`: how often devices speak on a bus, where it is not as their tables say. */
export async function baysOf(site: Site, paces: Readonly<Record<string, number>> = {}): Promise<readonly SiteBay[]> {
  const bays: SiteBay[] = [];
  for (const [asset, written] of Object.entries(site.assets)) {
    const { data } = bay.safeParse(written);
    const device = site.devices[data?.occupancy.split(".")[0] ?? ""];
    if (!data || !device) continue;
    const { type, bus, ...options } = device;
    const driver = await loadDriver(type);
    const read = driver.options.parse(options);
    const sends = paces[bus] ?? periods.safeParse(driver.layout(read)).data?.everyMs ?? 0;
    const { reservedFor, permits, debounce, occupancy, maxStay, charger, payments, hours } = data;
    const isBadged = reservedFor === "disabled";
    const byList = isBadged ? undefined : permits;
    const duties = {
      "bay.overstay": maxStay,
      "bay.blocked": charger,
      "bay.unpaid": payments,
      "bay.out-of-hours": hours,
      "bay.illegal-occupation": byList,
      "list.told": byList,
    };
    bays.push({
      asset,
      occupancy,
      debounceMs: debounce,
      lagMs:
        Math.max(driver.everyMs?.(read) ?? 0, sends) + z.looseObject({ debounce: z.number().default(0) }).parse(read).debounce,
      permits: isBadged && permits ? { graceMs: permits.grace, shownBeforeMs: permits.shownBefore } : null,
      listed: Object.entries(duties).flatMap(([kind, written]) => (written === undefined ? [] : [kind])),
    });
  }
  return bays;
}

const limited = z.looseObject({ type: z.literal("gpio-relay"), limits: z.looseObject({ maxOn: duration() }) });

/** Outputs that the gateway switches off after a time: device.point, ms. */
export const limitedOutputs = (site: Site): ReadonlyMap<string, number> =>
  new Map(
    Object.entries(site.devices).flatMap(([device, written]) => {
      const { data } = limited.safeParse(written);
      return data ? [[`${device}.on`, data.limits.maxOn] as const] : [];
    }),
  );
