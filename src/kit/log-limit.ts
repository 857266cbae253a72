/** Holds a log to what a card can bear: of what is said again and again only now and then a line, with a count. */
/** A day's log stays below 1 MB, whatever the devices do: the budgets below, each full at the start, sum up to 0.9 MB. */
const DAY_MS = 86_400_000;
/** Lines that one place may write of one thing at once, and how soon it may write another after that. */
const LINES = 6;
const LINE_EVERY_MS = 2_700_000;
/** Bytes that may be written at once, and in a day beyond that. Errors have their own: a flood of warnings must not hide them. */
const BYTES = { errors: { most: 50_000, aDay: 100_000 }, others: { most: 200_000, aDay: 550_000 } };
/** Things whose lines are counted. Names come from outside too, so their number must be bounded. */
const THINGS_MOST = 1000;
const SWEEP_MS = 60_000;
/** Fields that name the thing a line is about; the first that is there counts. */
const THINGS = ["name", "device", "bus", "target", "topic", "adapter", "tool", "path"] as const;

type Fields = Readonly<Record<string, unknown>>;
type Loud = "info" | "warn" | "error";
/** Log of log.ts, which this file fits by structure. */
type LogLines = Readonly<Record<Loud | "debug", (event: string, fields?: Fields) => void>>;

interface Line {
  readonly level: Loud;
  readonly event: string;
  readonly fields: Fields;
}

/** A budget that refills evenly up to its maximum. */
class Bucket {
  #left: number;
  #at: number;
  readonly #most: number;
  readonly #perMs: number;

  constructor(most: number, perMs: number, mono: number) {
    this.#left = this.#most = most;
    this.#perMs = perMs;
    this.#at = mono;
  }

  has(amount: number, mono: number): boolean {
    this.#left = Math.min(this.#most, this.#left + (mono - this.#at) * this.#perMs);
    this.#at = mono;
    return this.#left >= amount;
  }

  isFull(mono: number): boolean {
    return this.has(this.#most, mono);
  }

  take(amount: number): void {
    this.#left -= amount;
  }
}

interface Place {
  readonly lines: Bucket;
  /** How many lines were held back since the last one written, and the newest of them. */
  suppressed: number;
  last: Line | null;
}

/** The next line of a place says how many were suppressed before it; `flush` and a timer write the last one. Debug lines are not held back. */
export class LimitedLog {
  readonly #out: LogLines;
  readonly #mono: () => number;
  readonly #places = new Map<string, Place>();
  readonly #bytes: Readonly<Record<"errors" | "others", Bucket>>;
  #swept: number;

  constructor(out: LogLines, mono: () => number) {
    this.#out = out;
    this.#mono = mono;
    const now = mono();
    this.#swept = now;
    const bytes = ({ most, aDay }: { readonly most: number; readonly aDay: number }) => new Bucket(most, aDay / DAY_MS, now);
    this.#bytes = { errors: bytes(BYTES.errors), others: bytes(BYTES.others) };
    // So that the last line of a flood is written too when nothing follows.
    setInterval(() => this.#sweep(mono()), SWEEP_MS).unref();
  }

  debug(event: string, fields?: Fields): void {
    this.#out.debug(event, fields);
  }

  info(event: string, fields: Fields = {}): void {
    this.#hold({ level: "info", event, fields });
  }

  warn(event: string, fields: Fields = {}): void {
    this.#hold({ level: "warn", event, fields });
  }

  error(event: string, fields: Fields = {}): void {
    this.#hold({ level: "error", event, fields });
  }

  /** Before the end: the last line of each place, if it was held back. */
  flush(): void {
    const mono = this.#mono();
    for (const place of this.#places.values()) if (place.last !== null) this.#write(place.last, place, mono);
  }

  #hold(line: Line): void {
    const mono = this.#mono();
    if (mono - this.#swept >= SWEEP_MS) this.#sweep(mono);
    const place = this.#placeOf(line, mono);
    if (this.#write(line, place, mono)) return;
    place.suppressed += 1;
    place.last = line;
  }

  #write(line: Line, place: Place, mono: number): boolean {
    if (!place.lines.has(1, mono)) return false;
    // `last` itself was counted when it was held back.
    const suppressed = place.suppressed - (place.last === line ? 1 : 0);
    const fields = suppressed > 0 ? { ...line.fields, suppressed } : line.fields;
    const size = sizeOf(line.event, fields);
    const bytes = this.#bytes[line.level === "error" ? "errors" : "others"];
    if (!bytes.has(size, mono)) return false;
    bytes.take(size);
    place.lines.take(1);
    place.suppressed = 0;
    place.last = null;
    this.#out[line.level](line.event, fields);
    return true;
  }

  #placeOf({ level, event, fields }: Line, mono: number): Place {
    const thing = THINGS.find((name) => typeof fields[name] === "string");
    const whole = `${level} ${event} ${thing === undefined ? "" : String(fields[thing])}`;
    const key = this.#places.has(whole) || this.#places.size < THINGS_MOST ? whole : `${level} ${event}`;
    const known = this.#places.get(key);
    if (known !== undefined) return known;
    const place: Place = { lines: new Bucket(LINES, 1 / LINE_EVERY_MS, mono), suppressed: 0, last: null };
    this.#places.set(key, place);
    return place;
  }

  #sweep(mono: number): void {
    this.#swept = mono;
    for (const [key, place] of this.#places) {
      if (place.last !== null) this.#write(place.last, place, mono);
      else if (place.lines.isFull(mono)) this.#places.delete(key);
    }
  }
}

/** Level, time, the journal's priority and the punctuation, beside what is said. */
const FRAME = 80;

function sizeOf(event: string, fields: Fields): number {
  return FRAME + event.length + Buffer.byteLength(shown(fields));
}

/** What is no JSON, such as a circle, the log writes in its own way; it is taken for a long one. */
function shown(fields: Fields): string {
  try {
    return JSON.stringify(fields, (_, value: unknown) => (value instanceof Error ? value.message : value));
  } catch {
    return " ".repeat(1000);
  }
}
