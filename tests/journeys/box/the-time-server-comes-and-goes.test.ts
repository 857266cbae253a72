/** Under chrony a gateway starts before the time is known, is killed, finds the time, and loses its server again. */
import { existsSync } from "node:fs";
import { chmod, readFile, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { expect, it } from "vitest";
import type { EdgeEvent } from "../../../src/model/index.ts";
import { Gateway, temporary, until } from "../../support/running/processes.ts";

/** Nobody listens there. */
const NO_BROKER = "mqtt://127.0.0.1:9";
/** Where timesyncd runs, its mark is enough, and nobody is asked. */
const marked = existsSync("/run/systemd/timesync/synchronized");

it.skipIf(marked)("is corrected once, and held over a kill in the same boot", { timeout: 120_000 }, async () => {
  await using folder = await temporary("time");
  await using gateway = new Gateway(folder.path);
  await gateway.configure(NO_BROKER, {});
  await writeFile(gateway.file, (await readFile(gateway.file, "utf8")).replace("clock: assumed", "clock: auto"));
  const timedatectl = join(folder.path, "timedatectl");
  const says = (word: string) => writeFile(timedatectl, `#!/bin/sh\necho ${word}\n`).then(() => chmod(timedatectl, 0o755));
  const start = () => gateway.start({ PATH: `${folder.path}${delimiter}${process.env["PATH"] ?? ""}` });
  const events = async () => JSON.parse((await gateway.cippo("--json", "events")).stdout) as readonly EdgeEvent[];

  await says("no");
  await start();
  const early = await gateway.status();
  expect(early.clock).toBe("unsynced");
  const told = (kind: string) => until(async () => (await events()).some((event) => event.kind === kind));
  await told("epoch.opened");
  await gateway.kill();

  await says("yes");
  await start();
  const right = await gateway.status();
  expect(right.clock).toBe("synced");
  await told("clock.corrected");
  const corrected = (await events()).filter(({ kind }) => kind === "clock.corrected");
  expect(corrected).toHaveLength(1);
  expect(corrected[0]).toMatchObject({ clock: "synced", epoch: early.epoch.id, readings: null, events: [1, expect.any(Number)] });
  await gateway.kill();

  await says("no");
  await start();
  expect((await gateway.status()).clock).toBe("synced");
  expect((await events()).filter(({ kind }) => kind === "clock.corrected" || kind === "clock.lost")).toHaveLength(1);
  expect(await gateway.stop()).toBe(0);
});
