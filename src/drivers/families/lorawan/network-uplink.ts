/** Takes an uplink out of the JSON in which a LoRaWAN network server publishes it. */

/** Whose words: ChirpStack v4 (integration event `up`), The Things Stack v3. */
export const NETWORKS = ["chirpstack", "tts"] as const;
export type Network = (typeof NETWORKS)[number];

export interface Uplink {
  /** By which the network tells this uplink from every other; null: it does not say. */
  readonly id: string | null;
  readonly address: string;
  readonly counter: number;
  readonly port: number;
  readonly bytes: Uint8Array;
  /** What a decoder of the network made of the bytes; undefined: it has none. */
  readonly object: unknown;
}

export interface Named {
  readonly network: Network;
  readonly devEui?: string | undefined;
  readonly device?: string | undefined;
}

/** The topic of a device's uplinks, whatever its application. */
export const uplinkTopic = ({ network, devEui = "", device = "" }: Named): string =>
  network === "chirpstack" ? `application/+/device/${devEui.toLowerCase()}/event/up` : `v3/+/devices/${device}/up`;

/** Null: it is none. */
export function uplinkIn(network: Network, document: unknown): Uplink | null {
  const outer = objectIn(document);
  if (outer === null) return null;
  return network === "chirpstack" ? fromChirpstack(outer) : fromTheThingsStack(outer);
}

type Json = Readonly<Record<string, unknown>>;

/** chirpstack-api, integration.proto, UplinkEvent. */
function fromChirpstack({ deviceInfo, deduplicationId, devAddr, fCnt, fPort, data, object }: Json): Uplink | null {
  if (objectIn(deviceInfo) === null) return null;
  return uplinkOf({ id: deduplicationId, address: devAddr, counter: fCnt, port: fPort, data, object });
}

/** The Things Stack, reference, data formats. The network's time of receipt has nanoseconds: no two uplinks of a device share it. */
function fromTheThingsStack({ end_device_ids, uplink_message }: Json): Uplink | null {
  const ids = objectIn(end_device_ids);
  const uplink = objectIn(uplink_message);
  if (ids === null || uplink === null) return null;
  const { received_at, f_cnt, f_port, frm_payload, decoded_payload } = uplink;
  const named = { id: received_at, address: ids["dev_addr"] };
  return uplinkOf({ ...named, counter: f_cnt, port: f_port, data: frm_payload, object: decoded_payload });
}

/** A field that is 0 or empty may be left out, as the JSON mapping of Protocol Buffers has it. */
function uplinkOf({ id, address, counter = 0, port = 0, data = "", object }: Readonly<Record<string, unknown>>): Uplink | null {
  if (!isCount(counter) || !isCount(port) || port > 255 || typeof data !== "string" || !isBase64(data)) return null;
  return {
    id: typeof id === "string" ? id : null,
    address: typeof address === "string" ? address : "",
    counter,
    port,
    bytes: Buffer.from(data, "base64"),
    object,
  };
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;
const isBase64 = (text: string): boolean => /^[A-Za-z0-9+/]*={0,2}$/.test(text) && text.length % 4 === 0;
const objectIn = (value: unknown): Json | null =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : null;
