/** The admin protocol on a real Unix socket: answers, refusals and limits. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, rename, rm, stat, writeFile } from "node:fs/promises";
import { connect, createServer, type Socket } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ask, stream } from "../../../src/cli/socket/admin-client.ts";
import type { HistoryRow, Watched } from "../../../src/cli/socket/admin-protocol.ts";
import { type Admin, serveAdmin } from "../../../src/cli/socket/admin-server.ts";
import { issuerOf } from "../../../src/cli/socket/peer-credentials.ts";
import { EdgeError } from "../../../src/kit/errors.ts";
import { noLog } from "../../../src/kit/log.ts";
import { gatewayStatus } from "./gateway-status.ts";

let folder = "";
let path = "";
let stop = new AbortController();
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "cippo-cli-"));
  path = join(folder, "cippo.sock");
  stop = new AbortController();
});
afterEach(async () => {
  stop.abort();
  await rm(folder, { recursive: true, force: true });
});

const row = (value: number): HistoryRow => ({
  source: "meter-hall",
  name: "power",
  unit: "W",
  value,
  quality: "good",
  mono: value,
  epoch: "e1",
  n: 1,
  seq: value,
  wall: value,
  clock: "synced",
});
const seen = (value: string): Watched => ({
  what: "reading",
  source: "meter-hall",
  point: "power",
  value,
  unit: "W",
  quality: "good",
  at: 1,
});

function admin(part: Partial<Admin> = {}): Admin {
  return {
    status: () => gatewayStatus,
    present: () => gatewayStatus,
    problems: () => [],
    commands: () => [],
    lists: () => [],
    importList: async () => null,
    read: async (device) => {
      if (device !== "meter-hall") throw new EdgeError("cli.unknown-name", { name: device });
      return [{ point: "power", kind: "gauge", value: 412.5, unit: "W", quality: "good", ageMs: 3 }];
    },
    watch: () => () => undefined,
    command: async ({ target, action }) => ({ id: "c1", target, action, state: "succeeded", at: 1 }),
    events: async function* () {},
    history: async function* () {
      for (let i = 0; i < 5; i++) yield row(i);
    },
    ...part,
  };
}

/** Raw lines, as any other program would speak. */
async function raw(): Promise<{ socket: Socket; next: () => Promise<Record<string, unknown> | undefined> }> {
  const socket = connect(path);
  await once(socket, "connect");
  const lines = createInterface({ input: socket })[Symbol.asyncIterator]();
  return {
    socket,
    next: async () => {
      const { value, done } = await lines.next();
      return done ? undefined : (JSON.parse(value) as Record<string, unknown>);
    },
  };
}

describe("questions and answers", () => {
  it("answers status, read, command and history", async () => {
    await using _ = await serveAdmin(path, admin(), noLog, stop.signal);
    expect(await ask(path, { do: "status" })).toEqual(gatewayStatus);
    expect(await ask(path, { do: "read", device: "meter-hall" })).toMatchObject([{ point: "power", value: 412.5 }]);
    expect(await ask(path, { do: "command", target: "bay", action: "permit.confirm", args: { until: 5 } })).toMatchObject({
      target: "bay",
      state: "succeeded",
    });
    const values: unknown[] = [];
    for await (const { item } of stream(path, { do: "history", point: "meter-hall.power", sinceMs: 0 })) values.push(item.value);
    expect(values).toEqual([0, 1, 2, 3, 4]);
  });

  it("hands an error over with its code and context", async () => {
    await using _ = await serveAdmin(path, admin(), noLog, stop.signal);
    await expect(ask(path, { do: "read", device: "nobody" })).rejects.toMatchObject({
      code: "cli.unknown-name",
      context: { name: "nobody" },
    });
  });

  it("turns a defect into `internal`, without a stack trace, and goes on", async () => {
    const broken = admin({
      status: () => {
        throw new TypeError("x is not a function");
      },
    });
    await using _ = await serveAdmin(path, broken, noLog, stop.signal);
    const { socket, next } = await raw();
    socket.write('{"v":1,"id":1,"do":"status"}\n');
    const answer = await next();
    expect(answer).toMatchObject({ id: 1, ok: false, error: { code: "internal", context: { message: "x is not a function" } } });
    expect(JSON.stringify(answer)).not.toContain("server.ts");
    socket.write('{"v":1,"id":2,"do":"problems"}\n');
    expect(await next()).toMatchObject({ id: 2, ok: true, data: [] });
    socket.destroy();
  });
});

describe("bad lines", () => {
  it.each([
    ["no JSON", "garbage", null],
    ["a wrong version", '{"v":2,"id":7,"do":"status"}', 7],
    ["an unknown request", '{"v":1,"id":7,"do":"reboot"}', 7],
    ["an unknown field", '{"v":1,"id":7,"do":"status","x":1}', 7],
    ["null", "null", null],
    ["a prototype", '{"v":1,"id":7,"do":"command","target":"a","action":"b","args":{"c":{"d":1}}}', 7],
  ])("answers %s with cli.bad-line", async (_name, line, id) => {
    await using _ = await serveAdmin(path, admin(), noLog, stop.signal);
    const { socket, next } = await raw();
    socket.write(`${line}\n`);
    expect(await next()).toMatchObject({ v: 1, id, ok: false, error: { code: "cli.bad-line" } });
    socket.destroy();
  });

  it("answers a line without end and hangs up", async () => {
    await using _ = await serveAdmin(path, admin(), noLog, stop.signal);
    const { socket, next } = await raw();
    socket.write("x".repeat(100_000));
    expect(await next()).toMatchObject({ id: null, ok: false, error: { code: "cli.bad-line" } });
    expect(await next()).toBeUndefined();
  });

  it("understands a request cut in half between two packets", async () => {
    await using _ = await serveAdmin(path, admin(), noLog, stop.signal);
    const { socket, next } = await raw();
    socket.setNoDelay(true);
    socket.write('{"v":1,"id":1,"do":"pro');
    socket.write('blems"}\n{"v":1,"id":2,"do":"commands"}\n');
    expect(await next()).toMatchObject({ id: 1, ok: true });
    expect(await next()).toMatchObject({ id: 2, ok: true });
    socket.destroy();
  });
});

describe("somebody who means no good, or does not listen", () => {
  const REQUESTS = 50_000;

  it("is answered only as fast as it reads, and nobody else waits for it", { timeout: 60_000 }, async () => {
    let asked = 0;
    const counting = admin({
      problems: () => {
        asked += 1;
        return [{ what: "x".repeat(1000) }] as never;
      },
    });
    await using _ = await serveAdmin(path, counting, noLog, stop.signal);
    const socket = connect(path);
    await once(socket, "connect");
    socket.pause();
    socket.write(Array.from({ length: REQUESTS }, (_, id) => `{"v":1,"id":${id},"do":"problems"}\n`).join(""));
    // Others are answered meanwhile; of this one no more than its pipes hold (it was all 50,000, and hundreds of megabytes for larger answers).
    for (let i = 0; i < 50; i += 1) expect(await ask(path, { do: "status" })).toEqual(gatewayStatus);
    const held = asked;
    expect(held).toBeGreaterThan(0);
    expect(held).toBeLessThan(3000);
    let answered = 0;
    for await (const line of createInterface({ input: socket })) {
      expect(JSON.parse(line).id).toBe(answered);
      answered += 1;
      if (answered === REQUESTS) break;
    }
    expect(asked).toBe(REQUESTS);
    socket.destroy();
  });

  it("that does not read history costs one page of it, and what was not read is not asked of the store", async () => {
    const rows = { history: 0, events: 0 };
    const long = admin({
      history: async function* () {
        for (; rows.history < 1_000_000; rows.history += 1) yield row(rows.history);
      },
      events: async function* () {
        for (; rows.events < 1_000_000; rows.events += 1) yield { id: String(rows.events), text: "x".repeat(100) } as never;
      },
    });
    await using _ = await serveAdmin(path, long, noLog, stop.signal);
    for (const [what, rest] of [
      ["history", '"point":"meter-hall.power","sinceMs":0'],
      ["events", '"limit":100000'],
    ] as const) {
      const socket = connect(path);
      await once(socket, "connect");
      socket.pause();
      socket.write(`{"v":1,"id":1,"do":"${what}",${rest}}\n`);
      for (let i = 0; i < 50; i += 1) await ask(path, { do: "status" });
      expect(rows[what]).toBeGreaterThan(0);
      expect(rows[what]).toBeLessThan(20_000);
      const closed = once(socket, "close");
      socket.destroy();
      await closed;
    }
  });

  it("is hung up on after ten lines that are none, good ones between them or not", async () => {
    await using _ = await serveAdmin(path, admin(), noLog, stop.signal);
    const { socket, next } = await raw();
    socket.on("error", () => undefined);
    socket.write('garbage\n{"v":1,"id":1,"do":"problems"}\n'.repeat(100));
    const answers: Record<string, unknown>[] = [];
    for (let answer = await next(); answer !== undefined; answer = await next()) answers.push(answer);
    const bad = answers.filter(({ ok }) => ok === false);
    expect(bad).toHaveLength(10);
    expect(bad.every(({ error }) => (error as { code: string }).code === "cli.bad-line")).toBe(true);
    expect(answers.length).toBeLessThanOrEqual(20);
  });

  it("holds idle connections until others come: the oldest gives way, with a word, and whoever asks is answered", async () => {
    await using _ = await serveAdmin(path, admin(), noLog, stop.signal);
    const idle: Awaited<ReturnType<typeof raw>>[] = [];
    for (let i = 0; i < 40; i += 1) idle.push(await raw());
    expect(await ask(path, { do: "status" })).toEqual(gatewayStatus);
    expect(await idle[0]?.next()).toMatchObject({ id: null, ok: false, error: { code: "cli.gave-way" } });
    expect(await idle[0]?.next()).toBeUndefined();
    // The youngest is still there.
    idle[39]?.socket.write('{"v":1,"id":1,"do":"problems"}\n');
    expect(await idle[39]?.next()).toMatchObject({ id: 1, ok: true });
    for (const { socket } of idle) socket.destroy();
  });

  it("does not throw out those who are at work: then the new one is told so", async () => {
    await using _ = await serveAdmin(path, admin(), noLog, stop.signal);
    const watchers: Awaited<ReturnType<typeof raw>>[] = [];
    for (let i = 0; i < 32; i += 1) {
      const watcher = await raw();
      watcher.socket.write('{"v":1,"id":1,"do":"watch","names":[]}\n');
      expect(await watcher.next()).toMatchObject({ id: 1, data: { what: "present" } });
      watchers.push(watcher);
    }
    await expect(ask(path, { do: "status" })).rejects.toMatchObject({ code: "cli.full", context: { count: 32 } });
    watchers[5]?.socket.destroy();
    await vi.waitFor(async () => expect(await ask(path, { do: "status" })).toEqual(gatewayStatus), { timeout: 15_000 });
    for (const { socket } of watchers) socket.destroy();
  });
});

describe("who commands", () => {
  const command = { do: "command", target: "bay", action: "permit.confirm", args: {} } as const;
  const told = (asked: string[]) =>
    admin({
      command: async ({ target, action, by }) => {
        asked.push(by);
        return { id: "c1", target, action, state: "succeeded", at: 1 };
      },
    });

  it("is whom the kernel saw connect, whatever is claimed", async () => {
    const asked: string[] = [];
    await using _ = await serveAdmin(path, told(asked), noLog, stop.signal);
    await ask(path, command);
    expect(asked).toEqual([`local:${userInfo().username}`]);
    await ask(path, { ...command, says: "marco" });
    expect(asked[1]).toBe(process.getuid?.() === 0 ? "local:root (says marco)" : `local:${userInfo().username}`);
  });

  it.each([
    [null, undefined, "local"],
    [null, "marco", "local (says marco)"],
    [{ uid: 1000, name: "marco" }, "root", "local:marco"],
    [{ uid: 1003 }, undefined, "local:uid 1003"],
    [{ uid: 0, name: "root" }, "root", "local:root"],
    [{ uid: 0, name: "root" }, "marco", "local:root (says marco)"],
  ])("%j that says %s is %s", (peer, says, issuer) => expect(issuerOf(peer, says)).toBe(issuer));

  it.skipIf(process.getuid?.() !== 0)("another user is named, and nobody believes it that it acts for a third", async () => {
    const asked: string[] = [];
    await using _ = await serveAdmin(path, told(asked), noLog, stop.signal);
    await chmod(folder, 0o755);
    await chmod(path, 0o666);
    const script = `const s = require("net").connect(${JSON.stringify(path)}); s.once("data", () => s.destroy());
      s.write(JSON.stringify({ v: 1, id: 1, do: "command", target: "bay", action: "permit.confirm", args: {}, says: "marco" }) + "\\n");`;
    const child = spawn(process.execPath, ["-e", script], { uid: 1, gid: 1, stdio: "inherit", cwd: "/" });
    expect(await once(child, "exit")).toEqual([0, null]);
    expect(asked).toEqual(["local:daemon"]);
  });
});

describe("watching", () => {
  it("tells the present first, then what happens from that moment on, until the watcher leaves", async () => {
    let tell = (_: Watched): void => undefined;
    const left = withResolvers();
    const watched = admin({
      watch: (filter, listener) => {
        expect(filter.names).toEqual(["meter-hall"]);
        tell = listener;
        queueMicrotask(() => tell(seen("first")));
        return () => left.resolve();
      },
    });
    await using _ = await serveAdmin(path, watched, noLog, stop.signal);
    const told: unknown[] = [];
    for await (const { item, dropped } of stream(path, { do: "watch", names: ["meter-hall"] })) {
      expect(dropped).toBe(0);
      told.push(item.what === "present" ? item.status.gateway : item);
      if (told.length === 2) break;
    }
    expect(told).toEqual([watched.status().gateway, seen("first")]);
    await left.promise;
  });

  it("drops what a slow watcher leaves unread, and says how much", async () => {
    let tell = (_: Watched): void => undefined;
    const subscribed = withResolvers();
    const watched = admin({
      watch: (_, listener) => {
        tell = listener;
        subscribed.resolve();
        return () => undefined;
      },
    });
    await using _ = await serveAdmin(path, watched, noLog, stop.signal);
    const socket = connect(path);
    await once(socket, "connect");
    socket.pause();
    socket.write('{"v":1,"id":1,"do":"watch","names":[]}\n');
    await subscribed.promise;
    for (let i = 0; i < 2000; i++) tell(seen("x".repeat(1000)));
    // All that was let through is read, and then one more is told.
    let received = 0;
    let told: { dropped?: number } = {};
    for await (const line of createInterface({ input: socket })) {
      received += 1;
      told = JSON.parse(line);
      if (told.dropped !== undefined) break;
      tell(seen("later"));
    }
    expect(told.dropped).toBeGreaterThan(0);
    expect(received).toBeLessThan(2000);
  });
});

describe("the socket itself", () => {
  it("is open to its group and to nobody else", async () => {
    await using _ = await serveAdmin(path, admin(), noLog, stop.signal);
    expect((await stat(path)).mode & 0o777).toBe(0o660);
  });

  it("refuses a second gateway, and leaves the first alone", async () => {
    await using _ = await serveAdmin(path, admin(), noLog, stop.signal);
    await expect(serveAdmin(path, admin(), noLog, stop.signal)).rejects.toMatchObject({ code: "cli.socket" });
    expect(await ask(path, { do: "status" })).toEqual(gatewayStatus);
  });

  it("takes over from a gateway that was killed", async () => {
    const killed = createServer();
    await new Promise<void>((resolve) => killed.listen(path, resolve));
    // A name that survives its listener, as after SIGKILL: closing unlinks only the original name.
    await rename(path, `${path}.kept`);
    await new Promise((resolve) => killed.close(resolve));
    await rename(`${path}.kept`, path);
    await using _ = await serveAdmin(path, admin(), noLog, stop.signal);
    expect(await ask(path, { do: "status" })).toEqual(gatewayStatus);
  });

  it("never removes a file that is no socket", async () => {
    await writeFile(path, "precious");
    await expect(serveAdmin(path, admin(), noLog, stop.signal)).rejects.toMatchObject({ code: "cli.socket" });
    expect((await stat(path)).size).toBe(8);
  });

  it("names a path that is too long for a socket", async () => {
    const long = join(folder, "x".repeat(120));
    await expect(serveAdmin(long, admin(), noLog, stop.signal)).rejects.toMatchObject({ code: "cli.socket" });
  });

  it("ends with stop, watchers included", async () => {
    await using _ = await serveAdmin(path, admin(), noLog, stop.signal);
    const { socket, next } = await raw();
    socket.write('{"v":1,"id":1,"do":"watch","names":[]}\n');
    expect(await next()).toMatchObject({ id: 1, data: { what: "present" } });
    stop.abort();
    expect(await next()).toBeUndefined();
    await expect(ask(path, { do: "status" })).rejects.toMatchObject({ code: "cli.not-running" });
  });

  it("of a gateway that stands still, or hangs up in the middle of its answer, does not keep anybody waiting", {
    timeout: 15_000,
  }, async () => {
    let take = (_: Socket): void => undefined;
    const still = createServer({ pauseOnConnect: true }, (socket) => take(socket)).listen(path);
    await once(still, "listening");
    await expect(ask(path, { do: "status" })).rejects.toMatchObject({ code: "cli.not-running", context: { socket: path } });
    take = (socket) => socket.resume().once("data", () => socket.end('{"v":1,"id"'));
    await expect(ask(path, { do: "status" })).rejects.toMatchObject({ code: expect.stringMatching(/^cli\./) });
    // Closed with the question unread: the kernel resets the connection.
    take = (socket) => setTimeout(() => socket.destroy(), 50);
    await expect(ask(path, { do: "status" })).rejects.toMatchObject({ code: "cli.not-running" });
    still.close();
  });

  it("of a gateway that stands still keeps nobody waiting who asks for what takes time, and leaves it nothing to do later", {
    timeout: 15_000,
  }, async () => {
    const received: string[] = [];
    const still = createServer((socket) => {
      socket.setEncoding("utf8").on("data", (text: string) => received.push(text));
      socket.on("error", () => undefined);
    }).listen(path);
    await once(still, "listening");
    const first = (answers: AsyncIterable<unknown>) => answers[Symbol.asyncIterator]().next();
    const asked = await Promise.allSettled([
      ask(path, { do: "command", target: "hall-lights.on", action: "set", args: { value: true } }),
      ask(path, { do: "read", device: "meter-hall" }),
      first(stream(path, { do: "events", limit: 1 })),
      first(stream(path, { do: "history", point: "meter-hall.power", sinceMs: 0 })),
      first(stream(path, { do: "watch", names: [] })),
    ]);
    still.close();
    expect(asked.map((one) => one.status === "rejected" && one.reason)).toMatchObject(
      asked.map(() => ({ code: "cli.not-running" })),
    );
    expect(received).toHaveLength(asked.length);
    expect(received.join("")).not.toMatch(/command|read|events|history|watch/);
  });

  it.skipIf(process.getuid?.() === 0)("says so when the user may not", async () => {
    await using _ = await serveAdmin(path, admin(), noLog, stop.signal);
    await chmod(path, 0);
    await expect(ask(path, { do: "status" })).rejects.toMatchObject({ code: "cli.denied" });
  });
});

function withResolvers(): { promise: Promise<void>; resolve: () => void } {
  let resolve = (): void => undefined;
  const promise = new Promise<void>((r) => {
    resolve = r;
  });
  return { promise, resolve };
}
