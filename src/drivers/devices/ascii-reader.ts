/** A reader that writes each badge, tag or code as a line of ASCII, and lines of several makes that prove it. */
import { textReader } from "../families/frame/badge/text-reader.ts";

const K1 = "6b312030303031303230333034303530363037303830393061306230633064306530660a";

export const asciiReader = textReader({
  type: "ascii-reader",
  title: { it: "Lettore di badge, tag o codici a righe ASCII", en: "Reader of badges, tags or codes that writes ASCII lines" },
  baud: 9600,
  goldens: [
    {
      name: "a UID of ISO 15693, most significant byte first",
      rx: "45 30 30 34 30 31 35 30 33 41 32 42 34 43 35 44 0D 0A",
      options: { length: 16, bytes: "iso-15693" },
      key: K1,
      expect: { badge: "k1:41050492dc91ff8ec4e1fac248b18f55" },
      source: "constructed: ISO 15693-3, 4.1, a UID begins with E0; HMAC by Python's hmac, key k1 = 00 01 … 0F",
    },
    {
      name: "the same tag at a reader that sends its bytes as they come from the tag",
      rx: "35 44 34 43 32 42 33 41 35 30 30 31 30 34 45 30 0D 0A",
      options: { length: 16, bytes: "iso-15693" },
      key: K1,
      expect: { badge: "k1:41050492dc91ff8ec4e1fac248b18f55" },
      source: "constructed: ISO 15693-3, 4.1, least significant byte first on the air; HMAC as above",
    },
    {
      name: "STX, a prefix, small letters, a suffix, ETX; under two keys, as during a change of key",
      rx: "02 55 49 44 3D 30 34 61 31 62 32 63 33 3B 03",
      options: { stx: true, prefix: "UID=", suffix: ";", ends: "etx", length: 8 },
      key: `${K1}6b302031303131313231333134313531363137313831393161316231633164316531660a`,
      expect: { badge: "k1:c79074eb21093d4e5ee2f8c7654e9776 k0:2a2ae31d6e5d0e1282bb32186727865c" },
      source: "constructed: a UID of four bytes (ISO 14443-3); HMAC by Python's hmac, k1 = 00 … 0F, k0 = 10 … 1F",
    },
    {
      name: "a code",
      rx: "50 41 53 53 2D 30 30 34 32 0A",
      options: { digits: "text", ends: "lf" },
      key: K1,
      expect: { badge: "k1:0d475b79900fc0d00b3e312d4051c4b4" },
      source: "constructed: PASS-0042 and LF; HMAC by Python's hmac",
    },
    {
      name: "a line without its first character",
      rx: "30 30 34 30 31 35 30 33 41 32 42 34 43 35 44 0D 0A",
      options: { length: 16 },
      key: K1,
      expect: "refused",
      source: "constructed: the first golden, torn",
    },
  ],
});
