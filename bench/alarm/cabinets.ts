/** Cabinets of defibrillators on simulated pins: one is opened, one emptied, one chirps, and each falls due at once. */
import { join } from "node:path";
import { Chip } from "../../hw-sim/site/gpio/chip.ts";
import { openTools } from "../../hw-sim/site/gpio/tools.ts";

/** What can be provoked, by the kind of its event. */
export const PROVOKED = ["aed.in-use", "aed.removed", "aed.fault"] as const;
export type Provoked = (typeof PROVOKED)[number];

/** One that comes and goes is told once as such: so often each cabinet may be opened in an hour. A third chirp would stand for minutes. */
const TURNS: Readonly<Record<Provoked, number>> = { "aed.in-use": 10, "aed.fault": 2, "aed.removed": Number.POSITIVE_INFINITY };
const LINES: Readonly<Record<Provoked, readonly number[]>> = {
  "aed.removed": [2],
  "aed.in-use": [3, 4, 5, 6, 7, 8, 9, 10],
  "aed.fault": [11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26],
};
const MEANS = { "aed.in-use": "door", "aed.fault": "chirp", "aed.removed": "presence" } as const;
const ROLE = { "aed.in-use": "door", "aed.fault": "chirp", "aed.removed": "present" } as const;

export interface Cabinets extends AsyncDisposable {
  /** Lines of the gateway's configuration. */
  readonly config: { readonly buses: string; readonly devices: string; readonly assets: string };
  /** Moves the pin of one that is well; the moment before, in `performance.now()` ms. */
  provoke(kind: Provoked): number;
  /** Puts the pin back. */
  mend(): void;
}

export async function openCabinets(folder: string): Promise<Cabinets> {
  const chip = new Chip("pinctrl-bcm2711", 58);
  const tools = join(folder, "tools");
  const line = await openTools({ chip, version: 2, folder: tools });
  const done = new Map<Provoked, number>();
  let moved: number | undefined;
  const all = PROVOKED.flatMap((kind) => LINES[kind].map((pin) => ({ kind, pin, name: `${ROLE[kind]}-${pin}` })));
  // The unit is there while its pin is low.
  const active = (kind: Provoked) => (kind === "aed.removed" ? "low" : "high");
  return {
    config: {
      buses: `  pins: { gpio: gpiod, tools: ${tools}, chip: header }`,
      devices: all
        .map(
          ({ kind, pin, name }) =>
            `  ${name}: { type: gpio-contact, bus: pins, line: ${pin}, active: ${active(kind)}, means: ${MEANS[kind]}, debounce: 0s }`,
        )
        .join("\n"),
      assets: all
        .map(
          ({ kind, name }) =>
            `  aed-${name}: { kind: defibrillator, make: Philips, model: FRx, ${ROLE[kind]}: ${name}.${MEANS[kind]}, faultAfter: 0s, removedAfter: 0s }`,
        )
        .join("\n"),
    },
    provoke(kind) {
      const turn = done.get(kind) ?? 0;
      const pin = LINES[kind][Math.floor(turn / TURNS[kind])];
      if (pin === undefined) throw new Error(`${kind}: each cabinet has had its turns`);
      done.set(kind, turn + 1);
      moved = pin;
      const at = performance.now();
      chip.drive(pin, 1);
      return at;
    },
    mend() {
      if (moved !== undefined) chip.drive(moved, 0);
      moved = undefined;
    },
    async [Symbol.asyncDispose]() {
      await line[Symbol.asyncDispose]();
    },
  };
}
