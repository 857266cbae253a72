/** The status light or sign of a unit before its sensor on GPIO lines: blinking, steady, dark, green or red. */
import type { Chip } from "./chip.ts";

interface Line {
  readonly line: number;
  readonly active: "high" | "low";
}

export interface SignOptions extends Line {
  readonly device: string;
  readonly means: string;
  readonly red?: Line;
  readonly blinks?: boolean;
  readonly chip: Chip;
}

/** Once a second or so, short: what is learned must not be what somebody wrote somewhere. */
const PERIOD_MS = 1100;
const FLASH_MS = 60;
const WORDS = ["blinking", "steady", "green", "red", "dark"] as const;
type Word = (typeof WORDS)[number];

export class Sign implements Disposable {
  readonly options: SignOptions;
  #word: Word;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: SignOptions) {
    this.options = options;
    this.#word = options.blinks ? "blinking" : "green";
    this.#show();
  }

  get word(): string {
    return this.#word;
  }

  put(point: string, value: unknown): void {
    const { means } = this.options;
    const word = WORDS.find((one) => one === value);
    if (point !== means || word === undefined) throw new Error(`expected ${means}, one of ${WORDS.join(", ")}`);
    this.#word = word;
    this.#show();
  }

  #show(): void {
    const { red } = this.options;
    clearTimeout(this.#timer);
    this.#drive(this.options, this.#word === "steady" || this.#word === "green");
    if (red) this.#drive(red, this.#word === "red");
    if (this.#word === "blinking") this.#flash(true);
  }

  #flash(isOn: boolean): void {
    this.#drive(this.options, isOn);
    this.#timer = setTimeout(() => this.#flash(!isOn), isOn ? FLASH_MS : PERIOD_MS - FLASH_MS);
  }

  #drive({ line, active }: Line, isOn: boolean): void {
    this.options.chip.drive(line, isOn === (active === "high") ? 1 : 0);
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }
}
