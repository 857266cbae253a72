/** Why something failed, as phrases in Italian and English: system errors (errno(3)), and what several rooms say. */
import type { Text } from "../../model/index.ts";
import { firstLine } from "./first-line.ts";

const NAMES: Readonly<Record<string, Text>> = {
  EACCES: { it: "permesso negato", en: "permission denied" },
  EADDRINUSE: { it: "già in uso", en: "already in use" },
  EADDRNOTAVAIL: { it: "indirizzo non disponibile su questa macchina", en: "no such address on this machine" },
  EAI_AGAIN: { it: "il DNS non risponde", en: "the DNS does not answer" },
  EBUSY: { it: "occupato", en: "busy" },
  ECONNABORTED: { it: "connessione interrotta", en: "connection aborted" },
  ECONNREFUSED: { it: "connessione rifiutata", en: "connection refused" },
  ECONNRESET: { it: "connessione chiusa dall'altro lato", en: "connection reset by the other side" },
  EDQUOT: { it: "quota del disco esaurita", en: "disk quota used up" },
  EEXIST: { it: "esiste già", en: "exists already" },
  EFBIG: { it: "file troppo grande", en: "file too large" },
  EHOSTDOWN: { it: "la macchina non risponde", en: "host is down" },
  EHOSTUNREACH: { it: "nessun percorso verso la macchina", en: "no route to the host" },
  EINVAL: { it: "argomento non valido", en: "invalid argument" },
  EIO: { it: "errore di lettura o scrittura", en: "input or output error" },
  EISDIR: { it: "è una cartella", en: "is a folder" },
  ELOOP: { it: "troppi collegamenti simbolici", en: "too many symbolic links" },
  EMFILE: { it: "troppi file aperti", en: "too many open files" },
  ENAMETOOLONG: { it: "nome troppo lungo", en: "name too long" },
  ENETDOWN: { it: "la rete è spenta", en: "network is down" },
  ENETUNREACH: { it: "rete non raggiungibile", en: "network cannot be reached" },
  ENFILE: { it: "troppi file aperti sulla macchina", en: "too many open files on the machine" },
  ENODEV: { it: "dispositivo assente", en: "no such device" },
  ENOENT: { it: "non esiste", en: "does not exist" },
  ENOMEM: { it: "memoria esaurita", en: "out of memory" },
  ENOSPC: { it: "disco pieno", en: "disk full" },
  ENOTCONN: { it: "non collegato", en: "not connected" },
  ENOTDIR: { it: "non è una cartella", en: "is not a folder" },
  ENOTFOUND: { it: "nome sconosciuto al DNS", en: "name unknown to the DNS" },
  ENOTSOCK: { it: "non è un socket", en: "is not a socket" },
  ENXIO: { it: "apparecchio assente", en: "no such device or address" },
  EPERM: { it: "operazione non permessa", en: "operation not permitted" },
  EPIPE: { it: "l'altro lato ha chiuso", en: "the other side has closed" },
  EROFS: { it: "disco in sola lettura", en: "read-only file system" },
  ESTALE: { it: "file non più valido", en: "stale file" },
  ETIMEDOUT: { it: "nessuna risposta in tempo", en: "no answer in time" },
};

/** What a program or a library says is shown as it is, whatever its language. */
export const verbatim = (text: string): Text => ({ it: text, en: text });

/** `ENOENT (does not exist)`, of an error or of its name; of anything else the first line of what it says. */
export function systemReason(error: unknown): Text {
  const { code, message } = error instanceof Error ? (error as NodeJS.ErrnoException) : { code: String(error), message: "" };
  if (code === undefined) return verbatim(firstLine(message));
  const known = Object.hasOwn(NAMES, code) ? NAMES[code] : undefined;
  return known === undefined ? verbatim(firstLine(code)) : { it: `${code} (${known.it})`, en: `${code} (${known.en})` };
}

export const stopped: Text = { it: "fermato", en: "stopped" };

export const noAnswerWithin = (ms: number): Text => ({ it: `nessuna risposta in ${ms} ms`, en: `no answer in ${ms} ms` });

export const bytes = (n: number): Text => ({ it: `${n} byte`, en: `${n} bytes` });

export const endedWith = (code: unknown): Text => ({ it: `è terminato con ${code}`, en: `ended with ${code}` });
