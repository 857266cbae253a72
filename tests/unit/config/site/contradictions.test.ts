/** What contradicts itself, or could not work, is refused with its place. */
import { describe, expect, it } from "vitest";
import { problemLine } from "../../../../src/config/index.ts";
import { site } from "./support.ts";

describe("what contradicts itself, or could not work", () => {
  const devices =
    "buses: { plant: { modbus: tcp, host: 10.0.0.1 }, pins: { gpio: auto }, uart: { serial: /dev/ttyS0 } }\ndevices:\n";
  const point = (text: string) => `${devices}  a: { type: modbus-points, bus: plant, unit: 1, points: { p: { ${text} } } }\n`;
  it.each([
    [
      "limits upside down",
      point("fc: 3, address: 1, writable: true, limits: { min: 10, max: 5 }"),
      "8:124: config.wrong-value: devices.a.points.p.limits.max: found 5, expected not less than min",
    ],
    [
      "a range upside down",
      point("fc: 3, address: 1, range: [10, 5]"),
      "8:91: config.wrong-value: devices.a.points.p.range: found a list, expected the smaller number first",
    ],
    [
      "a value beyond the last register",
      point("fc: 3, address: 65535, decode: float32"),
      "8:81: config.wrong-value: devices.a.points.p.address: found 65535, expected an address whose last register is at most 65535",
    ],
    [
      "no value by a number that the register never sends",
      point("fc: 3, address: 1, absent: [65535, -1]"),
      "8:100: config.wrong-value: devices.a.points.p.absent.1: found -1, expected a whole number from 0 to 65535, which is what uint16 holds",
    ],
    [
      "half a register for no value",
      point("fc: 4, address: 1, decode: int32, absent: [-2147483648, 0.5]"),
      "8:121: config.wrong-value: devices.a.points.p.absent.1: found 0.5, expected a whole number from -2147483648 to 2147483647, which is what int32 holds",
    ],
    [
      "no value beyond any float32",
      point("fc: 4, address: 1, decode: float32, absent: [1e39]"),
      "8:110: config.wrong-value: devices.a.points.p.absent.0: found 1e39, expected a number that float32 holds",
    ],
    [
      "a coil with a scale",
      point("coil: 1, scale: 0.1"),
      '8:74: config.unknown-key: devices.a.points.p.scale: found "scale", expected one of the keys coil, writable, limits, impact, alarm, safe, report, writeWith, leastEvery, keepAlive, atConnect',
    ],
    [
      "a coil with the limits of a number",
      point("coil: 1, writable: true, limits: { max: 5 }"),
      '8:100: config.unknown-key: devices.a.points.p.limits.max: found "max", expected one of the keys maxOn, minInterval',
    ],
    ...Object.entries({
      scale: "scale: 0.1",
      unit: "unit: V",
      range: "range: [0, 1]",
      absent: "absent: [0]",
      kind: "kind: counter",
      limits: "writable: true, limits: { min: 0 }",
    }).map(([name, option]): [string, string, string] => [
      `a bool with ${option}`,
      point(`fc: 3, address: 1, decode: bool, ${option}`),
      expect.stringContaining(`config.wrong-value: devices.a.points.p.${name}`),
    ]),
    [
      "a discrete input that is a number",
      point("fc: 2, address: 1, decode: float32"),
      '8:92: config.wrong-value: devices.a.points.p.decode: found "float32", expected bool: a discrete input is true or false',
    ],
    [
      "a scale that makes everything nothing",
      point("fc: 3, address: 1, scale: 0"),
      "8:91: config.wrong-value: devices.a.points.p.scale: found 0, expected a number other than 0",
    ],
    [
      "fewer registers at once than a value has",
      `${devices}  a: { type: modbus-points, bus: plant, unit: 1, maxRegisters: 1, points: { p: { fc: 3, address: 1, decode: float32 } } }\n`,
      "8:64: config.wrong-value: devices.a.maxRegisters: found 1, expected as many registers as its widest point has",
    ],
    [
      "a pause that would hold a line up",
      "buses: { s: { modbus: tcp, host: a, gap: 10min } }\n",
      '6:42: config.wrong-value: buses.s.gap: found "10min", expected at most 2s',
    ],
    [
      "a radio twice",
      "buses: { a: { ble: hci0 }, b: { ble: hci0 } }\n",
      "6:31: config.claimed-twice: buses.b: found hci0, already used by a (line 6), expected another one",
    ],
    [
      "a longer first wait than the longest",
      "  reconnect: { first: 10s, max: 1s }\n",
      '6:33: config.wrong-value: sync.reconnect.max: found "1s", expected not less than first',
    ],
    [
      "live values without a pause",
      "  live: { every: 0s }\n",
      '6:18: config.wrong-value: sync.live.every: found "0s", expected at least 50ms',
    ],
    ["a commit at once", "store: { commit: 0s }\n", '6:18: config.wrong-value: store.commit: found "0s", expected at least 50ms'],
    ["nothing kept", "store: { keep: 0s }\n", '6:16: config.wrong-value: store.keep: found "0s", expected at least 1min'],
    [
      "polls without a pause",
      `${devices}  a: { type: eastron-sdm120, bus: plant, unit: 1, every: 1ms }\n`,
      '8:58: config.wrong-value: devices.a.every: found "1ms", expected at least 50ms',
    ],
    [
      "polls beyond any timer",
      `${devices}  a: { type: gpio-contact, bus: pins, line: 1, means: door, every: 30d }\n`,
      '8:68: config.wrong-value: devices.a.every: found "30d", expected at most 24d',
    ],
    [
      "a port that is none",
      "buses: { s: { serial: 'tcp://host:99999' } }\n",
      '6:23: config.wrong-value: buses.s.serial: found "tcp://host:99999", expected a port from 1 to 65535 after tcp://host:',
    ],
    [
      "an empty host",
      "buses: { s: { modbus: tcp, host: '' } }\n",
      '6:34: config.wrong-value: buses.s.host: found "", expected a host name or an address',
    ],
    [
      "an empty text",
      "store: { file: '' }\n",
      '6:16: config.wrong-value: store.file: found "", expected a value that is not empty',
    ],
    [
      "a device called constructor",
      `${devices}  constructor: { type: gpio-contact, bus: pins, line: 1, means: door }\n`,
      '8:3: config.wrong-value: devices.constructor: found "constructor", expected any other name',
    ],
    [
      "an asset called toString",
      "assets: { toString: { kind: heat-meter } }\n",
      '6:11: config.wrong-value: assets.toString: found "toString", expected a name of lower-case letters, digits and -, such as bay-014; write `tostring:`',
    ],
    [
      "a point called constructor",
      point("coil: 1 }, constructor: { coil: 2"),
      '8:76: config.wrong-value: devices.a.points.constructor: found "constructor", expected a name such as flow-temp, and not constructor',
    ],
    [
      "a whole line twice",
      `${devices}  a: { type: a02yyuw, bus: uart }\n  b: { type: a02yyuw, bus: uart }\n`,
      "9:28: config.claimed-twice: devices.b.bus: found the whole line @ uart, already used by a (line 8), expected another one",
    ],
    [
      "five thousand levels",
      `a: ${"{a: ".repeat(5000)}`,
      '1:1: config.syntax: found "gateway:", expected fewer levels inside one another',
    ],
  ])("%s", async (_name, text, expected) => {
    const { site: made, problems } = await site(text);
    expect(made).toBeUndefined();
    const errors = problems.filter(({ severity }) => severity === "error");
    expect(errors.map((p) => problemLine(p, "en").replace("site.yaml:", ""))).toEqual([expected]);
  });
});
