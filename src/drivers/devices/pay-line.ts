/** A pay station that speaks the sentences of docs/pay-stations.md, and sentences that prove how they are read. */
import { paySentences } from "../families/till/pay-sentences.ts";

const K1 = "6b312030303031303230333034303530363037303830393061306230633064306530660a";

export const payLine = paySentences({
  type: "pay-line",
  title: { it: "Parcometro che parla il protocollo a righe", en: "Pay station that speaks the line protocol" },
  goldens: [
    {
      name: "a session of one hour for stall A016, its plate left unread",
      rx: "24 50 41 59 2C 53 2C 34 37 31 31 2C 41 30 31 36 2C 30 2C 33 36 30 30 2C 31 35 30 2C 41 42 20 31 32 33 20 63 64 2A 37 37 0D 0A",
      expect: { session: "4711 A016 0 3600 150" },
      source: "constructed: docs/pay-stations.md; the sum by a Python loop over the characters between $ and *",
    },
    {
      name: "the same, its plate hashed however it was typed",
      rx: "24 50 41 59 2C 53 2C 34 37 31 31 2C 41 30 31 36 2C 30 2C 33 36 30 30 2C 31 35 30 2C 41 42 20 31 32 33 20 63 64 2A 37 37 0D 0A",
      options: { plates: true },
      key: K1,
      expect: { session: "4711 A016 0 3600 150", plate: "k1:16ee91765ae0d70bd103cfde84756d4b" },
      source: "constructed: the sentence above; HMAC of AB123CD by Python's hmac, key k1 = 00 01 … 0F",
    },
    {
      name: "in service, its cash box full",
      rx: "24 50 41 59 2C 41 2C 30 2C 31 2A 32 34 0D 0A",
      expect: { fault: false, "cash-box": true },
      source: "constructed: docs/pay-stations.md; the sum by the same loop",
    },
    {
      name: "out of service, with all its commas",
      rx: "24 50 41 59 2C 41 2C 31 2C 30 2C 2C 2C 2C 2A 32 34 0D 0A",
      expect: { fault: true, "cash-box": false },
      source: "constructed: docs/pay-stations.md; the sum by the same loop",
    },
    {
      name: "over, and of no stall",
      rx: "24 50 41 59 2C 53 2C 31 2C 2C 30 2C 30 2A 30 36 0D 0A",
      expect: { session: "1 - 0 0 0" },
      source: "constructed: lasts 0, as docs/pay-stations.md ends a session; the sum by the same loop",
    },
    {
      name: "a session of four months is none",
      rx: "24 50 41 59 2C 53 2C 34 37 31 32 2C 41 30 31 36 2C 30 2C 39 39 39 39 39 39 39 2A 34 38 0D 0A",
      expect: { session: null },
      source: "constructed: more than the 31 days that docs/pay-stations.md allows; the sum by the same loop",
    },
    {
      name: "one digit another",
      rx: "24 50 41 59 2C 53 2C 34 37 31 31 2C 41 30 31 36 2C 30 2C 33 39 30 30 2C 31 35 30 2C 41 42 20 31 32 33 20 63 64 2A 37 37 0D 0A",
      expect: "refused",
      source: "constructed: the first sentence, 3900 in place of 3600",
    },
  ],
});
