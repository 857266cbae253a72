/** What law 116/2021, article 6, asks to be known of a defibrillator, as the catalog and `cippo aed record` tell it. */
import type { Asset, Place } from "../../../model/index.ts";
import type { AedOptions } from "./aed-options.ts";

/** Of offices, never of persons: the names of those who are trained belong into the report alone. */
export interface LawRecord {
  readonly units: number;
  readonly make: string;
  readonly model: string;
  /** Semi-automatic or automatic. */
  readonly kind?: "semi" | "auto";
  readonly serial?: string;
  readonly batteryExpiry?: string;
  readonly pads: readonly { readonly type: "adult" | "child"; readonly expiry: string }[];
  readonly address?: string;
  readonly floor?: string;
  readonly access?: string;
  readonly installed?: string;
  readonly trained?: number;
  readonly register118?: { readonly centre: string; readonly id?: string; readonly date?: string };
  readonly responsible?: { readonly office: string; readonly phone?: string };
}

/** The exact place stands beside it, with coordinates and hint, as of every asset. */
export const lawRecordOf = (o: AedOptions): LawRecord =>
  written({
    units: o.units,
    make: o.make,
    model: o.model,
    kind: o.operation,
    serial: o.serial,
    batteryExpiry: o.batteryExpiry,
    pads: o.pads,
    address: o.address,
    floor: o.floor,
    access: o.access,
    installed: o.installed,
    trained: o.trained,
    register118: o.register118 && written({ centre: o.register118.centre, id: o.register118.id, date: o.register118.date }),
    responsible: o.responsible && written({ office: o.responsible.office, phone: o.responsible.phone }),
  }) as unknown as LawRecord;

const written = (all: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> =>
  Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));

/** What the law asks for and nobody has written yet: the names of the options. */
export function missingOf({ place, options }: Pick<Asset<AedOptions>, "place" | "options">): readonly string[] {
  const asked: Readonly<Record<string, unknown>> = {
    operation: options.operation,
    serial: options.serial,
    place: options.address ?? coordinates(place),
    access: options.access,
    batteryExpiry: options.batteryExpiry,
    pads: options.pads[0],
    trained: options.trained,
    responsible: options.responsible,
    "register118.date": options.register118?.date,
  };
  return Object.keys(asked).filter((name) => asked[name] === undefined);
}

const coordinates = (place: Place | undefined): number | undefined => place?.lat;
