/** What a person at the box may ask of the running gateway: status, values, history, commands. */
import { checkDevice, checkPoint, checkSource, type Names } from "../cli/site-names.ts";
import type { Admin } from "../cli/socket/admin-server.ts";
import type { Loaded } from "../config/index.ts";
import { ListUpload } from "../edge/lists/list-upload.ts";
import type { EdgeRuntime } from "../edge/runtime.ts";
import type { Store } from "../edge/store/store.ts";
import { version } from "../kit/build-version.ts";
import { type Clock, clockOf } from "../kit/clock.ts";
import { EdgeError } from "../kit/errors.ts";
import { pluralise } from "../kit/text/pluralise.ts";
import type { BusStatus, GatewayStatus, ReadingRecord } from "../model/index.ts";
import type { Sync } from "../sync/sync.ts";

/** So long a person waits for a value. A device that is asked takes its turn on its line; a Bluetooth one is connected to first. */
const READ_MS = { polled: 15_000, connected: 60_000, pushed: { least: 5000, most: 20_000 } };

export interface RunningGateway {
  readonly edge: EdgeRuntime;
  readonly store: Store;
  readonly sync: Sync;
  readonly lines: () => readonly BusStatus[];
  readonly loaded: Loaded;
  readonly clock: Clock;
  readonly file: string;
  readonly stop: AbortSignal;
}

export function adminAnswers(running: RunningGateway): Admin {
  const { edge, store, loaded, stop } = running;
  const begun = running.clock.mono();
  const names = namesOf(loaded.site);
  const upload = edge.lists === null ? null : new ListUpload(edge.lists);
  return {
    status: () => statusOf(running, begun),
    present: () => ({ ...statusOf(running, begun), assets: edge.presentAssets() }),
    problems: () => loaded.problems,
    commands: () => edge.targets,
    async read(device) {
      checkDevice(names, device);
      return edge.devices.readNow(device, patienceWith(loaded.site.devices[device]));
    },
    watch({ names: wanted }, listener) {
      for (const name of wanted) checkSource(names, name);
      return watch(running, new Set(wanted), listener);
    },
    command: ({ target, action, args, by }) => edge.commands.submit(target, action, args, by, stop),
    lists: () => edge.lists?.status() ?? [],
    importList(piece) {
      if (upload === null) throw new EdgeError("signature.no-keys");
      return upload.take(piece);
    },
    async *events({ sinceMs, limit }) {
      for await (const { event } of store.events({ ...(sinceMs !== undefined && { sinceWall: sinceMs }), limit })) yield event;
    },
    async *history({ point, sinceMs }) {
      const [source, name] = checkPoint(names, point);
      const device = loaded.site.devices[source];
      const kind = device?.driver.points(device.options)[name]?.kind;
      for await (const row of store.history({ source, name, sinceWall: sinceMs })) yield { ...row, ...(kind && { kind }) };
    },
  };
}

/** One that speaks by itself is silent when it has said nothing for so long; few people wait for a quarter of an hour. */
function patienceWith(device: Loaded["site"]["devices"][string] | undefined): number {
  if (device === undefined) return READ_MS.polled;
  const { driver, options } = device;
  if (driver.everyMs?.(options) !== undefined) return driver.wire === "ble" ? READ_MS.connected : READ_MS.polled;
  return Math.min(READ_MS.pushed.most, Math.max(READ_MS.pushed.least, driver.silentAfterMs(options)));
}

const namesOf = ({ devices, assets }: Loaded["site"]): Names => ({
  devices: new Map(Object.values(devices).map(({ id, driver, options }) => [id, Object.keys(driver.points(options))])),
  assets: new Map(Object.entries(assets).map(([id, { kind }]) => [id, Object.keys(kind.shows)])),
});

function watch({ edge, clock }: RunningGateway, names: ReadonlySet<string>, listener: Parameters<Admin["watch"]>[1]): () => void {
  const wanted = (...ids: readonly (string | undefined)[]) =>
    names.size === 0 || ids.some((id) => id !== undefined && names.has(id));
  const readings = edge.onRecord(({ source, name, value, unit, quality, code, mono }: ReadingRecord) => {
    if (!wanted(source, `${source}.${name}`)) return;
    const now = clock.now();
    listener({
      what: "reading",
      source,
      point: name,
      value,
      unit,
      quality,
      ...(code !== undefined && { code }),
      at: now.wall - (now.mono - mono),
    });
  });
  const events = edge.onEvent((event) => {
    if (wanted(event.asset, event.device)) listener({ what: "event", event });
  });
  return () => {
    readings();
    events();
  };
}

function statusOf({ edge, store, sync, lines, loaded, clock, file }: RunningGateway, begun: number): GatewayStatus {
  const link = sync.status();
  const { bytes, quotaBytes, unacknowledged } = store.size();
  return {
    gateway: loaded.site.gateway.id,
    version,
    configRev: loaded.rev,
    pid: process.pid,
    ready: true,
    uptimeMs: clock.mono() - begun,
    clock: clockOf(clock.now()),
    epoch: edge.epoch,
    devices: edge.devices.status(),
    buses: lines(),
    assets: edge.documents.assets(),
    alarms: edge.documents.alarms().open,
    sync: {
      broker: loaded.site.sync.broker,
      mode: loaded.site.sync.acknowledge,
      connected: link.connected,
      ...(link.code !== undefined && { code: link.code }),
      ...(link.detail !== undefined && { detail: link.detail }),
      ...(link.next !== undefined && { next: link.next }),
      uplink: link.uplink,
    },
    store: { file, bytes, quotaBytes, unacknowledged, writable: edge.outbox.writable, waiting: edge.waiting },
    streams: link.streams,
  };
}

const NAMED = 3;

/** The first few of them with what is wrong. */
function named(devices: GatewayStatus["devices"]): string {
  const which = devices.slice(0, NAMED).map(({ id, problem }) => `${id} ${problem?.code ?? "device.silent"}`);
  const more = devices.length > NAMED ? ", …" : "";
  return devices.length === 0 ? "" : ` (${which.join(", ")}${more})`;
}

/** One line for `systemctl status`: what is down, and whether store and platform are reached. */
export function statusLine({ devices, alarms, store, sync }: GatewayStatus): string {
  const down = devices.filter(({ state }) => state === "down");
  const ill = devices.filter(({ state }) => state === "problem");
  return [
    `${pluralise(devices.length, "device|devices")}, ${down.length} down${named(down)}`,
    ...(ill.length > 0 ? [`${ill.length} up with a problem${named(ill)}`] : []),
    pluralise(alarms.length, "alarm|alarms"),
    `store ${store.writable ? "writable" : "NOT WRITABLE"}, ${store.unacknowledged} not acknowledged`,
    `broker ${sync.connected ? "connected" : `away (${sync.code ?? "not yet"})`}`,
  ].join("; ");
}
