/** Why a list of the platform is refused, and why its entries cannot be fetched. */
import type { CodeTable } from "./code-table.ts";

export const listCodes = {
  "list.malformed": {
    retry: false,
    what: { it: "Lista non valida: {reason}", en: "Malformed list: {reason}" },
    hint: { it: "Correggere il mittente: la forma è in docs/lists.md.", en: "Correct the sender: docs/lists.md gives the form." },
  },
  "list.other-topic": {
    retry: false,
    what: { it: "La lista {name} è arrivata come {list}", en: "List {name} came as {list}" },
    hint: { it: "Correggere il mittente.", en: "Correct the sender." },
  },
  "list.too-large": {
    retry: false,
    what: { it: "Lista troppo grande: {reason}", en: "The list is too large: {reason}" },
    hint: {
      it: "Togliere le voci scadute, o dividere la città fra più gateway.",
      en: "Leave out what has expired, or divide the city among more gateways.",
    },
  },
  "list.older": {
    retry: false,
    what: { it: "Versione {version}, ma in vigore c'è già la {held}", en: "Version {version}, but {held} is in force already" },
    hint: { it: "Inviare una versione più alta.", en: "Send a higher version." },
  },
  "list.same-version": {
    retry: false,
    what: { it: "Un'altra lista con la stessa versione {version}", en: "Another list of the same version {version}" },
    hint: { it: "Inviare una versione più alta.", en: "Send a higher version." },
  },
  "list.other-base": {
    retry: false,
    what: {
      it: "Cambia la versione {base}, ma in vigore c'è la {held}",
      en: "It changes version {base}, but {held} is in force",
    },
    hint: { it: "Inviare la lista intera.", en: "Send the whole list." },
  },
  "list.from-future": {
    retry: true,
    what: { it: "La lista porta una data futura", en: "The list is dated in the future" },
    hint: { it: "Controllare l'orologio del mittente.", en: "Check the sender's clock." },
  },
  "list.other-kid": {
    retry: false,
    what: { it: "Fatta con la chiave di badge {kid}, che qui non c'è", en: "Made with badge key {kid}, which is not here" },
    hint: {
      it: "Mettere la chiave nel file indicato da `credentials.badgeKey`, oppure inviare una lista fatta con una chiave già presente.",
      en: "Put the key into the file that `credentials.badgeKey` names, or send a list made with a key that is already there.",
    },
  },
  "list.damaged": {
    retry: false,
    what: {
      it: "Le voci della lista non sono quelle firmate: {reason}",
      en: "The entries of the list are not those signed: {reason}",
    },
    hint: { it: "Inviarla di nuovo, intera.", en: "Send it again, whole." },
  },
  "list.apart": {
    retry: false,
    what: {
      it: "Le voci non ci sono, e nulla dice dove stanno",
      en: "Its entries are not in it, and nothing says where they lie",
    },
    hint: {
      it: "Mandarle in `entries`, dirne l'indirizzo in `url`, oppure mettere busta e voci in un file e caricarlo con `cippo lists import`.",
      en: "Send them in `entries`, give their address in `url`, or put envelope and entries into a file and bring it with `cippo lists import`.",
    },
  },
  "list.not-stored": {
    retry: true,
    what: { it: "La lista non si può conservare: {reason}", en: "The list cannot be stored: {reason}" },
    hint: {
      it: "Liberare spazio, o cambiare la scheda. Una lista della piattaforma viene ritentata da sola; un file va importato di nuovo.",
      en: "Make room, or change the card. A list of the platform is tried again by itself; a file must be imported anew.",
    },
  },
  "fetch.bad-address": {
    retry: false,
    what: {
      it: "L'indirizzo delle voci non è della forma https://macchina/percorso",
      en: "The address of the entries is not of the form https://host/path",
    },
    hint: {
      it: "Correggere `url`: senza utente né password; il gateway si presenta con il suo certificato.",
      en: "Correct `url`: without user and password; the gateway shows its certificate.",
    },
  },
  "fetch.unreachable": {
    retry: true,
    what: { it: "{host} non si raggiunge: {reason}", en: "{host} cannot be reached: {reason}" },
    hint: {
      it: "Controllare la rete, la macchina e i certificati in `credentials`. Si riprova da solo, da dove si era rimasti.",
      en: "Check the network, the host and the certificates of `credentials`. It is tried again by itself, from where it stopped.",
    },
  },
  "fetch.answered": {
    retry: true,
    what: { it: "{host} non dà il file: {answer}", en: "{host} does not give the file: {answer}" },
    hint: {
      it: "Controllare che il file sia dove dice `url`, e che questo gateway possa leggerlo. Si riprova da solo.",
      en: "Check that the file lies where `url` says, and that this gateway may read it. It is tried again by itself.",
    },
  },
  "fetch.redirected": {
    retry: false,
    what: { it: "{host} rimanda a un altro indirizzo", en: "{host} sends on to another address" },
    hint: {
      it: "Firmare l'indirizzo dove il file sta davvero: i rimandi non si seguono.",
      en: "Sign the address where the file really lies: nothing that sends on is followed.",
    },
  },
  "fetch.other-length": {
    retry: false,
    what: {
      it: "Il file su {host} è di {found} byte, ne sono firmati {bytes}",
      en: "The file at {host} has {found} bytes, {bytes} are signed",
    },
    hint: {
      it: "Prima caricare il file, poi inviare la lista; per un file corretto una versione più alta.",
      en: "First upload the file, then send the list; for a corrected file a higher version.",
    },
  },
  "fetch.changed": {
    retry: true,
    what: {
      it: "Il file su {host} è cambiato mentre lo si scaricava",
      en: "The file at {host} has changed while it was fetched",
    },
    hint: {
      it: "Si ricomincia da capo, da solo. Un file pubblicato non va più cambiato.",
      en: "It begins anew by itself. A file that was published must not be changed any more.",
    },
  },
} as const satisfies CodeTable;
