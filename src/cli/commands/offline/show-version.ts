/** Shows the version of the product, of Node and of the machine. */
import { version as cippo } from "../../../kit/build-version.ts";
import type { Terminal } from "../../screen/terminal.ts";

export async function version(terminal: Terminal): Promise<number> {
  const found = { cippo, node: process.versions.node, platform: `${process.platform} ${process.arch}` };
  if (terminal.json) terminal.document(found);
  else terminal.line(`cippo ${found.cippo} (Node ${found.node}, ${found.platform})`);
  return 0;
}
