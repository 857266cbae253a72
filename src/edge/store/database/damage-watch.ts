/** A connection that tells of damage met by any of its statements, whoever asked. */
import { asEdgeError, type EdgeError } from "../../../kit/errors.ts";
import type { Database } from "./sqlite.ts";

/** `met` is told of each error and returns the one to fail with: a failed read may turn out to be a file that was cut short. */
export function watchDamage(db: Database, met: (error: EdgeError, reading: boolean) => Promise<EdgeError>): Database {
  const watch = async <T>(work: Promise<T>, reading: boolean): Promise<T> => {
    try {
      return await work;
    } catch (raw) {
      throw await met(asEdgeError(raw), reading);
    }
  };
  return {
    run: (sql, values) => watch(db.run(sql, values), false),
    all: (sql, values) => watch(db.all(sql, values), true),
    script: (sql) => watch(db.script(sql), false),
    close: () => db.close(),
  };
}
