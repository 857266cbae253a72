/** Updates end with the old release or the new one, whole, whatever is cut, spoiled, forged or broken on the way. */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { hasUpdateTools, nameOf, UpdateBox } from "../../support/systemd/update-box.ts";

const SCRIPTS = join(import.meta.dirname, "../../../systemd/ota");
let box: UpdateBox;

describe.skipIf(!hasUpdateTools)("an update", () => {
  beforeEach(() => {
    box = new UpdateBox();
    box.installed({ seq: 1 });
    box.evidence(1);
  });
  afterEach(() => box[Symbol.dispose]());

  const installed = (seq: number, more = {}): UpdateBox => {
    const { status, out } = box.update("install", box.release({ seq, ...more }).bundle);
    expect(out).toContain("runs on trial");
    expect(status).toBe(0);
    return box;
  };
  const flip = (file: string): void => {
    const bytes = readFileSync(file);
    bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
    writeFileSync(file, bytes);
  };

  it("a release that proves itself is kept, with its own updater", () => {
    installed(2);
    expect([box.state, box.running, box.product]).toEqual(["trial", nameOf(2), "product 2\n"]);
    expect(readFileSync(box.path("service.log"), "utf8")).toBe("restart cippo.service\n");
    box.later(30);
    box.update("tick");
    expect(box.value("now-missing", box.path("run/cippo-update/status"))).toBe("not-started");
    box.evidence(2);
    box.update("tick");
    expect([box.state, box.last.code, box.running]).toEqual(["idle", "update.confirmed", nameOf(2)]);
    expect(readFileSync(box.path("usr/local/lib/cippo/version"), "utf8")).toBe("2\n");
    expect(box.releases).toEqual([nameOf(1), nameOf(2)]);
    // The third goes the same way, and the first is not kept for ever.
    installed(3).evidence(3);
    box.update("tick");
    expect([box.state, ...box.releases]).toEqual(["idle", nameOf(2), nameOf(3)]);
  });

  const hasShellcheck = spawnSync("shellcheck", ["--version"]).status === 0;
  it.skipIf(!hasShellcheck)("every script is clean, and short", () => {
    const scripts = readdirSync(SCRIPTS);
    for (const name of scripts) expect(readFileSync(join(SCRIPTS, name), "utf8").split("\n").length, name).toBeLessThan(200);
    expect(spawnSync("shellcheck", ["-x", ...scripts], { cwd: SCRIPTS, encoding: "utf8" }).stdout).toBe("");
  });

  it("units are those of the release that runs", () => {
    installed(2);
    box.update("rollback");
    expect(readFileSync(box.path("units.log"), "utf8").match(/units of \d/g)).toEqual(["units of 2", "units of 1"]);
  });

  describe("refused, and nothing is changed:", () => {
    const cases: readonly [string, string, () => string][] = [
      ["a bundle cut to nothing", "update.unreachable", () => cutTo(0)],
      ["a bundle cut after its first byte", "update.unreachable", () => cutTo(0.01)],
      ["a bundle cut within the product", "update.cut", () => cutAfter("app.tar.gz")],
      ["a bundle cut within Node", "update.cut", () => cutAfter("node.tar.gz")],
      ["a bundle without the Node that this box has not", "update.part-missing", () => other({ withoutNode: true }).bundle],
      ["a file that is not there", "update.unreachable", () => box.path("nothing")],
      ["a relative path", "update.source", () => "bundle.cippo"],
      ["a key that is not trusted", "update.signature", () => box.release({ seq: 2, key: "stranger" }).bundle],
      ["another namespace", "update.signature", () => box.release({ seq: 2, namespace: "file" }).bundle],
      ["a flipped bit in the signature", "update.signature", () => spoilt("release.sig")],
      ["a flipped bit in the head", "update.signature", () => spoilt("release")],
      ["a flipped bit in the sums", "update.spoiled", () => spoilt("SHA256SUMS")],
      ["a flipped bit in the product", "update.spoiled", () => spoilt("app.tar.gz")],
      ["an older release", "update.older", () => box.release({ seq: 1, product: "older" }).bundle],
      ["another product", "update.other-product", () => box.release({ seq: 2, head: { product: "lamp" } }).bundle],
      ["another machine", "update.other-machine", () => box.release({ seq: 2, head: { arch: "riscv64" } }).bundle],
      ["a newer glibc", "update.old-system", () => box.release({ seq: 2, head: { glibc: "9.99" } }).bundle],
      ["a layout two ahead", "update.layout", () => box.release({ seq: 2, layout: 4 }).bundle],
      ["a name that is a path", "update.not-a-release", () => box.release({ seq: 2, head: { name: "../../etc" } }).bundle],
      ["a seq that is no number", "update.not-a-release", () => box.release({ seq: 2, head: { seq: "2; reboot" } }).bundle],
      ["no space", "update.no-space", () => box.release({ seq: 2, head: { bytes: 9e14 } }).bundle],
      [
        "a file that was not signed",
        "update.not-a-release",
        () => withFile((tree) => writeFileSync(join(tree, "dist/more.js"), "")),
      ],
      ["a link", "update.not-a-release", () => withFile((tree) => symlinkSync("/etc/shadow", join(tree, "dist/link")))],
      [
        "a file other than signed",
        "update.spoiled",
        () => withFile((tree) => writeFileSync(join(tree, "dist/cippo.js"), "evil")),
      ],
      [
        "natives that do not load",
        "update.natives",
        () => box.release({ seq: 2, program: "echo Error: no module >&2; exit 1" }).bundle,
      ],
    ];
    const cutTo = (share: number): string => {
      const { bundle } = box.release({ seq: 2 });
      truncateSync(bundle, Math.floor(readFileSync(bundle).length * share));
      return bundle;
    };
    const other = (more = {}) => box.release({ seq: 2, node: "node 2\n", ...more });
    const cutAfter = (member: string): string => {
      const { bundle } = other();
      truncateSync(bundle, readFileSync(bundle).indexOf(member) + 512 + 50);
      return bundle;
    };
    const withFile = (after: (tree: string) => void): string => box.release({ seq: 2, after }).bundle;
    const spoilt = (name: string): string => {
      const { bundle, folder } = box.release({ seq: 2 });
      flip(join(folder, name));
      spawnSync("tar", ["-cf", bundle, "-C", folder, "release", "release.sig", "SHA256SUMS", "app.tar.gz", "node.tar.gz"]);
      return bundle;
    };

    it.each(cases)("%s: %s", (_, code, source) => {
      const { status, out } = box.update("install", source());
      expect(out).toContain(code);
      expect(status).toBe(1);
      expect([box.state, box.running, box.isWhole, box.last.outcome]).toEqual(["idle", nameOf(1), true, "refused"]);
      expect(readdirSync(box.path("opt/cippo/releases"))).toEqual([nameOf(1)]);
    });

    it("a configuration that the new release refuses", () => {
      writeFileSync(box.path("etc/cippo/gateway.yaml"), "gateway: {}\n");
      const program = 'case "$*" in *config*) echo "1 error"; exit 1 ;; esac';
      expect(box.update("install", box.release({ seq: 2, program }).bundle).out).toMatch(/update\.configuration.*1 error/);
      expect(box.running).toBe(nameOf(1));
    });

    it("a second one while one is on trial", () => {
      installed(2);
      expect(box.update("install", box.release({ seq: 3 }).bundle).out).toContain("update.busy");
      expect([box.state, box.running]).toEqual(["trial", nameOf(2)]);
    });
  });

  describe("a trial", () => {
    it("ends by itself when the release does not start, with the reason", () => {
      installed(2);
      box.later(1900);
      box.update("tick");
      expect([box.state, box.running, box.last.code]).toEqual(["idle", nameOf(1), "update.rolled-back"]);
      expect(box.last.text).toContain("the gateway has not started, after 31 min");
    });

    it.each<[string, Record<string, string | number>, string]>([
      ["never ready", { ready: "no" }, "is not ready"],
      ["a store that is not written", { written: "no" }, "does not write to its database"],
      ["a loop that hangs", { loops: "no" }, "a part of the gateway hangs"],
      ["a device that answered before and does not now", { answers: "door" }, "device meter, which answered before, is silent"],
      ["more alarms of the host than before", { alarms: 2 }, "more alarms than before"],
      ["no delivery though the link is there", { acked: "no" }, "acknowledges nothing"],
      ["evidence of another boot", { boot: "boot0" }, "has not started"],
      ["a start that held for a moment only", { up: 20 }, "has not run for long enough"],
    ])("%s is not confirmed, and is given back at the end", (_, more, reason) => {
      installed(2).evidence(2, more);
      box.later(60);
      box.update("tick");
      expect(box.state).toBe("trial");
      box.later(1800);
      box.evidence(2, more);
      box.update("tick");
      expect([box.running, box.last.text.includes(reason)]).toEqual([nameOf(1), true]);
    });

    it("waits a day of running where the link was down before", () => {
      box.evidence(1, { linked: "no" });
      installed(2);
      const offline = { linked: "no", acked: "no" };
      for (const hours of [1, 10, 12]) {
        box.later(hours * 3600);
        box.evidence(2, offline);
        box.update("tick");
        expect(box.state).toBe("trial");
      }
      box.later(2 * 3600);
      box.evidence(2, offline);
      box.update("tick");
      expect([box.running, box.last.text]).toEqual([nameOf(1), expect.stringContaining("no link for 25 h")]);
    });

    it("three ends by itself give it back, seen from systemd's count", () => {
      installed(2);
      box.later(30);
      box.update("tick");
      for (const [restarts, state] of [
        [1, "trial"],
        [2, "trial"],
        [3, "idle"],
      ] as const) {
        writeFileSync(box.path("restarts"), `${restarts}\n`);
        box.later(30);
        box.update("tick");
        expect(box.state).toBe(state);
      }
      expect(box.running).toBe(nameOf(1));
    });

    it("five orderly reboots count for nothing; three power cuts give it back; without a trial nothing counts", () => {
      for (let i = 0; i < 5; i += 1) box.reboot();
      expect(box.running).toBe(nameOf(1));
      installed(2);
      for (let i = 0; i < 5; i += 1) box.reboot(true);
      expect([box.state, box.running]).toEqual(["trial", nameOf(2)]);
      box.reboot();
      box.reboot();
      expect(box.state).toBe("trial");
      box.reboot();
      expect([box.state, box.running, box.last.code]).toEqual(["idle", nameOf(1), "update.rolled-back"]);
    });

    it("empty files after a power cut give it back at boot", () => {
      installed(2);
      truncateSync(box.path("opt/cippo/releases", nameOf(2), "dist/cippo.js"), 0);
      box.reboot();
      expect([box.running, box.last.text]).toEqual([nameOf(1), expect.stringContaining("files are damaged")]);
    });

    it("what was given back is not installed again by itself for a day, then once, and by order at once", () => {
      const { bundle } = box.release({ seq: 2 });
      box.update("install", bundle);
      box.update("rollback");
      expect(box.update("install", bundle).out).toContain("update.returned");
      expect(box.update("install", bundle, "--again").status).toBe(0);
      expect(box.running).toBe(nameOf(2));
      box.update("rollback");
      // The day is over, and it was tried twice already.
      const file = box.path("var/lib/cippo-update/returned");
      writeFileSync(file, readFileSync(file, "utf8").replace(/^at=\d+$/m, "at=1"));
      expect(box.update("install", bundle).out).toContain("update.returned");
      expect(box.update("install", box.release({ seq: 3 }).bundle).status).toBe(0);
    });

    it("goes on when there is nothing to go back to", () => {
      installed(2);
      writeFileSync(
        box.path("var/lib/cippo-update/state"),
        readFileSync(box.path("var/lib/cippo-update/state"), "utf8").replace(/^former=.*$/m, "former="),
      );
      box.update("rollback");
      expect([box.running, box.last.code]).toEqual([nameOf(2), "update.nothing-to-return-to"]);
    });
  });

  describe("killed at each step, then started again", () => {
    const points = [
      ...new Set(
        readdirSync(SCRIPTS).flatMap((name) =>
          [...readFileSync(join(SCRIPTS, name), "utf8").matchAll(/^\s*point "?([a-z-]+)/gm)].map(([, point]) => point ?? ""),
        ),
      ),
    ]
      .flatMap((point) => (point.endsWith("-") ? [`${point}app`, `${point}node`] : [point]))
      .filter((point) => point !== "");

    it("has steps to be killed at", () => expect(points.length).toBeGreaterThan(15));

    it.each(points)("%s: old or new, whole, and the next order is heard", (point) => {
      const env = { CIPPO_KILL_AT: point };
      const { bundle } = box.release({ seq: 2, node: "node 2\n" });
      const ends = [box.run("update", ["install", bundle], env)];
      if (point.startsWith("confirm")) {
        box.evidence(2);
        ends.push(box.run("update", ["tick"], env));
      }
      if (point.startsWith("rollback")) ends.push(box.run("update", ["rollback"], env));
      if (point.startsWith("recover")) {
        box.boot += 1;
        box.later(0);
        ends.push(box.run("recover", [], env));
      }
      expect(
        ends.some(({ signal, status }) => signal === "SIGKILL" || status === 137),
        JSON.stringify(ends),
      ).toBe(true);
      box.reboot();
      expect([nameOf(1), nameOf(2)]).toContain(box.running);
      expect(box.isWhole).toBe(true);
      expect(box.product).toBe(box.running === nameOf(1) ? "product 1\n" : "product 2\n");
      expect(["idle", "armed", "trial"]).toContain(box.state);
      expect(readdirSync(box.path("opt/cippo/releases")).filter((name) => name.startsWith("."))).toEqual([]);
      if (box.state === "trial") box.update("confirm");
      else if (box.running === nameOf(1)) expect(box.update("install", bundle, "--again").status).toBe(0);
      expect(box.running).toBe(nameOf(2));
    });
  });

  describe("at boot", () => {
    it("a name that leads nowhere is led to a whole release", () => {
      installed(2).evidence(2);
      box.update("tick");
      spawnSync("rm", ["-rf", box.path("opt/cippo/releases", nameOf(2))]);
      box.reboot();
      expect([box.running, box.isWhole, box.last.code]).toEqual([nameOf(1), true, "update.damaged"]);
    });
  });

  describe("what the gateway's account may ask", () => {
    const ask = (line: string) => {
      writeFileSync(box.path("run/cippo/update/request"), line);
      return box.update("request").out;
    };

    it("only an address that root allowed", () => {
      expect(ask("cippo 2 https://updates.example/2")).toContain("update.not-allowed");
      writeFileSync(box.path("etc/cippo/update.conf"), "from=https://updates.example\n");
      expect(ask("cippo 2 https://updates.example.evil.org/2")).toContain("update.not-allowed");
      expect(ask("cippo 2 https://updates.example/../../x")).toContain("update.not-allowed");
      expect(ask("cippo 2 /var/lib/cippo/own.cippo")).toContain("update.not-allowed");
      expect(ask(`x ${"y".repeat(1e6)}`)).toContain("update.not-allowed");
      expect(existsSync(box.path("run/cippo/update/request"))).toBe(false);
    });

    it("a link is no request, and no evidence", () => {
      writeFileSync(box.path("secret"), "cippo 2 https://updates.example/2\nrelease=secret\n");
      symlinkSync(box.path("secret"), box.path("run/cippo/update/request"));
      expect(box.update("request")).toMatchObject({ status: 0, out: "" });
    });
  });
});
