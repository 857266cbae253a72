/** Names are asked for while a real name server hangs: files are read on, and no name is asked for twice. */
import { execFile, spawnSync } from "node:child_process";
import { writeFile } from "node:fs/promises";
import type { LookupFunction } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import { build } from "esbuild";
import { describe, expect, it } from "vitest";
import { HostLookup } from "../../../../src/kit/system/host-lookup.ts";
import { temporary } from "../../../support/running/processes.ts";

/** A world of its own, with a loopback network and a list of name servers that nobody else sees. */
const ISOLATED = ["--mount", "--net", "--"];
const isIsolable = spawnSync("unshare", [...ISOLATED, "ip", "link", "set", "lo", "up"]).status === 0;

const SCRIPT = `
import { createSocket } from "node:dgram";
import { readFile } from "node:fs/promises";
import { hostLookup } from "./host-lookup.mjs";
const server = createSocket("udp4").bind(53, "127.0.0.1");
await new Promise((resolve) => server.once("listening", resolve));
const asked = new Set();
server.on("message", (question) => asked.add(question.subarray(12, 20).toString("latin1")));
for (let n = 0; n < 40; n++) hostLookup.address("camera-" + (n % 8) + ".test").catch(() => undefined);
await new Promise((resolve) => server.once("message", resolve));
const from = performance.now();
for (let n = 0; n < 200; n++) await readFile("/etc/hostname").catch(() => undefined);
process.stdout.write(JSON.stringify({ readMs: performance.now() - from, asked: asked.size }));
process.exit();
`;

describe("names of hosts", () => {
  it.skipIf(!isIsolable)("of a name server that never answers hold up no file", { timeout: 60_000 }, async () => {
    await using dir = await temporary("names");
    const at = (name: string) => join(dir.path, name);
    const source = join(import.meta.dirname, "../../../../src/kit/system/host-lookup.ts");
    await build({ entryPoints: [source], outfile: at("host-lookup.mjs"), bundle: true, platform: "node", format: "esm" });
    await writeFile(at("resolv.conf"), "nameserver 127.0.0.1\noptions timeout:5 attempts:1\n");
    await writeFile(at("main.mjs"), SCRIPT);
    const inside = `ip link set lo up && mount --bind ${at("resolv.conf")} /etc/resolv.conf && exec ${process.execPath} ${at("main.mjs")}`;
    const { stdout } = await promisify(execFile)("unshare", [...ISOLATED, "sh", "-c", inside]);
    const { readMs, asked } = JSON.parse(stdout) as { readonly readMs: number; readonly asked: number };
    // A question without an answer takes five seconds, and four would take all threads.
    expect(readMs).toBeLessThan(4000);
    expect(asked).toBeLessThanOrEqual(2);
  });

  it("are asked for two at a time, in order, and once for all who want one", () => {
    const asked: string[] = [];
    const answers = new Map<string, () => void>();
    const names = new HostLookup(((host, _options, told) => {
      asked.push(host);
      answers.set(host, () => told(null, `10.0.0.${asked.length}`, 4));
    }) as LookupFunction);
    const told: string[] = [];
    for (const host of ["a", "b", "c", "a", "d", "c", "c"])
      names.lookup(host, {}, (_, address) => told.push(`${host} ${String(address)}`));
    expect(asked).toEqual(["a", "b"]);
    answers.get("b")?.();
    expect(asked).toEqual(["a", "b", "c"]);
    answers.get("c")?.();
    answers.get("a")?.();
    expect(told).toEqual(["b 10.0.0.2", "c 10.0.0.3", "c 10.0.0.3", "c 10.0.0.3", "a 10.0.0.4", "a 10.0.0.4"]);
    expect(asked).toEqual(["a", "b", "c", "d"]);
    names.lookup("a", {}, () => undefined);
    expect(asked).toEqual(["a", "b", "c", "d", "a"]);
  });
});
