/** An executable that speaks the gateway's Bluetooth protocol (docs/decisions/0008-bluetooth-in-its-own-process.md). */
import { chmod, mkdir, writeFile } from "node:fs/promises";
import type { Socket } from "node:net";
import { join } from "node:path";
import {
  type AdvertMatch,
  type BleCommand,
  type BleMessageBody,
  commandSchema,
  fits,
  LINE_MAX,
  PROTOCOL,
  parseLine,
  type ReadCommand,
} from "../../../src/drivers/ble-child/ble-protocol.ts";
import { monotonic } from "../../../src/kit/clock.ts";
import { LineSplitter } from "../../../src/kit/text/line-splitter.ts";
import type { Faults } from "../faults.ts";
import { SocketLine } from "../socket-line.ts";
import type { WireLog } from "../wire-log.ts";
import type { Shown, Tag } from "./tag.ts";

export interface RadioOptions {
  readonly bus: string;
  readonly folder: string;
  /** By device. */
  readonly tags: ReadonlyMap<string, Tag>;
  readonly faults: Faults;
  readonly log: WireLog;
}

interface Wanted {
  readonly macs: ReadonlySet<string>;
  readonly matches: readonly AdvertMatch[];
}

const NAME = "cippo-ble";
const ADVERT_MS = 1000;
/** As long as connecting, discovering and reading take a real device at its best. */
const CONNECTION_MS = 300;
const RSSI = -64;

/** Lines of standard input go to the site, its lines to standard output. The gateway closes our standard input when it ends. */
const script = (port: number): string => `#!/bin/bash
exec 3<>/dev/tcp/127.0.0.1/${port} || exit 1
cat <&0 >&3 &
while IFS= read -r -u 3 line; do printf '%s\\n' "$line" || break; done
kill $! 2>/dev/null
exit 1
`;

export class Radio implements AsyncDisposable {
  readonly helper: string;
  readonly #o: RadioOptions;
  readonly #line: SocketLine;
  readonly #wanted = new Map<Socket, Wanted>();
  readonly #timer: NodeJS.Timeout;
  #heard = 0;

  private constructor(options: RadioOptions) {
    this.#o = options;
    this.helper = join(options.folder, NAME);
    this.#line = new SocketLine((socket) => this.#attach(socket));
    this.#timer = setInterval(() => this.#advertise(), ADVERT_MS);
  }

  static async open(options: RadioOptions): Promise<Radio> {
    const radio = new Radio(options);
    await radio.#line.plug();
    await mkdir(options.folder, { recursive: true });
    await writeFile(radio.helper, script(radio.#line.port));
    await chmod(radio.helper, 0o755);
    return radio;
  }

  /** The child can be started again. */
  plug(): Promise<void> {
    return this.#line.plug();
  }

  /** The child ends with an error, and so does each that is started. */
  unplug(): Promise<void> {
    return this.#line.unplug();
  }

  #attach(socket: Socket): void {
    const lines = new LineSplitter(LINE_MAX);
    this.#wanted.set(socket, { macs: new Set(), matches: [] });
    socket.on("close", () => this.#wanted.delete(socket));
    socket.setEncoding("utf8").on("data", (text: string) => {
      for (const line of lines.push(text)) if (line !== null) this.#carryOut(socket, parseLine(commandSchema, line));
    });
    this.#sayState(socket);
  }

  #carryOut(socket: Socket, order: BleCommand | null): void {
    if (order?.do === "want") this.#wanted.set(socket, { macs: new Set(order.macs), matches: order.matches });
    if (order?.do === "read") this.#read(socket, order);
  }

  #advertise(): void {
    for (const socket of this.#wanted.keys()) this.#sayState(socket);
    if (this.#away) return;
    for (const [device, tag] of this.#o.tags) {
      const { mac } = tag;
      const advert = tag.advert();
      this.#heard += 1;
      if (!advert || this.#silent(device)) continue;
      const mono = monotonic();
      const { services, manufacturers = {} } = advert;
      const isHeard = ({ macs, matches }: Wanted) =>
        macs.has(mac) || matches.some((match) => fits(match, { services, manufacturers }));
      const receivers = [...this.#wanted].filter(([, wanted]) => isHeard(wanted));
      for (const [socket] of receivers) say(socket, { is: "seen", mac, mono, rssi: RSSI, services, manufacturers });
      if (receivers.length > 0) this.#served(device, advert.shown, mono, mono);
    }
  }

  #read(socket: Socket, { id, mac, characteristics }: ReadCommand): void {
    const from = monotonic();
    const found = [...this.#o.tags].find(([, tag]) => tag.mac === mac);
    setTimeout(() => {
      if (!found || this.#away || this.#silent(found[0])) {
        say(socket, { is: "failed", id, step: "absent", reason: "not heard lately" });
        return;
      }
      const [device, tag] = found;
      const { values, shown } = tag.read(characteristics);
      const mono = monotonic();
      say(socket, { is: "values", id, mono, values });
      this.#served(device, shown, from, mono);
    }, CONNECTION_MS);
  }

  #sayState(socket: Socket): void {
    if (this.#away) say(socket, { is: "state", state: "no-adapter", reason: "unplugged", heard: this.#heard });
    else say(socket, { is: "state", state: "scanning", heard: this.#heard });
  }

  /** The whole adapter is pulled out. */
  get #away(): boolean {
    return this.#o.faults.on(this.#o.bus)?.kind === "unplug";
  }

  #silent(device: string): boolean {
    return this.#o.faults.on(this.#o.bus, device)?.kind === "silence";
  }

  #served(device: string, shown: Shown, from: number, to: number): void {
    this.#o.log.write(
      ...Object.entries(shown).map(([point, value]) => ({ k: "shown" as const, device, point, value, from, to })),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    await this.#line[Symbol.asyncDispose]();
  }
}

function say(socket: Socket, message: BleMessageBody): void {
  if (socket.writable) socket.write(`${JSON.stringify({ v: PROTOCOL, ...message })}\n`);
}
