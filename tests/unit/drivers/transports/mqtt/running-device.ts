/** One mqtt-json device as the gateway runs it, whose readings become durable when the test says so. */
import { busSchema } from "../../../../../src/drivers/buses.ts";
import { deviceInfo, loadDriver } from "../../../../../src/drivers/index.ts";
import { openWires } from "../../../../../src/drivers/wires.ts";
import { Collector } from "../../../../../src/edge/devices/collector.ts";
import { monotonic } from "../../../../../src/kit/clock.ts";
import { type Log, noLog } from "../../../../../src/kit/log.ts";
import { broadcast } from "../../../../../src/kit/loop/signals.ts";
import { Watchdog } from "../../../../../src/kit/loop/watchdog.ts";
import type { DeviceProblem, Reading } from "../../../../../src/model/index.ts";

type Written = Readonly<Record<string, unknown>>;

/** `saved`: what is durable of the devices' memories, for a run after this one. */
export async function running(
  devices: Readonly<Record<string, Written>>,
  bus: Written,
  { folder, saved = new Map() }: { readonly folder?: string; readonly saved?: Map<string, unknown> } = {},
) {
  const spec = busSchema.parse(bus);
  let isConnected = false;
  const log: Log = {
    ...noLog,
    info: (event) => {
      isConnected ||= event === "mqtt.connected";
    },
  };
  const wires = openWires({ lora: spec }, log, { gateway: "gw", credentials: folder });
  const stop = broadcast();
  const made = await Promise.all(
    Object.entries(devices).map(async ([id, { type = "mqtt-json", ...written }]) => {
      const driver = await loadDriver(String(type));
      return deviceOf(deviceInfo(id, driver, driver.options.parse(written), "lora", wires), stop.signal, saved);
    }),
  );
  return {
    devices: Object.fromEntries(made.map((one) => [one.id, one])) as Readonly<Record<string, (typeof made)[number]>>,
    connected: () => isConnected,
    async [Symbol.asyncDispose]() {
      stop.abort();
      await Promise.all(made.map(({ run }) => run));
      await wires[Symbol.asyncDispose]();
    },
  };
}

function deviceOf(info: ReturnType<typeof deviceInfo>, stop: AbortSignal, saved: Map<string, unknown>) {
  const rows: Reading[] = [];
  const told: (DeviceProblem | null)[] = [];
  let waiting: (() => void)[] = [];
  let isOpen = false;
  const host = {
    readings: (_: unknown, readings: readonly Reading[]) => void rows.push(...readings),
    badge: () => undefined,
    remember: ({ id }: { readonly id: string }, memory: unknown) => void saved.set(id, JSON.parse(JSON.stringify(memory))),
    silence: (_: unknown, problem: DeviceProblem | null) => void told.push(problem),
    durable: () => (isOpen ? Promise.resolve() : new Promise<void>((resolve) => waiting.push(resolve))),
    log: noLog,
    watchdog: new Watchdog(),
  };
  const collector = new Collector(info, host, false, 0, saved.get(info.id));
  const run = collector.run(stop);
  return {
    id: info.id,
    run,
    rows,
    told,
    get waiting() {
      return waiting.length;
    },
    commit() {
      isOpen = true;
      for (const resolve of waiting) resolve();
      waiting = [];
    },
    perform: (point: string, value: boolean, latest?: number) => collector.perform(point, value, stop, latest),
    look() {
      collector.watchSilence(monotonic());
      return collector.status();
    },
  };
}
