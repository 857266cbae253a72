/** Says why a person gets no value of a device now, and carries its last ones. */
import { CodedError, type EdgeError } from "../../kit/errors.ts";
import type { PointStatus } from "../../model/index.ts";

/** The points stand in the context too, which is what crosses the socket. */
export class ReadFailure extends CodedError {
  readonly device: string;
  readonly points: readonly PointStatus[];

  constructor({ code, context, cause }: EdgeError, device: string, points: readonly PointStatus[]) {
    super(code, { ...context, device, points }, cause);
    this.device = device;
    this.points = points;
  }
}
