/** A driver for Eddystone beacons, known by their UID frame; telemetry counts when it comes from the same address. */
import * as z from "zod";
import type { PointSpec, Reading, Text } from "../../../model/index.ts";
import type { BleAdvert, Golden } from "../../driver.ts";
import { report, withReport } from "../options.ts";
import { beaconDriver, silence } from "./beacon.ts";
import { intervalPoint, intervals } from "./beacon-interval.ts";

const EDDYSTONE = "feaa";
const UID = 0x00;
const TELEMETRY = 0x20;
/** Type, power at 0 m, ten bytes of name space, six of instance. */
const UID_BYTES = 18;
/** Type, version 0 (not encrypted), voltage, temperature, packets, time. */
const TELEMETRY_BYTES = 14;
const NO_TEMPERATURE = -0x8000;
const ROW_AT_LEAST_MS = 15 * 60_000;

const hex = (digits: number, name: string) =>
  z
    .string()
    .regex(new RegExp(`^[0-9a-f]{${digits}}$`, "i"), { error: `expected ${digits} hex digits, in quotation marks` })
    .transform((text) => text.toLowerCase())
    .describe(`${name}, ${digits} hex digits in quotation marks.`);
const options = z.strictObject({
  namespace: hex(20, "Name space, usually the same for all beacons of a city"),
  instance: hex(12, "Instance, of this beacon alone"),
  silentAfter: silence(),
  report: report(),
});
type Options = z.output<typeof options>;

const gauge = (unit: string, change: number): PointSpec => ({
  unit,
  kind: "gauge",
  report: { change, atLeastMs: ROW_AT_LEAST_MS },
});
const POINTS: Readonly<Record<string, PointSpec>> = {
  interval: intervalPoint,
  battery: gauge("V", 0.02),
  temperature: gauge("Cel", 0.5),
  packets: { unit: "1", kind: "counter", report: { atLeastMs: ROW_AT_LEAST_MS, change: 1000 } },
};

export const eddystoneBeacon = (table: { readonly type: string; readonly title: Text; readonly goldens: readonly Golden[] }) =>
  beaconDriver<Options>({
    ...table,
    options,
    points: (o) => withReport(POINTS, o.report),
    // Telemetry does not say whose it is: all Eddystone beacons are heard, and each driver knows its own.
    pattern: () => ({ service: EDDYSTONE, begins: "" }),
    packets: ({ namespace, instance }) => [`00ee${namespace}${instance}0000`, "20000bb815000000000100000000"],
    silentAfterMs: (o) => o.silentAfter,
    claim: (o) => `beacon ${o.namespace} ${o.instance}`,
    interpreter(o) {
      const heard = intervals();
      let ours = "";
      return (advert) => {
        const data = Buffer.from(advert.services[EDDYSTONE] ?? []);
        if (data[0] === UID && data.length >= UID_BYTES) {
          if (data.toString("hex", 2, UID_BYTES) !== `${o.namespace}${o.instance}`) {
            if (advert.mac === ours) ours = "";
            return null;
          }
          ours = advert.mac;
        }
        if (advert.mac !== ours) return null;
        return [...heard(advert.mono), ...telemetry(data, advert)];
      };
    },
  });

function telemetry(data: Buffer, { mono }: BleAdvert): readonly Reading[] {
  if (data[0] !== TELEMETRY || data[1] !== 0 || data.length < TELEMETRY_BYTES) return [];
  const good = (point: string, value: number): Reading => ({ point, value, quality: "good", mono });
  const [millivolts, temperature] = [data.readUInt16BE(2), data.readInt16BE(4)];
  return [
    // 0: it has no battery, or does not tell.
    ...(millivolts === 0 ? [] : [good("battery", millivolts / 1000)]),
    ...(temperature === NO_TEMPERATURE ? [] : [good("temperature", temperature / 256)]),
    good("packets", data.readUInt32BE(6)),
  ];
}
