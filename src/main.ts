/** Runs one checked site until stopped: wires, store, edge, sync, opened in order and closed in reverse. */

import { join } from "node:path";
import { serveAdmin } from "./cli/socket/admin-server.ts";
import type { Loaded, Site } from "./config/index.ts";
import { deviceInfo } from "./drivers/index.ts";
import { openWires, type WiresOptions } from "./drivers/wires.ts";
import { type Calendar, SiteAnswers } from "./edge/answers/site-answers.ts";
import { ToldLists } from "./edge/answers/told-lists.ts";
import { EdgeRuntime } from "./edge/runtime.ts";
import type { KindOf } from "./edge/segments/thin.ts";
import { openStore } from "./edge/store/open-store.ts";
import { UpdateOrders } from "./edge/updates/update-orders.ts";
import { adminAnswers, statusLine } from "./gateway/admin-answers.ts";
import { listOptions } from "./gateway/list-options.ts";
import { credentialsFolder, syncOptions, syncPorts } from "./gateway/sync-ports.ts";
import { tellEvidence } from "./gateway/update-evidence.ts";
import { updateOptions } from "./gateway/update-options.ts";
import { version } from "./kit/build-version.ts";
import { type Clock, systemClock } from "./kit/clock.ts";
import type { Log } from "./kit/log.ts";
import { AnyOf, broadcast } from "./kit/loop/signals.ts";
import { Watchdog } from "./kit/loop/watchdog.ts";
import { serviceManager } from "./kit/system/systemd.ts";
import type { DeviceInfo } from "./model/index.ts";
import { runSync } from "./sync/sync.ts";

export interface RunOptions {
  readonly loaded: Loaded;
  readonly log: Log;
  readonly clock?: Clock;
  /** In place of what the configuration says. */
  readonly socket?: string;
  /** Chips that stand in this process, in place of those of the machine, by the name of their bus. */
  readonly chip?: WiresOptions["chip"];
}

/** Resolves after a soft stop. Throws EdgeError `store.*`, `cli.socket`: what the gateway cannot live without. Everything else it waits for. */
export async function runGateway(
  { loaded, log, clock: given, socket: asked, chip }: RunOptions,
  stop: AbortSignal,
): Promise<void> {
  const { site } = loaded;
  const source = given ?? systemClock(site.gateway.clock);
  await source.known?.();
  const file = site.store.file ?? join(process.env["STATE_DIRECTORY"] ?? "/var/lib/cippo", "cippo.sqlite");
  const socket = asked ?? site.gateway.socket ?? join(process.env["RUNTIME_DIRECTORY"] ?? "/run/cippo", "cippo.sock");

  await using manager = serviceManager({ log });
  const watchdog = new Watchdog();

  const { quotaMB, keep: keepMs } = site.store;
  const runtime = process.env["RUNTIME_DIRECTORY"];
  await using store = await openStore({ file, quotaMB, keepMs, clock: source, log, kindOf: kindOf(site), runtime });
  await using wires = openWires(site.buses, log, {
    credentials: credentialsFolder(site),
    badgeKey: site.credentials?.badgeKey,
    gateway: site.gateway.id,
    now: () => source.now(),
    ...(chip && { chip }),
  });
  const devices = Object.values(site.devices).map(
    (d): DeviceInfo => deviceInfo(d.id, d.driver, d.options, d.bus ?? "", wires, d.place),
  );
  const answers = new SiteAnswers(calendarOf(site), new ToldLists(store.saved));
  const lists = listOptions(site, file);
  const edge = new EdgeRuntime({
    gateway: site.gateway.id,
    store,
    devices,
    assets: Object.values(site.assets),
    answers,
    lists,
    commitMs: site.store.commit,
    clock: source,
    log,
    watchdog,
  });
  const { clock } = edge;
  await edge.open();
  const program = process.argv[1];
  const updates =
    runtime === undefined || program === undefined
      ? null
      : new UpdateOrders({ ...updateOptions({ site, folder: runtime, program, keys: lists.keys, answers }), clock, log });
  // Sync outlives the devices for a moment: their last words may still be sent.
  const hangUp = broadcast();
  const sync = runSync(
    {
      gateway: site.gateway.id,
      prefix: site.sync.prefix,
      options: syncOptions(site),
      clock,
      log,
      watchdog,
      ...syncPorts(edge, loaded, clock, stop, updates),
    },
    hangUp.signal,
  );
  // Whatever fails from here on: nobody goes on speaking for a store that is closed.
  await using _silent = {
    [Symbol.asyncDispose]() {
      hangUp.abort();
      return sync.done;
    },
  };
  const admin = adminAnswers({ edge, store, sync, lines: wires.lines, loaded, clock, file, stop });
  await using _socket = await serveAdmin(socket, admin, log, stop);
  const running = edge.run(stop);
  log.info("gateway.ready", {
    gateway: site.gateway.id,
    version,
    config: loaded.rev,
    epoch: edge.epoch.id,
    n: edge.epoch.n,
    cause: edge.epoch.cause,
  });
  const line = () => statusLine(admin.status());
  stop.addEventListener("abort", () => void manager.stopping(), { once: true });
  using over = new AnyOf(stop, hangUp.signal);
  const proven =
    runtime === undefined || program === undefined
      ? null
      : tellEvidence(
          { folder: runtime, program, boot: clock.boot, status: admin.status, overdue: () => watchdog.overdue(), log },
          over.signal,
        );
  const ordered = updates?.run(over.signal);
  const told = manager.ready(line()).then(() => manager.run(watchdog, line, over.signal));
  try {
    await running;
  } finally {
    hangUp.abort();
    await Promise.all([sync.done, told, proven, ordered]);
  }
  log.info("gateway.stopped", { gateway: site.gateway.id });
}

function calendarOf({ gateway: { timezone, holidays } }: Site): Calendar {
  return { timezone, ...(holidays && { holidays: { country: holidays.country, extra: holidays.extra } }) };
}

/** What a full store may leave out of a point depends on what it is: of totals all but the last, of assets nothing that changed. */
function kindOf({ devices, assets }: Site): KindOf {
  const points = new Map(Object.values(devices).map((d) => [d.id, d.driver.points(d.options)]));
  return (source, name) => {
    if (Object.hasOwn(assets, source)) return "state";
    const kind = points.get(source)?.[name]?.kind;
    return kind === "increments" ? "counter" : kind === "text" || kind === "credential" ? "state" : kind;
  };
}
