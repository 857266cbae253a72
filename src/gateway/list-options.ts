/** Where the lists of a site lie, whose signature counts for them, and with which keys its badges are hashed. */
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Site } from "../config/index.ts";
import { badgeKeysIn } from "../drivers/families/frame/badge/badge-key.ts";
import type { ListsOptions } from "../edge/lists/lists.ts";
import { TrustedKeys } from "../edge/trust/trusted-keys.ts";
import { EdgeError } from "../kit/errors.ts";
import { credentialsFolder } from "./sync-ports.ts";

/** `file`: the database, beside which they lie. */
export function listOptions(site: Site, file: string): Omit<ListsOptions, "clock" | "log"> {
  const { trust, badgeKey: name, cert, key, ca } = site.credentials ?? {};
  const folder = credentialsFolder(site);
  return {
    folder: join(dirname(file), "lists"),
    downTopic: `${site.sync.prefix}/${site.gateway.id}/down`,
    keys: new TrustedKeys(trust === undefined || folder === undefined ? undefined : join(folder, trust)),
    fetch: {
      ...(folder !== undefined && { credentials: { folder, ...(cert && { cert }), ...(key && { key }), ...(ca && { ca }) } }),
      idleMs: 30_000,
      wholeMs: 600_000,
    },
    async badgeKeys() {
      if (name === undefined) return null;
      const missing = (cause?: unknown) => new EdgeError("credentials.missing", { name, folder: folder ?? "?" }, cause);
      if (folder === undefined) throw missing();
      const keys = await readFile(join(folder, name)).catch((cause: unknown) => {
        throw missing(cause);
      });
      return badgeKeysIn(keys).map(({ kid }) => kid);
    },
  };
}
