/** Keeps V8's young generation small; imported before everything else, so that loading the program does not grow it. */
import { setFlagsFromString } from "node:v8";

// While the program loads, what survives there is the program, not work: worth 3 MB. Under load it would grow and not shrink again: 37 MB
// in the soak, for about a tenth less CPU (docs/decisions/0005-figures.md).
setFlagsFromString("--semi-space-growth-factor=1");
