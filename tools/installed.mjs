/** Says for which lock file, Node and processor node_modules was installed; run by itself, writes that down as done. */

import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

export const STAMP = "node_modules/.cippo-installed";

/** The native module epoll is bound to the ABI of one Node. */
export const wanted = () =>
  createHash("sha256")
    .update(readFileSync("package-lock.json"))
    .update(process.versions.modules)
    .update(process.arch)
    .digest("hex");

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(STAMP, wanted());
