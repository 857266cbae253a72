/** The RDM6300 and like readers of 125 kHz tags (EM4100) on a UART: their frame, and the frames that prove it. */
import { badgeReader } from "../families/frame/badge/badge.ts";

// Seeed and RDM6300 data sheets: 9600 8N1; 02, ten hex digits (version, then 32 bits), two of their XOR, 03; again and again while a tag is held.
export const rdm6300 = badgeReader({
  type: "rdm6300",
  title: { it: "Lettore di tag a 125 kHz RDM6300", en: "RDM6300 reader of 125 kHz tags" },
  baud: 9600,
  frame: () => ({
    framing: "line",
    begin: "\x02",
    fields: [{ name: "badge", decode: "hex", chars: [10, 10] }],
    check: "xor-hex",
    end: "\x03",
  }),
  options: {},
  goldens: [
    {
      name: "tag 62E3086CED",
      rx: "02 36 32 45 33 30 38 36 43 45 44 30 38 03",
      key: "6b312030303031303230333034303530363037303830393061306230633064306530660a",
      expect: { badge: "k1:c28a3eeb411ed67d99c130f5ac3b6d07" },
      source: "Seeed 125 kHz reader wiki, 62E3086CED with its XOR 08; HMAC by Python's hmac, key k1 = 00 01 … 0F",
    },
    {
      name: "one digit another",
      rx: "02 36 32 45 33 30 38 36 43 45 45 30 38 03",
      key: "6b312030303031303230333034303530363037303830393061306230633064306530660a",
      expect: "refused",
      source: "constructed: the first golden with its last digit E in place of D; the XOR would be 0B",
    },
  ],
});
