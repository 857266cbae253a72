/** A Modbus TCP slave that counts every write to its coils and can hold back its answers. */
import type { Socket } from "node:net";
import { type Asked, farSide, mbap, withCrc } from "../../unit/drivers/support.ts";

export interface Write {
  readonly coil: number;
  readonly value: boolean;
}

export interface Coils extends AsyncDisposable {
  /** For the gateway's configuration; a busy machine is no timeout. */
  readonly bus: object;
  readonly writes: readonly Write[];
  readonly on: ReadonlySet<number>;
  /** Discrete inputs that read true, for bays. */
  readonly inputs: Set<number>;
  /** Kinds of request that get no answer: "read", "write". */
  readonly mute: Set<"read" | "write">;
  /** Units that do not even hear. */
  readonly dead: Set<number>;
  /** Called after a write has been carried out and, unless muted, answered. */
  written: (write: Write) => void;
}

/** A command waits that long for a muted answer; no test waits for the end of that. */
export async function coils(timeout = "20s"): Promise<Coils> {
  const writes: Write[] = [];
  const on = new Set<number>();
  const inputs = new Set<number>();
  const mute = new Set<"read" | "write">();
  const dead = new Set<number>();
  const bit = (set: ReadonlySet<number>, { address, quantity }: Asked) => {
    let byte = 0;
    for (let i = 0; i < Math.min(8, quantity); i += 1) if (set.has(address + i)) byte |= 1 << i;
    return byte;
  };
  const reply = (socket: Socket, asked: Asked, ...pdu: readonly number[]) =>
    socket.writable && socket.write(mbap(asked.transaction, withCrc(asked.unit, ...pdu)));

  const far = await farSide("tcp", (asked) => {
    if (dead.has(asked.unit)) return;
    if (asked.fc === 5) {
      const write = { coil: asked.address, value: asked.quantity === 0xff00 };
      writes.push(write);
      if (write.value) on.add(write.coil);
      else on.delete(write.coil);
      if (!mute.has("write")) reply(asked.socket, asked, 5, asked.address >> 8, asked.address & 0xff, write.value ? 0xff : 0, 0);
      slave.written(write);
    } else if (!mute.has("read")) reply(asked.socket, asked, asked.fc, 1, bit(asked.fc === 1 ? on : inputs, asked));
  });
  const slave: Coils = {
    bus: { modbus: "tcp", host: "127.0.0.1", port: "port" in far.spec ? far.spec.port : 0, timeout },
    writes,
    on,
    inputs,
    mute,
    dead,
    written: () => undefined,
    [Symbol.asyncDispose]: () => far[Symbol.asyncDispose](),
  };
  return slave;
}
