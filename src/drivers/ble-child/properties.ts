/** Reads an advertisement from the properties of a BlueZ device; pure. */

export interface Heard {
  readonly rssi?: number;
  readonly services: Readonly<Record<string, string>>;
  readonly manufacturers: Readonly<Record<string, string>>;
}

/** An advertisement has 31 bytes, an extended one 255 (Core 5.4, Vol 6, B 2.3); more is none. */
const FIELDS_MAX = 8;
const BYTES_MAX = 255;
const SIG_UUID = /^0000([0-9a-f]{4})-0000-1000-8000-00805f9b34fb$/;

export const shortUuid = (uuid: string): string => {
  const lower = uuid.toLowerCase();
  return SIG_UUID.exec(lower)?.[1] ?? lower;
};

/** What changed, or a new object: only what the air brought counts, and RSSI, ManufacturerData or ServiceData say that it did. */
export function advertOf(properties: Readonly<Record<string, unknown>>): Heard | null {
  const rssi = plain(properties["RSSI"]);
  const services = fields(properties["ServiceData"], shortUuid);
  const manufacturers = fields(properties["ManufacturerData"], (id) => Number(id).toString(16).padStart(4, "0"));
  if (typeof rssi !== "number" && !services && !manufacturers) return null;
  return {
    ...(typeof rssi === "number" && { rssi: Math.max(-128, Math.min(127, Math.round(rssi))) }),
    services: services ?? {},
    manufacturers: manufacturers ?? {},
  };
}

function fields(property: unknown, keyOf: (key: string) => string): Readonly<Record<string, string>> | null {
  const value = plain(property);
  if (typeof value !== "object" || value === null || Array.isArray(value) || value instanceof Uint8Array) return null;
  const known: [string, string][] = [];
  for (const [key, data] of Object.entries(value).slice(0, FIELDS_MAX)) {
    const bytes = plain(data);
    if (bytes instanceof Uint8Array || Array.isArray(bytes))
      known.push([
        keyOf(key),
        Buffer.from(bytes as Uint8Array)
          .subarray(0, BYTES_MAX)
          .toString("hex"),
      ]);
  }
  return known.length > 0 ? Object.fromEntries(known) : null;
}

/** Dictionary values come as variants, and variants in variants. */
function plain(value: unknown): unknown {
  let inner = value;
  for (let depth = 0; depth < 4; depth += 1) {
    if (typeof inner !== "object" || inner === null || !("signature" in inner) || !("value" in inner)) return inner;
    inner = inner.value;
  }
  return inner;
}
