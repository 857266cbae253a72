/** Finds what contradicts itself between two places of a site: a name, a port or an address that is given twice. */
import { busKinds, busSchema, portIn, wireIn } from "../../drivers/buses.ts";
import type { Wire } from "../../drivers/driver.ts";
import { misfits, plannedTypes } from "../../drivers/index.ts";
import type { Text } from "../../model/index.ts";
import { didYouMean } from "../findings/did-you-mean.ts";
import { phrases } from "../findings/phrases.ts";
import { type Path, quoted } from "../findings/problems.ts";
import { display, valueAt } from "../findings/value-at.ts";
import { NAME } from "../schema/schema.ts";
import { entries, type WrittenDevice } from "../site.ts";
import type { Source } from "../yaml/document.ts";
import { ifValid } from "./valid-options.ts";

/** Checks the raw value, so that a mistake elsewhere does not hide these. */
export function crossCheck(raw: unknown, devices: readonly WrittenDevice[], source: Source): void {
  const buses = new Map(entries(valueAt(raw, ["buses"])));
  sameName(raw, source);
  samePort(buses, source);
  for (const device of devices) rightBus(device, valueAt(raw, ["devices", device.id]), buses, source);
  claimedTwice(raw, devices, source);
  broker(raw, source);
  credentials(raw, source);
  badgeKey(raw, devices, source);
}

/** Devices and assets share one namespace: both are sources of records. */
function sameName(raw: unknown, source: Source): void {
  const devices = new Set(entries(valueAt(raw, ["devices"])).map(([id]) => id));
  for (const [id] of entries(valueAt(raw, ["assets"])))
    if (devices.has(id))
      source.add({
        code: "config.same-name",
        path: ["assets", id],
        key: true,
        found: quoted(id),
        expected: phrases.freeName[source.lang],
      });
}

/** One physical bus has one queue: the same port or radio under two names would have two. */
function samePort(buses: ReadonlyMap<string, unknown>, source: Source): void {
  const first = new Map<string, string>();
  for (const [id, bus] of buses) {
    const port = portIn(bus);
    if (port === undefined) continue;
    const owner = first.get(port);
    if (owner === undefined) first.set(port, id);
    else claimed(source, ["buses", id], port, ["buses", owner], owner);
  }
}

function rightBus(
  { id, driver, options }: WrittenDevice,
  written: unknown,
  buses: ReadonlyMap<string, unknown>,
  source: Source,
): void {
  const { lang } = source;
  const bus = valueAt(written, ["bus"]);
  if (driver?.wire === "net") {
    if (bus !== undefined)
      source.add({
        code: "config.wrong-bus",
        path: ["devices", id, "bus"],
        found: display(bus, lang),
        expected: phrases.withoutBus[lang],
      });
    return;
  }
  // Nobody knows which bus an unknown type needs, or one still to come.
  if (driver === undefined && (bus === undefined || plannedTypes.some((type) => type === valueAt(written, ["type"])))) return;
  const fitting = [...buses].filter(([, b]) => driver === undefined || wireIn(b) === driver.wire).map(([name]) => name);
  const wire = driver === undefined ? "" : ` ${driver.wire}`;
  const example = driver === undefined ? "" : `; ${phrases.writtenSuchAs[lang]} \`${busKinds[driver.wire].example}\``;
  const expected =
    fitting.length > 0
      ? `${phrases.ofBuses[lang]}${wire}: ${fitting.join(", ")}`
      : `${phrases.aBus[lang]}${wire} (${phrases.noBus[lang]}${example})`;
  const path = ["devices", id, "bus"];
  if (bus === undefined) source.add({ code: "config.missing", path, key: true, found: phrases.nothing[lang], expected });
  else if (!isName(bus)) return;
  else if (!buses.has(bus))
    source.add({ code: "config.unknown-name", path, found: quoted(bus), expected, ...didYouMean(bus, fitting, lang) });
  else if (driver === undefined) return;
  else if (wireIn(buses.get(bus)) !== (driver.wire satisfies Wire))
    source.add({ code: "config.wrong-bus", path, found: `${quoted(bus)} (${wireIn(buses.get(bus)) ?? "?"})`, expected });
  else {
    const spec = busSchema.safeParse(buses.get(bus));
    for (const misfit of (spec.success && ifValid(() => misfits(driver, options, spec.data))) || [])
      source.add({ code: "config.wrong-bus", path, found: quoted(bus), expected: misfit[lang] });
  }
}

/** The schema has reported a bus that is no valid name. */
const isName = (bus: unknown): bus is string => typeof bus === "string" && NAME.test(bus);

const WHOLE = "the whole line";

function claimedTwice(raw: unknown, devices: readonly WrittenDevice[], source: Source): void {
  const first = new Map<string, string>();
  for (const { id, driver, options } of devices) {
    const bus = valueAt(raw, ["devices", id, "bus"]);
    if (!isName(bus)) continue;
    for (const claim of ifValid(() => driver?.claims?.(options)) ?? []) {
      const key = `${bus}\n${claim}`;
      // A device that needs the whole line collides with every other one on the bus, whatever that one claims.
      const owner = first.get(key) ?? first.get(`${bus}\n${claim === WHOLE ? "" : WHOLE}`);
      if (owner === undefined) for (const one of [key, `${bus}\n`]) first.set(one, id);
      else {
        // A claim such as `unit 3` or `line 17` begins with the option that makes it. `the whole line` comes from `bus`.
        const option = ["devices", id, claim.split(" ")[0] ?? ""];
        const path = valueAt(raw, option) === undefined ? ["devices", id, "bus"] : option;
        claimed(source, path, `${claim === WHOLE ? phrases.wholeLine[source.lang] : claim} @ ${bus}`, ["devices", owner], owner);
      }
    }
  }
}

/** Who comes second is told who was first. */
export function claimed(source: Source, path: Path, what: string, ownerPath: Path, owner: string): void {
  const { lang } = source;
  const by = `${what}, ${phrases.usedBy[lang]} ${owner} (${phrases.line[lang]} ${source.lineOf(ownerPath)})`;
  source.add({ code: "config.claimed-twice", path, found: by, expected: phrases.another[lang] });
}

function broker(raw: unknown, source: Source): void {
  const { lang } = source;
  const sync = valueAt(raw, ["sync"]);
  if (
    valueAt(sync, ["acknowledge"]) === "broker" &&
    valueAt(sync, ["mqtt"]) === "3.1.1" &&
    valueAt(sync, ["acceptLoss"]) !== true
  )
    source.add({
      code: "config.no-proof",
      path: ["sync", "acknowledge"],
      found: "broker, mqtt 3.1.1",
      expected: phrases.anotherProof[lang],
    });
  const address = valueAt(sync, ["broker"]);
  if (typeof address !== "string" || !URL.canParse(address)) return;
  const { protocol, hostname } = new URL(address);
  const found = quoted(address);
  if (protocol === "mqtt:" && !isHere(hostname))
    source.add({
      severity: "warning",
      code: "config.plain-broker",
      path: ["sync", "broker"],
      found,
      expected: phrases.tls[lang],
    });
  login(raw, protocol === "mqtts:", source);
}

/** Each side must prove itself: the broker by its authority, the gateway by certificate and key, or by user and password. */
function login(raw: unknown, isTls: boolean, source: Source): void {
  const { lang } = source;
  const has = (name: string) => valueAt(raw, ["credentials", name]) !== undefined;
  const user = valueAt(raw, ["sync", "user"]);
  const isWritten = valueAt(raw, ["credentials"]) !== undefined;
  const lacks = ([section, name]: readonly [string, string], expected: Text, severity: "error" | "warning" = "error") => {
    const path = section === "credentials" && !isWritten ? ["sync", "broker"] : [section, name];
    source.add({ severity, code: "config.credentials", path, found: phrases.nothing[lang], expected: expected[lang] });
  };
  if (user !== undefined && !has("password")) lacks(["credentials", "password"], phrases.passwordFile);
  if (user === undefined && has("password")) lacks(["sync", "user"], phrases.userOfPassword);
  if (has("cert") && !has("key")) lacks(["credentials", "key"], phrases.keyOfCert);
  if (has("key") && !has("cert")) lacks(["credentials", "cert"], phrases.certOfKey);
  if (!isTls) return;
  if (!has("ca")) lacks(["credentials", "ca"], phrases.authority);
  if (user === undefined && !["cert", "key", "password"].some(has)) lacks(["credentials", "cert"], phrases.someProof, "warning");
}

const isHere = (host: string) => host === "localhost" || host === "[::1]" || /^127\./.test(host);

/** Sample credentials are known to everybody. */
function credentials(raw: unknown, source: Source): void {
  for (const [name, file] of entries(valueAt(raw, ["credentials"])))
    if (
      name !== "folder" &&
      typeof file === "string" &&
      /(^|[^a-z])(sample|example|changeme|demo|snakeoil)([^a-z]|$)/i.test(file)
    )
      source.add({
        code: "config.credentials",
        path: ["credentials", name],
        found: quoted(file),
        expected: phrases.ownCredentials[source.lang],
      });
}

/** Without the key a reader of badges does not open: no number goes anywhere unhashed. */
function badgeKey(raw: unknown, devices: readonly WrittenDevice[], source: Source): void {
  if (valueAt(raw, ["credentials", "badgeKey"]) !== undefined) return;
  for (const { id, driver, options } of devices) {
    const points = ifValid(() => driver?.points(options)) ?? {};
    if (!Object.values(points).some(({ kind }) => kind === "credential")) continue;
    const [found, expected] = [phrases.nothing[source.lang], phrases.badgeKey[source.lang]];
    source.add({ code: "config.credentials", path: ["devices", id, "type"], found, expected });
  }
}
