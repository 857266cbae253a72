/** Where the built programs lie. */
import { fileURLToPath } from "node:url";

/** This file runs bundled, from dist/hw-sim/. */
export const program = (name: string): string => fileURLToPath(new URL(`./${name}`, import.meta.url));
