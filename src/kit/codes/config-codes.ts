/** What can be wrong with a configuration file, or is not available in this version. */
import type { CodeTable } from "./code-table.ts";

export const configCodes = {
  "config.unreadable": {
    retry: false,
    what: { it: "Il file {file} non si legge: {reason}", en: "File {file} cannot be read: {reason}" },
    hint: { it: "Controllare nome e permessi del file.", en: "Check the file's name and permissions." },
  },
  "config.encoding": {
    retry: false,
    what: {
      it: "Il file {file} non è in UTF-8 ma in {found} (riga {line}, colonna {column})",
      en: "File {file} is not UTF-8 but {found} (line {line}, column {column})",
    },
    hint: {
      it: "Salvarlo come UTF-8 nell'editor, oppure `iconv -f {from} -t UTF-8 {file} > nuovo.yaml`.",
      en: "Save it as UTF-8 in the editor, or `iconv -f {from} -t UTF-8 {file} > new.yaml`.",
    },
  },
  "config.not-text": {
    retry: false,
    what: {
      it: "Il file {file} non è un testo di configurazione ({reason})",
      en: "File {file} is no text of a configuration ({reason})",
    },
    hint: {
      it: "È un archivio, un programma o un file rovinato? Indicare il file `.yaml` del sito.",
      en: "Is it an archive, a program or a spoilt file? Name the site's `.yaml` file.",
    },
  },
  "config.odd-character": {
    retry: false,
    what: {
      it: "C'è un carattere che non si vede, o che sembra un altro",
      en: "There is a character that cannot be seen, or looks like another",
    },
    hint: {
      it: "Viene da un copia e incolla: cancellarlo e scriverlo con la tastiera.",
      en: "It comes from copying and pasting: delete it and type it on the keyboard.",
    },
  },
  "config.leading-zero": {
    retry: false,
    what: {
      it: "Un numero con zeri davanti si legge in base 10",
      en: "A number with zeros before it is read in base 10",
    },
    hint: {
      it: "Togliere gli zeri; se era un numero ottale scriverlo `0o…`, se era un testo metterlo tra virgolette.",
      en: "Remove the zeros; write an octal number `0o…`, and put a text in quotation marks.",
    },
  },
  "config.invalid": {
    retry: false,
    what: {
      it: "Configurazione rifiutata: {count problema|problemi} in {file}",
      en: "Configuration refused: {count problem|problems} in {file}",
    },
    hint: {
      it: "`cippo config check {file}` li mostra tutti con riga e colonna.",
      en: "`cippo config check {file}` shows all with line and column.",
    },
  },
  "config.type-not-yet": {
    retry: false,
    what: {
      it: "Il tipo {type} non è ancora disponibile in questa versione",
      en: "Type {type} is not available in this version yet",
    },
    hint: {
      it: "Il resto del sito parte lo stesso; aggiornare il gateway per usarlo.",
      en: "The rest of the site starts all the same; update the gateway to use it.",
    },
  },
  "config.syntax": {
    retry: false,
    what: { it: "Il testo non è YAML valido", en: "The text is not valid YAML" },
    hint: {
      it: "Controllare rientri (solo spazi), due punti, virgolette e parentesi nel punto indicato.",
      en: "Check indentation (spaces only), colons, quotes and brackets at the place shown.",
    },
  },
  "config.unknown-key": {
    retry: false,
    what: { it: "Voce sconosciuta", en: "Unknown key" },
    hint: {
      it: "Correggerla o toglierla; `config/schema.json` fa completare i nomi all'editor.",
      en: "Correct or remove it; with `config/schema.json` an editor completes the names.",
    },
  },
  "config.missing": {
    retry: false,
    what: { it: "Manca una voce", en: "A key is missing" },
    hint: { it: "Aggiungerla nel punto indicato.", en: "Add it at the place shown." },
  },
  "config.wrong-value": {
    retry: false,
    what: { it: "Valore non ammesso", en: "Value not allowed" },
    hint: { it: "Scrivere ciò che è atteso, con la sua unità.", en: "Write what is expected, with its unit." },
  },
  "config.unknown-word": {
    retry: false,
    what: { it: "Tipo sconosciuto", en: "Unknown type" },
    hint: { it: "`cippo devices --types` mostra i tipi.", en: "`cippo devices --types` shows the types." },
  },
  "config.unknown-name": {
    retry: false,
    what: {
      it: "Si nomina un bus, un dispositivo o un punto che non c'è",
      en: "A bus, device or point is named that is not there",
    },
    hint: { it: "Correggere il nome o descrivere ciò che manca.", en: "Correct the name or describe what is missing." },
  },
  "config.wrong-bus": {
    retry: false,
    what: { it: "Il bus non è del tipo che serve al dispositivo", en: "The bus is not of the kind that the device needs" },
    hint: { it: "Indicare un bus del tipo atteso.", en: "Name a bus of the kind expected." },
  },
  "config.wrong-reference": {
    retry: false,
    what: { it: "Il nome c'è, ma indica un'altra cosa", en: "The name is there, but it stands for something else" },
    hint: { it: "Indicare ciò che è atteso.", en: "Name what is expected." },
  },
  "config.circle": {
    retry: false,
    what: {
      it: "Oggetti che si ascoltano a vicenda, in cerchio",
      en: "Assets hear each other in a circle",
    },
    hint: { it: "Far ascoltare a uno di loro un dispositivo.", en: "Let one of them listen to a device." },
  },
  "config.claimed-twice": {
    retry: false,
    what: {
      it: "Due si contendono lo stesso indirizzo, linea, porta, uscita, sensore o oggetto",
      en: "Two claim the same address, line, port, output, sensor or asset",
    },
    hint: {
      it: "Dare a ciascuno il suo, sull'apparecchio e in configurazione.",
      en: "Give each its own, on the device and in the configuration.",
    },
  },
  "config.same-name": {
    retry: false,
    what: { it: "Lo stesso nome due volte", en: "The same name twice" },
    hint: { it: "Dispositivi e oggetti hanno nomi tutti diversi.", en: "Devices and assets all have different names." },
  },
  "config.credentials": {
    retry: false,
    what: { it: "Credenziali assenti o di esempio", en: "Credentials missing or samples" },
    hint: {
      it: "Indicare in `credentials` i nomi dei file di questo gateway.",
      en: "Name this gateway's own files under `credentials`.",
    },
  },
  "config.no-proof": {
    retry: false,
    what: {
      it: "Con MQTT 3.1.1 il broker non dice se qualcuno ha ricevuto",
      en: "Under MQTT 3.1.1 the broker does not say whether anybody received",
    },
    hint: {
      it: "Usare `acknowledge: platform`, oppure `mqtt: 5`, oppure accettare perdite con `acceptLoss: true`.",
      en: "Use `acknowledge: platform`, or `mqtt: 5`, or accept losses with `acceptLoss: true`.",
    },
  },
  "config.plain-broker": {
    retry: false,
    what: { it: "Il broker è raggiunto senza TLS", en: "The broker is reached without TLS" },
    hint: { it: "Fuori da questa macchina usare `mqtts://`.", en: "Use `mqtts://` for anything beyond this machine." },
  },
  "config.no-effect": {
    retry: false,
    what: { it: "La voce da sola non ha effetto", en: "The key has no effect by itself" },
    hint: {
      it: "Aggiungere le voci indicate nell'avviso, o togliere questa.",
      en: "Add the keys that the warning names, or remove this one.",
    },
  },
  "config.not-yet": {
    retry: false,
    what: { it: "Voce letta ma non ancora attiva in questa versione", en: "Read, but not acted upon by this version yet" },
    hint: { it: "Il resto del sito parte lo stesso.", en: "The rest of the site starts all the same." },
  },
} as const satisfies CodeTable;
