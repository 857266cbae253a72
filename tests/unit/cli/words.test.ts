/** Language, arguments, moments and aligned tables of the command line. */
import { describe, expect, it } from "vitest";
import { argsOf, momentOf } from "../../../src/cli/arguments.ts";
import { table } from "../../../src/cli/screen/table.ts";
import { besides, shownWire } from "../../../src/cli/screen/terminal.ts";
import { sayIn, texts } from "../../../src/cli/screen/texts.ts";
import { suggestedKey } from "../../../src/config/findings/did-you-mean.ts";
import { langOf, optionIn } from "../../../src/kit/text/language.ts";
import { wrapped } from "../../../src/kit/text/wrap.ts";
import type { WireStatus } from "../../../src/model/index.ts";

const say = sayIn("en");

describe("language", () => {
  it.each([
    [[], {}, undefined],
    [[], { LANG: "C.UTF-8" }, undefined],
    [[], { LANG: "it_IT.UTF-8" }, "it"],
    [[], { LANG: "de_DE.UTF-8" }, "en"],
    [[], { LANG: "it_IT", LC_MESSAGES: "en_GB" }, "en"],
    [[], { LC_ALL: "it", LC_MESSAGES: "en_GB", LANG: "en" }, "it"],
    [["--lang", "en"], { LANG: "it_IT" }, "en"],
    [["status", "--lang=it"], { LANG: "en_GB" }, "it"],
  ] as const)("%j with %j is %s", (argv, env, lang) => {
    expect(langOf(argv, env)).toBe(lang);
  });

  it("has both languages of every phrase", () => {
    for (const [phrase, { it: italian, en }] of Object.entries(texts)) {
      expect(italian, phrase).not.toBe("");
      expect(en, phrase).not.toBe("");
    }
  });

  it("finds an option before commander does", () => {
    expect(optionIn(["status", "--config", "a.yaml"], "--config")).toBe("a.yaml");
    expect(optionIn(["status", "--config=a=b.yaml"], "--config")).toBe("a=b.yaml");
    expect(optionIn(["status", "--config"], "--config")).toBeUndefined();
    expect(optionIn(["status"], "--config")).toBeUndefined();
  });
});

describe("arguments", () => {
  it("are what they look like", () => {
    expect(argsOf(["a=true", "b=-1.5e3", "c=12 s", "d=", "e=x=y", "f=0x10"], say)).toEqual({
      a: true,
      b: -1500,
      c: "12 s",
      d: "",
      e: "x=y",
      f: "0x10",
    });
  });

  it("need a name", () => {
    expect(() => argsOf(["=5"], say)).toThrow(/cli.usage/);
    expect(() => argsOf(["five"], say)).toThrow(/cli.usage/);
  });

  it("name moments ago, or dates", () => {
    expect(momentOf("2026-01-02T03:04:05Z", say)).toBe(Date.UTC(2026, 0, 2, 3, 4, 5));
    expect(Math.abs(momentOf("2h", say) - (Date.now() - 7_200_000))).toBeLessThan(5000);
    // As they are shown here, and days as people at the box count them.
    expect(momentOf("2026-07-02 03:04:05", say)).toBe(new Date(2026, 6, 2, 3, 4, 5).getTime());
    expect(momentOf("2026-07-02T03:04", say)).toBe(new Date(2026, 6, 2, 3, 4).getTime());
    expect(momentOf("2026-07-02", say)).toBe(new Date(2026, 6, 2).getTime());
    expect(momentOf("2026-01-02T03:04:05+0100", say)).toBe(Date.UTC(2026, 0, 2, 2, 4, 5)); // date +%FT%T%z
    expect(momentOf("1969-12-31", say)).toBe(0);
  });

  it.each(["2 moons", "-1", "5", "yesterday 1", "", "2026-13-01", "2026-02-31", "2026-07-02T25:00", "12/07/2026", "2h ago"])(
    "%j is no moment",
    (text) => expect(() => momentOf(text, say)).toThrow(/cli.usage/),
  );
});

describe("tables", () => {
  it("align words left and numbers right", () => {
    expect(
      table(
        ["NAME", "N"],
        [
          ["a", "1"],
          ["città", "1200"],
        ],
      ),
    ).toEqual(["NAME      N", "a         1", "città  1200"]);
  });

  it("say what a device said, and let it say nothing to the terminal", () => {
    expect(table(["A", "B"], [["\u001b[2Jred\u0007", "one\ntwo\u009b"]])).toEqual(["A         B", "·[2Jred·  one·two·"]);
  });

  it("show where a mark turns a line round, joins or hides", () => {
    expect(table(["A"], [["a\u202eb"], ["c\u200dd\u2066"], ["e\u2028f\ud800"]])).toEqual(["A", "a·b", "c·d·", "e·f·"]);
  });

  const headings = ["DEVICE", "BUS", "POINT", "AGE", "WHY"];
  const rows = [
    ["meter-hall", "rtu", "", "3 s", ""],
    ["bay", "gpio", "", "never", "the port was unplugged and nobody has plugged it in again"],
  ];

  it("have no column in which nothing stands", () => expect(table(headings, rows)[0]).toBe("DEVICE      BUS   AGE    WHY"));

  it("let the last column go on under itself where there is room for it", () =>
    expect(table(headings, rows, 60)).toEqual([
      "DEVICE      BUS   AGE    WHY",
      "meter-hall  rtu   3 s",
      "bay         gpio  never  the port was unplugged and nobody",
      "                         has plugged it in again",
    ]));

  it("put the last column under the others where there is not", () =>
    expect(table(headings, rows, 40)).toEqual([
      "DEVICE      BUS   AGE",
      "    WHY",
      "meter-hall  rtu   3 s",
      "bay         gpio  never",
      "    the port was unplugged and nobody",
      "    has plugged it in again",
    ]));

  it("become lists on the narrowest terminal, all rows alike, and nothing is left out", () =>
    expect(table(headings, rows, 20)).toEqual([
      "meter-hall",
      "  BUS rtu",
      "  AGE 3 s",
      "bay",
      "  BUS gpio",
      "  AGE never",
      "  WHY the port was",
      "  unplugged and",
      "  nobody has plugged",
      "  it in again",
    ]));

  it("cut a word that is longer than a line", () => expect(wrapped("a 123456789 b", 4)).toEqual(["a", "1234", "5678", "9 b"]));
});

describe("what is counted", () => {
  const of = (n: number) => ({ requests: 9, timeouts: 0, checksumErrors: n, exceptions: n, latencyMs: null, held: false });
  it.each([
    ["it", { frames: 1, strayBytes: 1, unread: 1 }, "1 messaggio, 1 byte senza messaggio, 1 non letto in tempo"],
    ["en", { frames: 1, strayBytes: 1, unread: 0 }, "1 frame, 1 stray byte"],
    ["en", { frames: 0, strayBytes: 2, unread: 0 }, "0 frames, 2 stray bytes"],
    ["it", of(1), "1/9 corrotta, 1/9 rifiutata"],
    ["it", of(2), "2/9 corrotte, 2/9 rifiutate"],
  ] as const)("in %s, %j", (lang, wire, shown) => expect(shownWire(wire as unknown as WireStatus, sayIn(lang))).toBe(shown));
});

describe("what was meant", () => {
  it.each([
    ["unti", "unit"],
    ["prot", "port"],
    ["completely-different", undefined],
    ["x", undefined],
  ])("%s → %s", (word, suggestion) => {
    expect(suggestedKey(word, ["unit", "bus", "port", "baud", "type"])).toBe(suggestion);
  });

  it.each([
    ["float16", undefined],
    ["flaot32", "float32"],
    ["sint32", undefined],
    ["uint23", undefined],
    ["uint", undefined],
    ["uin32", "uint32"],
    ["uint3", "uint32"],
  ])("is never another number, nor one of two: %s → %s", (word, suggestion) => {
    expect(suggestedKey(word, ["uint16", "int16", "uint32", "int32", "float32"])).toBe(suggestion);
  });
});

describe("a next step", () => {
  it.each([
    ["Check the battery; `cippo read probe` tries at once.", "read", "Check the battery."],
    ["`cippo devices` says why.", "devices", "`cippo devices` says why."],
    ["Check the cable; `cippo devices` shows when it is back.", "devices", "Check the cable."],
    ["See there. `cippo devices --commands` shows which.", "devices", "See there. `cippo devices --commands` shows which."],
    ["Check the battery; `cippo read probe` tries at once.", "", "Check the battery; `cippo read probe` tries at once."],
  ])("does not advise what was just done: %s after %j", (hint, ran, left) => expect(besides(hint, ran)).toBe(left));
});
