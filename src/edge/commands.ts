/** Commands go in as they came, from platform, person or rule; each has at most one effect on a wire, and every step of its life is durable before the next (contract, Commands C1–C5). */
import { randomBytes } from "node:crypto";
import * as z from "zod";
import type { Clock } from "../kit/clock.ts";
import { EdgeError, isCode } from "../kit/errors.ts";
import type { Log } from "../kit/log.ts";
import type { Args, CommandResult, CommandState, CommandTarget, EventDraft, Origin, Outcome, Severity, Text } from "../model.ts";
import type { LimitKeeper } from "./limits.ts";
import type { InboxRow } from "./parts.ts";

/** No command lives longer (contract C3). */
const LIFETIME_MAX_MS = 86_400_000;
/** A sender's clock may be ahead by this much. */
const FUTURE_MS = 60_000;
/** Malformed messages without an id become at most one event in this time. */
const MALFORMED_EVERY_MS = 1000;
/** Commands in memory before those that are over are looked for. */
const REMEMBERED = 5000;

const name = () => z.string().max(200);
const envelope = z.looseObject({
  v: z.literal(1),
  id: z.string().regex(/^[0-9A-Za-z][0-9A-Za-z/_.-]{0,127}$/),
  gateway: z.string(),
  target: name(),
  action: name(),
  args: z.record(name(), z.union([z.string().max(4096), z.number(), z.boolean()])).default({}),
  // Whole numbers: the store takes no other, and what it refuses would be tried for ever.
  issuedAt: z.int(),
  expiresAt: z.int(),
  issuer: name(),
});
type Envelope = z.output<typeof envelope>;

/** What is kept of a command in the inbox. */
interface Body extends Pick<Envelope, "target" | "action" | "args" | "expiresAt" | "issuer"> {
  readonly origin: Origin;
  readonly result?: CommandResult;
}

export interface CommandHost {
  mono(): number;
  raise(draft: EventDraft, mono?: number): void;
  inbox(row: InboxRow): void;
  flush(): Promise<void>;
  /** Running time of the database, ms. */
  running(): number;
  /** Steps the rule of an asset; its effects join the commit under way. */
  rule(asset: string, action: string, args: Args, by: string, mono: number): void;
  perform(target: string, value: number | boolean, stop: AbortSignal): Promise<Outcome>;
  /** One effect at a time on one target, switching off at a limit included. */
  alone(target: string, work: () => Promise<void>): Promise<void>;
}

export interface CommandOptions {
  readonly gateway: string;
  readonly targets: readonly CommandTarget[];
  /** Targets that an asset's rule handles; all others are points of devices. */
  readonly assets: ReadonlySet<string>;
  readonly host: CommandHost;
  readonly limits: LimitKeeper;
  readonly clock: Clock;
  readonly log: Log;
  readonly saved: ReadonlyMap<string, InboxRow>;
  /** Wall time before which this database knows no commands; null: it knows all. */
  readonly knowsFrom: number | null;
}

export class CommandDesk {
  readonly #o: CommandOptions;
  readonly #inbox: Map<string, InboxRow>;
  readonly #listeners = new Set<(result: CommandResult) => void>();
  /** Opens when what an earlier run left has its turn: nothing new comes before it. */
  readonly #resumed: Promise<void>;
  #open: () => void = () => {};
  #malformedAt = Number.NEGATIVE_INFINITY;

  constructor(options: CommandOptions) {
    this.#o = options;
    this.#inbox = new Map(options.saved);
    this.#resumed = new Promise((resolve) => {
      this.#open = resolve;
    });
  }

  onResult(listener: (result: CommandResult) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Resolves when the command is durable, whatever becomes of it; then its sender may be told that it was received. */
  async receive(
    { body, retained, origin }: { readonly body: unknown; readonly retained: boolean; readonly origin: Origin },
    stop: AbortSignal,
  ): Promise<void> {
    await this.#resumed;
    const parsed = envelope.safeParse(body);
    if (!parsed.success) return this.#malformed(body, parsed.error);
    this.#forget();
    const command = parsed.data;
    const known = this.#inbox.get(command.id);
    if (known !== undefined) return this.#again(known);
    const target = this.#o.targets.find((t) => t.target === command.target && t.action === command.action);
    const refusal = this.#refusal(command, target, retained, origin);
    if (refusal !== null || target === undefined) {
      this.#end(command, origin, refusal?.state ?? "refused", refusal?.code ?? "command.unknown-target", refusal?.detail);
      await this.#o.host.flush();
      this.#answer(command.id);
      return;
    }
    this.#step(command, origin, "accepted");
    await this.#o.host.flush();
    this.#execute(command, origin, stop);
  }

  /** What was accepted and never begun is begun; what was begun and never ended is `unknown`. */
  async resume(stop: AbortSignal): Promise<void> {
    for (const row of this.#o.saved.values()) {
      const body = row.body as Body;
      const command = { ...body, v: 1 as const, id: row.id, gateway: this.#o.gateway, issuedAt: 0 };
      if (row.state === "executing") {
        this.#end(command, body.origin, "unknown", "command.interrupted");
        await this.#o.host.flush();
        this.#answer(row.id);
      } else if (row.state === "accepted") this.#execute(command, body.origin, stop);
    }
    this.#open();
  }

  /** For a person at the socket: issues, waits for the end, answers it. */
  async submit(target: string, action: string, args: Args, issuer: string, stop: AbortSignal): Promise<CommandResult> {
    const { wall } = this.#o.clock.now();
    const id = uuidv7(wall);
    const ended = new Promise<CommandResult>((resolve) => {
      const end = this.onResult((result) => {
        if (result.id !== id) return;
        end();
        resolve(result);
      });
    });
    const body = { v: 1, id, gateway: this.#o.gateway, target, action, args, issuedAt: wall, expiresAt: wall + 60_000, issuer };
    await this.receive({ body, retained: false, origin: "local" }, stop);
    return ended;
  }

  #refusal(command: Envelope, target: CommandTarget | undefined, retained: boolean, origin: Origin): Refusal | null {
    const now = this.#o.clock.now();
    if (command.gateway !== this.#o.gateway) return refused("command.wrong-gateway", { gateway: command.gateway });
    if (retained) return refused("command.retained");
    if (target === undefined) return refused("command.unknown-target", { target: command.target, action: command.action });
    const wrong = wrongArgument(command.args, target);
    if (wrong !== null) return refused("command.out-of-range", { name: wrong });
    if (command.expiresAt - command.issuedAt > LIFETIME_MAX_MS || (now.synced && command.issuedAt > now.wall + FUTURE_MS))
      return refused("command.lifetime");
    if (now.synced && command.expiresAt <= now.wall) return { ...refused("command.expired"), state: "expired" };
    if (!now.synced && !target.safe && origin === "platform") return refused("command.clock-unsynced");
    if (this.#o.knowsFrom !== null && origin === "platform" && command.issuedAt < this.#o.knowsFrom)
      return { ...refused("command.history-lost"), state: "unknown" };
    if (target.impact === "high" && origin === "platform") return refused("command.unsigned");
    return null;
  }

  #execute(command: Envelope, origin: Origin, stop: AbortSignal): void {
    const { target, id } = command;
    const act = async () => {
      // One effect per id (C2), whatever path led here.
      if (this.#inbox.get(id)?.state !== "accepted") return;
      await (this.#o.assets.has(target) ? this.#onAsset(command, origin) : this.#onPoint(command, origin, stop));
    };
    this.#o.host.alone(target, act).catch((error: unknown) => this.#o.log.error("command.failed", { id, target, cause: error }));
  }

  /** A rule is pure: beginning, effect and end are one commit, so a crash can neither lose nor repeat it. */
  async #onAsset(command: Envelope, origin: Origin): Promise<void> {
    if (await this.#tooLate(command, origin)) return;
    // Event and step share one moment, so that replay meets the same.
    const mono = this.#o.host.mono();
    this.#step(command, origin, "executing", undefined, mono);
    this.#o.host.rule(command.target, command.action, command.args, command.issuer, mono);
    this.#end(command, origin, "succeeded");
    await this.#o.host.flush();
    this.#answer(command.id);
  }

  async #onPoint(command: Envelope, origin: Origin, stop: AbortSignal): Promise<void> {
    if (await this.#tooLate(command, origin)) return;
    const value = command.args["value"] as number | boolean;
    const target = this.#o.targets.find((t) => t.target === command.target && t.action === command.action);
    if (!this.#o.limits.mayBegin(command.target, target?.limits)) {
      this.#end(command, origin, "refused", "command.too-soon");
    } else {
      this.#step(command, origin, "executing");
      this.#o.limits.begin(command.target, value, target?.limits);
      await this.#o.host.flush();
      if (stop.aborted) return; // the next start finds `executing` and answers `unknown`
      const outcome = await this.#o.host.perform(command.target, value, stop);
      this.#o.limits.ended(command.target, value, outcome.state);
      this.#end(command, origin, outcome.state, outcome.code, undefined, outcome);
    }
    await this.#o.host.flush();
    this.#answer(command.id);
  }

  async #tooLate(command: Envelope, origin: Origin): Promise<boolean> {
    const now = this.#o.clock.now();
    if (!now.synced || command.expiresAt > now.wall) return false;
    this.#end(command, origin, "expired", "command.expired");
    await this.#o.host.flush();
    this.#answer(command.id);
    return true;
  }

  #step(command: Envelope, origin: Origin, state: CommandState, result?: CommandResult, mono?: number): void {
    const { id, target, action, args, expiresAt, issuer } = command;
    const running = this.#o.host.running();
    const received = this.#inbox.get(id)?.received ?? running;
    const lives = Math.ceil(Math.min(LIFETIME_MAX_MS, Math.max(0, expiresAt - this.#o.clock.now().wall)));
    const body: Body = { target, action, args, expiresAt, issuer, origin, ...(result !== undefined && { result }) };
    const row: InboxRow = { id, received, expires: this.#inbox.get(id)?.expires ?? running + lives, state, body };
    this.#inbox.set(id, row);
    this.#o.host.inbox(row);
    this.#o.host.raise(commandEvent(command, origin, state, result), mono);
  }

  #end(command: Envelope, origin: Origin, state: CommandState, code?: string, detail?: string, outcome?: Outcome): void {
    const { id, target, action } = command;
    const said =
      detail ??
      (code !== undefined && isCode(code) ? new EdgeError(code, { target, action, device: target }).what("en") : undefined);
    const result: CommandResult = {
      id,
      target,
      action,
      state,
      ...(code !== undefined && { code }),
      ...(said !== undefined && { detail: said }),
      ...(outcome?.value !== undefined && { value: outcome.value }),
      at: this.#o.clock.now().wall,
    };
    this.#step(command, origin, state, result);
  }

  #answer(id: string): void {
    const result = (this.#inbox.get(id)?.body as Body | undefined)?.result;
    if (result !== undefined) for (const listener of this.#listeners) listener(result);
  }

  /** The same id again: the same answer, no second effect. */
  async #again(known: InboxRow): Promise<void> {
    await this.#o.host.flush();
    this.#answer(known.id);
  }

  /** With an id it is answered; without one, nobody can be told, and a flood makes one event a second. */
  async #malformed(body: unknown, error: z.ZodError): Promise<void> {
    const mono = this.#o.clock.mono();
    const { id, target, action } = readable.catch({}).parse(body);
    if (id === undefined && mono - this.#malformedAt < MALFORMED_EVERY_MS) return;
    if (id === undefined) this.#malformedAt = mono;
    const [issue] = error.issues;
    const reason = issue === undefined ? "" : `${issue.path.join(".")} ${issue.message}`.trim();
    const text = textOf("command.malformed", { reason });
    const extra = { code: "command.malformed", reason, ...(id !== undefined && { command: id }) };
    this.#o.host.raise({ kind: "command.refused", state: "noted", severity: "low", text, extra });
    await this.#o.host.flush();
    if (id === undefined) return;
    const at = this.#o.clock.now().wall;
    for (const listener of this.#listeners)
      listener({
        id,
        target: target ?? "",
        action: action ?? "",
        state: "refused",
        code: "command.malformed",
        detail: text.en,
        at,
      });
  }

  /** What ended without an effect and is over need not be remembered: the same again would be refused as expired. */
  #forget(): void {
    if (this.#inbox.size < REMEMBERED) return;
    const running = this.#o.host.running();
    for (const [id, { state, expires }] of this.#inbox)
      if ((state === "refused" || state === "expired") && expires < running) this.#inbox.delete(id);
  }
}

/** As much of a malformed command as lets its sender be answered. */
const readable = z.object({
  id: name().optional().catch(undefined),
  target: name().optional().catch(undefined),
  action: name().optional().catch(undefined),
});

interface Refusal {
  readonly state: CommandState;
  readonly code: string;
  readonly detail: string;
}

function textOf(...args: ConstructorParameters<typeof EdgeError>): Text {
  const error = new EdgeError(...args);
  return { it: error.what("it"), en: error.what("en") };
}

function refused(...args: ConstructorParameters<typeof EdgeError>): Refusal {
  const error = new EdgeError(...args);
  return { state: "refused", code: error.code, detail: error.what("en") };
}

/** The name of the first argument that the target does not allow. */
function wrongArgument(args: Args, target: CommandTarget): string | null {
  for (const name of Object.keys(args)) if (!Object.hasOwn(target.args, name)) return name;
  for (const [name, spec] of Object.entries(target.args)) {
    const value = args[name];
    if (value === undefined) {
      if (spec.required) return name;
      continue;
    }
    if (typeof value !== spec.type) return name;
    if (
      typeof value === "number" &&
      !(value >= (spec.min ?? Number.NEGATIVE_INFINITY) && value <= (spec.max ?? Number.POSITIVE_INFINITY))
    )
      return name;
  }
  return null;
}

const SEVERITY: Readonly<Record<CommandState, Severity>> = {
  accepted: "info",
  executing: "info",
  succeeded: "info",
  failed: "low",
  expired: "info",
  refused: "low",
  unknown: "medium",
};

const ITALIAN: Readonly<Record<CommandState, string>> = {
  accepted: "accettato",
  executing: "in esecuzione",
  succeeded: "riuscito",
  failed: "fallito",
  expired: "scaduto",
  refused: "rifiutato",
  unknown: "esito ignoto",
};

function commandEvent(command: Envelope, origin: Origin, state: CommandState, result: CommandResult | undefined): EventDraft {
  const { id, target, action, args, issuer } = command;
  return {
    kind: `command.${state}`,
    state: "noted",
    severity: SEVERITY[state],
    text: { it: `${action} ${target}: ${ITALIAN[state]}`, en: `${action} ${target}: ${state}` },
    extra: {
      command: id,
      target,
      action,
      origin,
      by: issuer,
      ...(state === "executing" && { args }),
      ...(result?.code !== undefined && { code: result.code }),
      ...(result?.value !== undefined && { value: result.value }),
    },
  };
}

/** RFC 9562 version 7: sortable by its time. */
export function uuidv7(wall: number): string {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(wall, 0, 6);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x70;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = bytes.toString("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}
