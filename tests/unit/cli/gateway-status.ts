/** One complete status of a gateway with something of everything, for the tests of this folder. */
import type { GatewayStatus } from "../../../src/model/index.ts";

export const gatewayStatus: GatewayStatus = {
  gateway: "pc-galleana-01",
  version: "0.1.0",
  configRev: "9f3c01aa7b21",
  pid: 4242,
  ready: true,
  uptimeMs: 3_600_000,
  clock: "synced",
  epoch: { id: "e1", n: 1, boot: "b1", opened: 0, cause: "created", former: null },
  devices: [
    {
      id: "meter-hall",
      type: "eastron-sdm630",
      bus: "hall-485",
      state: "up",
      ageMs: 850,
      wire: { requests: 1200, timeouts: 7, checksumErrors: 2, exceptions: 0, latencyMs: 47.6, held: false },
      points: [
        { point: "power", kind: "gauge", value: 412.5, unit: "W", quality: "good", ageMs: 850 },
        { point: "voltage", kind: "gauge", value: null, unit: "V", quality: "bad", code: "bus.timeout", ageMs: 850 },
      ],
      commands: [],
    },
    {
      id: "bay-014-sensor",
      type: "a02yyuw",
      bus: "bay-uart",
      state: "down",
      problem: {
        code: "port.lost",
        forMs: 95_000,
        what: { it: "La porta /dev/serial0 è stata scollegata", en: "Port /dev/serial0 was unplugged" },
        next: { it: "Ricollegare l'adattatore: riprende da solo.", en: "Plug the adapter in again: it resumes by itself." },
      },
      ageMs: 95_000,
      wire: { frames: 950, strayBytes: 12, unread: 16 },
      points: [],
      commands: [],
    },
  ],
  buses: [
    {
      bus: "hall-485",
      occupancy: 41.6,
      requests: 1200,
      timeouts: 7,
      checksumErrors: 2,
      foreignReplies: 1,
      exceptions: 0,
      rebuilds: 1,
    },
  ],
  assets: [
    {
      asset: "bay-014",
      urn: "urn:ngsi-ld:ParkingSpot:piacenza:bay-014",
      epoch: "e1",
      seq: 7,
      at: 1_764_000_000_000,
      since: 1_764_000_000_000,
      clock: "synced",
      state: { status: "occupied" },
      quality: "good",
      alarms: ["e1/88"],
    },
  ],
  alarms: [{ id: "e1/88", asset: "bay-014", kind: "bay.illegal-occupation", severity: "high", since: 1_764_000_000_000 }],
  sync: { broker: "mqtt://127.0.0.1:1883", mode: "platform", connected: true },
  store: {
    file: "/var/lib/cippo/cippo.sqlite",
    bytes: 2_097_152,
    quotaBytes: 268_435_456,
    unacknowledged: 12,
    writable: true,
    waiting: 3,
  },
  streams: [
    { epoch: "e1", stream: "events", upTo: 88, held: [], head: 88, oldest: 1, sentUpTo: 88 },
    { epoch: "e1", stream: "readings", upTo: 1200, held: [[1205, 1210]], head: 1212, oldest: 1, sentUpTo: 1210 },
  ],
};
