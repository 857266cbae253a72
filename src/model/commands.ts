/** What can be commanded, who asks, and how it ended. */
import type { Limits, Value } from "./reading.ts";
import type { Told } from "./text.ts";

export type Args = Readonly<Record<string, string | number | boolean>>;

/**
 * How an effect on the wire ended. `unknown`: it may or may not have happened and could not be read back. `expired`: its time was over
 * before anything was sent.
 */
export interface Outcome {
  readonly state: "succeeded" | "failed" | "expired" | "unknown";
  readonly code?: string;
  /** Where whoever met it knows more than its code. */
  readonly told?: Told;
  readonly value?: Value;
}

export interface CommandSpec {
  readonly args: Readonly<
    Record<
      string,
      {
        readonly type: "number" | "boolean" | "string";
        readonly required?: boolean;
        readonly min?: number;
        readonly max?: number;
        /** 0 may be given too, though it is less than `min`. */
        readonly orZero?: true;
      }
    >
  >;
  readonly impact: "low" | "high";
  /** May run while the clock is not synchronised. */
  readonly safe: boolean;
  readonly limits?: Limits;
}

export type CommandState = "accepted" | "executing" | "succeeded" | "failed" | "expired" | "refused" | "unknown";

/** Who asks: the platform over MQTT, a person at the admin socket, or a rule of the running configuration. */
export type Origin = "platform" | "local" | "rule";

/** The answer to a command; `code` when it is not `succeeded`. Times are epoch ms. */
export interface CommandResult {
  readonly id: string;
  readonly target: string;
  readonly action: string;
  readonly state: CommandState;
  readonly code?: string;
  /** `told.what` in English: what the platform is sent. */
  readonly detail?: string;
  /** For people at the box; never sent to the platform. */
  readonly told?: Told;
  readonly value?: Value;
  readonly at: number;
}

/** One thing that can be commanded, as the catalog lists it. */
export interface CommandTarget extends CommandSpec {
  readonly target: string;
  readonly action: string;
}
