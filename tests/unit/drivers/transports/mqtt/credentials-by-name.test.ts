/** A mosquitto with users and TLS: who listens with which files, and which key of the bus an error names. */
import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { busSchema } from "../../../../../src/drivers/buses.ts";
import { Broker, brokerKinds } from "../../../../support/broker/brokers.ts";
import { authority, certificate, hasOpenssl } from "../../../../support/broker/certificates.ts";
import { running } from "./running-device.ts";

const TANK = { topic: "plant/tank", silentAfter: "1h", points: { level: { at: "/level", unit: "cm" } } };

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "cippo-lora-login-"));
  // mosquitto reads its files as the user it becomes.
  chmodSync(folder, 0o755);
  if (!hasOpenssl || !brokerKinds.includes("mosquitto")) return;
  execFileSync("mosquitto_passwd", ["-b", "-c", join(folder, "users"), "piacenza", "open sesame"]);
  authority(folder, "ca");
  certificate(folder, "broker");
  for (const name of ["users", "broker.key"]) chmodSync(join(folder, name), 0o644);
  writeFileSync(join(folder, "regional.password"), "open sesame\n");
  writeFileSync(join(folder, "wrong.password"), "close sesame\n");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What a technician is told once the first attempt is over; null: it listens. */
async function told(bus: Readonly<Record<string, unknown>>) {
  await using site = await running({ tank: TANK }, bus, { folder });
  const tank = site.devices["tank"];
  await expect.poll(() => tank?.look().state === "down" || site.connected(), { timeout: 15_000 }).toBe(true);
  return tank?.look().problem ?? null;
}

describe.skipIf(!hasOpenssl || !brokerKinds.includes("mosquitto"))("a network's broker with users and TLS", () => {
  it("is listened to with files that the bus names, and an error names the bus's own keys", { timeout: 60_000 }, async () => {
    const files = [`cafile ${folder}/ca.crt`, `certfile ${folder}/broker.crt`, `keyfile ${folder}/broker.key`];
    const settings = ["allow_anonymous false", `password_file ${folder}/users`, ...files];
    await using broker = await Broker.mosquitto(mkdtempSync(join(folder, "m")), settings);
    const mqtt = broker.url.replace("mqtt://127.0.0.1", "mqtts://localhost");
    const bus = (credentials: object, user?: string) => ({
      mqtt,
      credentials: { ca: "ca.crt", ...credentials },
      ...(user && { user }),
    });
    expect(await told(bus({ password: "regional.password" }, "piacenza"))).toBeNull();
    const wrong = await told(bus({ password: "wrong.password" }, "piacenza"));
    expect(wrong?.code).toMatch(/^sync\.(bad-login|not-admitted)$/);
    expect(`${wrong?.what.en} ${wrong?.next.en}`).toMatch(/piacenza.*wrong\.password/);
    expect(JSON.stringify(wrong)).not.toContain("sesame");
    const nobody = await told(bus({}));
    expect(nobody).toMatchObject({ code: "sync.no-login", next: { en: expect.stringContaining("`buses.lora.user`") } });
    expect(await told(bus({ password: "gone.password" }, "piacenza"))).toMatchObject({ code: "credentials.missing" });
  });
});

describe("a bus", () => {
  it.each([
    [{ mqtt: "http://x" }],
    [{ mqtt: "mqtt://user:pass@host" }],
    [{ mqtt: "mqtt://host/path" }],
    [{ mqtt: "mqtts://host" }],
    [{ mqtt: "mqtt://host", user: "u" }],
    [{ mqtt: "mqtt://host", credentials: { password: "p" } }],
    [{ mqtt: "mqtt://host", credentials: { cert: "c.crt" } }],
    [{ mqtt: "mqtt://host", credentials: { ca: "../ca.crt" } }],
    [{ mqtt: "mqtt://host", reconnect: { first: "2s", max: "1s" } }],
  ])("that lacks its other half, or is no broker, is refused: %j", (bus) => expect(busSchema.safeParse(bus).success).toBe(false));
});
