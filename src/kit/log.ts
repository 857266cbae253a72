/** Dotted event names with fields go in; JSON lines on stdout come out. Passed in, never global; secrets are redacted by key. */
import { fstatSync } from "node:fs";
import { pino } from "pino";

export type Fields = Readonly<Record<string, unknown>>;

/** `event` is a stable dotted name ("loop.failed"), never a sentence. Nothing per reading above debug. */
export interface Log {
  debug(event: string, fields?: Fields): void;
  info(event: string, fields?: Fields): void;
  warn(event: string, fields?: Fields): void;
  error(event: string, fields?: Fields): void;
}

export type Level = "debug" | "info" | "warn" | "error" | "silent";

const SECRET = ["password", "key", "token", "secret", "pin", "badge", "passphrase"];

const STDOUT = 1;
/** sd-daemon(3): the journal takes a line's priority from its first characters, and keeps the rest. By pino's numbers. */
const PRIORITY: Readonly<Record<number, string>> = { 20: "<7>", 30: "<6>", 40: "<4>", 50: "<3>" };

export function jsonLog(level: Level, env: Readonly<Record<string, string | undefined>> = process.env): Log {
  const lines = pino.destination({ dest: STDOUT, sync: true });
  const out = pino(
    {
      level,
      base: null,
      messageKey: "event",
      formatters: { level: (label) => ({ level: label }) },
      serializers: { cause: (cause: unknown) => (cause instanceof Error ? cause.message : cause) },
      redact: { paths: SECRET.flatMap((key) => [key, `*.${key}`]), censor: "[redacted]" },
    },
    isJournal(STDOUT, env["JOURNAL_STREAM"]) ? withPriority(lines) : lines,
  );
  return {
    debug: (event, fields = {}) => out.debug(fields, event),
    info: (event, fields = {}) => out.info(fields, event),
    warn: (event, fields = {}) => out.warn(fields, event),
    error: (event, fields = {}) => out.error(fields, event),
  };
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
