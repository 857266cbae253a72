/** Carries out each command once at most: every step of its life is durable before the next (CT-C1 to CT-C5). */
import type { Clock } from "../../kit/clock.ts";
import { EdgeError, toldOf } from "../../kit/errors.ts";
import type { Log } from "../../kit/log.ts";
import { Listeners } from "../../kit/loop/listeners.ts";
import type { Args, CommandResult, CommandState, CommandTarget, Origin, Text } from "../../model/index.ts";
import type { Order } from "../engine/asset/want.ts";
import type { Operated } from "../operators/operate.ts";
import { isOperatorAction } from "../operators/operator-actions.ts";
import type { InboxRow } from "../store/store.ts";
import type { CommandHost } from "./command-host.ts";
import { type Ending, eventOf, malformed, resultOf } from "./command-result.ts";
import { type Envelope, envelope, localEnvelope, readableIn, reasonOf, ruleEnvelope } from "./envelope.ts";
import { afterTimeOff, type InboxBody, rowOf, toBeKept } from "./inbox-row.ts";
import type { LimitKeeper } from "./limits.ts";
import { type Refusal, refusalOf, refused } from "./refusal.ts";
import { RefusalDigest } from "./refusal-digest.ts";
import { type CheckSignature, unsigned } from "./signature-check.ts";

export interface CommandEffects {
  inbox(row: InboxRow): void;
  /** Steps the kind of an asset; its effects join the commit under way. */
  asset(asset: string, action: string, args: Args, mono: number): void;
  /** What an operator asks of a device or an asset as a whole; its effects join the commit under way. */
  operator(command: Operated, mono: number): Ending;
  /** Tells a rule how its order ended; whatever the rule does then joins the same commit. */
  ordered(order: string, by: string, isDone: boolean, mono: number): void;
}

export interface CommandProcessorOptions {
  readonly gateway: string;
  readonly targets: readonly CommandTarget[];
  /** Targets that an asset's rule handles; all others are points of devices. */
  readonly assets: ReadonlySet<string>;
  readonly host: CommandHost & CommandEffects;
  readonly limits: LimitKeeper;
  /** Of what the platform sends; absent: it may command nothing of high impact. */
  readonly checkSignature?: CheckSignature | undefined;
  readonly clock: Clock;
  readonly log: Log;
  readonly saved: ReadonlyMap<string, InboxRow>;
  /** Time off since they were saved, ms; 0 where that is not known. */
  readonly offMs: number;
  /** Wall time before which this database knows no commands; null: it knows all. */
  readonly knowsFrom: number | null;
}

export class CommandProcessor {
  readonly #o: CommandProcessorOptions;
  readonly #inbox: Map<string, InboxRow>;
  readonly #results: Listeners<CommandResult>;
  /** Resolves when the commands that an earlier run left have been taken up: no new one comes before them. */
  readonly #resumed: Promise<AbortSignal>;
  #open: (stop: AbortSignal) => void = () => {};
  readonly #refused = new RefusalDigest();

  constructor(options: CommandProcessorOptions) {
    this.#o = options;
    this.#results = new Listeners("result", options.log);
    this.#inbox = new Map([...options.saved].map(([id, row]) => [id, afterTimeOff(row, options.offMs)]));
    this.#resumed = new Promise((resolve) => {
      this.#open = resolve;
    });
  }

  onResult(listener: (result: CommandResult) => void): () => void {
    return this.#results.add(listener);
  }

  /** Resolves when the command is durable, whatever becomes of it; then its sender may be told that it was received. */
  async receive(
    { body, retained, origin }: { readonly body: unknown; readonly retained: boolean; readonly origin: Origin },
    stop: AbortSignal,
  ): Promise<void> {
    await this.#resumed;
    const parsed = envelope.safeParse(body);
    if (!parsed.success) return this.#malformed(body, reasonOf(parsed.error));
    const command = parsed.data;
    // The signature comes before the look-up by id: of two with one id, the second must not pass while the first is checked.
    const target = origin === "platform" ? this.#targetOf(command) : undefined;
    const unproven = target === undefined ? null : await unsigned(body, target, this.#o.checkSignature);
    if (this.#inbox.has(command.id)) return this.#tell(command.id);
    const known = this.#refused.endingOf(command.id);
    if (known !== undefined) return this.#results.tell(resultOf(command, known, this.#o.clock.now().wall));
    const refusal = this.#refusal(command, origin, retained) ?? unproven ?? this.#tooSoon(command);
    if (refusal !== null) return this.#refuse(command, origin, refusal);
    this.#step(command, origin, "accepted");
    await this.#o.host.flush();
    this.#execute(command, origin, stop);
  }

  /** Takes an order of a rule: it is accepted in the commit that holds its reason, and then carried out like any other command. */
  order(order: Order, mono: number): void {
    const { gateway, clock, host, log } = this.#o;
    if (this.#inbox.has(order.id)) return;
    const command = ruleEnvelope(clock.now().wall, gateway, order);
    this.#step(command, "rule", "accepted", undefined, mono);
    const begin = async () => {
      const stop = await this.#resumed;
      await host.flush();
      this.#execute(command, "rule", stop);
    };
    // If a stop comes first, the order stays `accepted`, and the next start takes it up.
    begin().catch((error: unknown) => log.debug("command.waits", { id: order.id, cause: error }));
  }

  /** Takes up the commands of an earlier run: one that was accepted is carried out now, one that had begun is answered with `unknown`. */
  async resume(stop: AbortSignal): Promise<void> {
    for (const row of this.#o.saved.values()) {
      const body = row.body as InboxBody;
      const command = { ...body, v: 1 as const, id: row.id, gateway: this.#o.gateway, issuedAt: 0 };
      if (row.state === "executing") {
        this.#end(command, body.origin, { state: "unknown", code: "command.interrupted" });
        await this.#tell(row.id);
      } else if (row.state === "accepted") this.#execute(command, body.origin, stop, true);
    }
    this.#open(stop);
  }

  /** For a person at the socket: issues, waits for the end, answers it. */
  async submit(target: string, action: string, args: Args, issuer: string, stop: AbortSignal): Promise<CommandResult> {
    const body = localEnvelope(this.#o.clock.now().wall, { gateway: this.#o.gateway, target, action, args, issuer });
    const ended = new Promise<CommandResult>((resolve) => {
      const end = this.onResult((result) => {
        if (result.id !== body.id) return;
        end();
        resolve(result);
      });
    });
    await this.receive({ body, retained: false, origin: "local" }, stop);
    return ended;
  }

  /** Called now and then: tells of the refusals that were only counted, when their minute is over. */
  look(mono: number): void {
    const draft = this.#refused.due(mono);
    if (draft !== null) this.#o.host.raise(draft);
  }

  /** No command comes any more: tells of the refusals that were counted so far. */
  rest(): void {
    const draft = this.#refused.due(this.#o.host.mono(), true);
    if (draft !== null) this.#o.host.raise(draft);
  }

  #targetOf({ target, action }: Pick<Envelope, "target" | "action">): CommandTarget | undefined {
    return this.#o.targets.find((one) => one.target === target && one.action === action);
  }

  #execute(command: Envelope, origin: Origin, stop: AbortSignal, resumed = false): void {
    const { target, id } = command;
    const act = async () => {
      // One effect per id (C2), whatever path led here.
      if (this.#inbox.get(id)?.state !== "accepted") return;
      // An order of a rule is checked only now, when its turn comes, and not when it is given: the rule must not hear the answer inside its own step.
      const spoilt = this.#spoilt(command, resumed) ?? (origin === "rule" ? this.#refusal(command, origin) : null);
      if (spoilt !== null) {
        this.#end(command, origin, spoilt);
        return this.#tell(id);
      }
      if (isOperatorAction(command.action) || this.#o.assets.has(target)) return this.#atOnce(command, origin);
      // After a restart, first make sure that the target is not overdue to be switched off: a resumed order would keep it on for another `maxOn`.
      if (resumed && !(await this.#o.limits.isClear(target, stop))) {
        if (stop.aborted) return; // the next start finds it accepted
        this.#end(command, origin, { state: "refused", code: "command.not-switched-off" });
        return this.#tell(id);
      }
      await this.#onPoint(command, origin, stop);
    };
    this.#o.host.alone(target, act).catch((error: unknown) => this.#o.log.error("command.failed", { id, target, cause: error }));
  }

  /** Nothing but the store is touched: beginning, effect and end are one commit, so a crash can neither lose nor repeat it. */
  async #atOnce(command: Envelope, origin: Origin): Promise<void> {
    // Event and step share one moment, so that replay meets the same.
    const mono = this.#o.host.mono();
    this.#step(command, origin, "executing", undefined, mono);
    const { target, action, args, issuer } = command;
    const { host } = this.#o;
    if (isOperatorAction(action)) this.#end(command, origin, host.operator({ target, action, args, issuer }, mono));
    else {
      host.asset(target, action, args, mono);
      this.#end(command, origin, { state: "succeeded" });
    }
    await this.#tell(command.id);
  }

  async #onPoint(command: Envelope, origin: Origin, stop: AbortSignal): Promise<void> {
    const value = command.args["value"] as number | boolean;
    const target = this.#targetOf(command);
    if (!this.#o.limits.mayBegin(command.target, value, target?.limits)) {
      this.#end(command, origin, { state: "refused", code: "command.too-soon" });
    } else {
      const latest = this.#o.host.mono() + this.#leftMs(command);
      this.#step(command, origin, "executing");
      this.#o.limits.begin(command.target, value, target?.limits);
      await this.#o.host.flush();
      if (stop.aborted) return; // the next start finds `executing` and answers `unknown`
      const outcome = await this.#o.host.perform(command.target, value, stop, latest);
      this.#o.limits.ended(command.target, value, outcome.state);
      this.#end(command, origin, outcome);
    }
    await this.#tell(command.id);
  }

  /** Why an accepted command is not begun; null: nothing speaks against it. How long it lay before a restart is known only with the right time. */
  #spoilt(command: Envelope, resumed: boolean): Ending | null {
    if (this.#leftMs(command) <= 0) return { state: "expired", code: "command.expired" };
    if (!resumed || this.#o.clock.now().synced || this.#targetOf(command)?.safe) return null;
    return { state: "refused", code: "command.clock-unsynced" };
  }

  #refusal(command: Envelope, origin: Origin, retained = false): Refusal | null {
    const { gateway, clock, knowsFrom } = this.#o;
    const target = this.#targetOf(command);
    return refusalOf(command, { gateway, target, retained, origin, now: clock.now(), knowsFrom });
  }

  /** What is left of its time: by the running time, which a clock that is set cannot move, and by wall time where that is known. */
  #leftMs({ id, expiresAt }: Envelope): number {
    const { wall, synced } = this.#o.clock.now();
    const left = (this.#inbox.get(id)?.expires ?? 0) - this.#o.host.running();
    return synced ? Math.min(left, expiresAt - wall) : left;
  }

  #step(command: Envelope, origin: Origin, state: CommandState, result?: CommandResult, mono?: number): void {
    const row = this.#record(command, origin, state, result, mono);
    this.#inbox.set(row.id, row);
  }

  #record(command: Envelope, origin: Origin, state: CommandState, result?: CommandResult, mono?: number): InboxRow {
    const { wall, synced } = this.#o.clock.now();
    const now = { running: this.#o.host.running(), wall: synced ? wall : null, former: this.#inbox.get(command.id) };
    const row = rowOf(command, now, { state, origin, result });
    this.#o.host.inbox(toBeKept(row));
    this.#o.host.raise(eventOf(command, origin, state, result), mono);
    return row;
  }

  #end(command: Envelope, origin: Origin, ending: Ending): void {
    const mono = this.#o.host.mono();
    this.#step(command, origin, ending.state, resultOf(command, ending, this.#o.clock.now().wall), mono);
    if (origin === "rule") this.#o.host.ordered(command.id, command.issuer, ending.state === "succeeded", mono);
  }

  /** Answers when that is durable; the same id again gets the same answer, and no second effect. */
  async #tell(id: string): Promise<void> {
    await this.#o.host.flush();
    const row = this.#inbox.get(id);
    const result = (row?.body as InboxBody | undefined)?.result;
    if (row === undefined || result === undefined) return;
    this.#results.tell(result);
    this.#inbox.set(id, toBeKept(row));
  }

  /** Checked when the command comes, so that a burst of them costs no acceptance and no commit each. */
  #tooSoon({ target, action, args }: Envelope): Refusal | null {
    if (isOperatorAction(action) || this.#o.assets.has(target)) return null;
    const limits = this.#targetOf({ target, action })?.limits;
    if (this.#o.limits.mayBegin(target, args["value"] as number | boolean, limits)) return null;
    return refused("command.too-soon", { target });
  }

  /** Records the refusal without its arguments, since nothing was done with them; the digest answers a repetition, and memory does not grow by it. */
  async #refuse(command: Envelope, origin: Origin, refusal: Refusal): Promise<void> {
    const mono = this.#o.host.mono();
    this.look(mono);
    const result = resultOf(command, refusal, this.#o.clock.now().wall);
    if (this.#refused.isTold(command.id, refusal, mono)) {
      this.#record({ ...command, args: {} }, origin, refusal.state, result, mono);
      await this.#o.host.flush();
    }
    this.#results.tell(result);
  }

  /** Answers a malformed command that has an id, a repeated one as before; without an id nobody can be told. */
  async #malformed(body: unknown, reason: Text): Promise<void> {
    const { host, clock } = this.#o;
    const { id, target = "", action = "" } = readableIn(body);
    if (id !== undefined && this.#inbox.has(id)) return this.#tell(id);
    const ending = { state: "refused", code: "command.malformed" } as const;
    const error = new EdgeError("command.malformed", { reason });
    const draft = malformed(error, id);
    const known = id === undefined ? undefined : this.#refused.endingOf(id);
    this.look(host.mono());
    if (known === undefined && this.#refused.isTold(id, ending, host.mono())) {
      host.raise(draft);
      await host.flush();
    }
    if (id === undefined) return;
    const detailed = known === undefined || known.code === ending.code ? { ...ending, told: toldOf(error) } : known;
    this.#results.tell(resultOf({ id, target, action }, detailed, clock.now().wall));
  }

  /** The store knows these no more: delivered again, they are new. */
  forget(ids: readonly string[]): void {
    for (const id of ids) this.#inbox.delete(id);
  }
}
