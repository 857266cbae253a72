/** Writes the log: JSON lines on stdout, no more than a card can bear, secrets redacted by key. */

import { fstatSync } from "node:fs";
import { pino } from "pino";
import { monotonic } from "./clock.ts";
import { isText } from "./errors.ts";
import { LimitedLog } from "./log-limit.ts";

export type Fields = Readonly<Record<string, unknown>>;

/** `event` is a stable dotted name ("loop.failed"), never a sentence. Nothing per reading above debug. */
export interface Log {
  debug(event: string, fields?: Fields): void;
  info(event: string, fields?: Fields): void;
  warn(event: string, fields?: Fields): void;
  error(event: string, fields?: Fields): void;
}

/** Joins the fields of a line and the context of an error. A context key that the line has too, such as `name`, becomes `error.name`. */
export function fieldsBeside(own: Fields, context: Fields): Fields {
  const beside = Object.entries(context).map(([key, value]) => [Object.hasOwn(own, key) ? `error.${key}` : key, value]);
  return { ...Object.fromEntries(beside), ...own };
}

export type Level = "debug" | "info" | "warn" | "error" | "silent";

/** Of what an error says in both languages a log has the English. */
const inEnglish = (fields: Fields): Record<string, unknown> =>
  Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, isText(value) ? value.en : value]));

const SECRET = ["password", "key", "token", "secret", "pin", "badge", "passphrase"];

const STDOUT = 1;
/** sd-daemon(3): the journal takes a line's priority from its first characters, and keeps the rest. By pino's numbers. */
const PRIORITY: Readonly<Record<number, string>> = { 20: "<7>", 30: "<6>", 40: "<4>", 50: "<3>" };

export interface LogOptions {
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Descriptor of the file that is written to. */
  readonly fd?: number;
  readonly mono?: () => number;
}

/** See LimitedLog for what it holds back. */
export function jsonLog(level: Level, { env = process.env, fd = STDOUT, mono = monotonic }: LogOptions = {}): LimitedLog {
  const lines = pino.destination({ dest: fd, sync: true });
  const out = pino(
    {
      level,
      base: null,
      messageKey: "event",
      formatters: { level: (label) => ({ level: label }), log: inEnglish },
      serializers: { cause: (cause: unknown) => (cause instanceof Error ? cause.message : cause) },
      redact: { paths: SECRET.flatMap((key) => [key, `*.${key}`]), censor: "[redacted]" },
    },
    isJournal(fd, env["JOURNAL_STREAM"]) ? withPriority(lines) : lines,
  );
  const plain: Log = {
    debug: (event, fields = {}) => out.debug(fields, event),
    info: (event, fields = {}) => out.info(fields, event),
    warn: (event, fields = {}) => out.warn(fields, event),
    error: (event, fields = {}) => out.error(fields, event),
  };
  return new LimitedLog(plain, mono);
}

/** systemd.exec(5), $JOURNAL_STREAM: device and inode of the stream that it connected to the journal; a redirected one differs. */
export function isJournal(fd: number, stream: string | undefined): boolean {
  if (stream === undefined) return false;
  const { dev, ino } = fstatSync(fd);
  return stream === `${dev}:${ino}`;
}

/** pino tells a destination with this symbol the level of the line that follows. */
const withPriority = (lines: { write(line: string): unknown }) => ({
  [Symbol.for("pino.metadata")]: true,
  lastLevel: 30,
  write(line: string) {
    lines.write(`${PRIORITY[this.lastLevel] ?? "<6>"}${line}`);
  },
});

export const noLog: Log = { debug() {}, info() {}, warn() {}, error() {} };
