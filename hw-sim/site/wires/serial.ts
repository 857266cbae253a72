/** Serial lines of the simulated site: one sensor or pay station each, behind a TCP port or a pseudo-terminal. */
import * as z from "zod";
import type { Shown } from "../serial/encode.ts";
import { PayStation } from "../serial/pay-station.ts";
import { Sensor } from "../serial/sensor.ts";
import { plugged, pseudoTerminal } from "./plug.ts";
import { layoutOn, pace, siteWire, type Twin, type Value } from "./wire.ts";

export const serial = siteWire({
  spec: z
    .strictObject({ serial: z.enum(["pty", "tcp"]), baud: z.number().prefault(9600), every: pace })
    .describe("pty becomes tcp where there is no socat."),

  async open({ serial, baud, every }, { bus, devices, dir, faults, log }) {
    const [device] = devices;
    if (!device || devices.length > 1) throw new Error(`bus ${bus}: a serial line has exactly one device`);
    const layout = layoutOn("serial", device);
    // One that speaks only when something is set has no pace.
    const slower = layout.everyMs !== undefined && every !== undefined && { everyMs: every };
    const of = { ...layout, ...slower, bus, device: device.id, faults, log };
    const isStation = device.driver.type === "pay-line";
    const stands = isStation ? new PayStation(of) : new Sensor({ ...of, meaning: meaningOf(device.options) });
    await stands.plug();
    const over = serial === "pty" ? await pseudoTerminal(bus, stands.line, dir) : undefined;
    return {
      config: { serial: over?.path ?? `tcp://127.0.0.1:${stands.line.port}`, baud },
      faults: ["silence", "garbage", "bad-crc", "unplug"],
      twins: new Map([[device.id, stands instanceof Sensor ? twinOf(stands) : stands]]),
      ...(every !== undefined && { everyMs: every }),
      ...plugged(stands.line, over, stands),
    };
  },
});

/** What a reader must derive from the fields of a frame: presence, where the configuration says below which distance. */
const meaningOf = (options: unknown) => {
  const { occupiedBelow } = z.looseObject({ occupiedBelow: z.number().optional() }).parse(options);
  return (fields: Shown): Readonly<Record<string, Value>> => {
    const distance = fields["distance"];
    if (occupiedBelow === undefined || distance === undefined) return fields;
    return { ...fields, presence: Number(distance) < occupiedBelow };
  };
};

const twinOf = (sensor: Sensor): Twin => ({
  values: () => sensor.values,
  set: (point, value) => sensor.set(point, typeof value === "boolean" ? Number(value) : value),
});
