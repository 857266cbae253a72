/** Prints the record of each defibrillator that law 116/2021 asks for: for people, for a spreadsheet or as JSON. */
import { loadSite } from "../../../config/index.ts";
import { defibrillator } from "../../../edge/kinds/defibrillator/index.ts";
import { type LawRecord, lawRecordOf, missingOf } from "../../../edge/kinds/defibrillator/law-record.ts";
import { EdgeError } from "../../../kit/errors.ts";
import { suggestion } from "../../../kit/text/suggestion.ts";
import type { Asset, Place, Text } from "../../../model/index.ts";
import { configIn } from "../../arguments.ts";
import { csvLine } from "../../screen/csv.ts";
import type { Globals, Terminal } from "../../screen/terminal.ts";

export interface RecordOptions extends Globals {
  readonly csv?: boolean;
}

interface Row extends LawRecord {
  readonly asset: string;
  readonly name: Text;
  readonly place?: Place;
  /** Names of the options that nobody has written yet. */
  readonly missing: readonly string[];
}

export async function aedRecord(name: string | undefined, options: RecordOptions, terminal: Terminal): Promise<number> {
  const { say, lang, line } = terminal;
  const { site } = await loadSite(configIn(options.config, say), lang);
  const all = Object.values(site.assets).filter(({ kind }) => kind.kind === defibrillator.kind);
  const found = all.filter(({ asset }) => name === undefined || asset.id === name);
  if (name !== undefined && found.length === 0) {
    const near = suggestion(
      name,
      all.map(({ asset }) => asset.id),
    );
    throw new EdgeError("cli.unknown-name", { name, ...(near !== undefined && { near }) });
  }
  const rows = found.map(({ asset }) => rowOf(asset as Asset<Parameters<typeof lawRecordOf>[0]>));
  if (terminal.json) terminal.document(rows);
  else if (options.csv) for (const cells of tableOf(rows, lang)) line(csvLine(cells, lang));
  else if (rows.length === 0) line(say("noAed"));
  else forPeople(rows, terminal);
  return 0;
}

const rowOf = (asset: Asset<Parameters<typeof lawRecordOf>[0]>): Row => ({
  asset: asset.id,
  name: asset.name,
  ...(asset.place !== undefined && { place: asset.place }),
  ...lawRecordOf(asset.options),
  missing: missingOf(asset),
});

/** A day as the reader writes it. */
const dayOf = (day: string | undefined, lang: keyof Text): string =>
  day === undefined ? "" : lang === "it" ? day.split("-").reverse().join("/") : day;

const OPERATION: Readonly<Record<string, Text>> = {
  semi: { it: "semiautomatico", en: "semi-automatic" },
  auto: { it: "automatico", en: "automatic" },
};
const PADS: Readonly<Record<string, Text>> = {
  adult: { it: "adulti", en: "adults" },
  child: { it: "pediatrici", en: "children" },
};

/** The columns in the order of the law: what it is, where, when it can be reached, what expires, who answers for it. */
const COLUMNS: readonly (readonly [heading: Text, cell: (row: Row, lang: keyof Text) => string | number | undefined])[] = [
  [{ it: "nome", en: "name" }, ({ name }, lang) => name[lang]],
  [{ it: "numero di apparecchi", en: "number of units" }, ({ units }) => units],
  [{ it: "marca", en: "make" }, ({ make }) => make],
  [{ it: "modello", en: "model" }, ({ model }) => model],
  [{ it: "funzionamento", en: "operation" }, ({ kind }, lang) => OPERATION[kind ?? ""]?.[lang]],
  [{ it: "matricola", en: "serial number" }, ({ serial }) => serial],
  [{ it: "indirizzo", en: "address" }, ({ address }) => address],
  [{ it: "piano", en: "floor" }, ({ floor }) => floor],
  [{ it: "indicazioni", en: "how to find it" }, ({ place }, lang) => place?.hint?.[lang]],
  [{ it: "latitudine", en: "latitude" }, ({ place }) => place?.lat],
  [{ it: "longitudine", en: "longitude" }, ({ place }) => place?.lon],
  [{ it: "orari di accesso", en: "access hours" }, ({ access }) => access],
  [{ it: "scadenza della batteria", en: "battery expiry" }, ({ batteryExpiry }, lang) => dayOf(batteryExpiry, lang)],
  [
    { it: "scadenza degli elettrodi", en: "pad expiry" },
    ({ pads }, lang) => pads.map(({ type, expiry }) => `${PADS[type]?.[lang]} ${dayOf(expiry, lang)}`).join(", "),
  ],
  [{ it: "persone formate", en: "trained persons" }, ({ trained }) => trained],
  [{ it: "ufficio responsabile", en: "responsible office" }, ({ responsible }) => responsible?.office],
  [{ it: "telefono", en: "telephone" }, ({ responsible }) => responsible?.phone],
  [{ it: "installato il", en: "installed on" }, ({ installed }, lang) => dayOf(installed, lang)],
  [{ it: "centrale 118", en: "118 centre" }, ({ register118 }) => register118?.centre],
  [{ it: "numero nel registro", en: "number in the register" }, ({ register118 }) => register118?.id],
  [{ it: "comunicato il", en: "reported on" }, ({ register118 }, lang) => dayOf(register118?.date, lang)],
];

const textOf = (cell: string | number | undefined, lang: keyof Text): string =>
  typeof cell === "number" && lang === "it" ? String(cell).replace(".", ",") : String(cell ?? "");

function* tableOf(rows: readonly Row[], lang: keyof Text): Iterable<readonly string[]> {
  yield COLUMNS.map(([heading]) => heading[lang]);
  for (const row of rows) yield COLUMNS.map(([, cell]) => textOf(cell(row, lang), lang));
}

function forPeople(rows: readonly Row[], { lang, say, line }: Terminal): void {
  const width = Math.max(...COLUMNS.map(([heading]) => heading[lang].length));
  for (const [at, row] of rows.entries()) {
    if (at > 0) line("");
    line(row.asset);
    for (const [heading, cell] of COLUMNS) {
      const text = textOf(cell(row, lang), lang);
      if (text !== "") line(`  ${heading[lang].padEnd(width)}  ${text}`);
    }
    if (row.missing.length > 0) line(`  ${say("stillMissing").padEnd(width)}  ${row.missing.join(", ")}`);
  }
}
