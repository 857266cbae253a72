/** Any LoRaWAN device that its network decodes itself: where its values stand is said in the configuration. */
import { objectDevice } from "../families/lorawan/object-device.ts";

const soil = {
  devEui: "A8404187D187106E",
  silentAfter: "2h",
  points: {
    battery: { at: "/BatV", unit: "V" },
    moisture: { at: "/water_SOIL_f", unit: "%" },
    conductivity: { at: "/conduct_SOIL", unit: "uS/cm" },
    temperature: { at: "/temp_SOIL", unit: "Cel" },
  },
};
const things = {
  network: "tts",
  device: "dev1",
  silentAfter: "2h",
  points: { temperature: { at: "/temperature", unit: "Cel" }, luminosity: { at: "/luminosity", unit: "1" } },
};

export const lorawanJson = objectDevice({
  type: "lorawan-json",
  title: { it: "Apparecchio LoRaWAN decodificato dalla sua rete", en: "LoRaWAN device that its network decodes" },
  goldens: [
    {
      name: "ChirpStack v4: a soil sensor, one value as text",
      rx: 'application/5bb92de6-49b3-49af-a366-34667f2230be/device/a8404187d187106e/event/up {"deduplicationId":"9ffbc7be-916a-4597-9d64-0713a3d5e030","time":"2024-06-20T08:48:38.863512+00:00","deviceInfo":{"tenantId":"52f14cd4-c6f1-4fbd-8f87-4025e1d49242","tenantName":"Jena","applicationId":"5bb92de6-49b3-49af-a366-34667f2230be","deviceName":"LST25628782","devEui":"a8404187d187106e"},"object":{"BatV":3.301,"temp_DS18B20":"0.00","temp_SOIL":"13.25","water_SOIL_f":13.74,"conduct_SOIL":35.0}}',
      options: soil,
      expect: { battery: 3.301, moisture: 13.74, conductivity: 35, temperature: 13.25 },
      source: "a user's capture of 2024-06-20 (Eclipse SensiNact, README of its ChirpStack connector), without rxInfo",
    },
    {
      name: "The Things Stack v3: the uplink of its documents",
      rx: 'v3/app1@tenant1/devices/dev1/up {"end_device_ids":{"device_id":"dev1","application_ids":{"application_id":"app1"},"dev_eui":"0004A30B001C0530","dev_addr":"00BCB929"},"received_at":"2020-02-12T15:15:45.9Z","uplink_message":{"f_cnt":1,"f_port":1,"frm_payload":"gkHe","decoded_payload":{"temperature":1.0,"luminosity":0.64},"received_at":"2020-02-12T15:15:45.8Z"}}',
      options: things,
      expect: { temperature: 1, luminosity: 0.64 },
      source: "The Things Stack, reference, data formats, example of an uplink message; its cut-off times completed",
    },
    {
      name: "an uplink of The Things Stack on ChirpStack's wire",
      rx: 'application/1/device/a8404187d187106e/event/up {"end_device_ids":{"device_id":"dev1"},"uplink_message":{"f_port":1}}',
      options: soil,
      expect: "refused",
      source: "constructed: the message before under the other network's topic",
    },
  ],
});
