/** Plays a scenario in virtual time: the whole system in this process, over real sockets and files. */
import { appendFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Aedes } from "aedes";
import { loadSite } from "../../src/config/index.ts";
import type { GpioChip } from "../../src/drivers/driver.ts";
import { loadDriver } from "../../src/drivers/index.ts";
import { noLog } from "../../src/kit/log.ts";
import { openPlatform } from "../platform/open.ts";
import { Database } from "../platform/store/database.ts";
import { startSite } from "../site/index.ts";
import { type CourseStep, readScenario, type Scenario } from "../site/scenario.ts";
import { SocketLine } from "../site/socket-line.ts";
import type { Period } from "../start/judge/readings.ts";
import { stored } from "../start/judge/stored.ts";
import { COMMIT_MS, GATEWAY, gatewayConfig, siteReady } from "../start/site-config.ts";
import type { Lived } from "../start/virtual-run.ts";
import { chipLines } from "./chip-lines.ts";
import { CityLists, type ListStep } from "./city-lists.ts";
import { GatewayRun } from "./gateway-run.ts";
import { Stillness } from "./stillness.ts";
import type { VirtualTime } from "./virtual-time.ts";

export interface LiveOptions {
  readonly dir: string;
  readonly scenario: string;
}

/** After it is ready a gateway has this long until every device has been tried. */
const OPENING_MS = 5000;
/** What stands at the end has this long to be told, and then to be acknowledged. */
const LAST_MS = 60_000;
const PROVEN_WITHIN_MS = 300_000;
const SECOND_MS = 1000;
/** When the commit before a kill may have been cut off. */
const CUT_MS = COMMIT_MS + 250;
const ACK_AFTER_MS = 1000;
const PREFIX = "cippo/v1";

export async function live(time: VirtualTime, options: LiveOptions): Promise<Lived> {
  const scenario = await readScenario(options.scenario);
  if (scenario.virtual === undefined) throw new Error(`${options.scenario}: it says nothing of virtual time`);
  const still = new Stillness();
  const course = new Course(time, scenario, options);
  let lived: Lived | null = null;
  const living = course.run().then((told) => {
    lived = told;
  });
  let failure: unknown;
  living.catch((error: unknown) => {
    failure = error;
  });
  // Time goes on whenever there is nothing else to do.
  while (lived === null) {
    await still.reached();
    if (failure !== undefined) throw failure;
    if (lived === null && !(await time.step())) throw new Error("nobody waits for anything: it never ends");
  }
  return lived;
}

interface OpenBroker {
  readonly url: string;
  readonly aedes: Aedes;
}

class Course {
  readonly #time: VirtualTime;
  readonly #scenario: Scenario;
  readonly #o: LiveOptions;
  readonly #db: string;
  readonly #blind: Period[] = [];
  /** How the gateway's own clock stands to the right one. */
  readonly #clock = { aheadMs: 0, synced: true, boot: 1 };
  #gateway: GatewayRun | null = null;
  #publish: ((step: ListStep) => void) | null = null;
  #starts = 0;

  constructor(time: VirtualTime, scenario: Scenario, options: LiveOptions) {
    this.#time = time;
    this.#scenario = scenario;
    this.#o = options;
    this.#db = join(options.dir, "cippo.sqlite");
  }

  async run(): Promise<Lived> {
    const { dir, scenario } = this.#o;
    const chips = new Map<string, GpioChip>();
    await using site = await startSite({
      dir,
      scenario,
      gpiod: 1,
      loadDriver,
      takeChip: (bus, chip) => chips.set(bus, chipLines(chip)),
    });
    await using broker = await openBroker();
    const platformDb = join(dir, "platform.sqlite");
    await using _platform = await openPlatform({
      broker: broker.url,
      file: platformDb,
      prefix: PREFIX,
      ackAfterMs: ACK_AFTER_MS,
      confirm: site.ready.permits,
      confirmEarly: site.ready.earlyPermits,
      set: [],
      mono: () => this.#time.mono,
      wall: () => this.#time.wall,
      log: noLog,
      stop: () => undefined,
    });
    const config = join(dir, "gateway.yaml");
    const city = new CityLists(dir);
    const places = { socket: join(dir, "sock"), store: this.#db, broker: broker.url, credentials: city };
    await writeFile(config, gatewayConfig(siteReady.parse(site.ready).site, places));
    const open = () => this.#open(config, chips, broker);
    await open();
    const begun = site.begin();
    const begunAt = this.#time.wall;
    this.#publish = (step) => {
      const message = city.message(step, `${PREFIX}/${GATEWAY}/down`, begunAt);
      broker.aedes.publish({ cmd: "publish", qos: 1, dup: false, ...message }, () => undefined);
    };
    await this.#inOrder(begun, open);
    const must = site.freeze();
    await this.#pass(LAST_MS);
    const notProvenWithinMs = (await this.#proven()) ? null : PROVEN_WITHIN_MS;
    await this.#gateway?.stop();
    const end = this.#time.mono;
    return {
      ready: site.ready,
      gatewayDb: this.#db,
      platformDb,
      starts: this.#starts,
      blind: this.#blind,
      end,
      must,
      notProvenWithinMs,
    };
  }

  async #open(config: string, chips: ReadonlyMap<string, GpioChip>, { aedes }: OpenBroker): Promise<void> {
    const { boot } = this.#clock;
    this.#gateway = new GatewayRun({
      loaded: await loadSite(config),
      clock: {
        boot: `virtual-boot-${boot}`,
        mono: () => this.#time.mono,
        now: () => ({ mono: this.#time.mono, wall: this.#time.wall + this.#clock.aheadMs, synced: this.#clock.synced }),
      },
      chip: (bus) => chips.get(bus),
      store: this.#db,
      cut: () =>
        void (aedes as unknown as { readonly clients: Record<string, { conn: { destroy(): void } }> }).clients[
          GATEWAY
        ]?.conn.destroy(),
      note: (line) => appendFileSync(join(this.#o.dir, "gateway.log"), `${line}\n`),
    });
    this.#starts += 1;
    await this.#gateway.ready;
  }

  /** Everything that is done to the gateway, and then the rest of the time. */
  async #inOrder(begun: number, open: () => Promise<void>): Promise<void> {
    const { forMs, course } = { forMs: this.#scenario.virtual?.for ?? 0, course: this.#scenario.virtual?.course ?? [] };
    for (const step of [...course].sort((a, b) => a.at - b.at)) {
      await this.#pass(begun + step.at - this.#time.mono);
      await this.#take(step, open);
    }
    await this.#pass(begun + forMs - this.#time.mono);
  }

  async #take(step: CourseStep, open: () => Promise<void>): Promise<void> {
    if (step.do === "list") {
      this.#publish?.(step);
      return;
    }
    if (step.do === "clock") {
      this.#clock.aheadMs = step.ahead;
      this.#clock.synced = step.synced;
      return;
    }
    const from = this.#time.mono - (step.do === "restart" ? 0 : CUT_MS);
    await (step.do === "restart" ? this.#gateway?.stop() : this.#gateway?.kill());
    await this.#pass(step.for);
    if (step.do === "power-off") this.#clock.boot += 1;
    await open();
    this.#blind.push([from, this.#time.mono + OPENING_MS]);
  }

  async #pass(ms: number): Promise<void> {
    if (ms > 0) await new Promise((resolve) => setTimeout(resolve, ms));
  }

  /** Everything that is stored is acknowledged. */
  async #proven(): Promise<boolean> {
    for (const until = this.#time.mono + PROVEN_WITHIN_MS; this.#time.mono < until; await this.#pass(SECOND_MS)) {
      await using db = await Database.open(this.#db, "readonly");
      const streams = await stored(db, new Map());
      if (streams.every((one) => one.acknowledged === one.stored)) return true;
    }
    return false;
  }
}

async function openBroker(): Promise<OpenBroker & AsyncDisposable> {
  const aedes = await Aedes.createBroker();
  const line = new SocketLine((socket) => aedes.handle(socket));
  await line.plug();
  return {
    url: `mqtt://127.0.0.1:${line.port}`,
    aedes,
    async [Symbol.asyncDispose]() {
      await line[Symbol.asyncDispose]();
      await new Promise<void>((resolve) => aedes.close(resolve));
    },
  };
}
