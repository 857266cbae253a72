/** The polling of the forty meters as a user of bare modbus-serial writes it: the least that reading them can cost. */
import Library from "modbus-serial";
import { type Block, blocksOf, type Points } from "../../../src/drivers/families/modbus/registers.ts";
import { loadDriver } from "../../../src/drivers/index.ts";
import { offsetOf } from "../../../src/kit/loop/ticker.ts";
import { EVERY_MS, METER_TYPE, METERS, type Meter } from "./forty-meters.ts";

type ModbusRTU = InstanceType<typeof Library.default>;
// CommonJS: the class itself is the module's only default, whatever its types say.
const Client = Library as unknown as new () => ModbusRTU;

/** Says "ready" once every line is connected; ends with its process. `ports`: of the lines, in their order. */
export async function barePolling(ports: readonly number[]): Promise<void> {
  const requests = await requestsOfOneRound();
  const lines = await Promise.all(ports.map((port) => connected(port)));
  for (const meter of METERS) {
    const line = lines[meter.line];
    if (line === undefined) throw new Error(`no line ${meter.line}`);
    // In the same places of the period as the product's.
    setTimeout(
      () => {
        setInterval(() => line.poll(meter, requests), EVERY_MS);
        line.poll(meter, requests);
      },
      offsetOf(meter.id, EVERY_MS),
    );
  }
  process.stdout.write("ready");
}

/** The blocks that the product asks for, merged as it merges them. */
async function requestsOfOneRound(): Promise<readonly Block[]> {
  const driver = await loadDriver(METER_TYPE);
  const options = driver.options.parse({ unit: 1 });
  const layout = driver.layout(options);
  if (layout.wire !== "modbus") throw new Error(`${METER_TYPE} is no Modbus device`);
  const { maxGap } = options as { readonly maxGap: number };
  return blocksOf(layout.points as Points, { maxRegisters: layout.maxRegisters, maxGap });
}

interface StreamEntry {
  poll(meter: Meter, requests: readonly Block[]): void;
}

async function connected(port: number): Promise<StreamEntry> {
  const client = new Client();
  await client.connectTCP("127.0.0.1", { port });
  client.setTimeout(2000);
  const round = async ({ unit }: Meter, requests: readonly Block[]): Promise<void> => {
    for (const { fc, address, quantity } of requests) {
      client.setID(unit);
      const read = fc === 4 ? client.readInputRegisters(address, quantity) : client.readHoldingRegisters(address, quantity);
      const { buffer } = await read;
      for (let at = 0; at + 4 <= buffer.length; at += 4)
        if (!Number.isFinite(buffer.readFloatBE(at))) throw new Error(`unit ${unit} gave no number`);
    }
  };
  // One at a time: the library mixes up what is asked at once.
  let last: Promise<void> = Promise.resolve();
  return {
    poll(meter, requests) {
      last = last.then(() => round(meter, requests));
    },
  };
}
