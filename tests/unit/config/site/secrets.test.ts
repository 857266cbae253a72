/** What would lose data or betray a secret is refused, and no secret is repeated. */
import { describe, expect, it } from "vitest";
import { checkSite, problemLine } from "../../../../src/config/index.ts";

describe("what would lose or betray", () => {
  const sync = async (text: string) =>
    (await checkSite(`gateway: { id: gw-1, site: { id: park } }\n${text}`, "s")).problems.map((p) => `${p.severity} ${p.code}`);

  it("refuses a hand-over that proves nothing, unless losses are accepted", async () => {
    const at = "sync: { broker: mqtt://127.0.0.1, acknowledge: broker, mqtt: 3.1.1";
    expect(await sync(`${at} }`)).toEqual(["error config.no-proof"]);
    expect(await sync(`${at}, acceptLoss: true }`)).toEqual([]);
    expect(await sync("sync: { broker: mqtt://127.0.0.1, acknowledge: broker }")).toEqual([]);
  });

  it("wants credentials for TLS, the gateway's own", async () => {
    expect(await sync("sync: { broker: mqtts://b.example }")).toEqual(["error config.credentials", "warning config.credentials"]);
    const own = "credentials: { cert: gw.crt, key: gw.key, ca: ca.crt }\n";
    expect(await sync(`${own}sync: { broker: mqtts://b.example }`)).toEqual([]);
    expect(await sync(`${own.replace("gw.key", "sample.key")}sync: { broker: mqtts://b.example }`)).toEqual([
      "error config.credentials",
    ]);
    expect(await sync(`${own.replace("gw.key", "../../../../etc/shadow")}sync: { broker: mqtts://b.example }`)).toEqual([
      "error config.wrong-value",
    ]);
  });

  it("takes a user with a password file, with TLS or on this machine, and says what of it is missing", async () => {
    const to = (credentials: string, more = "", broker = "mqtts://b.example") =>
      sync(`credentials: { ${credentials} }\nsync: { broker: "${broker}"${more} }`);
    expect(await to("ca: ca.crt, password: broker.password", ", user: gw-1")).toEqual([]);
    expect(await to("password: broker.password", ", user: gw-1", "mqtt://127.0.0.1")).toEqual([]);
    expect(await to("ca: ca.crt")).toEqual(["warning config.credentials"]);
    expect(await to("ca: ca.crt", ", user: gw-1")).toEqual(["error config.credentials"]);
    expect(await to("ca: ca.crt, password: broker.password")).toEqual(["error config.credentials"]);
    expect(await to("ca: ca.crt, cert: gw.crt")).toEqual(["error config.credentials"]);
    expect(await to("ca: ca.crt, key: gw.key")).toEqual(["error config.credentials"]);
    expect(await to("cert: gw.crt, key: gw.key")).toEqual(["error config.credentials"]);
  });

  it.each([
    ["in the address", "sync: { broker: 'mqtts://gw:Sup3rS3cret@b.example' }"],
    ["in the address, with a wrong scheme", "sync: { broker: 'https://gw:Sup3rS3cret@b.example' }"],
    [
      "as the name of a file",
      "credentials: { password: Sup3rS3cret!, ca: ca.crt }\nsync: { broker: mqtts://b.example, user: gw }",
    ],
    [
      "as a word that could be the name of a file",
      "credentials: { password: Sup3rS_3t }\nsync: { broker: mqtts://b.example, user: gw }",
    ],
    ["as a number", "credentials: { password: 5583 }\nsync: { broker: mqtts://b.example, user: gw }"],
    ["as a key of its own", "sync: { broker: mqtts://b.example, user: gw, password: Sup3rS3cret }"],
    ["in a line that is no YAML", "sync: { broker: mqtts://b.example, user: gw, password: Sup3rS3cret"],
    ["in a line that is no YAML, and with a colon", "sync:\n  password: Sup3r: S3cret\n"],
  ])("never repeats a password, and says where it goes: %s", async (_, text) => {
    for (const lang of ["en", "it"] as const) {
      const head = "gateway: { id: gw-1, site: { id: park } }\n";
      const { site: made, problems } = await checkSite(head + text, "s", lang);
      expect(made).toBeUndefined();
      const lines = problems.map((p) => problemLine(p, lang)).join("\n");
      expect(lines).not.toMatch(/S3c|S_3t|5583/);
      if (!text.endsWith("Sup3rS3cret") && !text.includes("\n ") && !text.includes("https"))
        expect(lines).toMatch(/credentials\.password|broker\.password/);
    }
  });

  it("warns of plain text beyond this machine, and refuses passwords in the address", async () => {
    expect(await sync("sync: { broker: mqtt://b.example }")).toEqual(["warning config.plain-broker"]);
    expect(await sync("sync: { broker: mqtts://user:secret@b.example }")).toContain("error config.wrong-value");
  });
});
