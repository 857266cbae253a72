/** Where the lists of a site lie, whose signature counts for them, and with which keys its badges are hashed. */
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Site } from "../config/index.ts";
import { badgeKeysIn } from "../drivers/families/frame/badge-key.ts";
import type { ListsOptions } from "../edge/lists/lists.ts";
import { TrustedKeys } from "../edge/trust/trusted-keys.ts";
import { credentialsFolder } from "./sync-ports.ts";

/** `file`: the database, beside which they lie. */
export function listOptions(site: Site, file: string): Omit<ListsOptions, "clock" | "log"> {
  const { trust, badgeKey } = site.credentials ?? {};
  const under = (name: string) => join(credentialsFolder(site) ?? "", name);
  return {
    folder: join(dirname(file), "lists"),
    downTopic: `${site.sync.prefix}/${site.gateway.id}/down`,
    keys: new TrustedKeys(trust === undefined ? undefined : under(trust)),
    async badgeKeys() {
      return badgeKey === undefined ? null : badgeKeysIn(await readFile(under(badgeKey))).map(({ kid }) => kid);
    },
  };
}
