/** Who may send next: by priority, and never more in flight than the broker allows (MQTT 5 § 4.9; CT-U4, CT-U6). */

/**
 * Most urgent first: urgent copies, then `state` and `alarms`, then what must be alone in flight, then other retained topics and answers,
 * then the streams.
 */
export const ORDER = ["urgent", "state", "alone", "retained", "events", "readings", "history"] as const;
export type Rank = (typeof ORDER)[number];

/** More than this in flight adds latency and nothing else. */
const MOST = 32;
/** History in flight: enough to fill a link, little enough not to stand in front of an alarm. */
const MOST_HISTORY = 4;

export interface SendQuota {
  readonly size: number;
  readonly inFlight: number;
  /** Resolves with the function that gives the place back; rejects when `stop` comes first. */
  acquire(rank: Rank, stop: AbortSignal): Promise<() => void>;
}

interface Waiting {
  readonly rank: Rank;
  readonly enter: () => void;
}

export function sendQuota(receiveMaximum: number): SendQuota {
  const size = Math.max(1, Math.min(MOST, receiveMaximum));
  const waiting: Waiting[][] = ORDER.map(() => []);
  let inFlight = 0;
  let history = 0;
  let alone = false;
  const wantsAlone = (): boolean => (waiting[ORDER.indexOf("alone")]?.length ?? 0) > 0;

  const admits = (rank: Rank): boolean => {
    if (alone) return false;
    if (rank === "alone") return inFlight === 0;
    if (rank === "urgent" || rank === "state") return inFlight < size;
    // A message that must be alone waits: admit no others, or the connection would never become empty.
    if (wantsAlone()) return false;
    // One place is kept free for an alarm, unless there is only one.
    if (inFlight >= Math.max(1, size - 1)) return false;
    return rank !== "history" || history < Math.min(MOST_HISTORY, Math.max(1, size - 2));
  };
  const next = (): Waiting | undefined => {
    const queue = waiting.find((q, i) => q.length > 0 && admits(ORDER[i] ?? "history"));
    return queue?.shift();
  };
  const admit = (): void => {
    for (let first = next(); first !== undefined; first = next()) {
      inFlight += 1;
      if (first.rank === "history") history += 1;
      if (first.rank === "alone") alone = true;
      first.enter();
    }
  };
  const leave = (rank: Rank): void => {
    inFlight -= 1;
    if (rank === "history") history -= 1;
    if (rank === "alone") alone = false;
    admit();
  };

  return {
    size,
    get inFlight() {
      return inFlight;
    },
    acquire: (rank, stop) =>
      new Promise((resolve, reject) => {
        if (stop.aborted) return reject(stop.reason);
        const queue = waiting[ORDER.indexOf(rank)] ?? [];
        const away = (): void => {
          const at = queue.indexOf(entry);
          if (at >= 0) queue.splice(at, 1);
          reject(stop.reason);
          // Others may have been held back only because of this one.
          admit();
        };
        const entry: Waiting = {
          rank,
          enter: () => {
            stop.removeEventListener("abort", away);
            let given = false;
            resolve(() => {
              if (!given) leave(rank);
              given = true;
            });
          },
        };
        stop.addEventListener("abort", away, { once: true });
        queue.push(entry);
        admit();
      }),
  };
}
