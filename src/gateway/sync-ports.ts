/** Joins the edge to the sender: what it sends, which documents it keeps retained, where its commands go. */
import type { Loaded, Site } from "../config/index.ts";
import type { EdgeRuntime } from "../edge/runtime.ts";
import type { OrderStatus, UpdateOrders } from "../edge/updates/update-orders.ts";
import { version } from "../kit/build-version.ts";
import { type Clock, clockOf } from "../kit/clock.ts";
import { readUpdateStatus, type UpdateStatus } from "../kit/system/update-status.ts";
import type { SyncOptions } from "../sync/context.ts";
import type { Commands, Documents, Lists, Outbox, Updates } from "../sync/outbox.ts";

type UpdateReport = UpdateStatus & { readonly order?: OrderStatus };

interface Ports {
  readonly outbox: Outbox;
  readonly documents: Documents;
  readonly commands: Commands;
  readonly lists: Lists | undefined;
  readonly updates: Updates | undefined;
}

export function syncPorts(
  edge: EdgeRuntime,
  { rev, hash }: Pick<Loaded, "rev" | "hash">,
  clock: Clock,
  stop: AbortSignal,
  updates: UpdateOrders | null = null,
): Ports {
  const begun = clock.mono();
  return {
    outbox: edge.outbox,
    documents: {
      catalog: () => edge.documents.catalog,
      assets: () => edge.documents.assets(),
      removedAssets: () => edge.documents.removedAssets(),
      clearedAsset: (asset) => edge.documents.clearedAsset(asset),
      alarms: () => edge.documents.alarms(),
      reported: () => ({
        config: { rev, hash, by: "local" },
        buffer: { writable: edge.outbox.writable },
        ...(edge.lists !== null && { lists: edge.lists.reported() }),
        ...updateReported(updates),
      }),
      state: () => {
        const now = clock.now();
        return { version, configRev: rev, clock: clockOf(now), since: now.wall - (now.mono - begun) };
      },
    },
    lists: edge.lists ?? undefined,
    updates: updates ?? undefined,
    commands: {
      receive: (message) => edge.commands.receive(message, stop),
      onResult: (listener) => edge.commands.onResult(listener),
    },
  };
}

function updateReported(updates: UpdateOrders | null): { readonly update?: UpdateReport } {
  const [status, order] = [readUpdateStatus(), updates?.status ?? null];
  return status === null && order === null ? {} : { update: { ...(status ?? { state: "idle" }), ...(order && { order }) } };
}

export const credentialsFolder = ({ credentials }: Pick<Site, "credentials">): string | undefined =>
  credentials?.folder ?? process.env["CREDENTIALS_DIRECTORY"];

/** The part of the site that is about the broker, in the words of the sync room. */
export function syncOptions({ sync, credentials }: Site): SyncOptions {
  const folder = credentialsFolder({ credentials });
  const { cert, key, ca, password } = credentials ?? {};
  return {
    broker: sync.broker,
    acknowledge: sync.acknowledge,
    acceptLoss: sync.acceptLoss,
    mqtt: sync.mqtt,
    liveEveryMs: sync.live.every,
    historyBytesPerSecond: sync.history.bytesPerSecond,
    reconnect: { firstMs: sync.reconnect.first, maxMs: sync.reconnect.max },
    reportEveryMs: sync.report.every,
    ...(sync.user !== undefined && { user: sync.user }),
    ...(folder !== undefined && {
      credentials: { folder, ...(cert && { cert }), ...(key && { key }), ...(ca && { ca }), ...(password && { password }) },
    }),
  };
}
