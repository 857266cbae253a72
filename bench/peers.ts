/** Compares Cippo with mosquitto, Node-RED and mqtt.js: losses at SIGKILL, speed of draining, CPU per reading. */
import { mkdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { freePort } from "../hw-sim/free-port.ts";
import { cippoRun } from "./peers/cippo.ts";
import { mosquittoBridge } from "./peers/mosquitto.ts";
import { mqttJs, mqttJsSide } from "./peers/mqtt-js.ts";
import { nodeRed } from "./peers/node-red.ts";
import type { Kind } from "./peers/peer.ts";
import { type Outcome, peerRun } from "./peers/run.ts";
import { machineRecord } from "./record/machine.ts";
import { openDisk } from "./way/disk.ts";
import { acker } from "./way/processes/acker.ts";
import { gatewaySide } from "./way/processes/gateway.ts";

const RESULTS = "bench/results/peers.json";
const ROLES: Readonly<Record<string, () => void>> = { gateway: gatewaySide, acker, "mqtt-js": () => void mqttJsSide() };
const program = fileURLToPath(import.meta.url);

/** A mosquitto that writes its whole file at each change does so as often as there are readings. */
const EACH_CHANGE_MOST = 2000;
const kinds: readonly Kind[] = [
  mosquittoBridge("mosquitto bridge, persistence, default", ""),
  mosquittoBridge("mosquitto bridge, saved at 1,000 changes", "autosave_on_changes true\nautosave_interval 1000"),
  mosquittoBridge("mosquitto bridge, saved at each change", "autosave_on_changes true\nautosave_interval 1", EACH_CHANGE_MOST),
  nodeRed,
  mqttJs(program),
];

async function main(): Promise<void> {
  const quick = process.argv.includes("--quick");
  const count = quick ? 5000 : 50_000;
  const rows: { readonly name: string; readonly outcome: Outcome | { readonly why: string } }[] = [];
  const add = (name: string, outcome: Outcome | { readonly why: string }): void => {
    rows.push({ name, outcome });
    console.log(lineOf(name, outcome));
  };
  console.log(lineOf("", null));
  {
    using disk = openDisk(512);
    add("Cippo", await cippoRun(program, disk.folder, await freePort(), count));
  }
  for (const kind of kinds) {
    using disk = openDisk(512);
    add(kind.name, await peerRun(kind, disk.folder, Math.min(count, kind.most ?? count)));
  }
  if (quick) return;
  const machine = machineRecord();
  mkdirSync("bench/results", { recursive: true });
  writeFileSync(RESULTS, `${JSON.stringify({ machine, rows }, null, 2)}\n`);
}

const HEAD = ["taken", "lost", "twice", "µs taken", "µs sent", "a second"] as const;
function lineOf(name: string, outcome: Outcome | { readonly why: string } | null): string {
  if (outcome !== null && "why" in outcome) return `${name.padEnd(44)}not measured: ${outcome.why}`;
  const cells =
    outcome === null
      ? HEAD
      : [
          outcome.taken,
          outcome.lost,
          outcome.repeats,
          outcome.takeUs.toFixed(1),
          outcome.drainUs.toFixed(1),
          Math.round(outcome.perSecond),
        ];
  return `${name.padEnd(44)}${cells.map((cell) => String(cell).padStart(10)).join("")}`;
}

const role = ROLES[process.argv[2] ?? ""];
if (role) role();
else await main();
