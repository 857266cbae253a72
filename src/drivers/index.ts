/** The registry of device types: one line each, loaded when a site uses it. */
import { EdgeError } from "../kit/errors.ts";
import type { DeviceInfo, Place, Text } from "../model/index.ts";
import type { BusSpec } from "./buses.ts";
import { wireOf } from "./buses.ts";
import type { Driver, Wires } from "./driver.ts";

export const deviceTypes: Readonly<Record<string, () => Promise<Driver>>> = {
  a01nyub: async () => (await import("./devices/a01nyub.ts")).a01nyub,
  a02yyuw: async () => (await import("./devices/a02yyuw.ts")).a02yyuw,
  "abb-terra-ac": async () => (await import("./devices/abb-terra-ac.ts")).abbTerraAc,
  "alfen-eve": async () => (await import("./devices/alfen-eve.ts")).alfenEve,
  "bender-cc612": async () => (await import("./devices/bender-cc612.ts")).benderCc612,
  "go-e-charger": async () => (await import("./devices/go-e-charger.ts")).goECharger,
  "heidelberg-energy-control": async () => (await import("./devices/heidelberg-energy-control.ts")).heidelbergEnergyControl,
  "keba-p30-p40": async () => (await import("./devices/keba-p30-p40.ts")).kebaP30P40,
  "mennekes-amtron-compact": async () => (await import("./devices/mennekes-amtron-compact.ts")).mennekesAmtronCompact,
  "phoenix-charx": async () => (await import("./devices/phoenix-charx.ts")).phoenixCharx,
  "phoenix-em-cp": async () => (await import("./devices/phoenix-em-cp.ts")).phoenixEmCp,
  "schneider-evlink-pro-ac": async () => (await import("./devices/schneider-evlink-pro-ac.ts")).schneiderEvlinkProAc,
  "vestel-evc04": async () => (await import("./devices/vestel-evc04.ts")).vestelEvc04,
  "wiegand-reader": async () => (await import("./devices/wiegand-reader.ts")).wiegandReader,
  "ascii-reader": async () => (await import("./devices/ascii-reader.ts")).asciiReader,
  bthome: async () => (await import("./devices/bthome.ts")).bthome,
  "delta-ac-max": async () => (await import("./devices/delta-ac-max.ts")).deltaAcMax,
  "eastron-sdm120": async () => (await import("./devices/eastron-sdm120.ts")).eastronSdm120,
  "eastron-sdm630": async () => (await import("./devices/eastron-sdm630.ts")).eastronSdm630,
  eddystone: async () => (await import("./devices/eddystone.ts")).eddystone,
  "gatt-battery": async () => (await import("./devices/gatt-battery.ts")).gattBattery,
  "gatt-environment": async () => (await import("./devices/gatt-environment.ts")).gattEnvironment,
  "gatt-io": async () => (await import("./devices/gatt-io.ts")).gattIo,
  "gpio-blink": async () => (await import("./devices/gpio-blink.ts")).gpioBlink,
  "gpio-colour": async () => (await import("./devices/gpio-colour.ts")).gpioColour,
  "gpio-contact": async () => (await import("./devices/gpio-contact.ts")).gpioContact,
  "gpio-loop": async () => (await import("./devices/gpio-loop.ts")).gpioLoop,
  "gpio-pulse": async () => (await import("./devices/gpio-pulse.ts")).gpioPulse,
  "gpio-relay": async () => (await import("./devices/gpio-relay.ts")).gpioRelay,
  "lorawan-bosch-tps110": async () => (await import("./devices/lorawan-bosch-tps110.ts")).lorawanBoschTps110,
  "lorawan-cayenne-lpp": async () => (await import("./devices/lorawan-cayenne-lpp.ts")).lorawanCayenneLpp,
  "lorawan-dragino-ldds75": async () => (await import("./devices/lorawan-dragino-ldds75.ts")).lorawanDraginoLdds75,
  "lorawan-dragino-lht65n": async () => (await import("./devices/lorawan-dragino-lht65n.ts")).lorawanDraginoLht65n,
  "lorawan-dragino-sw3l": async () => (await import("./devices/lorawan-dragino-sw3l.ts")).lorawanDraginoSw3l,
  "lorawan-json": async () => (await import("./devices/lorawan-json.ts")).lorawanJson,
  "lorawan-libelium-parking": async () => (await import("./devices/lorawan-libelium-parking.ts")).lorawanLibeliumParking,
  "lorawan-milesight-em300-th": async () => (await import("./devices/lorawan-milesight-em300-th.ts")).lorawanMilesightEm300Th,
  "lorawan-milesight-em310-udl": async () => (await import("./devices/lorawan-milesight-em310-udl.ts")).lorawanMilesightEm310Udl,
  "lorawan-milesight-ws301": async () => (await import("./devices/lorawan-milesight-ws301.ts")).lorawanMilesightWs301,
  "lorawan-nwave-nps405": async () => (await import("./devices/lorawan-nwave-nps405.ts")).lorawanNwaveNps405,
  "lorawan-pni-placepod": async () => (await import("./devices/lorawan-pni-placepod.ts")).lorawanPniPlacepod,
  "lorawan-tekzitel": async () => (await import("./devices/lorawan-tekzitel.ts")).lorawanTekzitel,
  "ruuvi-air": async () => (await import("./devices/ruuvi-air.ts")).ruuviAir,
  "ruuvi-tag": async () => (await import("./devices/ruuvi-tag.ts")).ruuviTag,
  "shelly-switch": async () => (await import("./devices/shelly-switch.ts")).shellySwitch,
  "mqtt-json": async () => (await import("./devices/mqtt-json.ts")).mqttJson,
  ibeacon: async () => (await import("./devices/ibeacon.ts")).ibeacon,
  "jsn-sr04t": async () => (await import("./devices/jsn-sr04t.ts")).jsnSr04t,
  ld2410: async () => (await import("./devices/ld2410.ts")).ld2410,
  ld2450: async () => (await import("./devices/ld2450.ts")).ld2450,
  "maxbotix-hrxl": async () => (await import("./devices/maxbotix-hrxl.ts")).maxbotixHrxl,
  "maxbotix-xl": async () => (await import("./devices/maxbotix-xl.ts")).maxbotixXl,
  "pay-line": async () => (await import("./devices/pay-line.ts")).payLine,
  "qibixx-mdb": async () => (await import("./devices/qibixx-mdb.ts")).qibixxMdb,
  rdm6300: async () => (await import("./devices/rdm6300.ts")).rdm6300,
  "tasmota-switch": async () => (await import("./devices/tasmota-switch.ts")).tasmotaSwitch,
  "tf-luna": async () => (await import("./devices/tf-luna.ts")).tfLuna,
  "tfmini-plus": async () => (await import("./devices/tfmini-plus.ts")).tfminiPlus,
  "onvif-health": async () => (await import("./devices/onvif-health.ts")).onvifCamera,
  "pelco-d": async () => (await import("./devices/pelco-d.ts")).pelcoD,
  visca: async () => (await import("./devices/visca.ts")).visca,
  "visca-udp": async () => (await import("./devices/visca-udp.ts")).viscaUdp,
  "rtsp-health": async () => (await import("./devices/rtsp-health.ts")).rtspHealth,
  "snapshot-health": async () => (await import("./devices/snapshot-health.ts")).snapshotHealth,
  "tcp-alive": async () => (await import("./devices/tcp-alive.ts")).tcpAlive,
  "modbus-points": async () => (await import("./devices/modbus-points.ts")).modbusPoints,
};

/** Words of a configuration whose driver is still to be written: a warning, not an error. */
export const plannedTypes: readonly string[] = ["carlo-gavazzi-em340", "mbus-meter"];

/** Throws `config.type-not-yet` for a name that is not in the registry. */
export function loadDriver(type: string): Promise<Driver> {
  const load = Object.hasOwn(deviceTypes, type) ? deviceTypes[type] : undefined;
  return load ? load() : Promise.reject(new EdgeError("config.type-not-yet", { type }));
}

/** What a device asks of its bus that the bus cannot give, in words for a configuration error; empty: it fits. */
export function misfits(driver: Driver, options: unknown, bus: BusSpec): readonly Text[] {
  const wire = wireOf(bus);
  if (wire === driver.wire) return driver.misfits?.(options, bus) ?? [];
  return [
    {
      it: `un bus ${driver.wire}, che serve a ${driver.type}: questo è ${wire}`,
      en: `a ${driver.wire} bus, which ${driver.type} needs: this one is ${wire}`,
    },
  ];
}

/** A device as the other stages see it. Nothing is opened before `open`. */
export function deviceInfo(id: string, driver: Driver, options: unknown, bus: string, wires: Wires, place?: Place): DeviceInfo {
  const everyMs = driver.everyMs?.(options);
  const { status } = driver;
  return {
    id,
    type: driver.type,
    bus,
    points: driver.points(options),
    silentAfterMs: driver.silentAfterMs(options),
    ...(everyMs !== undefined && { everyMs }),
    ...(place && { place }),
    ...(status && { wire: () => status({ id, options, bus, wires }) }),
    open: (stop, host) => driver.open({ id, options, bus, wires, host, stop }),
  };
}
