/** Makes unique ids that sort by their time. */
import { randomBytes } from "node:crypto";

/** UUID version 7 (RFC 9562 § 5.7) of an epoch ms. */
export function uuidv7(wall: number): string {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(wall, 0, 6);
  bytes[6] = 0x70 | ((bytes[6] ?? 0) & 0x0f);
  bytes[8] = 0x80 | ((bytes[8] ?? 0) & 0x3f);
  return bytes.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
