/** Makes a whole system send one real example of every message, and checks each against the published schemas. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import mqtt from "mqtt";
import { expect, it } from "vitest";
import { freePort } from "../../../hw-sim/free-port.ts";
import { readBody } from "../../../src/contract/message-body.ts";
import { messageOn, messages } from "../../../src/sync/contract/messages.ts";
import { stallingProxy } from "../../support/broker/stalling-proxy.ts";
import { broker, Gateway, node, startPlatform, temporary, until } from "../../support/running/processes.ts";

const EXAMPLES = join(import.meta.dirname, "../../../docs/examples");
/** Nothing acts upon `config` yet; lists have a journey of their own beside this one, and updates in tests/unit/systemd. */
const LATER = new Set(["config", "list", "list-delta", "update"]);
const WANTED = messages.map(({ name }) => name).filter((name) => !LATER.has(name));

/** Everything on the wire, by name of the message: the first of each that says something. */
async function collect(url: string, seen: Map<string, unknown>, wrong: string[]): Promise<AsyncDisposable> {
  const client = await mqtt.connectAsync(url, { protocolVersion: 5 });
  client.on("message", (topic, payload) => {
    if (payload.length === 0) return;
    const message = messageOn(topic.replace("cippo/v1/gw-1/", ""));
    if (message === undefined) {
      wrong.push(`${topic} is no topic of the contract`);
      return;
    }
    const body = message.encoding === "body" ? readBody(payload) : (JSON.parse(String(payload)) as unknown);
    const checked = message.schema.safeParse(body);
    if (!checked.success) wrong.push(`${topic}: ${checked.error.message} in ${JSON.stringify(body).slice(0, 1000)}`);
    if (better(body, seen.get(message.name))) seen.set(message.name, body);
  });
  await client.subscribeAsync("cippo/v1/#", { qos: 1 });
  return { [Symbol.asyncDispose]: () => client.endAsync(true) };
}

/** The fullest example of a readable length is the best. */
function better(body: unknown, than: unknown): boolean {
  if (than === undefined) return true;
  const [length, best] = [JSON.stringify(body).length, JSON.stringify(than).length];
  return length <= READABLE && (best > READABLE || length > best);
}
const READABLE = 3000;

/** An urgent copy that leaves late says so, on a machine that takes ten seconds to come so far. */
const fieldsOf = (message: object) =>
  Object.keys(message)
    .filter((field) => field !== "late")
    .sort();

it("every message of the contract is met on a real broker and holds to its schema", { timeout: 120_000 }, async () => {
  await using folder = await temporary("contract");
  await using site = node("hw-sim/site.js", "--dir", folder.path);
  const { site: parts } = await site.ready<{ site: Record<"buses" | "devices" | "assets", object> }>();
  const door = await freePort();
  await using gateway = new Gateway(folder.path);
  await gateway.configure(`mqtt://127.0.0.1:${door}`, parts);
  // Damage is critical, so it goes on `urgent`; what is committed before the broker is there becomes history.
  await writeFile(gateway.db, "this is no database".repeat(100));
  await gateway.start();
  await until(async () => (await gateway.status()).streams.some((s) => s.stream === "readings" && s.head > 20));

  // Whoever listens does so before the gateway finds its way: an urgent copy is sent once.
  await using late = await broker();
  const seen = new Map<string, unknown>();
  const wrong: string[] = [];
  await using _collector = await collect(late.url, seen, wrong);
  await using city = await startPlatform(late.url, join(folder.path, "platform.sqlite"));
  await using _open = await stallingProxy(late.port, door);
  await until(async () => (await gateway.status()).sync.connected);
  await city.control.ask({ do: "command", gateway: "gw-1", target: "boiler.pump", action: "set", args: { value: true } });
  await until(() => WANTED.every((name) => seen.has(name)), 30_000, `messages ${WANTED.join(" ")}`).catch((error: Error) => {
    throw new Error(`${error.message}; ${wrong.join("\n")} missing: ${WANTED.filter((name) => !seen.has(name)).join(" ")}`);
  });

  expect(wrong).toEqual([]);

  for (const name of WANTED) {
    const file = join(EXAMPLES, `${name}.json`);
    if (process.env["CIPPO_WRITE_EXAMPLES"]) await writeFile(file, `${JSON.stringify(seen.get(name), null, 1)}\n`);
    const published = JSON.parse(await readFile(file, "utf8")) as object;
    const schema = messages.find((m) => m.name === name)?.schema;
    expect(schema?.safeParse(published).success, `${file} no longer holds to its schema: CIPPO_WRITE_EXAMPLES=1`).toBe(true);
    // A batch may travel alone or joined; everything else has the same fields each time.
    if (!("batches" in published) && name !== "readings" && name !== "events")
      expect(fieldsOf(published), `${file} has other fields than today's message: CIPPO_WRITE_EXAMPLES=1`).toEqual(
        fieldsOf(Object(seen.get(name))),
      );
  }
});
