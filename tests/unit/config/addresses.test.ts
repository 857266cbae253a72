/** Addresses of brokers, units, servers and ports as people write them: which are accepted, and what is said of others. */
import { once } from "node:events";
import { createServer } from "node:net";
import { networkInterfaces } from "node:os";
import { describe, expect, it } from "vitest";
import { checkSite, problemLine } from "../../../src/config/index.ts";
import { busSchema, type SerialSpec } from "../../../src/drivers/buses.ts";
import { serialLine } from "../../../src/drivers/transports/serial/serial-port.ts";

const HEAD = "gateway: { id: gw-1, site: { id: park } }\n";
const problemsOf = async (bus: string, lang: "en" | "it" = "en") => {
  const text = `${HEAD}sync: { broker: mqtt://127.0.0.1:1883 }\nbuses: { b: { ${bus} } }\n`;
  const { problems } = await checkSite(text, "s", lang);
  return problems.map((p) => problemLine(p, lang).replace(/^s:\d+:\d+: /, ""));
};

describe("what is an address", () => {
  it.each([
    ['serial: "tcp://[fd00::2]:4001"'],
    ['serial: "tcp://10.20.0.31:4001"'],
    ['serial: "tcp://moxa_1.site.local:4001"'],
    ["serial: /dev/serial0"],
    ["modbus: tcp, host: 10.20.0.20"],
    ["modbus: tcp, host: plc-7.lan."],
    ["modbus: tcp, host: fd00::2"],
    ['modbus: rtu-tcp, host: "[fd00::2]", port: 4001'],
    ["modbus: rtu, port: /dev/serial/by-id/usb-FTDI_FT232R_A10-if00-port0, baud: 256000"],
  ])("%s", async (bus) => expect(await problemsOf(bus)).toEqual([]));

  it.each(["mqtt://[::1]:1883", "mqtt://localhost", "mqtt://127.0.0.1:1883/"])("broker %s", async (broker) =>
    expect((await checkSite(`${HEAD}sync: { broker: "${broker}" }\n`, "s")).problems).toEqual([]),
  );
});

describe("what is none", () => {
  const windows = "COM1, COM2 and so on are names of Windows";
  it.each([
    ["modbus: rtu, port: COM3", windows],
    ["serial: com3", windows],
    ["modbus: rtu, port: ttyUSB0", "expected a serial device such as /dev/ttyUSB0"],
    ["modbus: rtu, port: 3", "expected a serial device such as /dev/ttyUSB0"],
    ["serial: 'tcp://fd00::2:4001'", "tcp://[fd00::2]:4001"],
    ["serial: '10.20.0.31:4001'", "write `serial: tcp://10.20.0.31:4001`"],
    ["serial: 'moxa-1.lan:4001'", "write `serial: tcp://moxa-1.lan:4001`"],
    ["serial: 'telnet://10.20.0.31:4001'", "write `serial: tcp://10.20.0.31:4001`"],
    ["modbus: rtu, port: 'tcp://10.20.0.31:4001'", "`modbus: rtu-tcp` with `host` and `port`"],
    ["modbus: rtu, port: '10.20.0.31:4001'", "`modbus: rtu-tcp` with `host` and `port`"],
    ["serial: 'tcp://[fd00::g]:4001'", "expected a host name or an address"],
    ["serial: 'tcp://[fd00::2]:0'", "expected a port from 1 to 65535"],
    ["serial: 'tcp://10.20.0.300:4001'", "four numbers from 0 to 255"],
    ["modbus: tcp, host: 192.168.1.300", "four numbers from 0 to 255"],
    ["modbus: tcp, host: 192.168.1", "four numbers from 0 to 255"],
    ["modbus: tcp, host: 192.168.1.30.1", "four numbers from 0 to 255"],
    ["modbus: tcp, host: 192.168.001.030", "four numbers from 0 to 255"],
    ["modbus: tcp, host: 'http://192.168.1.30'", "without http:// or tcp://"],
    ["modbus: tcp, host: '192.168.1.30:502'", "the port goes into `port`"],
    ["modbus: tcp, host: 'plant plc'", "expected a host name or an address"],
    ["modbus: tcp, host: -x-", "expected a host name or an address"],
    ["modbus: rtu, port: /dev/ttyUSB0, baud: 9601", "expected a rate that serial devices have"],
    ["serial: /dev/ttyUSB0, baud: 115000", "expected a rate that serial devices have"],
  ])("%s", async (bus, words) => {
    expect(await problemsOf(bus)).toEqual([expect.stringContaining(words)]);
    expect((await problemsOf(bus, "it"))[0]).not.toMatch(/expected|starts_with|names of| such as | device server/);
  });

  it.each([
    "tcp://b.example:1883",
    "ssl://b.example:8883",
    "mqtts://192.168.1.300",
    "b.example",
    "mqtt://",
    "mqtts://b.example/city",
  ])("broker %s", async (broker) => {
    const { problems } = await checkSite(`${HEAD}credentials: { ca: a, cert: b, key: c }\nsync: { broker: "${broker}" }\n`, "s");
    expect(problems.filter((p) => p.severity === "error").map((p) => p.expected)).toEqual(["a broker such as mqtts://host:8883"]);
  });
});

it("one device server is one, however its address is written", async () => {
  const buses = `buses: { a: { modbus: rtu-tcp, host: "[fd00::2]", port: 4001 }, b: { serial: "tcp://[fd00::2]:4001" } }\n`;
  const { problems } = await checkSite(`${HEAD}sync: { broker: mqtt://127.0.0.1:1883 }\n${buses}`, "s");
  expect(problems.map((p) => p.code)).toEqual(["config.claimed-twice"]);
});

const hasIpv6 = Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === "::1") === true);
it.skipIf(!hasIpv6)("a device server at an IPv6 address is reached", async () => {
  const server = createServer((socket) => socket.end("hi"));
  server.listen(0, "::1");
  await once(server, "listening");
  const address = server.address();
  const url = `tcp://[::1]:${typeof address === "object" ? address?.port : 0}`;
  const line = serialLine("yard", busSchema.parse({ serial: url }) as SerialSpec);
  await using port = await line.open(new AbortController().signal);
  for await (const { bytes } of port.chunks(new AbortController().signal)) {
    expect(Buffer.from(bytes).toString()).toBe("hi");
    break;
  }
  server.close();
});
