/** Starts the product's Bluetooth child on a private D-Bus with a BlueZ that is not ours. */
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach } from "vitest";
import type * as z from "zod";
import type { BleMessageBody, commandSchema } from "../../../src/drivers/ble-child/ble-protocol.ts";
import { Bluez, missing } from "../machine/bluez.ts";
import { Program, temporary, until } from "./processes.ts";

export const MAC = "A4:C1:38:00:00:01";
export const TAG = "C4:7C:8D:00:00:02";
export const NEW = "A4:C1:38:00:00:03";
export const FIRST_TEMPERATURE = "4002CA09";
export const lacks = missing();
if (lacks !== "") console.warn(`skipped: the Bluetooth child against BlueZ needs ${lacks}`);

export type Word = BleMessageBody & { readonly v: 1 };
export type Seen = Extract<Word, { is: "seen" }>;

/** The executable, as the gateway starts it. */
export class Child implements AsyncDisposable {
  readonly program: Program;
  #id = 0;
  /** Words before this one are of the past. */
  #since = 0;

  constructor(env: NodeJS.ProcessEnv) {
    const bundle = join(import.meta.dirname, "../../../dist/cippo-ble.js");
    this.program = new Program(process.execPath, ["--max-old-space-size=32", bundle, "hci0"], { env });
  }

  say(order: z.input<typeof commandSchema> extends infer O ? (O extends object ? Omit<O, "v"> : never) : never): void {
    this.program.child.stdin?.write(`${JSON.stringify({ v: 1, ...order })}\n`);
  }

  mark(): void {
    this.#since = this.program.lines.length;
  }

  get words(): readonly Word[] {
    return this.program.lines.slice(this.#since).map((line) => JSON.parse(line) as Word);
  }

  /** The first since the mark that is as wanted. */
  async word<W extends Word>(wanted: (word: Word) => word is W, withinMs = 20_000): Promise<W> {
    let n = 0;
    return this.program.line((line) => {
      n += 1;
      const word = JSON.parse(line) as Word;
      return n > this.#since && wanted(word) ? word : undefined;
    }, withinMs);
  }

  state(...states: readonly string[]): Promise<Word> {
    return this.word((word): word is Word => word.is === "state" && states.includes(word.state));
  }

  seen(mac: string, wanted: (seen: Seen) => boolean = () => true): Promise<Seen> {
    return this.word((word): word is Seen => word.is === "seen" && word.mac === mac && wanted(word));
  }

  /** Its id, for `answer`. */
  order(mac: string, characteristics: readonly (readonly [string, string])[]): number {
    const id = ++this.#id;
    const list = characteristics.map(([service, characteristic]) => ({ service, characteristic }));
    this.say({ do: "read", id, mac, characteristics: list, connectMs: 1000, discoverMs: 1000, readMs: 1500 });
    return id;
  }

  async answer(id: number) {
    const word = await this.word((w): w is Extract<Word, { id: number }> => "id" in w && w.id === id, 30_000);
    return word.is === "values" ? word.values : word.step;
  }

  read(mac: string, characteristics: readonly (readonly [string, string])[]) {
    return this.answer(this.order(mac, characteristics));
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.program.child.stdin?.end();
    return this.program.ended;
  }
}

export const HEARD_MS = 60_000;
export const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
export const BATTERY = [["180f", "2a19"]] as const;

/** For the tests of one description: a BlueZ of their own, its adapter new for each. */
export function useBluez() {
  let folder: { readonly path: string } & AsyncDisposable;
  let bluez: Bluez;
  beforeAll(async () => {
    folder = await temporary("bluez");
    bluez = new Bluez(folder.path);
    await bluez.start();
  }, 60_000);
  afterAll(async () => {
    await bluez[Symbol.asyncDispose]();
    await folder[Symbol.asyncDispose]();
  });
  /** Each test has its own adapter with the two devices, known to BlueZ from before. */
  beforeEach(async () => {
    await bluez.ask({ do: "remove_adapter" }).catch(() => undefined);
    await bluez.ask({ do: "adapter" });
    await bluez.ask({ do: "device", mac: MAC });
    await bluez.ask({ do: "device", mac: TAG });
    await bluez.ask({
      do: "gatt",
      mac: TAG,
      values: { "180f": { "2a19": "57" }, "180a": { "2a29": "414243", "2a24": "refused" } },
    });
  });

  async function scanning(...macs: readonly string[]): Promise<Child> {
    const child = new Child(bluez.env);
    child.say({ do: "want", macs: [...macs] });
    await child.state("scanning");
    return child;
  }

  /** When a child follows an address, or a new connection of it does again, nobody says: it is advertised until it is heard. */
  async function hears(child: Child, mac: string, rssi: number): Promise<Seen> {
    let heard: Seen | null = null;
    child
      .seen(mac, (seen) => seen.rssi === rssi)
      .then(
        (seen) => (heard = seen),
        () => undefined,
      );
    return until(
      async () => {
        // A value that stays is no news.
        await bluez.ask({ do: "advert", mac, rssi: rssi - 1 });
        await bluez.ask({ do: "advert", mac, rssi });
        return heard ?? false;
      },
      HEARD_MS,
      `${mac} is heard`,
    );
  }

  return {
    get bluez(): Bluez {
      return bluez;
    },
    get folder(): string {
      return folder.path;
    },
    scanning,
    hears,
  };
}
