/** An output of a Shelly of the second generation or later, over MQTT. */
import { shellyDriver } from "../families/mqtt/shelly-output.ts";

const options = { topic: "shellyplus1pm-hall", metered: true, silentAfter: "5min" };
const SOURCE = "constructed: the fields of Shelly's API documents, Switch and MQTT; values invented";

export const shellySwitch = shellyDriver({
  type: "shelly-switch",
  title: { it: "Uscita di uno Shelly (Gen2 e successivi)", en: "Output of a Shelly (Gen2 and later)" },
  goldens: [
    {
      name: "its status",
      rx: 'shellyplus1pm-hall/status/switch:0 {"id":0,"source":"init","output":true,"apower":8.9,"voltage":237.5,"current":0.04,"aenergy":{"total":6532.1},"temperature":{"tC":23.5}}',
      options,
      expect: { on: true, power: 8.9, voltage: 237.5, current: 0.04, energy: 6532.1 },
      source: SOURCE,
    },
    {
      name: "a notification of what changed",
      rx: 'shellyplus1pm-hall/events/rpc {"src":"shellyplus1pm-hall","dst":"shellyplus1pm-hall/events","method":"NotifyStatus","params":{"ts":1.0,"switch:0":{"id":0,"output":false}}}',
      options,
      expect: { on: false },
      source: SOURCE,
    },
    {
      name: "its last will",
      rx: "shellyplus1pm-hall/online false",
      options: { ...options, metered: false },
      expect: { on: null },
      source: SOURCE,
    },
    { name: "cut off", rx: 'shellyplus1pm-hall/status/switch:0 {"id":0,"out', options, expect: "refused", source: SOURCE },
  ],
});
