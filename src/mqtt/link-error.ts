/** Why a connection to a broker ended, with what decides when the next one is tried and whether a message is to blame. */
import { CodedError, type EdgeError } from "../kit/errors.ts";

export interface LinkFacts {
  /** It failed on our side of the network: the broker's load is no reason to wait. */
  readonly local?: boolean;
  /** We ended it ourselves. */
  readonly ours?: boolean;
  /** What the broker said (MQTT 5 § 2.4). */
  readonly reasonCode?: number | undefined;
}

export class LinkError extends CodedError {
  readonly local: boolean;
  readonly ours: boolean;
  readonly reasonCode: number | undefined;

  constructor({ code, context, cause }: EdgeError, { local = false, ours = false, reasonCode }: LinkFacts) {
    super(code, context, cause);
    this.local = local;
    this.ours = ours;
    this.reasonCode = reasonCode;
  }
}
