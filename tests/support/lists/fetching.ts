/** A gateway's lists beside a host of files that knows it by its certificate: one signs, the other gives the entries. */
import { createHash } from "node:crypto";
import { FileHost } from "./file-host.ts";
import { ListBox, NOW } from "./list-box.ts";
import { hashOf } from "./signer.ts";

/** Entries of the badges 0, 1, 2 …, one a line. */
export const entryLines = (count: number): Buffer =>
  Buffer.from(
    Array.from({ length: count }, (_, i) => `${JSON.stringify({ key: hashOf(`${i}`), from: 0, to: NOW * 2 })}\n`).join(""),
  );

/** What a test waits for comes in a moment; only a hang takes this long. */
export const PATIENCE = { timeout: 30_000, interval: 20 };

export interface Fetching {
  readonly box: ListBox;
  readonly host: FileHost;
  /** Signs what this file should be, and sends it. */
  push(version: number, file: Buffer, more?: object): Promise<void>;
}

/** `folder`: where `FileHost.certificates` left them. */
export async function fetchingFrom(folder: string, run: (at: Fetching) => Promise<void>): Promise<void> {
  await using box = new ListBox();
  await using host = await FileHost.open(folder);
  Object.assign(box.fetch, { credentials: { folder, ca: "ca.crt", cert: "gw.crt", key: "gw.key" } });
  const push = async (version: number, file: Buffer, more: object = {}) => {
    const sha256 = createHash("sha256").update(file).digest("hex");
    const of = { name: "disabled", version, kid: "k1", url: host.url, bytes: file.length, sha256, ...more };
    await box.send("disabled", box.signer.list(JSON.parse(JSON.stringify(of)) as typeof of));
  };
  try {
    await run({ box, host, push });
  } finally {
    await box.lists.close();
  }
}
