/** What a kind of wire gives the simulated site: buses that open on free ports, and on them a twin of every device. */
import type * as z from "zod";
import type { Driver, Layout } from "../../../src/drivers/driver.ts";
import { duration } from "../../../src/kit/text/quantities.ts";
import type { FaultKind, Faults } from "../faults.ts";
import type { Chip } from "../gpio/chip.ts";
import type { Contact } from "../gpio/contact.ts";
import type { WireLog } from "../wire-log.ts";

export type Value = number | boolean | string;

/** What stands in for one device at the other end of its wire, by the device's own point names. */
export interface Twin {
  /** What the wire would show now. */
  values(): Readonly<Record<string, Value>>;
  /** Throws a plain sentence where there is no such point, or where it cannot be set. */
  set(point: string, value: Value): void;
  /** Only of a contact: a scenario opens it, lets wheels pass over it, and can make it chatter. */
  readonly contact?: Contact;
  /** Only of a meter: the points by which it shows its load, with their units. */
  readonly load?: Readonly<Record<string, { readonly unit: string }>>;
}

/** A device as the configuration has it, with what its own table says. */
export interface SiteDevice {
  readonly id: string;
  readonly config: { readonly type: string; readonly bus: string; readonly [option: string]: unknown };
  readonly driver: Driver;
  /** `config` as the driver has checked it. */
  readonly options: unknown;
  readonly layout: Layout;
}

/** One open bus. Closing it frees its ports and ends its programs. */
export interface OpenBus extends AsyncDisposable {
  /** Its lines under `buses:` in the gateway's configuration; null: it has none there, nor have its devices a `bus`. */
  readonly config: Readonly<Record<string, unknown>> | null;
  readonly faults: readonly FaultKind[];
  readonly twins: ReadonlyMap<string, Twin>;
  /** How often devices that speak by themselves do so here, where the scenario says it. */
  readonly everyMs?: number;
  /** Puts the plug back, or starts the program by which the gateway reaches the wire. */
  plug(): Promise<void>;
  /** Pulls the plug, or kills that program. */
  unplug(): Promise<void>;
  /** Its twins keep showing the unplugged state themselves while that fault lasts. */
  readonly showsUnplugged?: true;
}

export interface BusOptions {
  readonly bus: string;
  readonly devices: readonly SiteDevice[];
  /** The run's folder: for pseudo-terminals and programs. */
  readonly dir: string;
  /** Whose command line the GPIO tools speak: libgpiod 1.6 or 2.1. */
  readonly gpiod: 1 | 2;
  readonly faults: Faults;
  readonly log: WireLog;
  /** Takes a GPIO chip as it is, for a gateway in this process: no programs then stand before it. */
  readonly takeChip?: (bus: string, chip: Chip) => void;
}

export interface SiteWire<Spec extends object> {
  /** How a scenario writes one of its buses. */
  readonly spec: z.ZodType<Spec>;
  /** Options of a device that only its site can know: where it is found. */
  found?(): Promise<Readonly<Record<string, unknown>>>;
  /** Throws a plain sentence where these devices cannot stand on this bus. */
  open(spec: Spec, options: BusOptions): Promise<OpenBus>;
}

/** How often devices that speak by themselves do so on this bus; absent: as their tables say. */
export const pace = duration().optional();

export const siteWire = <Spec extends object>(wire: SiteWire<Spec>): SiteWire<Spec> => wire;

/** The table of a device, where it is one for this wire. */
export function layoutOn<W extends Layout["wire"]>(wire: W, { id, layout }: SiteDevice): Extract<Layout, { wire: W }> {
  if (layout.wire !== wire) throw new Error(`${id} stands on a ${layout.wire} wire: its bus is ${wire}`);
  return layout as Extract<Layout, { wire: W }>;
}
