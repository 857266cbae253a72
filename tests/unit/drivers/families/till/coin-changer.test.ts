/** A coin changer behind a simulated MDB-USB interface on a real socket: one question at a time, and never an order to pay. */
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { expect, it } from "vitest";
import { busSchema } from "../../../../../src/drivers/buses.ts";
import { deviceInfo, loadDriver } from "../../../../../src/drivers/index.ts";
import { openWires } from "../../../../../src/drivers/wires.ts";
import { noLog } from "../../../../../src/kit/log.ts";
import type { Reading } from "../../../../../src/model/index.ts";
import { codeOf, never } from "../../support.ts";

const WORKS: Readonly<Record<string, string>> = { V: "v,4.0.2,1", "M,1": "m,ACK", "R,0B": "p,ACK", "R,0F,05": "p,0300" };

/** `answers` by question; one that is empty is no answer. */
async function changer(answers: Readonly<Record<string, string>> = {}) {
  const asked: string[] = [];
  const is: Record<string, string> = { ...WORKS, ...answers };
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket.on("error", () => undefined));
    socket.write("p,15");
    socket.on("data", (bytes) => {
      // Each question comes alone, with its end.
      const question = bytes.toString("latin1").replace(/\n$/, "");
      asked.push(question);
      const answer = is[question] ?? "p,NACK";
      if (answer === "") return;
      for (const part of [answer.slice(0, 2), `${answer.slice(2)}\r\n`]) socket.write(part);
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const spec = busSchema.parse({ serial: `tcp://127.0.0.1:${(server.address() as AddressInfo).port}` });
  const driver = await loadDriver("qibixx-mdb");
  const info = deviceInfo("coins", driver, driver.options.parse({}), "till", openWires({ till: spec }, noLog));
  return {
    asked,
    is,
    open: async () => {
      const device = await info.open(never);
      const batches = device.readings({ next: () => Promise.resolve(0) }, never)[Symbol.asyncIterator]();
      return async () => {
        const readings: readonly Reading[] = (await batches.next()).value ?? [];
        return readings.map(({ point, value, code }) => [point, value, ...(code ? [code] : [])]);
      };
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

it("becomes the master once, polls, and is asked how it is, whatever was left in the line", async () => {
  await using at = await changer();
  const next = await at.open();
  expect(await next()).toEqual([
    ["fault", false],
    ["diagnosis", "0300"],
  ]);
  at.is["R,0F,05"] = "p,06001503";
  // A coin that is told by the poll is no diagnosis.
  at.is["R,0B"] = "p,4105";
  expect(await next()).toEqual([
    ["fault", true],
    ["diagnosis", "0600 1503"],
  ]);
  expect(at.asked).toEqual(["V", "M,1", "R,0B", "R,0F,05", "R,0B", "R,0F,05"]);
});

it.each([
  ["p,NACK", "device.silent"],
  ["p,ACK", "frame.invalid"],
  ["p,030", "frame.invalid"],
  ["p,0300zz00", "frame.invalid"],
])("makes no value of %s", async (answer, code) => {
  await using at = await changer({ "R,0F,05": answer });
  const next = await at.open();
  expect(await next()).toEqual([
    ["fault", null, code],
    ["diagnosis", null, code],
  ]);
});

it("begins anew when an answer is missing, and is not opened by what is no such interface", async () => {
  await using at = await changer({ "R,0F,05": "" });
  const next = await at.open();
  expect(await codeOf(next())).toBe("frame.invalid");
  at.is["M,1"] = "m,NACK";
  expect(await codeOf(at.open())).toBe("frame.invalid");
});
