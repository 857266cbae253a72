/** The centre of the comparison: a broker on a fixed port, and a subscriber that counts which readings arrived. */
import { connectAsync } from "mqtt";
import { brokerUrl, startBroker } from "../way/processes/broker.ts";

export const TOPIC = "peer/readings";

/** One reading as the peers send it: a number by which it is known again, and what a meter says. */
export const readingOf = (n: number): string =>
  JSON.stringify({ n, device: "meter-hall", point: "power", value: 412.5 + (n % 100), unit: "W", at: 1_764_000_000_000 + n });

export interface Centre extends AsyncDisposable {
  /** Different readings that arrived, and how often one came again. */
  readonly arrived: number;
  readonly repeats: number;
  /** `performance.now()` of the first and of the last new one. */
  readonly first: number;
  readonly last: number;
}

export async function openCentre(port: number, folder: string): Promise<Centre> {
  const broker = await startBroker(port, folder);
  const client = await connectAsync(brokerUrl(port), {
    protocolVersion: 5,
    reconnectPeriod: 0,
    properties: { receiveMaximum: 100 },
  });
  const seen = new Set<number>();
  const found = { repeats: 0, first: 0, last: 0 };
  client.on("message", (_, payload) => {
    const { n } = JSON.parse(payload.toString()) as { n: number };
    if (seen.has(n)) {
      found.repeats += 1;
      return;
    }
    found.last = performance.now();
    if (seen.size === 0) found.first = found.last;
    seen.add(n);
  });
  await client.subscribeAsync(TOPIC, { qos: 1 });
  return {
    get arrived() {
      return seen.size;
    },
    get repeats() {
      return found.repeats;
    },
    get first() {
      return found.first;
    },
    get last() {
      return found.last;
    },
    async [Symbol.asyncDispose]() {
      await client.endAsync(true);
      await broker[Symbol.asyncDispose]();
    },
  };
}
