/** What JSON and plain text of every sort mean, and what is said of what means nothing. */
import { describe, expect, it } from "vitest";
import { mqttJson } from "../../../../../src/drivers/devices/mqtt-json.ts";
import { valueAt } from "../../../../../src/drivers/families/mqtt/json-pointer.ts";
import { messageValues } from "../../../../../src/drivers/families/mqtt/message-values.ts";
import { CodedError } from "../../../../../src/kit/errors.ts";

type Points = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

function interpreter(points: Points) {
  const options = mqttJson.options.parse({ topic: "t", silentAfter: "1h", points });
  const layout = mqttJson.layout(options);
  if (!("messages" in layout)) throw new Error("mqtt-json is on an mqtt wire");
  const ranges = Object.fromEntries(Object.entries(mqttJson.points(options)).map(([name, { range }]) => [name, range]));
  return messageValues(layout.messages, ranges);
}

const interpreted = (points: Points, payload: string | Uint8Array, topic = "t") =>
  interpreter(points)({ topic, payload: Buffer.from(payload), mono: 1 });
const one = (point: Readonly<Record<string, unknown>>, payload: string | Uint8Array) =>
  interpreted({ p: point }, payload).readings[0];

describe("a number", () => {
  it.each([
    ["23.5", 23.5],
    ['"23.5"', 23.5],
    ["-1e2", -100],
    ["0", 0],
  ])("written %s is %d", (written, value) =>
    expect(one({ at: "/v", unit: "Cel" }, `{"v":${written}}`)).toMatchObject({ value, quality: "good" }),
  );

  it.each([["true"], ['"warm"'], ['""'], ["{}"], ["[1]"], ['"0x10"'], ['"1,5"']])(
    "written %s is of another type, and said to be",
    (written) => {
      const reading = one({ at: "/v", unit: "Cel" }, `{"v":${written}}`);
      expect(reading).toMatchObject({ value: null, quality: "bad", code: "mqtt.mistyped" });
      expect(new CodedError("mqtt.mistyped", reading?.why).what("en")).toMatch(/^At \/v stands /);
    },
  );

  it("beyond its range, or beyond all numbers, is none", () => {
    for (const written of ["401", "-1", "1e999", '"1e999"'])
      expect(one({ at: "/v", unit: "cm", range: [0, 400] }, `{"v":${written}}`)).toMatchObject({
        value: null,
        code: "value.out-of-range",
      });
  });

  it("is scaled without digits that nobody measured", () =>
    expect(one({ at: "/v", unit: "V", scale: 0.1, offset: 0.2 }, '{"v":2301}')).toMatchObject({ value: 230.3 }));

  it("may be the whole payload", () => expect(one({ unit: "W" }, " 12.5\n")).toMatchObject({ value: 12.5 }));
});

describe("true and false", () => {
  it("are themselves, and nothing else is", () => {
    expect(one({ at: "/v" }, '{"v":false}')).toMatchObject({ value: false });
    for (const written of ["1", '"true"', '"on"'])
      expect(one({ at: "/v" }, `{"v":${written}}`)).toMatchObject({ value: null, code: "mqtt.mistyped" });
  });

  it("have the words of a map, and no third", () => {
    const map = { ON: true, OFF: false };
    expect(one({ map }, "ON")).toMatchObject({ value: true });
    expect(one({ map }, "OFF")).toMatchObject({ value: false });
    expect(one({ map }, "toString")).toMatchObject({ value: null, code: "mqtt.mistyped" });
  });
});

describe("words", () => {
  it("are mapped, and one that is not in the map is told as it is, doubtful", () => {
    const map = { "1": "open", "2": "closed" };
    expect(one({ at: "/v", map }, '{"v":1}')).toMatchObject({ value: "open", quality: "good" });
    expect(one({ at: "/v", map }, '{"v":9}')).toMatchObject({ value: "9", quality: "uncertain", code: "value.unlisted" });
  });

  // JSON.parse would make 1.1 of 1.10, and 12345678901234567000 of 12345678901234567890.
  it.each(["1.10", "0", "-0.50", "1e3", "007", "9007199254740991", "12345678901234567890"])(
    "that are written as the number %s are that text, digit for digit",
    (n) => {
      const value = n === "007" ? '"007"' : n;
      expect(one({ at: "/v/0", kind: "text" }, `{"w":"a\\"1.50","v":[ ${value} , 2.20]}`)).toMatchObject({
        value: n,
        quality: "good",
      });
    },
  );

  it("of a map are known by the digits that stand there, or by what they are worth", () => {
    const map = { "1.10": "version 1.10", "1.1": "version 1.1", "2": "two", "12345678901234567890": "long" };
    const digits = ["1.10", "1.1", "2.0", "2", "12345678901234567890", "12345678901234567891"];
    expect(digits.map((n) => one({ at: "/v", map }, `{"v":${n}}`)?.value)).toEqual([
      "version 1.10",
      "version 1.1",
      "two",
      "two",
      "long",
      "12345678901234567891",
    ]);
    expect(one({ at: "/v", map: { "1": true, "0": false } }, '{"v":1.0}')).toMatchObject({ value: true });
  });

  it("of a text keep no character that nobody can see, and not more than a row may hold", () => {
    expect(one({ at: "/v", kind: "text" }, '{"v":"a\\u0007b"}')).toMatchObject({ value: "a\ufffdb" });
    expect(String(one({ at: "/v", kind: "text" }, JSON.stringify({ v: "x".repeat(5000) }))?.value)).toHaveLength(256);
  });
});

describe("a payload", () => {
  it.each([
    ["cut off", '{"v":'],
    ["empty", ""],
    ["no UTF-8", Buffer.from([0xff, 0xfe])],
    ["two documents", '{"v":1}{"v":2}'],
  ])("%s is malformed for every point, and says so", (_, payload) => {
    const { readings, isMalformed } = interpreted({ a: { at: "/v", unit: "1" }, b: { at: "/w" } }, payload);
    expect(isMalformed).toBe(true);
    expect(readings.map(({ point, code }) => [point, code])).toEqual([
      ["a", "mqtt.malformed"],
      ["b", "mqtt.malformed"],
    ]);
    expect(new CodedError("mqtt.malformed", readings[0]?.why).what("en")).toContain("topic t");
  });

  it("with null, or without the point, says nothing of it", () => {
    expect(interpreted({ a: { at: "/v", unit: "1" } }, '{"v":null}').readings).toEqual([]);
    expect(interpreted({ a: { at: "/v", unit: "1" }, b: { at: "/w", unit: "1" } }, '{"w":1}').readings).toHaveLength(1);
  });

  it("that holds nothing asked for names the pointer; one that never comes is named after a while", () => {
    expect(interpreted({ a: { at: "/v", unit: "1" } }, "{}").unread).toMatchObject({
      code: "mqtt.no-value",
      context: { topic: "t", at: "/v" },
    });
    const interpret = interpreter({ a: { at: "/v", unit: "1" }, b: { at: "/w", unit: "1" } });
    const codes = Array.from(
      { length: 10 },
      () => interpret({ topic: "t", payload: Buffer.from('{"v":1}'), mono: 1 }).unread?.context["at"],
    );
    expect(codes).toEqual([...Array(9).fill(undefined), "/w"]);
    expect(interpret({ topic: "t", payload: Buffer.from('{"w":1}'), mono: 1 }).unread).toBeNull();
  });
});

describe("a pointer", () => {
  // RFC 6901, section 5.
  const rfc = { foo: ["bar", "baz"], "": 0, "a/b": 1, "c%d": 2, "e^f": 3, "g|h": 4, "i\\j": 5, 'k"l': 6, " ": 7, "m~n": 8 };
  it.each([
    ["/foo/0", "bar"],
    ["/", 0],
    ["/a~1b", 1],
    ["/c%d", 2],
    ["/e^f", 3],
    ["/g|h", 4],
    ["/i\\j", 5],
    ['/k"l', 6],
    ["/ ", 7],
    ["/m~0n", 8],
    ["/foo/2", undefined],
    ["/foo/length", undefined],
    ["/__proto__", undefined],
    ["/constructor/name", undefined],
    ["/foo/0/length", undefined],
  ])("%s", (pointer, value) => expect(valueAt(rfc, pointer)).toEqual(value));
});

describe("a configuration", () => {
  it.each([
    [{ at: "v", unit: "1" }],
    [{ at: "/v", kind: "gauge" }],
    [{ at: "/v", kind: "text", unit: "V" }],
    [{ at: "/v", scale: 2 }],
    [{ at: "/v", unit: "1", map: { a: true } }],
    [{ at: "/v", map: { a: true, b: "c" } }],
    [{ at: "/v", map: {} }],
    [{ at: "/v", unit: "1", topic: "a/#" }],
    [{ at: "/v", unit: "1", range: [2, 1] }],
  ])("that contradicts itself is refused: %j", (p) =>
    expect(mqttJson.options.safeParse({ topic: "t", silentAfter: "1h", points: { p } }).success).toBe(false),
  );
});
