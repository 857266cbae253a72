/** Tells ten refused commands a minute one by one, the rest as one event, and answers repeats alike (CT-C5). */
import { pluralise } from "../../kit/text/pluralise.ts";
import { hostEvent } from "../../model/host-events.ts";
import type { EventDraft } from "../../model/index.ts";
import type { Ending } from "./command-result.ts";

const MINUTE_MS = 60_000;
const ALONE_A_MINUTE = 10;
const IDS_NAMED = 10;
/** Ids of refused commands that are known: the newest so many. */
const MOST_KNOWN = 10_000;

export class RefusalDigest {
  readonly #known = new Map<string, Ending>();
  /** Kernel monotonic ms at which the minute began; null: nothing was refused since the last. */
  #begun: number | null = null;
  #alone = 0;
  #count = 0;
  #ids: string[] = [];
  #codes: Record<string, number> = {};

  /** What its sender was told, where this id was refused before. */
  endingOf(id: string): Ending | undefined {
    return this.#known.get(id);
  }

  /** True: it is to be told by an event of its own. False: it is counted, for the event at the minute's end. `id` undefined: it has none. */
  isTold(id: string | undefined, { state, code }: Ending, mono: number): boolean {
    if (id !== undefined) this.#know(id, { state, code });
    this.#begun ??= mono;
    this.#alone += 1;
    if (this.#alone <= ALONE_A_MINUTE) return true;
    this.#count += 1;
    if (id !== undefined && this.#ids.length < IDS_NAMED) this.#ids.push(id);
    if (code !== undefined) this.#codes[code] = (this.#codes[code] ?? 0) + 1;
    return false;
  }

  /** The event of a minute that is over, or of one that is cut short; null: there is nothing to tell, or not yet. */
  due(mono: number, cutShort = false): EventDraft | null {
    if (this.#begun === null || (!cutShort && mono - this.#begun < MINUTE_MS)) return null;
    const draft = this.#count === 0 ? null : this.#draft(this.#begun);
    this.#begun = null;
    this.#alone = 0;
    this.#count = 0;
    this.#ids = [];
    this.#codes = {};
    return draft;
  }

  #draft(sinceMono: number): EventDraft {
    return {
      ...hostEvent("command.refused"),
      state: "noted",
      sinceMono,
      text: {
        it: `${pluralise(this.#count, "altro comando rifiutato|altri comandi rifiutati")} nell'ultimo minuto`,
        en: `${pluralise(this.#count, "further command|further commands")} refused within a minute`,
      },
      extra: { count: this.#count, ids: this.#ids, codes: this.#codes },
    };
  }

  #know(id: string, ending: Ending): void {
    this.#known.set(id, ending);
    const [oldest] = this.#known.keys();
    if (this.#known.size > MOST_KNOWN && oldest !== undefined) this.#known.delete(oldest);
  }
}
