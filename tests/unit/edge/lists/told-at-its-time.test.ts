/** What changes because of a list is dated when the list was told, however long after its start the gateway got it. */
import { join } from "node:path";
import { expect, it } from "vitest";
import { SiteAnswers } from "../../../../src/edge/answers/site-answers.ts";
import { parkingBay } from "../../../../src/edge/kinds/parking-bay/index.ts";
import { TrustedKeys } from "../../../../src/edge/trust/trusted-keys.ts";
import { DOWN, Signer } from "../../../support/lists/signer.ts";
import { FedEdge, NEVER_SILENT_MS } from "../../../support/running/fed-edge.ts";
import { folder } from "../store/support.ts";

const HOUR = 3_600_000;
const KEY = "5f4dcc3b5aa765d61d8327deb882cf99";

it("a bay whose permit is revoked an hour later is reported then", async () => {
  await using at = await folder();
  await using signer = new Signer().trust("city", "lists/*");
  const written = {
    reservedFor: "resident",
    occupancy: "loop.presence",
    debounce: "0s",
    permits: { list: "resident", grace: "10min" },
  };
  const asset = {
    id: "north",
    urn: "urn:north",
    kind: "parking-bay",
    name: { it: "Nord", en: "North" },
    options: parkingBay.options.parse(written),
    silentAfterMs: { occupancy: NEVER_SILENT_MS },
  };
  const keys = new TrustedKeys(signer.file);
  await using edge = await FedEdge.open({
    file: at.file,
    device: { id: "loop", points: { presence: { unit: "", kind: "state" } } },
    assets: [{ asset, kind: parkingBay }],
    answers: new SiteAnswers({ timezone: "Europe/Rome" }),
    lists: {
      folder: join(signer.folder, "lists"),
      downTopic: DOWN,
      keys,
      badgeKeys: async () => null,
      fetch: { idleMs: 20_000, wholeMs: 60_000 },
    },
  });
  const occupied = new Promise<void>((resolve) => {
    edge.edge.onRecord(({ source, value }) => source === "north" && value === "occupied" && resolve());
  });
  const push = (version: number, revoked: boolean) => {
    const entry = { key: KEY, assets: ["north"], from: edge.wall - HOUR, to: edge.wall + 9 * HOUR, revoked };
    const list = signer.list({ name: "resident", version, issuedAt: edge.wall, entries: [entry] });
    return edge.edge.lists?.receive("resident", Buffer.from(JSON.stringify(list)));
  };
  await push(1, false);
  edge.says({ point: "presence", value: true });
  await occupied;
  edge.ahead.ms += HOUR;
  await push(2, true);
  const raised = await edge.told(({ kind }) => kind === "bay.illegal-occupation");
  const told = (await edge.toldOf("list.told", 2)).at(-1);
  expect(raised.mono).toBeGreaterThanOrEqual(told?.mono ?? Number.POSITIVE_INFINITY);
});
