/** Addresses as people write them: hosts, `tcp://host:port` and serial devices, and what is wrong with one that is none. */
import { isIP } from "node:net";
import * as z from "zod";

/** RFC 1123 labels; `_` occurs in the names of private networks. */
const NAME = /^[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*\.?$/i;
const NUMBERS_ONLY = /^[\d.]+$/;
/** Of `[fd00::2]` the address. */
export const bare = (host: string): string => (/^\[.*\]$/.test(host) ? host.slice(1, -1) : host);

/** What is wrong with a host, in the words of a schema's `expected …`; undefined: nothing is. */
export function wrongHost(written: string): string | undefined {
  const host = bare(written);
  if (host === "") return "expected a host name or an address";
  if (/^[a-z]+:\/\//i.test(host))
    return "expected a host name or an address alone, such as 10.20.0.20, without http:// or tcp://";
  if (isIP(host) !== 0) return undefined;
  if (/^[^:]+:\d+$/.test(host)) return "expected a host name or an address alone: the port goes into `port`";
  if (NUMBERS_ONLY.test(host)) return "expected an address of four numbers from 0 to 255, such as 192.168.1.30";
  return NAME.test(host) && host.length <= 253 ? undefined : "expected a host name or an address";
}

/** Brackets round an IPv6 address may stand or not; they are gone afterwards. */
export const host = () =>
  z
    .string({ error: "expected a host name or an address" })
    .superRefine((written, at) => {
      const message = wrongHost(written);
      if (message !== undefined) at.addIssue({ code: "custom", message });
    })
    .transform(bare);

export interface TcpAddress {
  readonly host: string;
  readonly port: number;
}

/** Of `tcp://host:port` or `tcp://[address]:port` both parts, checked or not; null for what has not that shape. */
export function tcpAddress(written: string): TcpAddress | null {
  const [, host, port] = /^tcp:\/\/(\[[^\]\s]*\]|[^\s/:[\]]*):(\d{1,9})$/.exec(written) ?? [];
  return host === undefined ? null : { host: bare(host), port: Number(port) };
}

const DEVICE = "expected a serial device such as /dev/ttyUSB0, best by its lasting name /dev/serial/by-id/…";
const WINDOWS = `${DEVICE}: COM1, COM2 and so on are names of Windows`;
const SERVER = `${DEVICE}; behind a device server it is \`modbus: rtu-tcp\` with \`host\` and \`port\``;
const isDevice = (written: string): boolean => /^\/[^\s\p{C}]+$/u.test(written);
const wrongDevice = (written: unknown): string => (/^COM\d+:?$/i.test(String(written)) ? WINDOWS : DEVICE);

/** A serial device of this machine. */
export const serialDevice = () =>
  z.string({ error: DEVICE }).refine(isDevice, {
    error: ({ input }) => (/^[^/\s]+:\d+$/.test(String(input).replace(/^\w+:\/\//, "")) ? SERVER : wrongDevice(input)),
  });

/** A serial device, or the device server that it hangs on. */
export const serialOrTcp = () =>
  z.string({ error: DEVICE }).superRefine((written, at) => {
    const message = wrongPlace(written);
    if (message !== undefined) at.addIssue({ code: "custom", message });
  });

function wrongPlace(written: string): string | undefined {
  if (isDevice(written)) return undefined;
  if (!written.startsWith("tcp:")) return wrongDevice(written);
  const address = tcpAddress(written);
  if (address === null) return "expected tcp://host:port, such as tcp://10.20.0.31:4001 or tcp://[fd00::2]:4001";
  if (address.port < 1 || address.port > 65_535) return "expected a port from 1 to 65535 after tcp://host:";
  return wrongHost(address.host);
}
