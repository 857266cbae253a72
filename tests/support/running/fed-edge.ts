/** An edge with its store in a file, one device that says what the test says, and a clock that the test moves. */
import { EdgeRuntime, type EdgeRuntimeOptions } from "../../../src/edge/runtime.ts";
import type { Store } from "../../../src/edge/store/store.ts";
import { type Clock, monotonic } from "../../../src/kit/clock.ts";
import { noLog } from "../../../src/kit/log.ts";
import { broadcast } from "../../../src/kit/loop/signals.ts";
import type { CommandResult, Device, DeviceInfo, EdgeEvent, Reading } from "../../../src/model/index.ts";
import { open } from "../../unit/edge/store/support.ts";

/** Longer than any of these tests looks ahead: nothing is silent. */
export const NEVER_SILENT_MS = 3_600_000_000;
const EPOCH_WALL = 1_764_000_000_000;

export interface FedEdgeOptions extends Pick<EdgeRuntimeOptions, "assets" | "lists" | "answers"> {
  readonly file: string;
  readonly device: Pick<DeviceInfo, "id" | "points">;
  /** How far the clock is ahead of the machine's own, and whether it is right. */
  readonly ahead?: { ms: number; synced: boolean };
}

export class FedEdge implements AsyncDisposable {
  readonly edge: EdgeRuntime;
  readonly store: Store;
  readonly ahead: { ms: number; synced: boolean };
  readonly happened: EdgeEvent[] = [];
  readonly #queue: Reading[][] = [];
  #wake: () => void = () => undefined;
  #news: (() => void)[] = [];
  readonly #stop = broadcast();
  readonly #running: Promise<void>;

  /** Its epoch is open, and what lists lay on the disk are in force. */
  static async open(options: FedEdgeOptions): Promise<FedEdge> {
    const ahead = options.ahead ?? { ms: 0, synced: true };
    const mono = () => monotonic() + ahead.ms;
    const now = () => ({ mono: mono(), wall: EPOCH_WALL + mono(), synced: ahead.synced });
    const clock: Clock = { boot: "boot", mono, now };
    const at = new FedEdge(options, ahead, clock, await open(options.file, { clock }));
    await at.toldOf("epoch.opened", 1);
    await at.edge.lists?.load();
    return at;
  }

  private constructor({ device, assets, lists, answers }: FedEdgeOptions, ahead: FedEdge["ahead"], clock: Clock, store: Store) {
    this.ahead = ahead;
    this.store = store;
    const info = { ...device, type: "test", silentAfterMs: NEVER_SILENT_MS, open: async () => this.#device() };
    const log = noLog;
    this.edge = new EdgeRuntime({
      gateway: "gw",
      store,
      devices: [info],
      assets,
      commitMs: 10,
      clock,
      log,
      ...(lists && { lists }),
      ...(answers && { answers }),
    });
    this.edge.onEvent((event) => {
      this.happened.push(event);
      for (const tell of this.#news.splice(0)) tell();
    });
    this.#running = this.edge.run(this.#stop.signal);
  }

  #device(): Device {
    const [queue, listen] = [this.#queue, (wake: () => void) => (this.#wake = wake)];
    return {
      async *readings(_ticks, stop) {
        yield [];
        while (!stop.aborted) {
          const next = queue.shift();
          if (next !== undefined) yield next;
          else
            await new Promise<void>((resolve) => {
              listen(resolve);
              stop.addEventListener("abort", () => resolve(), { once: true });
            });
        }
      },
      async [Symbol.asyncDispose]() {},
    };
  }

  get wall(): number {
    return this.edge.clock.now().wall;
  }

  /** Good values of its points, as of now. */
  says(...readings: readonly Pick<Reading, "point" | "value">[]): void {
    this.#queue.push(readings.map((one) => ({ ...one, quality: "good", mono: this.edge.clock.mono() })));
    this.#wake();
  }

  /** The first such event, of those from number `from` on, as soon as it is durable. */
  async told(is: (event: EdgeEvent) => boolean, from = 0): Promise<EdgeEvent> {
    for (;;) {
      const found = this.happened.slice(from).find(is);
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => this.#news.push(resolve));
    }
  }

  /** All events of a kind, as soon as there are so many. */
  async toldOf(kind: string, count: number): Promise<readonly EdgeEvent[]> {
    const isOf = (event: EdgeEvent) => event.kind === kind;
    await this.told((event) => isOf(event) && this.happened.filter(isOf).length >= count);
    return this.happened.filter(isOf);
  }

  command(target: string, action: string, args: Readonly<Record<string, string | number>>): Promise<CommandResult> {
    return this.edge.commands.submit(target, action, args, "rossi", this.#stop.signal);
  }

  /** Retained states by asset, as they are durable. */
  get states(): Readonly<Record<string, unknown>> {
    return Object.fromEntries(this.edge.documents.assets().map(({ asset, state }) => [asset, state]));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#stop.signal.aborted) return;
    this.#stop.abort();
    await this.#running;
    await this.store[Symbol.asyncDispose]();
  }
}
