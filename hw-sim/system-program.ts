/** Finds a program of the system, also where Debian puts daemons, which is on nobody's path but root's. */
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

const DAEMONS = ["/usr/local/sbin", "/usr/sbin", "/sbin"];

/** Its path, or undefined where it is not installed. */
export function systemProgram(name: string): string | undefined {
  const folders = [...(process.env["PATH"] ?? "").split(delimiter).filter((folder) => folder !== ""), ...DAEMONS];
  return folders.map((folder) => join(folder, name)).find(runs);
}

function runs(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
