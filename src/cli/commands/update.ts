/** Asks root's update scripts: the state of an update, a release to check or to install, the end of a trial. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { EdgeError } from "../../kit/errors.ts";
import { readUpdateStatus, type UpdateStatus, updaterPath } from "../../kit/system/update-status.ts";
import { formatDuration } from "../../kit/text/format-duration.ts";
import { shownTime, type Terminal } from "../screen/terminal.ts";

/** Exit 1 while the last update has failed. */
export async function updateStatus(terminal: Terminal): Promise<number> {
  const status = readUpdateStatus();
  if (terminal.json) terminal.document(status);
  else show(status, terminal);
  const { outcome } = status?.last ?? {};
  return status?.state === "idle" && outcome !== undefined && FAILED.has(outcome) ? 1 : 0;
}

const FAILED: ReadonlySet<string> = new Set(["returned", "kept", "refused"]);

function show(status: UpdateStatus | null, { lang, say, lines }: Terminal): void {
  if (status === null) {
    lines(say("noUpdate"));
    return;
  }
  const { state, release = "", former = "", tries = 0, ranSeconds = 0, lacks, last } = status;
  if (state === "idle") lines(say("updateIdle"));
  else lines(`${say(WORDS[state])}: ${release}${former === "" ? "" : ` (${say("updateFormer")} ${former})`}`);
  if (state === "trial") {
    lines(`${say("updateRan")} ${formatDuration(ranSeconds * 1000)}; ${say("updateTries")} ${tries}`);
    if (lacks) lines(`${say("updateLacks")} ${lacks[lang]}`);
  }
  if (last) lines(`${last.at === undefined ? "" : `${shownTime(last.at)}  `}${last.code}: ${last.told[lang]}`);
}

const WORDS = { armed: "updateArmed", trial: "updateTrial", confirm: "updateConfirm", rollback: "updateRollback" } as const;

/** Runs one of them; they say themselves what they do, and end with 0 when it is done. */
export async function runUpdate([order = "", source, ...options]: readonly string[], { lang }: Terminal): Promise<number> {
  const words = [order, ...(source === undefined ? [] : [absolute(source)]), ...options];
  const updater = updaterPath();
  if (!existsSync(updater)) throw new EdgeError("cli.no-updater", { file: updater });
  // Below another root nothing of this machine is touched.
  if (process.getuid?.() !== 0 && process.env["CIPPO_ROOT"] === undefined)
    throw new EdgeError("cli.needs-root", { words: words.join(" ") });
  const env = { ...process.env, LC_ALL: lang === "it" ? "it_IT.UTF-8" : "C.UTF-8" };
  const child = spawn(updater, words, { stdio: "inherit", env });
  // The terminal signals the whole group; the scripts end where they can be taken up again.
  process.on("SIGTERM", () => void child.kill("SIGTERM")).on("SIGINT", () => undefined);
  const [code] = (await once(child, "exit")) as [number | null];
  return code ?? 1;
}

/** The scripts take absolute paths; a technician stands in the folder of the stick. */
const absolute = (source: string): string => (/^https?:\/\//.test(source) ? source : resolve(source));
