/** Shows the platform's lists, and checks or imports one from a file; exit 1 where one is missing, stale or refused. */
import { randomUUID } from "node:crypto";
import { type FileHandle, open } from "node:fs/promises";
import { EdgeError } from "../../kit/errors.ts";
import { formatDuration } from "../../kit/text/format-duration.ts";
import { systemReason } from "../../kit/text/reasons.ts";
import type { ListStatus } from "../../model/index.ts";
import { now, socketOf } from "../arguments.ts";
import { type Globals, shownTime, type Terminal } from "../screen/terminal.ts";
import { ask } from "../socket/admin-client.ts";

/** Bytes of the file that one request carries. */
const PIECE = 45_000;
/** Up to this size a file is read whole, since it may be laid out over several lines. */
const MOST_LAID_OUT = 1_048_576;

export async function showLists(name: string | undefined, options: Globals, terminal: Terminal): Promise<number> {
  const all = await ask(await socketOf(options), { do: "lists" });
  const lists = name === undefined ? all : all.filter((one) => one.name === name);
  if (terminal.json) terminal.document(lists);
  else show(lists, terminal);
  return lists.some(({ version, isStale, refused }) => version === null || isStale || refused) ? 1 : 0;
}

function show(lists: readonly ListStatus[], { table, lines, say, lang }: Terminal): void {
  table(
    ["list", "listVersion", "entries", "issued", "state"],
    lists.map(({ name, version, entries, issuedAt, isStale }) => [
      name,
      version === null ? "" : String(version),
      entries === undefined ? "" : String(entries),
      issuedAt === undefined ? "" : shownTime(issuedAt),
      say(version === null ? "notInForce" : isStale ? "listStale" : "inForce"),
    ]),
  );
  for (const { name, refused, fetching } of lists) {
    if (fetching) lines(`${name}: ${say("listFetched")} ${fetching.version} (${fetching.have}/${fetching.bytes} B)`);
    if (fetching?.told) lines(`  ${fetching.code}: ${fetching.told.what[lang]}\n→ ${fetching.told.next[lang]}`);
    if (refused)
      lines(`${name}: ${say("listRefused")} ${refused.code}: ${refused.told.what[lang]}\n→ ${refused.told.next[lang]}`);
  }
}

/** `keep` false: the gateway only says whether it would take it. */
export async function bringList(path: string, keep: boolean, options: Globals, terminal: Terminal): Promise<number> {
  const socket = await socketOf(options);
  const file = randomUUID();
  let at = 0;
  let result: ListStatus | null = null;
  await using source = await opened(path);
  for await (const { bytes, isLast } of piecesOf(source)) {
    result = await ask(socket, { do: "import-list", file, at, base64: bytes.toString("base64"), isLast, keep });
    at += bytes.length;
  }
  if (result === null) throw new EdgeError("cli.not-running", { socket });
  if (terminal.json) terminal.document(result);
  else tell(result, keep, terminal);
  return 0;
}

function tell(
  { name, version, entries = 0, issuedAt = 0, maxAgeMs = 0 }: ListStatus,
  keep: boolean,
  { say, lines }: Terminal,
): void {
  const left = issuedAt + maxAgeMs - now();
  const age = left > 0 ? `${say("listFreshFor")} ${formatDuration(left)}` : say("listStale");
  lines(
    `${name}: ${say("listVersion").toLowerCase()} ${version}, ${entries} ${say("entries").toLowerCase()}, ${age}. ${say(keep ? "listKept" : "listGood")}`,
  );
}

async function opened(path: string): Promise<FileHandle> {
  try {
    return await open(path, "r");
  } catch (error) {
    throw new EdgeError("cli.no-file", { file: path, reason: systemReason(error) }, error);
  }
}

/** The bytes of the file; a document laid out over several lines is sent as one line. */
async function* piecesOf(file: FileHandle): AsyncGenerator<{ readonly bytes: Buffer; readonly isLast: boolean }> {
  const { size } = await file.stat();
  const laidOut = size <= MOST_LAID_OUT ? inOneLine(await file.readFile("utf8")) : null;
  if (laidOut !== null) {
    for (let from = 0; from < laidOut.length; from += PIECE)
      yield { bytes: laidOut.subarray(from, from + PIECE), isLast: from + PIECE >= laidOut.length };
    return;
  }
  for (let from = 0; from < size || from === 0; from += PIECE) {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(PIECE), 0, PIECE, from);
    yield { bytes: buffer.subarray(0, bytesRead), isLast: from + PIECE >= size };
  }
}

function inOneLine(text: string): Buffer | null {
  try {
    return Buffer.from(`${JSON.stringify(JSON.parse(text))}\n`);
  } catch {
    return null;
  }
}
