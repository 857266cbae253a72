/** Dotted event names with fields go in; JSON lines on stdout come out. Passed in, never global; secrets are redacted by key. */
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

export function jsonLog(level: Level): Log {
  const out = pino({
    level,
    base: null,
    messageKey: "event",
    formatters: { level: (label) => ({ level: label }) },
    serializers: { cause: (cause: unknown) => (cause instanceof Error ? cause.message : cause) },
    redact: { paths: SECRET.flatMap((key) => [key, `*.${key}`]), censor: "[redacted]" },
  });
  return {
    debug: (event, fields = {}) => out.debug(fields, event),
    info: (event, fields = {}) => out.info(fields, event),
    warn: (event, fields = {}) => out.warn(fields, event),
    error: (event, fields = {}) => out.error(fields, event),
  };
}

export const noLog: Log = { debug() {}, info() {}, warn() {}, error() {} };
