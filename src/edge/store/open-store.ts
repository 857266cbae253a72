/** Opens the store: alone on its file, in a new epoch, and where the file is damaged with what could be read of it. */
import { asEdgeError } from "../../kit/errors.ts";
import { makeFolder, openFile, setLimit, WAL_BYTES } from "./database/database-file.ts";
import { lockFor } from "./database/file-lock.ts";
import { realFile } from "./database/real-path.ts";
import type { Database } from "./database/sqlite.ts";
import { type Loaded, load } from "./load.ts";
import { type HeadFile, readHeadFile, writeHeadFile } from "./recovery/head-file.ts";
import { lostOf } from "./recovery/lost-numbers.ts";
import { notedOf } from "./recovery/next-epoch.ts";
import { salvage, setAside } from "./recovery/quarantine.ts";
import { UnstoredNote } from "./recovery/unstored-note.ts";
import { type Opened, SqliteStore } from "./sqlite-store.ts";
import type { Store } from "./store.ts";
import { quotaOf, reserveOf, type StoreOptions } from "./store-options.ts";

const LOCK_WAIT_MS = 5000;

/** Errors: `store.locked`, `store.newer`, `store.unwritable`, `store.full`, `native.missing`. Damage is no error: it is set aside. */
export async function openStore(asked: StoreOptions): Promise<Store> {
  const file = await realFile(asked.file);
  const options = { ...asked, file };
  await makeFolder(file);
  const lock = await lockFor(file, options.lockWaitMs ?? LOCK_WAIT_MS);
  try {
    const headFile = await readHeadFile(file);
    const note = new UnstoredNote(options.runtime, { file, boot: options.clock.boot });
    const opened = await openSound(options, headFile);
    try {
      const unstored = note.read();
      const known = [...notedOf(opened.loaded, headFile, opened.cause), ...unstored];
      const lost = await lostOf(opened.db, opened.loaded, known, opened.cause === "salvaged");
      const store = new SqliteStore(options, lock, opened, { headFile, note, unstored, lost });
      await store.begin();
      return store;
    } catch (error) {
      await opened.db.close().catch(() => undefined);
      throw error;
    }
  } catch (error) {
    await lock.close();
    throw error;
  }
}

const DAMAGE: ReadonlySet<string> = new Set(["store.corrupt", "internal"]);

/** The file as it is, or, where it is damaged, a new one with what could be read of it. */
async function openSound(options: StoreOptions, headFile: HeadFile | null): Promise<Opened> {
  const { file, lockWaitMs = LOCK_WAIT_MS, walBytes = WAL_BYTES, log, through = (db) => db } = options;
  const quotaBytes = quotaOf(options);
  const open = async () => {
    const opened = await openFile({ file, quotaBytes, lockWaitMs, walBytes });
    return { ...opened, db: through(opened.db) };
  };
  if (headFile?.suspect !== true) {
    try {
      const opened = await open();
      return { ...opened, loaded: await loadOrClose(opened.db), cause: opened.created ? "created" : "start" };
    } catch (raw) {
      const error = asEdgeError(raw);
      if (!DAMAGE.has(error.code)) throw error;
      log.error("store.damaged", { code: error.code, ...error.context });
    }
  }
  // Until what is missing has been named in the new file, an interrupted opening must begin anew.
  await writeHeadFile(file, { ...(headFile ?? { n: 0, epoch: "", readings: 0, events: 0, known: [] }), suspect: true });
  const aside = await setAside(file, quotaBytes);
  const opened = await open();
  // What was read of a full file must find room.
  await setLimit(opened.db, quotaBytes + reserveOf(options));
  const rows = await salvage(aside, opened.db, log);
  await setLimit(opened.db, quotaBytes);
  log.error("store.salvaged", { code: "store.corrupt", file, aside, ...rows });
  return { ...opened, loaded: await loadOrClose(opened.db), cause: "salvaged" };
}

async function loadOrClose(db: Database): Promise<Loaded> {
  try {
    return await load(db);
  } catch (error) {
    await db.close().catch(() => undefined);
    throw error;
  }
}
