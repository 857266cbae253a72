/** Units as people write them, as UCUM codes: understood where only one thing can be meant, otherwise named. Pure. */

/** A factor for each prefix (UCUM table 1). */
export const PREFIXES: Readonly<Record<string, number>> = {
  G: 1e9,
  M: 1e6,
  k: 1e3,
  h: 1e2,
  da: 10,
  d: 0.1,
  c: 0.01,
  m: 1e-3,
  u: 1e-6,
  n: 1e-9,
  p: 1e-12,
  T: 1e12,
};

/** Atoms that take a prefix, and those that take none: what devices of a city measure in (UCUM tables 2 to 24). */
const METRIC = words(
  "m s g rad K cd mol sr Hz N Pa J W A V F Ohm S Wb Cel T H lm lx Bq Gy Sv kat l L t bar eV B bit By Bd ar cal m[H2O] m[Hg] [iU] B[V] B[W] B[mW]",
);
const PLAIN = words(
  "% deg ' '' min h d wk mo a atm har [pH] [ppth] [ppm] [ppb] [degF] [psi] [in_i] [ft_i] [mi_i] [lb_av] [gal_us] [kn_i] [g] 10*",
);

function words(text: string): ReadonlySet<string> {
  return new Set(text.split(" "));
}

/** Of one meaning alone. Upper and lower case count, as they do in UCUM. */
const SPELLED: ReadonlyMap<string, string> = new Map(
  Object.entries({
    "": "1",
    "-": "1",
    none: "1",
    count: "1",
    counts: "1",
    pcs: "1",
    imp: "1",
    pulses: "1",
    cosphi: "1",
    degC: "Cel",
    "deg C": "Cel",
    "°C": "Cel",
    "℃": "Cel",
    Celsius: "Cel",
    celsius: "Cel",
    "°F": "[degF]",
    degF: "[degF]",
    "°": "deg",
    "°K": "K",
    ...energies("Wh", "W.h"),
    ...energies("VAh", "V.A.h"),
    ...energies("VA", "V.A"),
    ...energies("var", "V.A{reactive}"),
    ...energies("VAr", "V.A{reactive}"),
    ...energies("VAR", "V.A{reactive}"),
    ...energies("varh", "V.A.h{reactive}"),
    ...energies("VArh", "V.A.h{reactive}"),
    ...energies("VARh", "V.A.h{reactive}"),
    Ah: "A.h",
    mAh: "mA.h",
    kAh: "kA.h",
    kwh: "kW.h",
    Kwh: "kW.h",
    KWh: "kW.h",
    KWH: "kW.h",
    kWH: "kW.h",
    kw: "kW",
    Kw: "kW",
    KW: "kW",
    v: "V",
    w: "W",
    hz: "Hz",
    HZ: "Hz",
    mc: "m3",
    "mc/h": "m3/h",
    cbm: "m3",
    lt: "l",
    ltr: "l",
    liter: "l",
    litre: "l",
    litri: "l",
    Ω: "Ohm",
    ohm: "Ohm",
    kΩ: "kOhm",
    MΩ: "MOhm",
    lux: "lx",
    Lux: "lx",
    rpm: "/min",
    RPM: "/min",
    ppm: "[ppm]",
    ppb: "[ppb]",
    "‰": "[ppth]",
    psi: "[psi]",
    PSI: "[psi]",
    mmHg: "mm[Hg]",
    mH2O: "m[H2O]",
    dBm: "dB[mW]",
    "%RH": "%",
    "%rH": "%",
    "% RH": "%",
    "%rF": "%",
    sec: "s",
    secs: "s",
    seconds: "s",
    minutes: "min",
    hour: "h",
    hours: "h",
    hrs: "h",
    days: "d",
  }),
);

/** Right as UCUM codes, but of something else than who writes them means. */
const MISTAKEN: ReadonlyMap<string, string> = new Map(
  Object.entries({
    C: "Cel for degrees Celsius (C is the coulomb)",
    F: "[degF] for degrees Fahrenheit (F is the farad)",
    pH: "[pH] for acidity (pH is the picohenry)",
    PF: "1 for a power factor (PF is the petafarad)",
    pf: "1 for a power factor",
    "kW/h": "kW.h for energy, or kW for power",
    "W/h": "W.h for energy, or W for power",
    gr: "g for grams",
    kilowatt: "kW",
  }),
);

function energies(word: string, code: string): Readonly<Record<string, string>> {
  return Object.fromEntries(["", "k", "M", "G"].map((prefix) => [prefix + word, prefix + code]));
}

/** Signs that keyboards have and UCUM has not. */
const SIGNS: readonly (readonly [RegExp, string])[] = [
  [/[µμ]/g, "u"],
  [/²/g, "2"],
  [/³/g, "3"],
  [/[·⋅×]/g, "."],
];

export type UnitRead = { readonly unit: string } | { readonly suggestion: string };

/** The UCUM code of a unit, or what is probably meant by it. */
export function unitOf(written: string): UnitRead {
  const spelled = SPELLED.get(written.trim());
  if (spelled !== undefined) return { unit: spelled };
  const unit = SIGNS.reduce((text, [sign, plain]) => text.replace(sign, plain), written.trim()).replaceAll("°C", "Cel");
  const mistaken = MISTAKEN.get(unit);
  if (mistaken !== undefined) return { suggestion: mistaken };
  if (isUcum(unit)) return { unit };
  return { suggestion: inOtherLetters(unit) ?? "a UCUM code such as Cel, kW.h, m3, V, A, Hz, bar, % or 1" };
}

function inOtherLetters(unit: string): string | undefined {
  const small = unit.toLowerCase();
  for (const [word, code] of SPELLED) if (word.toLowerCase() === small || code.toLowerCase() === small) return code;
  return ["V", "A", "W", "Hz", "bar", "mbar", "Pa", "hPa", "kPa", "m3/h", "l/h"].find((code) => code.toLowerCase() === small);
}

/** Terms joined by `.` and `/`; each an atom with its prefix and exponent, or a number; annotations in braces anywhere after one. */
function isUcum(unit: string): boolean {
  const terms = unit.replace(/^\//, "").split(/[./](?![^{[]*[}\]])/);
  return unit.length <= 40 && terms.every(isTerm);
}

function isTerm(term: string): boolean {
  const [, body = "", annotation] = /^([^{}]*)(\{[^{}]*\})?$/.exec(term) ?? [];
  if (body === "") return annotation !== undefined;
  if (/^\d+$/.test(body)) return true;
  const [, name = ""] = /^(.*?[^\d+-]|10\*)([+-]?\d+)?$/.exec(body) ?? [];
  return isAtom(name);
}

function isAtom(name: string): boolean {
  if (METRIC.has(name) || PLAIN.has(name)) return true;
  return Object.keys(PREFIXES).some((prefix) => name.startsWith(prefix) && METRIC.has(name.slice(prefix.length)));
}
