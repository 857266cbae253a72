/** A gateway whose own cable is out says nothing of devices; one whose cable is in says what it sees of them. */
import { execFile, spawnSync } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { build } from "esbuild";
import { describe, expect, it } from "vitest";
import { deadLinkTo } from "../../../../../src/drivers/transports/net/own-link.ts";
import { temporary } from "../../../../support/running/processes.ts";

/** A network of its own, with a cable whose far end nobody holds. */
const ISOLATED = ["--mount", "--net", "--", "sh", "-c"];
const CABLE = "mount -t sysfs sysfs /sys && ip link add lan type veth peer name far";
const isIsolable = spawnSync("unshare", [...ISOLATED, CABLE]).status === 0;

const SCRIPT = `
import { netProbe } from "./net-probe.mjs";
const { signal } = new AbortController();
const probe = netProbe();
const told = await Promise.all(["10.20.0.41", "fd20::41"].map((host) => probe.connect(host, 80, 500, signal)));
process.stdout.write(JSON.stringify(told));
process.exit();
`;

/** As Debian 12 writes them, with two networks, and a way to the rest of the world by each. */
const ROUTES = `Iface	Destination	Gateway 	Flags	RefCnt	Use	Metric	Mask		MTU	Window	IRTT
wwan0	00000000	0100400A	0003	0	0	700	00000000	0	0	0
eth0	00000000	0100140A	0003	0	0	100	00000000	0	0	0
eth0	0000140A	00000000	0001	0	0	100	0000FFFF	0	0	0
wlan0	0002140A	00000000	0001	0	0	600	00FFFFFF	0	0	0
`;
const ROUTES_6 = `fd200000000000000000000000000000 40 00000000000000000000000000000000 00 00000000000000000000000000000000 00000100 00000001 00000000 00000001     eth0
00000000000000000000000000000000 00 00000000000000000000000000000000 00 00000000000000000000000000000000 ffffffff 00000001 00000000 00200200       lo
`;

describe("the gateway's own link", () => {
  it.skipIf(!isIsolable)("with its cable out says nothing of a device", { timeout: 60_000 }, async () => {
    await using dir = await temporary("link");
    const at = (name: string) => join(dir.path, name);
    const source = join(import.meta.dirname, "../../../../../src/drivers/transports/net/net-probe.ts");
    await build({ entryPoints: [source], outfile: at("net-probe.mjs"), bundle: true, platform: "node", format: "esm" });
    await writeFile(at("main.mjs"), SCRIPT);
    const cable = `${CABLE} && ip addr add 10.20.0.1/24 dev lan && ip link set lan up`;
    const six = "ip addr add fd20::1/64 dev lan nodad";
    const inside = `${cable} && ${six} && exec ${process.execPath} ${at("main.mjs")}`;
    const { stdout } = await promisify(execFile)("unshare", [...ISOLATED, inside]);
    const reason = { it: expect.stringContaining("lan non ha segnale"), en: expect.stringContaining("lan has no carrier") };
    for (const told of JSON.parse(stdout) as readonly unknown[]) expect(told).toMatchObject({ failed: "not-tried", reason });
  });

  it.each([
    ["10.20.9.9", "eth0"],
    ["8.8.8.8", "eth0"],
    ["10.20.2.9", null],
    ["fd20::41", "eth0"],
    ["fd20::41%eth0", "eth0"],
    ["fd21::41", null],
  ])("on the way to %s is the one of the nearest route: %s is out", async (address, link) => {
    await using dir = await temporary("routes");
    const files = { "proc/net/route": ROUTES, "proc/net/ipv6_route": ROUTES_6, "sys/class/net/eth0/carrier": "0\n" };
    for (const [name, text] of Object.entries({ ...files, "sys/class/net/wlan0/carrier": "1\n" })) {
      await mkdir(dirname(join(dir.path, name)), { recursive: true });
      await writeFile(join(dir.path, name), text);
    }
    expect(await deadLinkTo(address, dir.path)).toBe(link);
  });

  it("nobody knows where there are no such tables", async () => {
    await using dir = await temporary("routes");
    expect(await deadLinkTo("10.20.0.41", dir.path)).toBeNull();
  });
});
