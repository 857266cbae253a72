/** The steps that bring a database to the present layout, in order: step i makes `user_version` i + 1. */
import { tables } from "./0001-tables.ts";
import { worth } from "./0002-worth.ts";

/**
 * Each step only adds, so that the release before this one can still open the file after an update was taken back: a release
 * adds at most one step, and a file one step newer than the code is opened as it is.
 */
export const migrations: readonly string[] = [tables, worth];
