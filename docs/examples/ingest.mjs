// Keeps what gateways send, and acknowledges what its database holds: node ingest.mjs mqtt://broker:1883 city.sqlite
import { promisify } from "node:util";
import { inflateSync } from "node:zlib";
import mqtt from "mqtt";
import sqlite3 from "sqlite3";

const db = new sqlite3.Database(process.argv[3]);
const [script, run, row] = [db.exec, db.run, db.get].map((method) => promisify(method.bind(db)));
await script(`PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
  CREATE TABLE IF NOT EXISTS held (gateway, epoch, stream, ranges, PRIMARY KEY (gateway, epoch, stream));
  CREATE TABLE IF NOT EXISTS records (gateway, epoch, stream, seq, at, record, PRIMARY KEY (gateway, epoch, stream, seq));`);

const heldOf = async (key) =>
  JSON.parse((await row("SELECT ranges FROM held WHERE gateway = ? AND epoch = ? AND stream = ?", key))?.ranges ?? "[[0,0]]");
const hold = async (key, range) =>
  run("REPLACE INTO held VALUES (?, ?, ?, ?)", [...key, JSON.stringify(joined([...(await heldOf(key)), range]))]);
function joined(ranges) {
  const set = [[0, 0]]; // the first one, [0, n], says that 1 to n are held
  for (const [from, to] of ranges.sort(([a], [b]) => a - b))
    if (from <= set.at(-1)[1] + 1) set.at(-1)[1] = Math.max(set.at(-1)[1], to);
    else set.push([from, to]);
  return set;
}

async function keep(key, { from, to, t0, points, rows = [], events = [], thinned, n }) {
  const held = await heldOf(key);
  const isHeld = (low, high) => held.some((range) => range[0] <= high && range[1] >= low);
  if (thinned && isHeld(from, to)) return; // a thinned batch counts whole or not at all
  const readings = rows.map(([ms, point, ...rest], i) => [from + (n?.[i] ?? i), t0 + ms, [...points[point], ...rest]]);
  for (const [seq, at, record] of [...readings, ...events.map((event) => [event.seq, event.at, event])])
    if (!isHeld(seq, seq)) await run("INSERT INTO records VALUES (?, ?, ?, ?, ?, ?)", [...key, seq, at, JSON.stringify(record)]);
  for (const gap of events.filter(({ kind, kept }) => kind === "ledger.gap" && kept === 0))
    await hold([key[0], gap.epoch, gap.stream], [gap.from, gap.to]); // lost, and named: nobody need ask for it
  await hold(key, [from, to]);
}
async function acknowledge([gateway, epoch, stream], { sentUpTo = 0, pending = [] }) {
  const [[, upTo], ...held] = await heldOf([gateway, epoch, stream]);
  const there = [...joined([[0, upTo], ...held, ...pending]), [sentUpTo + 1]];
  const gaps = there.slice(1).map(([next], i) => [there[i][1] + 1, Math.min(next - 1, sentUpTo)]);
  const missing = gaps.filter(([from, to]) => from <= to).slice(0, 500); // neither held nor still to come
  const ack = { v: 1, at: Date.now(), acks: [{ epoch, stream, upTo, held: held.slice(0, 500), missing }] };
  client.publish(`cippo/v1/${gateway}/down/ack`, JSON.stringify(ack), { qos: 1 });
}
async function take([, , gateway, , ...path], payload) {
  const body = JSON.parse(payload[0] === 0x78 ? inflateSync(payload, { maxOutputLength: 2 ** 24 }) : payload);
  const all = body.streams ?? body.batches ?? [body];
  const keyOf = ({ epoch, stream = path.at(-1) }) => [gateway, epoch, stream];
  await run("BEGIN IMMEDIATE");
  if (path[0] !== "reported") for (const batch of all) await keep(keyOf(batch), batch);
  await run("COMMIT");
  for (const one of all) await acknowledge(keyOf(one), one); // only of what is committed
}

const topics = ["readings", "events", "history/#", "reported"].map((what) => `cippo/v1/+/up/${what}`);
const session = { clientId: "city-ingest", clean: false, properties: { sessionExpiryInterval: 604_800 } };
const client = mqtt.connect(process.argv[2], { protocolVersion: 5, ...session });
client.on("connect", () => client.subscribe(topics, { qos: 1 }));
client.handleMessage = async ({ topic, payload }, puback) => {
  await take(topic.split("/"), payload).catch((error) => {
    console.error(topic, error.message);
    if (error.code?.startsWith("SQLITE")) process.exit(1); // the broker keeps it for the next start
    return run("ROLLBACK").catch(() => undefined); // it cannot be read, and others do not wait for it
  });
  puback();
};
