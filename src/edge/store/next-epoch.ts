/** What the file holds and what is known beside it go in; the epoch of this run comes out, with a fresh id and a number above all that were. */
import { randomBytes } from "node:crypto";
import type { Clock } from "../../kit/clock.ts";
import type { Loaded } from "./load.ts";
import type { Sidecar } from "./sidecar.ts";
import type { Epoch } from "./standing.ts";

export function nextEpoch(
  { newest, ran, lines }: Loaded,
  sidecar: Sidecar | null,
  found: "start" | "created" | "salvaged",
  clock: Pick<Clock, "mono" | "boot">,
): Epoch {
  const head = (stream: string) => lines.find((line) => line.epoch === newest && line.stream === stream)?.head ?? 0;
  const older =
    sidecar !== null &&
    ((newest?.n ?? 0) < sidecar.n ||
      (newest?.n === sidecar.n &&
        (newest.id !== sidecar.epoch || head("readings") < sidecar.readings || head("events") < sidecar.events)));
  return {
    n: Math.max(newest?.n ?? 0, sidecar?.n ?? 0) + 1,
    id: freshId(),
    boot: clock.boot,
    opened: clock.mono(),
    cause: found === "start" && older ? "restored" : found,
    ran0: ran,
  };
}

/** 128 random bits in Crockford's base 32, 26 characters like a ULID: no clock is asked, it may be wrong. */
function freshId(): string {
  const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
  let bits = BigInt(`0x${randomBytes(16).toString("hex")}`);
  let id = "";
  for (let i = 0; i < 26; i += 1) {
    id = `${alphabet[Number(bits & 31n)]}${id}`;
    bits >>= 5n;
  }
  return id;
}
