/** Says whether this machine's own cable or radio is what keeps it from reaching an address, by the kernel's tables. */
import { readFile } from "node:fs/promises";
import { BlockList, isIPv6 } from "node:net";
import { join } from "node:path";

// RTF_UP and RTF_REJECT of linux/route.h.
const UP = 0x1;
const REJECT = 0x200;

interface Route {
  readonly network: string;
  readonly bits: number;
  readonly metric: number;
  readonly link: string;
}

/**
 * The network interface on the way to this address, if it has no carrier: its own cable is out, or its radio has no network. Null: it has one, or
 * nobody can tell. A route may stay in the table while the cable is out, and then the kernel says of every host that there is no way to it.
 */
export async function deadLinkTo(address: string, root = "/"): Promise<string | null> {
  const [bare = ""] = address.split("%");
  const family = isIPv6(bare) ? "ipv6" : "ipv4";
  const lines = (await read(join(root, "proc/net", family === "ipv6" ? "ipv6_route" : "route")))?.split("\n") ?? [];
  const routes = lines.flatMap((line) => (family === "ipv6" ? routeV6(line) : routeV4(line)) ?? []);
  const isOn = ({ network, bits }: Route): boolean => {
    const subnet = new BlockList();
    subnet.addSubnet(network, bits, family);
    return subnet.check(bare, family);
  };
  const [way] = routes.filter(isOn).sort((one, other) => other.bits - one.bits || one.metric - other.metric);
  if (way === undefined) return null;
  return (await read(join(root, "sys/class/net", way.link, "carrier")))?.trim() === "0" ? way.link : null;
}

const read = (file: string): Promise<string | null> => readFile(file, "latin1").catch(() => null);

/** `eth0 00141E0A 00000000 0001 0 0 100 00FFFFFF …`: numbers as this machine has them, which is little-endian wherever this runs. */
function routeV4(line: string): Route | null {
  const [link = "", network = "", , flags = "", , , metric = "", mask = ""] = line.trim().split(/\s+/);
  if (!/^[0-9A-F]{8}$/.test(network) || !/^[0-9A-F]{8}$/.test(mask) || !isUsed(flags)) return null;
  const ones = Number.parseInt(mask, 16).toString(2).replaceAll("0", "").length;
  return { link, network: [...Buffer.from(network, "hex")].reverse().join("."), bits: ones, metric: Number(metric) };
}

/** Network, length, source, its length, gateway, metric, two counts, flags, link; all numbers in hex. */
function routeV6(line: string): Route | null {
  const [network = "", bits = "", , , , metric = "", , , flags = "", link = ""] = line.trim().split(/\s+/);
  if (!/^[0-9a-f]{32}$/.test(network) || !/^[0-9a-f]{2}$/.test(bits) || !isUsed(flags)) return null;
  const groups = network.match(/.{4}/g) ?? [];
  return { link, network: groups.join(":"), bits: Number.parseInt(bits, 16), metric: Number.parseInt(metric, 16) };
}

const isUsed = (hex: string): boolean => (Number.parseInt(hex, 16) & (UP | REJECT)) === UP;
