/** Any device that publishes its values over MQTT, as JSON or as plain text: its table stands in the configuration. */
import { jsonDevice } from "../families/mqtt/json-device.ts";

const shelly = {
  topic: "shellyplus1pm-hall/status/switch:0",
  silentAfter: "5min",
  points: {
    on: { at: "/output" },
    power: { at: "/apower", unit: "W" },
    energy: { at: "/aenergy/total", unit: "W.h", kind: "counter" },
    temperature: { at: "/temperature/tC", unit: "Cel" },
  },
};
const tasmota = {
  topic: "tele/pump/SENSOR",
  silentAfter: "15min",
  points: {
    power: { at: "/ENERGY/Power", unit: "W" },
    voltage: { at: "/ENERGY/Voltage", unit: "V" },
    energy: { at: "/ENERGY/Total", unit: "kW.h", kind: "counter" },
    on: { topic: "stat/pump/POWER", map: { ON: true, OFF: false } },
    reachable: { topic: "tele/pump/LWT", map: { Online: true, Offline: false } },
  },
};
const tank = {
  topic: "plant/tank-1",
  silentAfter: "1h",
  points: {
    level: { at: "/level", unit: "cm", range: [0, 400] },
    valve: { at: "/valve/0", map: { "0": "closed", "1": "open", "2": "moving" } },
    outlet: { at: "/out~1let", map: { "1": true, "0": false } },
    label: { at: "/label", kind: "text" },
  },
};

const SHELLY = "constructed: the fields that Shelly's API documents name for Switch status; values invented";
const TASMOTA = "constructed: the fields of Tasmota's documents (MQTT, tele/SENSOR and stat/POWER); values invented";
const RFC = "constructed: after RFC 8259 and RFC 6901";

export const mqttJson = jsonDevice({
  type: "mqtt-json",
  title: { it: "Apparecchio che pubblica via MQTT, in JSON o testo", en: "Device that publishes over MQTT, as JSON or text" },
  goldens: [
    {
      name: "Shelly Gen2, status of a switch with a meter",
      rx: 'shellyplus1pm-hall/status/switch:0 {"id":0,"source":"init","output":true,"apower":8.9,"voltage":237.5,"aenergy":{"total":6532.1},"temperature":{"tC":23.5,"tF":74.4}}',
      options: shelly,
      expect: { on: true, power: 8.9, energy: 6532.1, temperature: 23.5 },
      source: SHELLY,
    },
    {
      name: "Shelly Gen2, a notification with the output alone",
      rx: 'shellyplus1pm-hall/status/switch:0 {"id":0,"output":false}',
      options: shelly,
      expect: { on: false },
      source: SHELLY,
    },
    {
      name: "Tasmota, telemetry of a meter",
      rx: 'tele/pump/SENSOR {"Time":"2026-03-01T12:00:00","ENERGY":{"Total":12.345,"Power":431,"Voltage":229}}',
      options: tasmota,
      expect: { power: 431, voltage: 229, energy: 12.345 },
      source: TASMOTA,
    },
    {
      name: "Tasmota, a state that is plain text",
      rx: "stat/pump/POWER ON",
      options: tasmota,
      expect: { on: true },
      source: TASMOTA,
    },
    {
      name: "Tasmota, its last will",
      rx: "tele/pump/LWT Offline",
      options: tasmota,
      expect: { reachable: false },
      source: TASMOTA,
    },
    {
      name: "a number as text, an array, a key with a stroke in it",
      rx: 'plant/tank-1 {"level":"182.5","valve":[2],"out/let":1,"label":"Nord"}',
      options: tank,
      expect: { level: 182.5, valve: "moving", outlet: true, label: "Nord" },
      source: RFC,
    },
    {
      name: "a value that the tank cannot have, and one that is none",
      rx: 'plant/tank-1 {"level":1e999,"outlet":true,"out/let":"maybe"}',
      options: tank,
      expect: { level: null, outlet: null },
      source: RFC,
    },
    { name: "cut off", rx: 'plant/tank-1 {"level":182', options: tank, expect: "refused", source: RFC },
    { name: "nothing that is asked for", rx: 'plant/tank-1 {"Level":182}', options: tank, expect: "refused", source: RFC },
  ],
});
