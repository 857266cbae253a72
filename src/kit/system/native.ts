/** Loads a package that may be missing, because its native part was not built for this machine. */
import { EdgeError } from "../errors.ts";

/** Throws `native.missing`. */
export function loadNative<T>(module: string, load: () => Promise<T>): Promise<T> {
  return load().catch((cause: unknown) => {
    throw new EdgeError("native.missing", { module }, cause);
  });
}
