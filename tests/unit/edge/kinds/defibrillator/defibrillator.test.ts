/** Use of a defibrillator is told at once and is no fault; one that cannot be used is critical; expiries are told ahead. */
import { describe, expect, it } from "vitest";
import { cabinet, HOUR, MINUTE, SECOND } from "./cabinet.ts";

const DAY = 24 * HOUR;
/** LivedSite begins on 2025-11-24. */
const today = (days: number): string => new Date(1_764_000_000_000 + days * DAY).toISOString().slice(0, 10);

describe("its use", () => {
  it("is told in the very moment in which the cabinet is opened, urgently, and is no fault", async () => {
    const { site, reads, well, told, events, state } = await cabinet();
    well();
    expect(state()["readiness"]).toBe("ready");
    reads("door", true);
    const [event] = events();
    expect(told()).toEqual(["aed.in-use raised"]);
    expect(event).toMatchObject({
      severity: "high",
      urgent: true,
      text: { it: "Defibrillatore Galleana in uso: armadietto aperto" },
    });
    expect(event?.cause).toEqual({ device: "door", point: "door", value: true });
    expect(state()["readiness"]).toBe("inUse");
    reads("present", false);
    reads("light", "dark");
    site.wait(20 * MINUTE);
    expect(told()).toEqual(["aed.door-open raised"]);
    expect(state()["readiness"]).toBe("inUse");
  });

  it("is over when the unit lies behind a closed door again; what the sensor of the light saw meanwhile was no light of it", async () => {
    const { site, reads, well, told, state } = await cabinet();
    well();
    reads("door", true);
    reads("present", false);
    reads("light", "dark");
    site.wait(8 * MINUTE);
    reads("present", true);
    reads("door", false);
    site.wait(10 * SECOND);
    reads("light", "blinking");
    site.wait(10 * MINUTE);
    expect(told()).toEqual(["aed.in-use raised", "aed.in-use cleared"]);
    expect(state()["readiness"]).toBe("ready");
  });

  it("ends by itself where the cabinet was left open with the unit in it", async () => {
    const { site, reads, well, told, state } = await cabinet();
    well();
    reads("door", true);
    site.wait(11 * MINUTE);
    expect(told()).toEqual(["aed.in-use raised", "aed.in-use cleared", "aed.door-open raised"]);
    expect(state()["readiness"]).toBe("ready");
    reads("present", false);
    expect(told()).toEqual(["aed.in-use raised"]);
  });

  it("is seen by the door alone, where nothing tells whether the unit is there", async () => {
    const { site, reads, well, told, state } = await cabinet({ present: undefined });
    well();
    reads("door", true);
    site.wait(HOUR);
    expect(told()).toEqual(["aed.in-use raised", "aed.door-open raised"]);
    expect(state()["readiness"]).toBe("inUse");
  });

  it("a door that swings in the wind is told once as such", async () => {
    const { site, reads, well, told } = await cabinet();
    well();
    for (let i = 0; i < 40; i += 1) {
      reads("door", i % 2 === 0);
      site.wait(10 * SECOND);
    }
    expect(told().filter((one) => one.startsWith("aed.in-use raised"))).toHaveLength(11);
    expect(told()).toEqual([]);
  });
});

it("a unit that stays out of its cabinet is missing: critical, and urgent during maintenance too", async () => {
  const { site, reads, well, told, events, state } = await cabinet();
  well();
  reads("present", false);
  site.wait(30 * MINUTE);
  expect(told()).toEqual(["aed.in-use raised", "aed.removed raised"]);
  expect(events().at(-1)).toMatchObject({ severity: "critical", urgent: true });
  expect(state()["readiness"]).toBe("removed");
  reads("present", true);
  expect(told()).toEqual(["aed.in-use cleared", "aed.removed cleared"]);
  expect(state()["readiness"]).toBe("ready");
});

describe("its light", () => {
  it.each([
    ["Philips", "dark", MINUTE],
    ["Philips", "steady", 5 * MINUTE],
    ["Defibtech", "dark", MINUTE],
    ["Defibtech", "red", 5 * MINUTE],
    ["HeartSine", "red", 5 * MINUTE],
    ["Cardiac Science", "red", 5 * MINUTE],
    ["ZOLL", "red", 5 * MINUTE],
    ["Schiller", "dark", MINUTE],
    ["Schiller", "steady", 5 * MINUTE],
  ])("of a %s that is %s is a critical fault when it has lasted", async (make, sign, after) => {
    const { site, reads, well, told, events, state } = await cabinet({ make });
    well();
    reads("light", sign);
    site.wait(after - 1);
    expect([told(), state()["readiness"]]).toEqual([[], "ready"]);
    site.wait(1);
    expect(told()).toEqual(["aed.fault raised"]);
    expect(events().at(-1)).toMatchObject({ severity: "critical", cause: { device: "light", point: "blink", value: sign } });
    expect(state()).toMatchObject({ readiness: "notReady", selfTestResult: "failed" });
    reads("light", "blinking");
    expect(told()).toEqual(["aed.fault cleared"]);
    expect(state()).toMatchObject({ readiness: "ready", selfTestResult: "passed" });
  });

  it("that is red for as long as a self-test takes is no fault, and does not make it unready", async () => {
    const { site, reads, well, told, state } = await cabinet({ make: "Cardiac Science" });
    well();
    for (let day = 0; day < 3; day += 1) {
      reads("light", "red");
      site.wait(40 * SECOND);
      expect(state()["readiness"]).toBe("ready");
      reads("light", "green");
      site.wait(DAY);
    }
    expect(told()).toEqual([]);
  });

  it("that its manual does not explain makes nobody believe that it is ready, and is no fault", async () => {
    const { site, reads, well, told, state } = await cabinet({ make: "Cardiac Science" });
    well();
    reads("light", "dark");
    site.wait(HOUR);
    expect([told(), state()["readiness"]]).toEqual([[], "unknown"]);
  });

  it("is judged as the site says, where it says it", async () => {
    const { site, reads, well, told } = await cabinet({ make: "Cardiac Science", faultSigns: ["dark"] });
    well();
    reads("light", "dark");
    site.wait(HOUR);
    expect(told()).toEqual(["aed.fault raised"]);
  });

  it("that was dark before somebody looked into the cabinet is dark afterwards", async () => {
    const { site, reads, well, told, state } = await cabinet();
    well();
    reads("light", "dark");
    site.wait(2 * MINUTE);
    reads("door", true);
    site.wait(MINUTE);
    reads("door", false);
    expect(state()["readiness"]).toBe("notReady");
    site.wait(HOUR);
    expect(told()).toEqual(["aed.fault raised", "aed.in-use raised", "aed.in-use cleared"]);
  });

  it("outlives a restart, a reboot and silence", async () => {
    const { site, reads, well, told, state } = await cabinet();
    well();
    reads("light", "dark");
    site.wait(2 * MINUTE);
    site.commit();
    await site.open({ offMs: 2000 });
    site.commit();
    await site.open({ reboot: true, offMs: HOUR });
    well("dark");
    expect(told()).toEqual(["aed.fault raised", "aed.fault updated", "aed.fault updated"]);
    expect(state()["readiness"]).toBe("notReady");
  });
});

describe("its chirps", () => {
  const chirp = ({ site, reads }: Awaited<ReturnType<typeof cabinet>>) => {
    reads("chirp", true);
    site.wait(300);
    reads("chirp", false);
  };

  it("are a fault when they come again and again, and over when they stop", async () => {
    const aed = await cabinet();
    aed.well();
    for (let i = 0; i < 5; i += 1) {
      chirp(aed);
      aed.site.wait(MINUTE);
    }
    expect(aed.told()).toEqual(["aed.fault raised"]);
    expect(aed.events()[0]?.text.it).toBe("Defibrillatore Galleana guasto da 2 min: emette segnali acustici");
    aed.site.wait(3 * MINUTE);
    expect(aed.told()).toEqual(["aed.fault cleared"]);
  });

  it("are none where a horn sounds in the street now and then", async () => {
    const aed = await cabinet();
    aed.well();
    for (let i = 0; i < 20; i += 1) {
      chirp(aed);
      chirp(aed);
      aed.site.wait(4 * MINUTE);
    }
    expect(aed.told()).toEqual([]);
  });

  it("that do not end are a fault as well", async () => {
    const { site, reads, well, told } = await cabinet();
    well();
    reads("chirp", true);
    site.wait(2 * MINUTE);
    expect(told()).toEqual(["aed.fault raised"]);
  });
});

describe("its cabinet", () => {
  it("too cold for an hour, with the heater off, is told; below what the unit may be stored at it cannot be used", async () => {
    const { site, reads, well, told, events, state } = await cabinet();
    well();
    reads("temperature", 3.4);
    reads("heater", false);
    site.wait(15 * MINUTE);
    expect(told()).toEqual(["aed.heater raised"]);
    expect(events()[0]?.text).toEqual({
      it: "Defibrillatore Galleana: riscaldamento spento da 15 min, 3,4 °C nell'armadietto",
      en: "Defibrillator Galleana: heater off for 15 min, 3.4 °C in its cabinet",
    });
    reads("temperature", -1);
    site.wait(50 * MINUTE);
    expect(told()).toEqual(["aed.temperature raised"]);
    site.wait(10 * MINUTE);
    expect(told()).toEqual(["aed.unusable raised"]);
    expect(events().at(-1)?.severity).toBe("critical");
    expect(state()["readiness"]).toBe("notReady");
    reads("temperature", 0.2);
    expect(told()).toEqual([]);
    reads("temperature", 12);
    expect(told()).toEqual(["aed.unusable cleared", "aed.temperature cleared", "aed.heater cleared"]);
  });

  it("too warm, or by its thermostat alone, is told too", async () => {
    const { site, reads, well, told } = await cabinet();
    well();
    reads("temperature", 46);
    site.wait(HOUR);
    reads("temperature", 30);
    expect(told()).toEqual(["aed.temperature raised", "aed.temperature cleared"]);
    reads("thermostat", true);
    site.wait(HOUR);
    expect(told()).toEqual(["aed.temperature raised"]);
  });

  it("tampered with is told at once, and a low battery once", async () => {
    const { reads, well, told, events } = await cabinet();
    well();
    reads("tamper", true);
    for (const level of [19, 21, 19, 24, 18]) reads("battery", level);
    expect(told()).toEqual(["aed.tamper raised", "aed.battery raised"]);
    expect(events()[1]?.text.it).toBe("Defibrillatore Galleana: batteria al 19 %");
    reads("battery", 100);
    expect(told()).toEqual(["aed.battery cleared"]);
  });
});

describe("what expires", () => {
  it("is told ahead of its day, with the day, and again when that has passed", async () => {
    const options = { batteryExpiry: today(100), pads: [{ type: "adult", expiry: today(61) }] };
    const { site, well, told, events } = await cabinet(options);
    well();
    expect(told()).toEqual([]);
    site.wait(DAY);
    expect(told()).toEqual(["aed.expiring raised"]);
    const [year, month, day] = today(61).split("-");
    expect(events()[0]?.text.it).toBe(`Defibrillatore Galleana, scadenza vicina: elettrodi per adulti (${day}/${month}/${year})`);
    site.wait(60 * DAY);
    well();
    expect(told().filter((one) => one.startsWith("aed.expir"))).toEqual([]);
    site.wait(DAY);
    expect(told()).toEqual(["aed.expired raised"]);
  });

  it("is not judged by a clock that may be wrong: what stands stays, and nothing new is told", async () => {
    const { site, well, told } = await cabinet({ batteryExpiry: today(-1) });
    well();
    expect(told()).toEqual(["aed.expired raised"]);
    await site.open({ reboot: true, offMs: 1000, isOffKnown: false });
    well();
    expect(told().filter((one) => one.startsWith("aed.expir"))).toEqual([]);
    site.findsClock();
    expect(told().filter((one) => one.startsWith("aed.expir"))).toEqual([]);
  });
});

it("one of which nobody knows whether it is ready is told as such, with what is silent", async () => {
  const { site, well, told, events, state } = await cabinet();
  well();
  site.device("light", false);
  site.wait(6 * MINUTE);
  expect(told()).toEqual(["aed.silent raised"]);
  expect(events()[0]?.text).toEqual({
    it: "Defibrillatore Galleana: da 5 min non si sa se è pronto (spia)",
    en: "Defibrillator Galleana: for 5 min nobody has known whether it is ready (light)",
  });
  expect(state()["readiness"]).toBe("unknown");
  site.device("light", true);
  well();
  expect(told()).toEqual(["aed.silent cleared"]);
  expect(state()["readiness"]).toBe("ready");
});
