/** Writes numbers and units as people do: the language's comma, as many digits as mean something, °C and kWh. */
import type { PointSpec, Text, Value } from "../../model/index.ts";
import { stateWord } from "./state-words.ts";

type Lang = keyof Text;

/** More digits of what fluctuates only flicker; a sensor of this kind is not that exact. */
const GAUGE_DIGITS = 5;
/** What a double holds for certain: a sum of decimals shows no more. */
const EXACT_DIGITS = 15;

/** What a value is: of a gauge the leading digits count, of a counter every digit that its meter has. */
export type Measured = PointSpec["kind"];

/** A number as the reader writes it. */
export const formatNumber = (value: number, lang: Lang): string => {
  const text = String(Number(value.toPrecision(EXACT_DIGITS)));
  return lang === "it" ? text.replace(".", ",") : text;
};

/** A value without its unit. `kind` absent: a number with all its digits. */
export function formatValue(value: Value, lang: Lang, kind?: Measured): string {
  if (value === null) return "–";
  if (typeof value !== "number") return stateWord(String(value), lang);
  return formatNumber(kind === "gauge" ? leading(value) : value, lang);
}

/** `21,3 °C`, `1042,55 kWh`, `occupato`. */
export const formatMeasure = (value: Value, unit: string, lang: Lang, kind?: Measured): string =>
  `${formatValue(value, lang, kind)} ${formatUnit(unit)}`.trim();

/** Rounds to the leading digits, but only decimals: 102345 W never becomes 102350 W. */
function leading(value: number): number {
  const whole = Math.abs(value) < 1 ? 1 : Math.floor(Math.log10(Math.abs(value))) + 1;
  return Math.abs(value) < 1 ? Number(value.toPrecision(GAUGE_DIGITS)) : Number(value.toFixed(Math.max(0, GAUGE_DIGITS - whole)));
}

/** UCUM codes that people do not write by the rules below. */
const UNITS: Readonly<Record<string, string>> = {
  "1": "",
  Cel: "°C",
  "[degF]": "°F",
  deg: "°",
  "deg/s": "°/s",
  "m[H2O]": "mH₂O",
  Ohm: "Ω",
  kOhm: "kΩ",
};
const SUPERSCRIPT: Readonly<Record<string, string>> = { "2": "²", "3": "³" };

/** A UCUM code as people write the unit: kWh, m³, µg/m³; nothing for a plain number. */
export function formatUnit(ucum: string): string {
  const known = Object.hasOwn(UNITS, ucum) ? UNITS[ucum] : undefined;
  if (known !== undefined) return known;
  return (
    ucum
      .replace(/V\.A(\.h)?\{reactive\}/, (_, hours?: string) => (hours ? "varh" : "var"))
      .replace(/\{.*?\}/g, "")
      // Micro: at the beginning of a unit, before another letter.
      .replace(/(^|[./])u(?=[A-Za-z])/g, "$1µ")
      .replace(/([A-Za-z])([23])(?![0-9A-Za-z])/g, (_, letter: string, power: string) => letter + SUPERSCRIPT[power])
      // Wh, VA, Ah: nobody writes a dot there.
      .replace(/([WAV])\.(?=[hA]\b)/g, "$1")
      // [psi], [kn_i]: the brackets and the system are UCUM's own.
      .replace(/\[([A-Za-z]+)[^\]]*\]/g, "$1")
      .replaceAll(".", "·")
  );
}
