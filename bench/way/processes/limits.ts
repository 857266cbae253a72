/** What the machine asks at least for ready bytes: append and fdatasync, one raw packed insert, mqtt.js alone. */
import { open } from "node:fs/promises";
import { join } from "node:path";
import { connectAsync } from "mqtt";
import { encodeBody } from "../../../src/contract/message-body.ts";
import { openDatabase } from "../../../src/edge/store/database/sqlite.ts";
import { serve, usage } from "./child.ts";

export interface Writing {
  readonly folder: string;
  readonly bodyBytes: number;
  readonly commits: number;
}
export interface Publishing {
  readonly broker: string;
  readonly bodyBytes: number;
  readonly messages: number;
  readonly window: number;
}

export function limits(): void {
  serve({ append, insert, publish, usage: () => usage() });
}

/** As dense as a stored body: deflated text does not compress again. */
function body(bytes: number): Uint8Array {
  const text = JSON.stringify(Array.from({ length: bytes }, (_, i) => Math.sin(i)));
  return Buffer.from(encodeBody(text).subarray(0, bytes));
}

async function append({ folder, bodyBytes, commits }: Writing): Promise<void> {
  await using file = await open(join(folder, "append"), "a");
  const bytes = body(bodyBytes);
  for (let i = 0; i < commits; i += 1) {
    await file.write(bytes);
    await file.datasync();
  }
}

async function insert({ folder, bodyBytes, commits }: Writing): Promise<void> {
  const db = await openDatabase(join(folder, "raw.sqlite"), "create");
  await db.script(`PRAGMA page_size = 512; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 7800;
    CREATE TABLE t (key INTEGER PRIMARY KEY, body BLOB)`);
  const bytes = body(bodyBytes);
  for (let i = 0; i < commits; i += 1) await db.run("INSERT INTO t VALUES (?, ?)", [i + 1, bytes]);
  await db.close();
}

async function publish({ broker, bodyBytes, messages, window }: Publishing): Promise<{ readonly seconds: number }> {
  const client = await connectAsync(broker, { protocolVersion: 5, reconnectPeriod: 0 });
  const bytes = Buffer.from(body(bodyBytes));
  const begun = performance.now();
  let left = messages;
  const publishing = async () => {
    while (left-- > 0) await client.publishAsync("bench/ready", bytes, { qos: 1 });
  };
  await Promise.all(Array.from({ length: window }, publishing));
  const seconds = (performance.now() - begun) / 1000;
  await client.endAsync(true);
  return { seconds };
}
