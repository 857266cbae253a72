/** `npm run bench:beside -- COMMIT`: what an older commit and this checkout cost, measured by turns in one run. */
import { parseArgs } from "node:util";
import { builtAt, THIS, UnknownCommit } from "./beside/build.ts";
import { compare, type Plan } from "./beside/compare.ts";
import { printComparison, worseOf } from "./beside/report.ts";
import { acker } from "./way/processes/acker.ts";

const HELP = `npm run bench:beside -- COMMIT
  COMMIT    what to compare with, as git names it: main, HEAD~3, 1a2b3c4
  --quick   two minutes instead of eight, for a first look
Exit 1: a figure of this checkout is worse than the older one's by more than the rounds vary. On a busy machine only the full run tells.
`;
const FULL: Plan = { rounds: 7, commits: 2000, idleSeconds: 30, polledSeconds: 60 };
const QUICK: Plan = { rounds: 3, commits: 300, idleSeconds: 8, polledSeconds: 20 };

const say = (line: string): boolean => process.stderr.write(`${line}\n`);

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    options: { quick: { type: "boolean", default: false }, help: { type: "boolean", default: false } },
    allowPositionals: true,
  });
  const [commit] = positionals;
  if (commit === undefined || values.help) {
    process.stderr.write(HELP);
    process.exitCode = values.help ? 0 : 2;
    return;
  }
  say(`building ${commit} …`);
  using older = builtAt(commit);
  if (older.otherPackages) say("its package-lock.json differs: it runs with the packages of this checkout");
  const figures = await compare({ ours: THIS, older }, values.quick ? QUICK : FULL, say);
  printComparison(older.name, figures);
  if (figures.some(worseOf)) process.exitCode = 1;
}

// The platform of the measures is a process of this program (`Child`).
if (process.argv[2] === "acker") acker();
else
  await main().catch((error: unknown) => {
    if (!(error instanceof UnknownCommit)) throw error;
    say(error.message);
    process.exitCode = 2;
  });
