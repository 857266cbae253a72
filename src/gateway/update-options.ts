/** What an order to update is judged by: the release that runs, the platform's keys, the site's own time. */
import { readFile, realpath } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Site } from "../config/index.ts";
import type { SiteAnswers } from "../edge/answers/site-answers.ts";
import type { TrustedKeys } from "../edge/trust/trusted-keys.ts";
import type { UpdateOrdersOptions } from "../edge/updates/update-orders.ts";

export interface UpdateParts {
  readonly site: Site;
  /** The runtime directory of the unit. */
  readonly folder: string;
  /** The program that runs, in its release: `…/releases/NAME/dist/cippo.js`. */
  readonly program: string;
  readonly keys: Pick<TrustedKeys, "check">;
  readonly answers: SiteAnswers;
}

export function updateOptions({ site, folder, program, keys, answers }: UpdateParts): Omit<UpdateOrdersOptions, "clock" | "log"> {
  const topic = `${site.sync.prefix}/${site.gateway.id}/down/update`;
  return {
    folder,
    seq: () => seqOf(program),
    check: (document) => keys.check(topic, document, "update"),
    isOpen: (hours, wall) => answers.hours(hours, wall).is,
    isMetered: site.sync.uplink.metered,
  };
}

/** As its signed head says (`systemd/ota`); undefined where the program is not part of a release. */
async function seqOf(program: string): Promise<number | undefined> {
  try {
    const head = await readFile(join(dirname(dirname(await realpath(program))), "release"), "utf8");
    const digits = /^seq=(\d{1,9})$/m.exec(head)?.[1];
    return digits === undefined ? undefined : Number(digits);
  } catch {
    return undefined;
  }
}
