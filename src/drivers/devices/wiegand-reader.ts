/** Readers with Wiegand-26 or 34 behind a converter to a serial line: the lines of several makes, and what they mean. */
import { wiegandReader as madeWiegandReader } from "../families/frame/badge/bit-reader.ts";

const K1 = "6b312030303031303230333034303530363037303830393061306230633064306530660a";

// Priority 1 Design WIE232-A (9600 8N1): six hex digits and CR, after it has checked parity and length. S4A Wiegand-Ethernet: ten decimal digits,
// CR and LF, for 26 and 34 bits alike. Which converters write single bits, and which send the bytes of 34 bits turned round, is the site's to say.
export const wiegandReader = madeWiegandReader({
  type: "wiegand-reader",
  title: { it: "Lettore Wiegand-26 o 34 con convertitore seriale", en: "Wiegand-26 or 34 reader with a serial converter" },
  baud: 9600,
  goldens: [
    {
      name: "123478 as a converter to decimal writes it",
      rx: "30 30 30 30 31 32 33 34 37 38 0D 0A",
      options: { writes: "decimal" },
      key: K1,
      expect: { badge: "k1:02f2dff75c88953fe60dfe26e31d537d" },
      source: "S4A Wiegand-Ethernet manual, 3.2: 1E256 (hex) is sent so; HMAC of 01E256 by Python's hmac, key k1 = 00 01 … 0F",
    },
    {
      name: "facility 227, card 57600, bit by bit",
      rx: "30 31 31 31 30 30 30 31 31 31 31 31 30 30 30 30 31 30 30 30 30 30 30 30 30 30 0D 0A",
      options: { writes: "bits" },
      key: K1,
      expect: { badge: "k1:ef45aab32c587adf75b948b7d77c7ec9" },
      source: "26 bits: README of jonathansm/wiegand-26bit-calculator; HMAC of E3E100 as above",
    },
    {
      name: "the same card at a converter to hex",
      rx: "45 33 45 31 30 30 0D",
      key: K1,
      expect: { badge: "k1:ef45aab32c587adf75b948b7d77c7ec9" },
      source: "constructed: XXYYZZ and CR, by the page of Priority 1 Design's WIE232-A; the card as above",
    },
    {
      name: "facility 90, card 324, bit by bit",
      rx: "30 30 31 30 31 31 30 31 30 30 30 30 30 30 30 30 31 30 31 30 30 30 31 30 30 30 0D 0A",
      options: { writes: "bits" },
      key: K1,
      expect: { badge: "k1:2b6d6ad42863407bec984590c3ce3d61" },
      source: "26 bits: README of the npm package wiegand-encoder; HMAC of 5A0144 as above",
    },
    {
      name: "a tag whose zeros in front are left out",
      rx: "31 45 32 35 36 0D 0A",
      options: { length: [1, 6] },
      key: K1,
      expect: { badge: "k1:02f2dff75c88953fe60dfe26e31d537d" },
      source: "constructed: 1E256 as Arduino's print(…, HEX) writes it; the tag as in the first golden",
    },
    {
      name: "34 bits",
      rx: "31 30 30 30 31 30 30 31 30 30 30 31 31 30 31 30 30 30 31 30 31 30 31 31 30 30 31 31 31 31 30 30 30 31 0D",
      options: { bits: 34, writes: "bits" },
      key: K1,
      expect: { badge: "k1:e5110038a7ea8b22b0d25113e3eb0287" },
      source: "constructed: 12345678 with the parity of H10306 (16 and 16 bits) by Python; HMAC as above",
    },
    {
      name: "34 bits at a converter to hex, the bytes turned round by the reader",
      rx: "37 38 35 36 33 34 31 32 0D",
      options: { bits: 34, bytes: "reversed" },
      key: K1,
      expect: { badge: "k1:e5110038a7ea8b22b0d25113e3eb0287" },
      source: "constructed: the card as above",
    },
    {
      name: "a bit of the first half turned",
      rx: "30 30 31 31 30 30 30 31 31 31 31 31 30 30 30 30 31 30 30 30 30 30 30 30 30 30 0D 0A",
      options: { writes: "bits" },
      key: K1,
      expect: "refused",
      source: "constructed: 227 and 57600 with another second bit: the parity of the first half is odd",
    },
    {
      name: "a bit of the second half turned",
      rx: "30 31 31 31 30 30 30 31 31 31 31 31 30 30 30 30 31 30 30 30 30 30 30 30 31 30 0D 0A",
      options: { writes: "bits" },
      key: K1,
      expect: "refused",
      source: "constructed: 227 and 57600 with another last bit of the card: the parity of the second half is even",
    },
    {
      name: "more than 24 bits",
      rx: "30 30 31 36 37 37 37 32 31 36 0D 0A",
      options: { writes: "decimal" },
      key: K1,
      expect: "refused",
      source: "constructed: 16777216 is 2 to the power of 24",
    },
  ],
});
