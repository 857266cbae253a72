/** One run of the gateway in this process, which can also end as a power cut ends it: with what was on the disk. */
import { copyFile, readdir, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { Loaded } from "../../src/config/index.ts";
import type { WiresOptions } from "../../src/drivers/wires.ts";
import type { Clock } from "../../src/kit/clock.ts";
import type { Fields, Log } from "../../src/kit/log.ts";
import { runGateway } from "../../src/main.ts";

export interface GatewayRunOptions {
  readonly loaded: Loaded;
  readonly clock: Clock;
  readonly chip: NonNullable<WiresOptions["chip"]>;
  /** Its database. */
  readonly store: string;
  /** Cuts its connections: what it says from then on nobody hears. */
  readonly cut: () => void;
  readonly note: (line: string) => void;
}

export class GatewayRun {
  readonly #o: GatewayRunOptions;
  readonly #stop = new AbortController();
  /** Resolves when it says that it is ready. */
  readonly ready: Promise<void>;
  readonly #over: Promise<void>;

  constructor(options: GatewayRunOptions) {
    this.#o = options;
    const { loaded, clock, chip, note } = options;
    let isReady: () => void = () => undefined;
    const ready = new Promise<void>((resolve) => {
      isReady = resolve;
    });
    const say =
      (level: string) =>
      (event: string, fields: Fields = {}) => {
        note(
          JSON.stringify({
            level,
            mono: clock.mono(),
            event,
            ...fields,
            ...(fields["cause"] instanceof Error && { cause: fields["cause"].message }),
          }),
        );
        if (event === "gateway.ready") isReady();
      };
    const log: Log = { debug: () => undefined, info: say("info"), warn: say("warn"), error: say("error") };
    this.#over = runGateway({ loaded, log, clock, chip }, this.#stop.signal);
    this.ready = Promise.race([ready, this.#over]);
    this.#over.catch(() => undefined);
  }

  /** In order: what is open is stored and sent. Throws what it failed with. */
  stop(): Promise<void> {
    this.#stop.abort();
    return this.#over;
  }

  /** Its disk is as it was at this moment, whatever it still wrote while it ended. Nothing may be under way. */
  async kill(): Promise<void> {
    const { store, cut } = this.#o;
    const folder = dirname(store);
    const files = (await readdir(folder)).filter((name) => name.startsWith(basename(store)) && !name.endsWith("-shm"));
    for (const name of files) await copyFile(join(folder, name), join(folder, `kept-${name}`));
    cut();
    await this.stop();
    for (const suffix of ["", "-wal", "-shm"]) await rm(`${store}${suffix}`, { force: true });
    for (const name of files) {
      await copyFile(join(folder, `kept-${name}`), join(folder, name));
      await rm(join(folder, `kept-${name}`));
    }
  }
}
