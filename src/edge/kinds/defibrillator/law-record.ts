/** What law 116/2021, article 6, asks to be known of a defibrillator, as the catalog and `cippo aed record` tell it. */
import type { AedOptions } from "./aed-options.ts";

/** `kind`: semi-automatic or automatic. The exact place beside coordinates and hint, which every asset has. */
export const lawRecordOf = (o: AedOptions): Readonly<Record<string, unknown>> =>
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
  });

const written = (all: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> =>
  Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
