/** What the update scripts tell of an update: the state of one that is under way, and what became of the last. */
import { readFileSync } from "node:fs";
import type { Text } from "../../model/index.ts";

/** Below another root in tests, as the scripts read it themselves (`systemd/ota/common.sh`). */
const root = (): string => process.env["CIPPO_ROOT"] ?? "";
const statusFile = (): string => `${root()}/run/cippo-update/status`;
/** The only command that runs the scripts. */
export const updaterPath = (): string => `${root()}/usr/local/lib/cippo/update`;

/** docs/updates.md. */
export interface UpdateStatus {
  readonly state: "idle" | "armed" | "trial" | "confirm" | "rollback";
  /** Of an update that is under way. */
  readonly release?: string;
  readonly former?: string;
  /** Of a trial: starts that ended by themselves, seconds it has run, and the proof that it still lacks. */
  readonly tries?: number;
  readonly ranSeconds?: number;
  readonly lacks?: Text;
  readonly last?: {
    readonly outcome: "confirmed" | "returned" | "kept" | "refused" | "cancelled";
    readonly code: string;
    readonly told: Text;
    readonly release?: string;
    readonly seq?: number;
    /** Epoch ms. */
    readonly at?: number;
  };
}

const STATES = ["armed", "trial", "confirm", "rollback"] as const;
const OUTCOMES = ["confirmed", "returned", "kept", "refused", "cancelled"] as const;

/** Null: no update was ever asked for on this machine, or it has no updater. */
export function readUpdateStatus(): UpdateStatus | null {
  try {
    // It lies in memory, and is small.
    return updateStatusOf(readFileSync(statusFile(), "utf8"));
  } catch {
    return null;
  }
}

export function updateStatusOf(text: string): UpdateStatus {
  const lines = new Map(text.split("\n").map((line): [string, string] => cut(line)));
  const word = (key: string): string | undefined => lines.get(key) || undefined;
  const number = (key: string): number | undefined => {
    const digits = word(key);
    return digits !== undefined && /^\d{1,15}$/.test(digits) ? Number(digits) : undefined;
  };
  const sentence = (key: string): Text | undefined => {
    const en = word(key);
    return en === undefined ? undefined : { en, it: word(`${key}-it`) ?? en };
  };
  const outcome = OUTCOMES.find((one) => one === word("outcome"));
  const told = sentence("text");
  const at = number("at");
  return {
    state: STATES.find((one) => one === word("now-state")) ?? "idle",
    ...known({
      release: word("now-release"),
      former: word("now-former"),
      tries: number("now-tries"),
      ranSeconds: number("now-ran"),
      lacks: sentence("now-lacks"),
    }),
    ...(outcome && {
      last: {
        outcome,
        code: word("code") ?? "",
        told: told ?? { en: outcome, it: outcome },
        ...known({ release: word("release"), seq: number("seq"), at: at === undefined ? undefined : at * 1000 }),
      },
    }),
  };
}

function cut(line: string): [string, string] {
  const at = line.indexOf("=");
  return at < 0 ? [line, ""] : [line.slice(0, at), line.slice(at + 1)];
}

/** Without the fields that are undefined. */
function known<T extends object>(of: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(of).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
