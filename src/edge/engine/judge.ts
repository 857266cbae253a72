/** Asks a kind, guarded, what it learns and what it says, and lets that be shown, told and saved. */
import { EdgeError } from "../../kit/errors.ts";
import { hostEvent } from "../../model/host-events.ts";
import type { Alarms } from "../alarms.ts";
import type { Answers } from "../answers/answers.ts";
import { type Act, type Claim, type Heard as HeardOf, Learned, type Senses } from "../kinds/kind.ts";
import type { AssetRun } from "./asset/asset-run.ts";
import { checkAct, checkAssessment } from "./asset/checked.ts";
import { mustBeJson } from "./asset/must-be-json.ts";
import type { RunKeeper } from "./asset/run-keeper.ts";
import type { AttributePublisher } from "./attribute-publisher.ts";
import { dueAfter, type Judged, placeOf, settleClaim } from "./claims.ts";
import { type AnyAssessment, KindContext } from "./kind-context.ts";
import type { Moments } from "./moments.ts";
import type { Orders } from "./orders.ts";

const NEVER = Number.POSITIVE_INFINITY;
export const FAILED = "rule.failed";

export type Heard = HeardOf<Record<string, NonNullable<Senses[string]>>>;

export class Judge {
  readonly #alarms: Alarms;
  readonly #answers: Answers;
  readonly #moments: Moments;
  readonly #keeper: RunKeeper;
  readonly #publisher: AttributePublisher;
  readonly #orders: Orders;

  constructor(
    alarms: Alarms,
    answers: Answers,
    moments: Moments,
    keeper: RunKeeper,
    publisher: AttributePublisher,
    orders: Orders,
  ) {
    this.#alarms = alarms;
    this.#answers = answers;
    this.#moments = moments;
    this.#keeper = keeper;
    this.#publisher = publisher;
    this.#orders = orders;
  }

  /** A kind that throws costs its own asset this input. False: it did. Of the past it only learns. */
  learn(run: AssetRun, heard: Heard, at: number): boolean {
    if (run.fault !== undefined) return false;
    const isPast = this.#moments.past !== null;
    let learned: unknown;
    try {
      learned = run.kind.learn === undefined ? run.facts : run.kind.learn(run.facts, heard as never, this.#context(run, at));
      if (learned instanceof Learned) for (const act of learned.acts) checkAct(run, act);
      const facts = learned instanceof Learned ? learned.facts : learned;
      if (facts !== run.facts) mustBeJson("facts", facts);
    } catch (error) {
      if (!isPast) this.failed(run, heard.of, error, at);
      return false;
    }
    run.facts = learned instanceof Learned ? learned.facts : learned;
    if (learned instanceof Learned && !isPast) for (const act of learned.acts) this.#act(run, act, at);
    return true;
  }

  #act(run: AssetRun, act: Act, at: number): void {
    if (act.do === "measure") this.#publisher.measure(run, act, at);
    else {
      const { kind, severity, text } = act;
      this.#alarms.note({ kind, severity, text, asset: run.asset.id, extra: placeOf(run.asset) }, this.#moments.mono(at));
    }
  }

  /**
   * Plans when the kind must be asked again, counted from its last input, so that what fell due while the gateway was off is reported in the right
   * order. A replay, which goes on from the epoch before, plans anew as well: by the clock as it is known now, and not as it was then.
   */
  plan(run: AssetRun): void {
    if (run.restored !== "kept" && run.heardAt === 0) return;
    const context = this.#context(run, run.heardAt);
    try {
      const { claims }: AnyAssessment = run.kind.says(run.facts, context);
      run.again = context.again;
      for (const [key, claim] of Object.entries(claims)) {
        const kept = { state: run.claims[key], flapping: run.flapping[key] };
        run.again = Math.min(run.again, dueAfter(claim, key, kept, run, this.#alarms));
      }
    } catch {
      // The kind is asked again at the opening, and an error is reported there.
      run.again = NEVER;
    }
  }

  /** What the kind says now, shown and told. A kind that threw at that `input` is not asked about it again. `save`: whatever comes of it. */
  judge(run: AssetRun, at: number, input: number, save: boolean): void {
    run.heardAt = at;
    if (run.failedAt >= input) return;
    if (run.fault !== undefined) {
      this.failed(run, "senses", run.fault, at);
      return;
    }
    let assessment: AnyAssessment;
    const context = this.#context(run, at);
    try {
      assessment = run.kind.says(run.facts, context);
      checkAssessment(assessment);
    } catch (error) {
      this.failed(run, "says", error, at);
      return;
    }
    if (run.isFailed) this.#recovers(run, at);
    const isShown = this.#publisher.update(run, assessment, at);
    run.again = context.again;
    const isTold = this.#claims(run, assessment.claims, at);
    const isOrdered = this.#orders.want(run, assessment.wants ?? [], at);
    if (isTold || isShown || isOrdered || save) this.#keeper.save(run);
    else this.#keeper.saveLater(run, at);
    if (isTold) this.#publisher.show(run);
  }

  #context(run: AssetRun, at: number): KindContext {
    return new KindContext(run, this.#moments.moment(at), this.#answers);
  }

  #claims(run: AssetRun, claims: Readonly<Record<string, Claim>>, at: number): boolean {
    const judged: Judged = {
      asset: run.asset,
      kind: run.kind,
      at,
      mono: this.#moments.mono(at),
      monoOf: (when) => this.#moments.mono(when),
      why: run.why(this.#moments.moment(at).synced),
      causeOf: (sense) => run.causeOf(sense),
    };
    let anyTold = false;
    for (const key of Object.keys(run.kind.alarms)) {
      const kept = { state: run.claims[key], flapping: run.flapping[key] };
      const { state, due, isTold, flapping } = settleClaim(claims[key] ?? false, key, kept, judged, this.#alarms);
      if (state === undefined) delete run.claims[key];
      else run.claims[key] = state;
      if (flapping === undefined) delete run.flapping[key];
      else run.flapping[key] = flapping;
      run.again = Math.min(run.again, due);
      anyTold ||= isTold;
    }
    return anyTold;
  }

  /** Reports the error once; the asset becomes unknown, and its open alarms doubtful. */
  failed(run: AssetRun, input: string, error: unknown, at: number): void {
    const { id } = run.asset;
    const { kind, version } = run.kind;
    run.isFailed = true;
    run.failedAt = this.#moments.inputs;
    const cause = { kind, version, input, reason: String(error) };
    const edge = new EdgeError(FAILED, cause, error);
    const text = { it: `${id}: ${edge.what("it")}`, en: `${id}: ${edge.what("en")}` };
    const draft = { ...hostEvent(FAILED), asset: id, text, cause, extra: placeOf(run.asset) };
    this.#alarms.raise(id, FAILED, draft, this.#moments.mono(at));
    this.#publisher.set(run, run.firstAttribute, { value: "unknown", quality: "uncertain", code: FAILED }, at, at);
    run.again = NEVER;
    this.#claims(run, Object.fromEntries(Object.keys(run.kind.alarms).map((key) => [key, "unknown" as const])), at);
    this.#keeper.save(run);
    this.#publisher.show(run);
    this.#keeper.schedule(run);
  }

  /** The saved state does not fit: it is put aside and reported; the facts were learned anew from the stored records. */
  unfit(run: AssetRun, mono: number): void {
    const { id } = run.asset;
    run.restored = "kept";
    const error = new EdgeError("rule.state-unfit", { kind: run.kind.kind, version: run.kind.version });
    const text = { it: `${id}: ${error.what("it")}`, en: `${id}: ${error.what("en")}` };
    this.#alarms.note({ ...hostEvent("rule.state-unfit"), asset: id, text, extra: placeOf(run.asset) }, mono);
  }

  #recovers(run: AssetRun, at: number): void {
    const { id, name } = run.asset;
    run.isFailed = false;
    const text = { it: `${name.it}: regola di nuovo in funzione`, en: `${name.en}: its rule works again` };
    const draft = { ...hostEvent(FAILED), asset: id, text, extra: placeOf(run.asset) };
    this.#alarms.clear(id, FAILED, draft, this.#moments.mono(at));
  }
}
