/** The name of a built program goes in; its path comes out. */
import { fileURLToPath } from "node:url";

/** This file runs bundled, from dist/hw-sim/. */
export const program = (name: string): string => fileURLToPath(new URL(`./${name}`, import.meta.url));
