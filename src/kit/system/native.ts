/** The loading of a package goes in; the package comes out, or an error that names it: a native part may not be built for this machine. */
import { EdgeError } from "../errors.ts";

/** Throws `native.missing`. */
export function loadNative<T>(module: string, load: () => Promise<T>): Promise<T> {
  return load().catch((cause: unknown) => {
    throw new EdgeError("native.missing", { module }, cause);
  });
}
