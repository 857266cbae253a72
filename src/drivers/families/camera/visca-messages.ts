/** The VISCA language of camera heads: the question for their version, and what is understood of what they say. */
import type { PointSpec } from "../../../model/index.ts";
import type { Understood } from "./asked-head.ts";

/** Messages of a camera have 3 to 16 bytes; the last one is FF, and no other is. */
const MOST_BYTES = 16;
const END = 0xff;

export interface ViscaHeard {
  /** It said something that it says only when it works: an answer of whatever kind. */
  readonly answers: boolean;
  /** "Network change": it has just been switched on. */
  readonly restarts: number;
  /** Of its answer to the question for its version, as four hex digits each. */
  readonly version: { readonly vendor: string; readonly model: string; readonly rom: string } | null;
}

/** CAM_VersionInq to one of seven addresses. */
export const versionInquiry = (address: number): Uint8Array => Uint8Array.of(0x80 | address, 0x09, 0x00, 0x02, END);

/** Each camera answers with its address from the other side: `z0`, z = address + 8. Other bytes are passed over. */
export function viscaHeard(bytes: Uint8Array, address: number): ViscaHeard {
  const from = (address + 8) << 4;
  let heard: ViscaHeard = { answers: false, restarts: 0, version: null };
  let begin = 0;
  for (const [at, byte] of bytes.entries()) {
    if (byte !== END) continue;
    const message = bytes.subarray(Math.max(begin, at - MOST_BYTES + 1), at);
    begin = at + 1;
    // The byte of its address may stand before a message as noise, and within one as a number.
    for (let head = message.indexOf(from); head >= 0; head = message.indexOf(from, head + 1)) {
      const next = withMessage(heard, message.subarray(head + 1));
      if (next === null) continue;
      heard = next;
      break;
    }
  }
  return heard;
}

/** Without the address and the end; null: it is no message of a camera. */
function withMessage(heard: ViscaHeard, message: Uint8Array): ViscaHeard | null {
  const [kind = 0] = message;
  if (kind === 0x38 && message.length === 1) return { ...heard, restarts: heard.restarts + 1 };
  if (kind === 0x50 && message.length === 8) {
    const word = (at: number): string => Buffer.from(message.subarray(at, at + 2)).toString("hex");
    return { ...heard, answers: true, version: { vendor: word(1), model: word(3), rom: word(5) } };
  }
  // Acknowledged and done are 4y and 5y alone, an error is 6y and what is wrong.
  const length = new Map([
    [0x40, 1],
    [0x50, 1],
    [0x60, 2],
  ]).get(kind & 0xf0);
  return message.length === length ? { ...heard, answers: true } : null;
}

export const VISCA_POINTS: Readonly<Record<string, PointSpec>> = {
  alive: { unit: "", kind: "state", report: { atLeastMs: 15 * 60_000 } },
  restarts: { unit: "1", kind: "increments" },
  model: { unit: "", kind: "text", report: {} },
  firmware: { unit: "", kind: "state", isWord: true, report: {} },
};

export function viscaUnderstood(bytes: Uint8Array, address: number): Understood {
  const { answers, restarts, version } = viscaHeard(bytes, address);
  return {
    answers,
    restarts,
    values: version === null ? {} : { model: `${version.vendor}-${version.model}`, firmware: version.rom },
  };
}
