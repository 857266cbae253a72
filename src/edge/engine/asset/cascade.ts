/** Whose turn it is in one moment: each asset is asked once, after all that it listens to, however many of them spoke. */
import type { AssetRun } from "./asset-run.ts";

/** An asset that is asked more often in one moment is in a circle that never comes to rest. */
export const TURNS_MOST = 100;

export interface Turn {
  readonly run: AssetRun;
  readonly at: number;
  /** The last input that it took in; null: it took none in, and only what fell due by itself is to be done. */
  input: number | null;
  /** Whatever comes of it is saved. */
  save: boolean;
}

export class Cascade {
  /** Who was in a circle in this moment: it is asked again at the next. */
  readonly broken = new Set<AssetRun>();
  readonly #turns = new Map<AssetRun, Turn>();
  /** By rank, in the order in which they came up. */
  readonly #waiting: Turn[][] = [];
  readonly #asked = new Map<AssetRun, number>();

  /** It heard something: it is to be asked. */
  ask(run: AssetRun, at: number, input: number, save: boolean): void {
    if (this.broken.has(run)) return;
    const turn = this.#turnOf(run, at);
    turn.input = input;
    turn.save ||= save;
  }

  /** Something of it fell due by itself. */
  due(run: AssetRun, at: number): void {
    this.#turnOf(run, at);
  }

  #turnOf(run: AssetRun, at: number): Turn {
    const known = this.#turns.get(run);
    if (known !== undefined) return known;
    const turn: Turn = { run, at, input: null, save: false };
    this.#turns.set(run, turn);
    const rank = this.#waiting[run.rank];
    if (rank === undefined) {
      for (let missing = this.#waiting.length; missing < run.rank; missing += 1) this.#waiting.push([]);
      this.#waiting[run.rank] = [turn];
    } else rank.push(turn);
    return turn;
  }

  /** Who is next; undefined: all are at rest, and the moment is over. */
  next(): Turn | undefined {
    if (this.#turns.size === 0) {
      this.#asked.clear();
      this.broken.clear();
      return undefined;
    }
    const turn = this.#waiting.find((rank) => rank.length > 0)?.shift();
    if (turn !== undefined) this.#turns.delete(turn.run);
    return turn;
  }

  /** To be told of each turn. True: it is too often the same one's. Others that were asked for its sake begin anew. */
  isCircling({ run }: Turn): boolean {
    const times = (this.#asked.get(run) ?? 0) + 1;
    this.#asked.set(run, times);
    if (times <= TURNS_MOST) return false;
    this.broken.add(run);
    this.#asked.clear();
    return true;
  }
}
