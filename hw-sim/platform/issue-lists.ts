/** Publishes the lists that somebody asks for over the control port, with the keys that lie in one folder. */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod";
import { type BadgeKey, type Document, ListPress, signingKeyIn } from "./list-press.ts";

export interface IssueOptions {
  /** `sign.key`, made where it is missing; `trusted.json` for gateways, written from it; `badges/{gateway}.key`, as each gateway has it. */
  readonly folder: string;
  readonly prefix: string;
  wall(): number;
  /** False: there is no connection, and nothing was sent. */
  publish(topic: string, document: Document, retain: boolean): boolean;
}

const KEY_ID = "reference-platform";
const DAY_MS = 86_400_000;

const permit = z.object({
  number: z.string().min(1),
  assets: z.array(z.string()).optional(),
  from: z.number(),
  to: z.number(),
  revoked: z.boolean().optional(),
});
const wanted = z.object({
  gateway: z.string().regex(/^[a-z0-9][a-z0-9-]*$/),
  name: z.string(),
  version: z.number(),
  base: z.number().optional(),
  kid: z.string().optional(),
  maxAgeMs: z.number().default(7 * DAY_MS),
  permits: z.array(permit),
  /** Where gateways will find the entries, and the file that is written for them. */
  reference: z.object({ url: z.string(), file: z.string() }).optional(),
});

export type IssueList = (request: unknown) => Promise<{ readonly topic: string; readonly sent: boolean }>;

export async function openIssuing({ folder, prefix, wall, publish }: IssueOptions): Promise<IssueList> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const press = new ListPress({ prefix, keyId: KEY_ID, key: await signingKeyIn(join(folder, "sign.key")), wall });
  await writeFile(join(folder, "trusted.json"), `${JSON.stringify(press.trusted)}\n`);
  return async (request) => {
    const { reference, ...issue } = wanted.parse(request);
    press.knows(issue.gateway, await badgeKeysIn(join(folder, "badges", `${issue.gateway}.key`)));
    if (reference === undefined) {
      const { topic, document } = press.list(issue);
      return { topic, sent: publish(topic, document, issue.base === undefined) };
    }
    const { topic, document, file } = press.reference(issue, reference.url);
    await writeFile(reference.file, file);
    return { topic, sent: publish(topic, document, true) };
  };
}

/** Read each time: a key that is added counts at once. */
async function badgeKeysIn(file: string): Promise<readonly BadgeKey[]> {
  const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return "";
    throw error;
  });
  return [...text.matchAll(/^([\w.-]+)\s+([0-9a-f]+)\s*$/gim)].map(([, kid = "", hex = ""]) => ({ kid, hex }));
}
