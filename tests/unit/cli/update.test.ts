/** `cippo update` on a box with the real update scripts: what it orders, what it shows, and whom it refuses. */
import { existsSync, rmSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { hasUpdateTools, nameOf, UpdateBox } from "../../support/systemd/update-box.ts";

let box: UpdateBox;

describe.skipIf(!hasUpdateTools)("cippo update", () => {
  beforeEach(() => {
    box = new UpdateBox();
    box.installed({ seq: 1 });
    box.evidence(1);
  });
  afterEach(() => box[Symbol.dispose]());

  it("nothing was ever asked for: says so, exit 0", () => {
    const { status, out } = box.cippo("update", "status", "--lang", "it");
    expect([status, out]).toEqual([0, "Su questa macchina non è mai stato chiesto un aggiornamento.\n"]);
    expect(box.cippo("update", "status", "--json").out).toBe("null\n");
  });

  it("installs, shows the trial and what it lacks, and keeps it", () => {
    const { bundle } = box.release({ seq: 2 });
    const installed = box.cippo("update", "install", bundle, "--lang", "it");
    expect([installed.status, installed.out]).toEqual([0, expect.stringContaining(`la versione ${nameOf(2)} è in prova`)]);
    box.later(120);
    box.update("tick");
    const shown = box.cippo("update", "status", "--lang", "it");
    expect(shown.status).toBe(0);
    expect(shown.out).toContain(`In prova: ${nameOf(2)} (la precedente è ${nameOf(1)})`);
    expect(shown.out).toMatch(/In funzione da 2 min; interruzioni: 0/);
    expect(shown.out).toContain("Manca ancora: il gateway non è partito");
    expect(JSON.parse(box.cippo("update", "status", "--json").out)).toMatchObject({
      state: "trial",
      release: nameOf(2),
      lacks: { en: "the gateway has not started", it: "il gateway non è partito" },
    });
    expect(box.cippo("update", "confirm", "--lang", "en").out).toContain(`Release ${nameOf(2)} is confirmed.`);
    const after = box.cippo("update", "status", "--lang", "en");
    expect([after.status, after.out]).toEqual([0, expect.stringContaining("No update is under way.")]);
    expect(after.out).toContain(`update.confirmed: Release ${nameOf(2)} is confirmed.`);
  });

  it("one that was rolled back is said to be so until it is mended: exit 1", () => {
    box.update("install", box.release({ seq: 2 }).bundle);
    expect(box.cippo("update", "rollback", "--lang", "en").status).toBe(0);
    const { status, out } = box.cippo("update", "status", "--lang", "en");
    expect([status, out]).toEqual([1, expect.stringContaining("an operator rolled it back")]);
    expect(box.running).toBe(nameOf(1));
  });

  it("check says whether a release would be taken, and changes nothing", () => {
    const { bundle } = box.release({ seq: 2 });
    const good = box.cippo("update", "check", bundle, "--lang", "en");
    expect([good.status, good.out]).toEqual([
      0,
      `cippo: release ${nameOf(2)} (seq 2) can be installed: signed, for this machine, 1 MB to fetch\n`,
    ]);
    const forged = box.cippo("update", "check", box.release({ seq: 3, key: "stranger" }).bundle, "--lang", "it");
    expect([forged.status, forged.out]).toEqual([1, expect.stringContaining("update.signature")]);
    expect([box.running, box.state, box.last.code]).toEqual([nameOf(1), "idle", ""]);
    expect(existsSync(box.path("var/lib/cippo-update/inbox/asked"))).toBe(false);
  });

  it("a machine without the scripts, and a missing word, get an error with a next step", () => {
    expect(box.cippo("update", "install").out).toMatch(/cli\.usage.*→ .*cippo update install --help/s);
    rmSync(box.path("usr/local/lib/cippo/update"));
    const { status, out } = box.cippo("update", "cancel", "--lang", "it");
    expect([status, out]).toEqual([1, expect.stringContaining("cli.no-updater")]);
    expect(out).toContain("systemd/install.sh");
  });
});
