/** Why a request on a Modbus line was not answered, once bytes of it may have left: with what decides the next step. */

import { CodedError, type EdgeError } from "../../../kit/errors.ts";
import type { Text } from "../../../model/index.ts";

export interface ExchangeFacts {
  /** A reply came to its end, and is corrupt. */
  readonly cameWhole?: boolean;
  /** A reply came that may be an earlier one for a second time. */
  readonly doubtful?: boolean;
  /** Frames that came meanwhile and belong to no request. */
  readonly foreignFrames?: number;
  /** The exception with which the unit, or a gateway before it, refused. */
  readonly exception?: number | undefined;
}

export class ExchangeError extends CodedError {
  readonly cameWhole: boolean;
  readonly doubtful: boolean;
  readonly foreignFrames: number;
  readonly exception: number | undefined;

  constructor(
    { code, context, cause }: EdgeError,
    { cameWhole = false, doubtful = false, foreignFrames = 0, exception }: ExchangeFacts = {},
  ) {
    super(code, context, cause);
    this.cameWhole = cameWhole;
    this.doubtful = doubtful;
    this.foreignFrames = foreignFrames;
    this.exception = exception;
  }
}

/** What a unit is called where the name of its device is not known. */
export const unitName = (unit: number): Text => ({ it: `unità ${unit}`, en: `unit ${unit}` });
