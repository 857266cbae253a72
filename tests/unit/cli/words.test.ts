/** Words of a command line, of an environment and of tables go in; language, arguments, moments and aligned lines come out. */
import { describe, expect, it } from "vitest";
import { argsOf, momentOf } from "../../../src/cli/asked.ts";
import { table } from "../../../src/cli/table.ts";
import { langOf, optionIn, sayIn, texts } from "../../../src/cli/texts.ts";
import { nearest } from "../../../src/config.ts";

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
    expect(() => momentOf("2 moons", say)).toThrow(/cli.usage/);
  });
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

  it("end at the width of the terminal", () => {
    expect(table(["A", "B"], [["one", "something long"]], 10)).toEqual(["A    B", "one  some…"]);
  });
});

describe("what was meant", () => {
  it.each([
    ["unti", "unit"],
    ["prot", "port"],
    ["completely-different", undefined],
    ["x", undefined],
  ])("%s → %s", (word, meant) => {
    expect(nearest(word, ["unit", "bus", "port", "baud", "type"])).toBe(meant);
  });
});
