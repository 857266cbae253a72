/** The running gateway's picture of itself goes in; one screen comes out. Exit 1 when something in it needs attention. */
import { counted } from "../../kit/counted.ts";
import { spoken } from "../../kit/quantities.ts";
import type { GatewayStatus } from "../../model.ts";
import { socketOf } from "../asked.ts";
import { ask } from "../client.ts";
import { type Globals, shownAge, shownProblem, shownTime, shownValue, type Terminal } from "../terminal.ts";

export async function status(options: Globals, terminal: Terminal): Promise<number> {
  const picture = await ask(await socketOf(options), { do: "status" });
  if (terminal.json) terminal.document(picture);
  else show(picture, terminal);
  return isWell(picture) ? 0 : 1;
}

const isWell = ({ devices, sync, store }: GatewayStatus) =>
  store.writable && sync.connected && devices.every(({ state }) => state !== "down");

function show(picture: GatewayStatus, terminal: Terminal): void {
  const { say, line } = terminal;
  const { sync, store } = picture;
  const mb = (bytes: number) => (bytes / 1_048_576).toFixed(1);
  line(`${say("gateway")} ${picture.gateway}  cippo ${picture.version}  ${say("config")} ${picture.configRev}`);
  line(`${say("uptime")} ${spoken(picture.uptimeMs)}  ${say("clock")} ${say(picture.clock)}`);
  const why = sync.code === undefined ? "" : `  ${sync.code}${sync.detail ? ` (${sync.detail})` : ""}`;
  line(`${say("broker")} ${sync.broker}  ${say(sync.connected ? "connected" : "disconnected")}${why}`);
  line(
    `${say("store")} ${mb(store.bytes)} ${say("of")} ${mb(store.quotaBytes)} MB  ${counted(store.unacknowledged, say("unacknowledged"))}${store.writable ? "" : `  ${say("unwritable")}`}`,
  );
  line("");
  terminal.table(
    ["device", "type", "state", "age", "why"],
    picture.devices.map((d) => [d.id, d.type, say(d.state), shownAge(d.ageMs, say), shownProblem(d.problem, terminal)]),
  );
  if (picture.buses.length > 0) {
    line("");
    terminal.table(
      ["line", "occupancy", "requests", "timeouts", "corrupt", "foreign", "exceptions", "rebuilds"],
      picture.buses.map((b) => [
        b.bus,
        `${Math.round(b.occupancy)} %`,
        ...[b.requests, b.timeouts, b.checksumErrors, b.foreignReplies, b.exceptions, b.rebuilds].map(String),
      ]),
    );
  }
  if (picture.assets.length > 0) {
    line("");
    terminal.table(
      ["asset", "state", "quality", "since"],
      picture.assets.map((a) => [
        a.asset,
        Object.entries(a.state)
          .map(([name, value]) => `${name}=${shownValue(value)}`)
          .join(" "),
        say(a.quality),
        shownTime(a.since),
      ]),
    );
  }
  if (picture.alarms.length > 0) {
    line("");
    terminal.table(
      ["alarm", "about_", "severity", "since"],
      picture.alarms.map((a) => [a.kind, a.asset ?? a.device ?? "", a.severity, shownTime(a.since)]),
    );
  }
  line("");
  terminal.table(
    ["stream", "epoch", "head", "sent", "acknowledged"],
    picture.streams.map((s) => [s.stream, s.epoch, String(s.head), String(s.sentUpTo), String(s.upTo)]),
  );
}
