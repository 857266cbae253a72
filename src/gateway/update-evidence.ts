/** Says in a file whether this release works, for the update scripts that keep it or give it back. */
import { realpath, rename, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { Log } from "../kit/log.ts";
import { pause } from "../kit/loop/pause.ts";
import type { GatewayStatus } from "../model/index.ts";

const EVERY_MS = 10_000;

export interface EvidenceOptions {
  /** The runtime directory of the unit; the scripts look for `evidence` in it. */
  readonly folder: string;
  /** The program that runs, in its release: `…/releases/NAME/dist/cippo.js`. */
  readonly program: string;
  readonly boot: string;
  readonly status: () => GatewayStatus;
  /** Loops that should have come round by now. */
  readonly overdue: () => readonly string[];
  readonly log: Log;
}

/** Writes until stopped. If the file cannot be written, the update scripts find no proof and go back to the former release, as they should. */
export async function tellEvidence(options: EvidenceOptions, stop: AbortSignal): Promise<void> {
  const { folder, program, log } = options;
  const file = join(folder, "evidence");
  while (!stop.aborted) {
    try {
      const release = basename(dirname(dirname(await realpath(program))));
      await writeFile(`${file}.new`, evidenceOf(options.status(), { release, boot: options.boot, overdue: options.overdue() }));
      await rename(`${file}.new`, file);
    } catch (error) {
      log.warn("update.no-evidence", { cause: error });
    }
    await pause(EVERY_MS, stop);
  }
}

/**
 * One `key=value` a line. `acked`: the platform has acknowledged an event of this very start, the first of which tells the start. `answers`: the
 * devices that do, with a problem or without. `alarms`: open ones of the gateway itself, neither of a device nor of an asset.
 */
export function evidenceOf(
  status: GatewayStatus,
  of: { readonly release: string; readonly boot: string; readonly overdue: readonly string[] },
): string {
  const { epoch, streams, store, sync, devices, alarms } = status;
  const events = streams.find((one) => one.epoch === epoch.id && one.stream === "events");
  const own = alarms.filter(({ asset, device }) => asset === undefined && device === undefined);
  const all = {
    release: of.release,
    boot: of.boot.replaceAll("-", ""),
    ready: yes(status.ready),
    up: Math.floor(status.uptimeMs / 1000),
    epoch: epoch.id,
    written: yes(store.writable && (events?.head ?? 0) > 0),
    loops: yes(of.overdue.length === 0),
    acked: yes((events?.upTo ?? 0) > 0),
    linked: yes(sync.connected),
    answers: devices.flatMap(({ id, state }) => (state === "up" || state === "problem" ? [id] : [])).join(" "),
    alarms: own.length,
  };
  return Object.entries(all)
    .map(([key, value]) => `${key}=${value}\n`)
    .join("");
}

const yes = (is: boolean): string => (is ? "yes" : "no");
