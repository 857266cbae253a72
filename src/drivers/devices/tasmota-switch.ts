/** An output of a device with the Tasmota firmware, over MQTT. */
import { tasmotaDriver } from "../families/mqtt/tasmota-output.ts";

const options = { topic: "tasmota_9CF9D1", silentAfter: "15min" };
const dual = { ...options, topic: "tasmota", metered: true };
const LOG = "a log at pastebin.com/4izDrY6W (February 2024), Wifi left out";
const DUAL = "github.com/ferrets6/wattson, internal/mqtt tests, realPayload: captured from a Sonoff Dual with a meter";
const DOCS = "github.com/tasmota/docs, docs/MQTT.md, Command flow";

export const tasmotaSwitch = tasmotaDriver({
  type: "tasmota-switch",
  title: { it: "Uscita di un apparecchio con Tasmota", en: "Output of a device with Tasmota" },
  goldens: [
    {
      name: "its telemetry",
      rx: 'tele/tasmota_9CF9D1/STATE {"Time":"2024-02-24T22:20:38","Uptime":"0T00:10:11","UptimeSec":611,"Heap":24,"SleepMode":"Dynamic","Sleep":50,"LoadAvg":19,"MqttCount":1,"POWER":"OFF"}',
      options,
      expect: { on: false },
      source: LOG,
    },
    {
      name: "the meter of its first channel",
      rx: 'tele/tasmota/SENSOR {"Time":"2026-09-18T11:19:21","ENERGY":{"TotalStartTime":"2026-09-16T00:00:00","Total":[2.813,0.254],"Yesterday":[1.530,0.125],"Today":[0.772,0.059],"Power":[52,5],"ApparentPower":[66,10],"ReactivePower":[40,9],"Factor":[0.79,0.50],"Voltage":235,"Current":[0.278,0.044],"BL09XX":{"Temperature":46.5}}}',
      options: dual,
      expect: { power: 52, voltage: 235, current: 0.278, energy: 2.813 },
      source: DUAL,
    },
    {
      name: "the meter of its second channel",
      rx: 'tele/tasmota/SENSOR {"Time":"2026-09-18T11:19:21","ENERGY":{"TotalStartTime":"2026-09-16T00:00:00","Total":[2.813,0.254],"Power":[52,5],"Voltage":235,"Current":[0.278,0.044]}}',
      options: { ...dual, output: 2 },
      expect: { power: 5, voltage: 235, current: 0.044, energy: 0.254 },
      source: `${DUAL}; shortened`,
    },
    {
      name: "it was switched",
      rx: "stat/tasmota_switch/POWER ON",
      options: { ...options, topic: "tasmota_switch" },
      expect: { on: true },
      source: DOCS,
    },
    {
      name: "its last will",
      rx: "tele/tasmota_9CF9D1/LWT Offline",
      options,
      expect: { on: null },
      source: "constructed: as the last will is described in Tasmota's documents",
    },
    {
      name: "cut off",
      rx: 'tele/tasmota_9CF9D1/STATE {"Time":"2024-02-24T22:20:38","POW',
      options,
      expect: "refused",
      source: `constructed: the same telemetry, cut in two`,
    },
  ],
});
