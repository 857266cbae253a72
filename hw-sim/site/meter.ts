/** What an honest meter shows for a load and a counter: one value for each point, all fitting together. */

const VOLTS = 230;
const POWER_FACTOR = 0.96;
/** Reactive power as a share of active power, at that power factor. */
const TANGENT = Math.tan(Math.acos(POWER_FACTOR));
/** How the load lies on the phases, and how far their voltages are apart. */
const SHARES = [0.5, 0.3, 0.2];
const OFFSETS = [0.4, -0.7, 1.1];

/** Every phase of a three-phase meter is a point whose name says so: -l1, -l2, -l3. */
export function* meterPoints(
  points: Readonly<Record<string, { readonly unit: string }>>,
  watts: number,
  energy: number,
): Iterable<readonly [string, number]> {
  const threePhase = Object.keys(points).some((name) => /l[23]\b/.test(name));
  for (const [name, { unit }] of Object.entries(points)) {
    const phase = /l([123])\b/.exec(name)?.[1];
    const index = phase === undefined ? undefined : Number(phase) - 1;
    const share = index === undefined ? 1 : (SHARES[index] ?? 1);
    const volts = VOLTS + (index === undefined ? 0 : (OFFSETS[index] ?? 0)) - watts / 10_000;
    const value = shownAt(name, unit, { watts: watts * share, volts, energy: energy * share, threePhase });
    if (value !== undefined) yield [name, value];
  }
}

interface Load {
  readonly watts: number;
  readonly volts: number;
  readonly energy: number;
  readonly threePhase: boolean;
}

function shownAt(name: string, unit: string, { watts, volts, energy, threePhase }: Load): number | undefined {
  if (/max|peak/.test(name)) return undefined;
  switch (unit) {
    case "V":
      return /l[123]-?l[123]|line-line|-ll/.test(name) ? volts * Math.sqrt(3) : volts;
    case "A":
      return /neutral/.test(name) && threePhase ? watts / volts / 10 : watts / volts / POWER_FACTOR;
    case "W":
      return watts;
    case "V.A":
      return watts / POWER_FACTOR;
    case "V.A{reactive}":
      return watts * TANGENT;
    case "Hz":
      return 50 + Math.sin(watts) * 0.02;
    case "kW.h":
      return /export/.test(name) ? 0.5 : energy;
    case "1":
      return /factor/.test(name) ? POWER_FACTOR : undefined;
    default:
      return undefined;
  }
}
