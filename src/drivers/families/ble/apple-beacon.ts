/** A driver for beacons in Apple's format, known by UUID, major and minor. */
import * as z from "zod";
import type { Text } from "../../../model/index.ts";
import type { Golden } from "../../driver.ts";
import { report, withReport } from "../options.ts";
import { beaconDriver, silence } from "./beacon.ts";
import { intervalPoint, intervals } from "./beacon-interval.ts";

const APPLE = "004c";
/** Type iBeacon, 21 bytes. */
const HEAD = "0215";

const number = () => z.int().min(0).max(65_535);
const options = z.strictObject({
  uuid: z
    .string()
    .regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i, {
      error: "expected a UUID such as 41424344-4546-4748-4940-414243444546",
    })
    .transform((text) => text.toLowerCase())
    .describe("Proximity UUID, usually the same for all beacons of a city."),
  major: number().describe("Major number, as set in the beacon."),
  minor: number().describe("Minor number, as set in the beacon."),
  silentAfter: silence(),
  report: report(),
});
type Options = z.output<typeof options>;

const hex16 = (n: number) => n.toString(16).padStart(4, "0");
const begins = ({ uuid, major, minor }: Options) => `${HEAD}${uuid.replaceAll("-", "")}${hex16(major)}${hex16(minor)}`;

export const appleBeacon = (table: { readonly type: string; readonly title: Text; readonly goldens: readonly Golden[] }) =>
  beaconDriver<Options>({
    ...table,
    options,
    points: (o) => withReport({ interval: intervalPoint }, o.report),
    pattern: (o) => ({ manufacturer: APPLE, begins: begins(o) }),
    packets: (o) => [`${begins(o)}c5`],
    silentAfterMs: (o) => o.silentAfter,
    claim: ({ uuid, major, minor }) => `beacon ${uuid} ${major} ${minor}`,
    interpreter() {
      const heard = intervals();
      // The radio passes on only advertisements of this beacon, so each of them counts.
      return ({ mono }) => heard(mono);
    },
  });
