/** Runs a command as on a machine that has been up for a given number of seconds. */

import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";

const [seconds, command, ...words] = process.argv.slice(2);
const up = Number(seconds);
if (command === undefined || !Number.isFinite(up) || up < 1) {
  process.stderr.write("usage: node tools/at-uptime.mjs SECONDS COMMAND [WORD…]\n");
  process.exit(2);
}

/** Both clocks of the kernel that count from boot are moved, as a real boot moves them. */
const [now = 0] = readFileSync("/proc/uptime", "utf8").split(" ").map(Number);
const offset = String(Math.round(up - now));
const clocks = ["--time", "--monotonic", offset, "--boottime", offset];
// A time namespace belongs to a user namespace: whoever is not root brings one of their own.
const user = process.getuid?.() === 0 ? [] : ["--user", "--map-current-user"];
const done = spawnSync("unshare", [...user, ...clocks, "--fork", "--", command, ...words], { stdio: "inherit" });
if (done.error !== undefined) {
  process.stderr.write(`at-uptime: unshare does not start (${done.error.message}): apt install util-linux, Linux 5.6 or newer\n`);
  process.exit(1);
}
process.exit(done.status ?? 1);
