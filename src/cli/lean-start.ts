/** A process that just began goes in; while it loads its code V8's young space stays as small as it is: what survives there is the program, not work. Worth 3 MB (docs/decisions/0005-figures.md). */
import { setFlagsFromString } from "node:v8";

const LOADED_AFTER_MS = 20_000;

setFlagsFromString("--semi-space-growth-factor=1");
// Under load it may grow again, as V8 would have it.
setTimeout(() => setFlagsFromString("--semi-space-growth-factor=2"), LOADED_AFTER_MS).unref();
