/** How much room a commit takes in the file, rather too much than too little. */

import { isWithoutEffect } from "../../segments/event-worth.ts";
import { PAGE } from "../database/database-file.ts";
import type { Commit } from "../store.ts";

/** What a page holds of a row, and what stands around a body in it (SQLite file format, 1.6): a row begins on a page of its own at worst. */
const HOLDS = 480;
const AROUND = 64;
/** Inner pages of the trees that a commit touches. */
const INNER = 8 * PAGE;

/** Bytes of the part of it for which no reading may go: commands of which nothing was done, and the events that say so. */
export function refusalBytes({ events, inbox }: Commit): number {
  return commitBytes({
    ...EMPTY,
    events: events.filter(({ worth }) => worth === 0),
    inbox: inbox.filter(({ state }) => isWithoutEffect(state)),
  });
}

const EMPTY: Commit = { readings: [], events: [], states: {}, marks: [], inbox: [], shed: [], sentUrgent: [] };

/** Bytes. */
export function commitBytes(commit: Commit): number {
  let bytes = INNER;
  for (const { body } of commit.readings) bytes += rowOf(body.length);
  for (const { body } of commit.events) bytes += rowOf(body.length);
  for (const { replacement } of commit.shed) bytes += replacement === null ? 0 : rowOf(replacement.body.length);
  // These tables have keys in no order, so their pages are only half full.
  for (const { body } of commit.inbox) bytes += 2 * rowOf(lengthOf(body));
  for (const value of Object.values(commit.states)) bytes += 2 * rowOf(lengthOf(value));
  for (const { held } of commit.marks) bytes += rowOf(lengthOf(held));
  return bytes;
}

const rowOf = (bytes: number): number => Math.ceil((bytes + AROUND) / HOLDS) * PAGE;

/** A value without JSON is refused by the commit itself, not here. */
function lengthOf(value: unknown): number {
  try {
    return Buffer.byteLength(JSON.stringify(value) ?? "");
  } catch {
    return 0;
  }
}
