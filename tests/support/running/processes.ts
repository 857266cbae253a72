/** Starts the built programs and controls them: their ready line, their questions, their certain end. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { stringify } from "yaml";
import { freePort } from "../../../hw-sim/free-port.ts";
import { headsOf, lagging } from "../../../hw-sim/start/judge/stored.ts";
import type { GatewayStatus } from "../../../src/model/index.ts";

const DIST = join(import.meta.dirname, "../../../dist");

/** A folder that goes with the test. */
export async function temporary(name: string): Promise<{ readonly path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), `cippo-${name}-`));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true, maxRetries: 20, retryDelay: 250 }) };
}

/** What was opened, to be closed in reverse (Node 20 has no AsyncDisposableStack). */
export class Opened implements AsyncDisposable {
  readonly #parts: AsyncDisposable[] = [];

  use<T extends AsyncDisposable>(part: T): T {
    this.#parts.push(part);
    return part;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (let part = this.#parts.pop(); part !== undefined; part = this.#parts.pop()) await part[Symbol.asyncDispose]();
  }
}

/** A test that ran out of time closes nothing: what it started ends with its worker. */
const running = new Set<ChildProcess>();
process.once("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

export class Program implements AsyncDisposable {
  readonly child: ChildProcess;
  /** Everything it printed on stdout, line by line; stderr is kept for the message of a failure. */
  readonly lines: string[] = [];
  stderr = "";
  readonly #listeners = new Set<() => void>();
  readonly ended: Promise<void>;
  /** It has ended, and all that it printed has been read: an exit is often heard of before the last line. */
  readonly told: Promise<void>;
  #toldAll = false;

  constructor(
    command: string,
    args: readonly string[],
    options: { readonly env?: NodeJS.ProcessEnv; readonly cwd?: string } = {},
  ) {
    this.child = spawn(command, args, { stdio: ["pipe", "pipe", "pipe"], ...options, env: { ...process.env, ...options.env } });
    running.add(this.child);
    this.ended = once(this.child, "exit").then(() => {
      running.delete(this.child);
    });
    this.told = once(this.child, "close").then(() => {
      this.#toldAll = true;
      this.#wake();
    });
    if (this.child.stdout) createInterface({ input: this.child.stdout }).on("line", (line) => this.#line(line));
    this.child.stderr?.on("data", (bytes) => {
      this.stderr = (this.stderr + String(bytes)).slice(-20_000);
    });
    this.child.stdin?.on("error", () => undefined);
  }

  get running(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  #line(line: string): void {
    this.lines.push(line);
    this.#wake();
  }

  #wake(): void {
    for (const listener of [...this.#listeners]) listener();
  }

  /** The first line (printed before or after the call) for which `wanted` answers something. */
  async line<T>(wanted: (line: string) => T | undefined, withinMs = 15_000): Promise<T> {
    let seen = 0;
    let timer: NodeJS.Timeout | undefined;
    const deadline = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, withinMs);
    }).then(() => "late" as const);
    try {
      for (;;) {
        for (; seen < this.lines.length; seen += 1) {
          const found = wanted(this.lines[seen] ?? "");
          if (found !== undefined) return found;
        }
        if (this.#toldAll)
          throw new Error(
            `ended with ${this.child.exitCode ?? this.child.signalCode}\n${this.lines.slice(-20).join("\n")}\n${this.stderr}`,
          );
        const more = new Promise<void>((resolve) => this.#listeners.add(resolve));
        if ((await Promise.race([more, deadline])) === "late")
          throw new Error(`no such line in ${withinMs} ms\n${this.lines.slice(-20).join("\n")}\n${this.stderr}`);
        this.#listeners.clear();
      }
    } finally {
      clearTimeout(timer);
    }
  }

  /** The JSON object on the line that has `key`. */
  ready<T extends object>(key = "ready"): Promise<T> {
    return this.line((line) => {
      const json = parse(line);
      return json !== undefined && key in json ? (json as T) : undefined;
    });
  }

  async kill(signal: NodeJS.Signals = "SIGKILL"): Promise<void> {
    if (this.running) this.child.kill(signal);
    await this.ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.running) return;
    this.child.kill("SIGTERM");
    const hard = setTimeout(() => this.child.kill("SIGKILL"), 12_000);
    await this.ended;
    clearTimeout(hard);
  }
}

export const node = (program: string, ...args: readonly string[]): Program =>
  new Program(process.execPath, [join(DIST, program), ...args]);

/** The embedded broker; give the port to come back on the same. */
export async function broker(
  at?: number,
): Promise<{ readonly program: Program; readonly url: string; readonly port: number } & AsyncDisposable> {
  const port = at ?? (await freePort());
  const program = node("hw-sim/broker.js", "--port", String(port));
  const { url } = await program.ready<{ url: string }>();
  return { program, url, port, [Symbol.asyncDispose]: () => program[Symbol.asyncDispose]() };
}

/** Line JSON over loopback TCP, as the platform's and the site's controls speak it: one answer to each line. */
export class Control implements Disposable {
  readonly #socket: Socket;
  readonly #waiting: ((answer: Record<string, unknown>) => void)[] = [];

  private constructor(socket: Socket) {
    this.#socket = socket;
    createInterface({ input: socket }).on("line", (line) => this.#waiting.shift()?.(JSON.parse(line)));
    socket.on("error", () => undefined);
  }

  static async open(port: number): Promise<Control> {
    const socket = connect(port, "127.0.0.1");
    await once(socket, "connect");
    return new Control(socket);
  }

  ask<T = Record<string, unknown>>(request: object): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#waiting.push((answer) => resolve(answer as T));
      this.#socket.once("close", () => reject(new Error("control closed")));
      this.#socket.write(`${JSON.stringify(request)}\n`);
    });
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }
}

export async function startPlatform(
  url: string,
  db: string,
  ...args: readonly string[]
): Promise<{ readonly program: Program; readonly control: Control } & AsyncDisposable> {
  const program = node("hw-sim/platform.js", "--broker", url, "--db", db, ...args);
  const { control } = await program.ready<{ control: number }>();
  const asks = await Control.open(control);
  return {
    program,
    control: asks,
    async [Symbol.asyncDispose]() {
      asks[Symbol.dispose]();
      await program[Symbol.asyncDispose]();
    },
  };
}

/** A gateway on its own configuration, in `folder`. */
export class Gateway implements AsyncDisposable {
  readonly file: string;
  readonly db: string;
  readonly socket: string;
  readonly id: string;
  program: Program | null = null;

  constructor(folder: string, id = "gw-1") {
    this.id = id;
    this.file = join(folder, "gateway.yaml");
    this.db = join(folder, "cippo.sqlite");
    this.socket = join(folder, "c.sock");
  }

  /** Writes the configuration; `parts` override or add to what every journey needs. */
  async configure(
    broker: string,
    parts: {
      readonly credentials?: object;
      readonly sync?: object;
      readonly store?: object;
      readonly buses?: object;
      readonly devices?: object;
      readonly assets?: object;
    },
  ): Promise<void> {
    const site = {
      gateway: { id: this.id, site: { id: "test" }, socket: this.socket, clock: "assumed" },
      ...(parts.credentials && { credentials: parts.credentials }),
      sync: { broker, reconnect: { first: "200ms", max: "1s" }, report: { every: "2s" }, ...parts.sync },
      store: { file: this.db, quotaMB: 64, commit: "200ms", ...parts.store },
      buses: parts.buses ?? {},
      devices: parts.devices ?? {},
      assets: parts.assets ?? {},
    };
    await writeFile(this.file, stringify(site));
  }

  async start(env: NodeJS.ProcessEnv = {}): Promise<Program> {
    const program = new Program(process.execPath, [join(DIST, "cippo.js"), "run", "--config", this.file], { env });
    this.program = program;
    await program.line((line) => (line.includes('"gateway.ready"') ? true : undefined));
    return program;
  }

  async kill(): Promise<void> {
    await this.program?.kill("SIGKILL");
  }

  /** SIGTERM, and its exit code. */
  async stop(): Promise<number | null> {
    await this.program?.[Symbol.asyncDispose]();
    return this.program?.child.exitCode ?? null;
  }

  status(): Promise<GatewayStatus> {
    return ask<GatewayStatus>(this.socket, { do: "status" });
  }

  /** Resolves when the platform has acknowledged every record that there is now, of every epoch. */
  async delivered(withinMs = 30_000): Promise<void> {
    const heads = headsOf(await this.status());
    await until(async () => lagging(await this.status(), heads) === undefined, withinMs, "everything acknowledged");
  }

  /** The command line, as a technician calls it. */
  async cippo(
    ...args: readonly string[]
  ): Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }> {
    const program = new Program(process.execPath, [join(DIST, "cippo.js"), ...args], {
      env: { CIPPO_SOCKET: this.socket, LANG: "C" },
    });
    await program.told;
    return { code: program.child.exitCode, stdout: program.lines.join("\n"), stderr: program.stderr };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.program?.[Symbol.asyncDispose]();
  }
}

/** One question at the admin socket, one answer. */
export async function ask<T>(path: string, request: object): Promise<T> {
  for await (const { data } of answers<T>(path, request)) return data;
  throw new Error("the socket closed without an answer");
}

/** One question that is answered by a list. */
export async function list<T>(path: string, request: object): Promise<readonly T[]> {
  const found: T[] = [];
  for await (const { data, more } of answers<T>(path, request)) {
    if (more !== true) return found;
    found.push(data);
  }
  throw new Error("the socket closed before the end of the list");
}

async function* answers<T>(path: string, request: object): AsyncGenerator<{ readonly data: T; readonly more?: boolean }> {
  const socket = connect(path);
  await once(socket, "connect");
  try {
    socket.write(`${JSON.stringify({ v: 1, id: 1, ...request })}\n`);
    for await (const line of createInterface({ input: socket })) {
      const answer = JSON.parse(line) as { ok: boolean; data: T; more?: boolean; error?: unknown };
      if (!answer.ok) throw new Error(JSON.stringify(answer.error));
      yield answer;
    }
  } finally {
    socket.destroy();
  }
}

/** Looks until `look` answers something; looking is cheap here and the deadline is what fails the test. */
export async function until<T>(
  look: () => Promise<T | undefined | false> | T | undefined | false,
  withinMs = 15_000,
  what = "condition",
): Promise<T> {
  const deadline = performance.now() + withinMs;
  let problem: unknown;
  while (performance.now() < deadline) {
    try {
      const found = await look();
      if (found !== undefined && found !== false) return found;
    } catch (error) {
      problem = error;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${what} not met in ${withinMs} ms${problem === undefined ? "" : `: ${problem}`}`);
}

function parse(line: string): Record<string, unknown> | undefined {
  try {
    const json: unknown = JSON.parse(line);
    return typeof json === "object" && json !== null ? (json as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
