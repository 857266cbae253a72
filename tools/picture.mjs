/** Draws docs/live-view.svg from a run of `npm start` on a terminal of tmux: `npm run picture`. */
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const FILE = "docs/live-view.svg";
const COLUMNS = 100;
const ROWS = 30;
/** An alarm is open, and twenty seconds have passed: much is delivered by then. */
const WANTED = /· 0:[2-5]\d ·[\s\S]*bay\.illegal-occupation bay-1/;
const WITHIN_MS = 120_000;

const FONT_PX = 14;
const CELL_PX = 8.4;
const LINE_PX = 19;
const MARGIN_PX = 16;
const GROUND = "#0d1117";
const PLAIN = "#d7dde3";
/** By the codes of SGR (ECMA-48, 8.3.117) that the live view uses. */
const COLOURS = { 31: "#ff7b72", 32: "#56d364", 33: "#e3b341" };
const DIM = "#8b949e";

process.chdir(fileURLToPath(new URL("..", import.meta.url)));
const server = `cippo-picture-${process.pid}`;

function tmux(...words) {
  const env = { ...process.env, LC_ALL: "C.UTF-8", TERM: "xterm-256color" };
  const { status, stdout, stderr, error } = spawnSync("tmux", ["-L", server, ...words], { encoding: "utf8", env });
  if (error) throw new Error(`tmux does not start (${error.message}): apt install tmux`);
  if (status !== 0) throw new Error(`tmux ${words[0]}: ${stderr}`);
  return stdout;
}

async function screen() {
  const size = ["-x", String(COLUMNS), "-y", String(ROWS)];
  tmux("-f", "/dev/null", "-u", "new-session", "-d", ...size, "node dist/hw-sim/start.js --lang en --for 150s");
  try {
    const latest = performance.now() + WITHIN_MS;
    while (!WANTED.test(tmux("capture-pane", "-p"))) {
      if (performance.now() > latest) throw new Error(`the screen never showed ${WANTED}:\n${tmux("capture-pane", "-p")}`);
      await sleep(200);
    }
    return tmux("capture-pane", "-p", "-e").trimEnd().split("\n");
  } finally {
    tmux("send-keys", "q");
    await sleep(2000);
    spawnSync("tmux", ["-L", server, "kill-server"]);
  }
}

/** A line as pieces of one look each, with the column that each begins at. */
function pieces(line, look) {
  const found = [];
  let column = 0;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: an escape sequence begins with one
  for (const part of line.split(/(\x1b\[[\d;]*m)/)) {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: an escape sequence begins with one
    const codes = /^\x1b\[([\d;]*)m$/.exec(part)?.[1];
    if (codes === undefined) {
      // Where words stand apart, each is placed by itself: renderers draw several spaces as one.
      for (const { index, 0: text } of part.matchAll(/\S+(?: \S+)*/g)) found.push({ column: column + index, text, ...look });
      column += part.length;
      continue;
    }
    for (const code of codes.split(";").map(Number)) {
      if (code === 0) Object.assign(look, { bold: false, dim: false, colour: null });
      else if (code === 1) look.bold = true;
      else if (code === 2) look.dim = true;
      else if (code === 22) Object.assign(look, { bold: false, dim: false });
      else if (code >= 30 && code < 40) look.colour = COLOURS[code] ?? null;
    }
  }
  return found;
}

const escaped = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

function svg(lines) {
  const width = COLUMNS * CELL_PX + 2 * MARGIN_PX;
  const height = lines.length * LINE_PX + 2 * MARGIN_PX;
  const look = { bold: false, dim: false, colour: null };
  const texts = lines.flatMap((line, row) =>
    pieces(line, look).map(({ column, text, bold, dim, colour }) => {
      const x = (MARGIN_PX + column * CELL_PX).toFixed(1);
      const y = MARGIN_PX + row * LINE_PX + FONT_PX;
      // Each piece as wide as its cells: whatever monospaced font there is, the columns stand.
      const wide = `textLength="${(text.length * CELL_PX).toFixed(1)}" lengthAdjust="spacingAndGlyphs"`;
      const fill = colour ?? (dim ? DIM : PLAIN);
      return `<text x="${x}" y="${y}" ${wide} fill="${fill}"${bold ? ' font-weight="bold"' : ""}>${escaped(text)}</text>`;
    }),
  );
  return `<!-- Drawn by \`npm run picture\` from a run of \`npm start\`: do not edit. -->
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="The live view of npm start: devices with their values, bays, alarms, records delivered and acknowledged">
<rect width="100%" height="100%" rx="8" fill="${GROUND}"/>
<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="${FONT_PX}">
${texts.join("\n")}
</g>
</svg>
`;
}

writeFileSync(FILE, svg(await screen()));
process.stdout.write(`${FILE}\n`);
