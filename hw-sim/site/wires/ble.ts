/** Bluetooth of the simulated site: tags that advertise or are read, behind the child's protocol. */
import { join } from "node:path";
import * as z from "zod";
import { Radio } from "../ble/radio.ts";
import { Tag } from "../ble/tag.ts";
import { layoutOn, siteWire, type Twin } from "./wire.ts";

export const ble = siteWire({
  spec: z.strictObject({ ble: z.string() }).describe("An adapter, reached by a program of the site's own."),

  async open(spec, { bus, devices, dir, faults, log }) {
    const tags = new Map(
      devices.map((device) => {
        const points = Object.keys(device.driver.points(device.options));
        return [device.id, new Tag(layoutOn("ble", device), points)];
      }),
    );
    const radio = await Radio.open({ bus, folder: join(dir, "tools", bus), tags, faults, log });
    return {
      config: { ...spec, helper: radio.helper },
      faults: ["silence", "unplug", "helper-dies"],
      twins: new Map([...tags].map(([id, tag]) => [id, twinOf(tag)])),
      showsUnplugged: true,
      plug: () => radio.plug(),
      unplug: () => radio.unplug(),
      [Symbol.asyncDispose]: () => radio[Symbol.asyncDispose](),
    };
  },
});

const twinOf = (tag: Tag): Twin => ({
  values: () => tag.values,
  set(point, value) {
    if (typeof value === "string") throw new Error(`${point} is a number, or true or false`);
    tag.set(point, value);
  },
});
