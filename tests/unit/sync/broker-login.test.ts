/** A real mosquitto with users, with TLS and without retained messages: who is let in, and what is said to whoever is not. */
import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { checkSite } from "../../../src/config/index.ts";
import { syncOptions } from "../../../src/gateway/sync-ports.ts";
import { CodedError, isCode } from "../../../src/kit/errors.ts";
import type { SyncOptions } from "../../../src/sync/context.ts";
import type { SyncStatus } from "../../../src/sync/sync.ts";
import { Broker, brokerKinds } from "../../support/broker/brokers.ts";
import { authority, certificate, hasOpenssl } from "../../support/broker/certificates.ts";
import { RawBroker } from "../../support/broker/raw-broker.ts";
import { MemoryOutbox } from "../../support/memory/memory-outbox.ts";
import { eventually, harness } from "../../support/memory/sync-harness.ts";

let folder = "";
let users = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "cippo-login-"));
  // mosquitto reads it as the user it becomes.
  chmodSync(folder, 0o755);
  users = join(folder, "users");
  if (brokerKinds.includes("mosquitto")) execFileSync("mosquitto_passwd", ["-b", "-c", users, "gw-1", "open sesame è"]);
  chmodSync(users, 0o644);
  writeFileSync(join(folder, "broker.password"), "open sesame è\n");
  writeFileSync(join(folder, "wrong.password"), "open sesame");
  writeFileSync(join(folder, "empty.password"), "\n");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const withUsers = () => ["allow_anonymous false", `password_file ${users}`];

/** What the gateway makes of a written configuration. */
async function optionsOf(sync: string, credentials: string): Promise<Partial<SyncOptions>> {
  const text = `gateway: { id: gw-1, site: { id: park } }\ncredentials: { folder: ${folder}, ${credentials} }\nsync: { ${sync} }\n`;
  const { site, problems } = await checkSite(text, "site.yaml");
  if (site === undefined) throw new Error(JSON.stringify(problems));
  const { user, credentials: files, broker, mqtt } = syncOptions(site);
  return { broker, mqtt, ...(user !== undefined && { user }), ...(files !== undefined && { credentials: files }) };
}

/** The state after the first attempt has ended one way or the other. */
async function attempt(options: Partial<SyncOptions>): Promise<SyncStatus> {
  await using h = harness(options.broker ?? "", options, new MemoryOutbox());
  await eventually(() => {
    const { connected, code } = h.sync.status();
    expect(connected || code !== undefined).toBe(true);
  });
  return h.sync.status();
}

describe.skipIf(!brokerKinds.includes("mosquitto"))("a broker with users", () => {
  it.each([
    ["5", "5"],
    ["3.1.1", '"3.1.1"'],
  ])("lets in whoever has the password, and tells all others why not (MQTT %s)", async (_, mqtt) => {
    await using broker = await Broker.mosquitto(mkdtempSync(join(folder, "m")), withUsers());
    const sync = `broker: "${broker.url}", mqtt: ${mqtt}, user: gw-1`;
    expect(await attempt(await optionsOf(sync, "password: broker.password"))).toMatchObject({ connected: true });
    const wrong = await attempt(await optionsOf(sync, "password: wrong.password"));
    expect(wrong).toMatchObject({ connected: false, code: expect.stringMatching(/^sync\.(bad-login|not-admitted)$/) });
    expect(wrong.detail?.en).toMatch(/gw-1.*password/);
    expect(wrong.detail?.it).toMatch(/gw-1/);
    expect(wrong.detail?.it).not.toBe(wrong.detail?.en);
    expect(JSON.stringify(wrong.detail)).not.toContain("sesame");
    const nobody = await attempt(await optionsOf(`broker: "${broker.url}", mqtt: ${mqtt}`, "badgeKey: x.key"));
    expect(nobody).toMatchObject({ connected: false, code: "sync.no-login" });
    expect(await attempt(await optionsOf(sync, "password: gone.password"))).toMatchObject({ code: "credentials.missing" });
    expect(await attempt(await optionsOf(sync, "password: empty.password"))).toMatchObject({ code: "credentials.unusable" });
  });
});

describe.skipIf(!brokerKinds.includes("mosquitto"))("a broker without retained messages", () => {
  // MQTT 3.1.1 has no word for it: the broker closes the connection.
  it.each([
    ["5", "sync.no-retain"],
    ['"3.1.1"', "sync.hung-up"],
  ])("is named for what it lacks, as far as MQTT %s can say it", async (mqtt, code) => {
    await using broker = await Broker.mosquitto(mkdtempSync(join(folder, "m")), [
      "allow_anonymous true",
      "retain_available false",
    ]);
    const told = await attempt(await optionsOf(`broker: "${broker.url}", mqtt: ${mqtt}`, "badgeKey: x.key"));
    expect(told).toMatchObject({ connected: false, code });
  });
});

it("a broker that takes the connection and says it keeps nothing, or acknowledges nothing, is named for it", async () => {
  for (const [properties, code] of [
    [{ retainAvailable: false }, "sync.no-retain"],
    [{ maximumQoS: 0 }, "sync.no-qos1"],
  ] as const) {
    await using broker = await RawBroker.open({ connack: () => ({ properties }) });
    expect(await attempt({ broker: broker.url })).toMatchObject({ connected: false, code });
  }
});

it.each([
  [5, 0x84, "sync.protocol-version"],
  [5, 0x85, "sync.client-id"],
  [5, 0x86, "sync.bad-login"],
  [5, 0x87, "sync.not-admitted"],
  [5, 0x88, "sync.refused"],
  ["3.1.1", 1, "sync.protocol-version"],
  ["3.1.1", 2, "sync.client-id"],
  ["3.1.1", 3, "sync.refused"],
  ["3.1.1", 4, "sync.bad-login"],
  ["3.1.1", 5, "sync.not-admitted"],
] as const)("under MQTT %s CONNACK %i is %s", async (mqtt, reasonCode, code) => {
  await using broker = await RawBroker.open({ connack: () => ({ reasonCode, returnCode: reasonCode }) });
  const credentials = { folder, password: "broker.password" };
  expect(await attempt({ broker: broker.url, mqtt, user: "gw-1", credentials })).toMatchObject({ connected: false, code });
  expect(isCode(code) && new CodedError(code, { user: "gw-1", name: "p" }).hint("it")).toBeTruthy();
  const [connect] = broker.connects;
  expect([connect?.username, String(connect?.password)]).toEqual(["gw-1", "open sesame è"]);
});

describe.skipIf(!hasOpenssl || !brokerKinds.includes("mosquitto"))(
  "a broker with TLS and users, and no certificates for gateways",
  () => {
    beforeAll(() => {
      authority(folder, "ca");
      authority(folder, "other-ca");
      certificate(folder, "server");
      certificate(folder, "expired", "ca", -1);
      for (const name of ["server", "expired"]) chmodSync(join(folder, `${name}.key`), 0o644);
    });
    const tls = (name: string) => [
      ...withUsers(),
      `certfile ${join(folder, `${name}.crt`)}`,
      `keyfile ${join(folder, `${name}.key`)}`,
    ];

    it("is reached with the authority alone, and each thing that is wrong is named", async () => {
      await using broker = await Broker.mosquitto(mkdtempSync(join(folder, "m")), tls("server"));
      const at = (host: string) => `broker: "mqtts://${host}:${broker.port}", user: gw-1`;
      const right = "password: broker.password, ca: ca.crt";
      expect(await attempt(await optionsOf(at("localhost"), right))).toMatchObject({ connected: true });
      expect(await attempt(await optionsOf(at("localhost"), right.replace("ca.crt", "other-ca.crt")))).toMatchObject({
        code: "sync.broker-authority",
        detail: { it: expect.any(String), en: expect.stringContaining("does not know") },
      });
      expect(await attempt(await optionsOf(at("127.0.0.1"), right))).toMatchObject({
        code: "sync.broker-name",
        detail: {
          it: "Il certificato del broker vale per localhost, non per 127.0.0.1",
          en: "The broker's certificate is for localhost, not for 127.0.0.1",
        },
      });
      expect(await attempt(await optionsOf(at("localhost"), right.replace("broker.", "wrong.")))).toMatchObject({
        code: expect.stringMatching(/^sync\.(bad-login|not-admitted)$/),
      });
    });

    it("whose certificate expired is named for it", async () => {
      await using broker = await Broker.mosquitto(mkdtempSync(join(folder, "m")), tls("expired"));
      const options = await optionsOf(
        `broker: "mqtts://localhost:${broker.port}", user: gw-1`,
        "password: broker.password, ca: ca.crt",
      );
      expect(await attempt(options)).toMatchObject({ code: "sync.broker-dates" });
    });

    it("spoken to without TLS hangs up, and it is said what that may be", async () => {
      await using broker = await Broker.mosquitto(mkdtempSync(join(folder, "m")), tls("server"));
      expect(await attempt(await optionsOf(`broker: "${broker.url}"`, "badgeKey: x.key"))).toMatchObject({
        code: "sync.hung-up",
      });
    });
  },
);

describe.skipIf(!hasOpenssl || !brokerKinds.includes("mosquitto"))("a broker that wants certificates of gateways", () => {
  it("takes one of its authority, and it is said when it takes none of another, no expired one, and not none", async () => {
    certificate(folder, "gw");
    certificate(folder, "stranger", "other-ca");
    certificate(folder, "old-gw", "ca", -1);
    await using broker = await Broker.mosquitto(mkdtempSync(join(folder, "m")), [
      "allow_anonymous true",
      ...["cafile", "certfile", "keyfile"].map(
        (what, i) => `${what} ${join(folder, ["ca.crt", "server.crt", "server.key"][i] ?? "")}`,
      ),
      "require_certificate true",
    ]);
    const at = `broker: "mqtts://localhost:${broker.port}"`;
    const shown = (name: string) => optionsOf(at, `ca: ca.crt, cert: ${name}.crt, key: ${name}.key`);
    expect(await attempt(await shown("gw"))).toMatchObject({ connected: true });
    for (const name of ["stranger", "old-gw"])
      expect(await attempt(await shown(name))).toMatchObject({
        code: "sync.own-certificate",
        detail: { it: expect.any(String), en: expect.stringContaining(`${name}.crt`) },
      });
    expect(await attempt(await optionsOf(at, "ca: ca.crt"))).toMatchObject({ code: "sync.certificate-wanted" });
  });
});
