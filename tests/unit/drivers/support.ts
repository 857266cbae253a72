/** A real TCP server for one Modbus line, scripted in what it does with each request. */
import { createServer, type Server, type Socket } from "node:net";
// @ts-expect-error the package has types, its `exports` hide them
import { MockBinding, type MockPortBinding } from "@serialport/binding-mock";
import { type BusSpec, busSchema } from "../../../src/drivers/buses.ts";
import type { SerialBinding } from "../../../src/drivers/transports/serial/serial-port.ts";

/** The mocked binding, and a hand on the port that it opened last. */
export function mockPorts(): { readonly binding: SerialBinding; opened: MockPortBinding | undefined } {
  const ports = {
    opened: undefined as MockPortBinding | undefined,
    binding: {
      list: () => MockBinding.list(),
      open: async (options: Parameters<typeof MockBinding.open>[0]) => {
        ports.opened = await MockBinding.open(options);
        return ports.opened;
      },
    } as unknown as SerialBinding,
  };
  return ports;
}

/** CRC-16/MODBUS bit by bit: not the product's table. */
export function withCrc(...bytes: readonly number[]): Buffer {
  let crc = 0xffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >> 1) ^ 0xa001 : crc >> 1;
  }
  return Buffer.from([...bytes, crc & 0xff, crc >> 8]);
}

/** A register read's reply in RTU form. */
export const registers = (unit: number, fc: number, ...words: readonly number[]): Buffer =>
  withCrc(unit, fc, words.length * 2, ...words.flatMap((word) => [word >> 8, word & 0xff]));

/** The same for Modbus TCP. */
export function mbap(transaction: number, rtu: Buffer, protocol = 0): Buffer {
  const head = Buffer.alloc(6);
  head.writeUInt16BE(transaction & 0xffff, 0);
  head.writeUInt16BE(protocol, 2);
  head.writeUInt16BE(rtu.length - 2, 4);
  return Buffer.concat([head, rtu.subarray(0, -2)]);
}

export interface Asked {
  readonly unit: number;
  readonly fc: number;
  readonly address: number;
  readonly quantity: number;
  readonly transaction: number;
  /** The request as it came. */
  readonly bytes: Buffer;
  readonly socket: Socket;
  /** Counted over all connections, from 1. */
  readonly n: number;
}

export interface FarSide extends AsyncDisposable {
  readonly spec: BusSpec;
  readonly asked: Asked[];
  readonly connections: () => number;
}

/** `answer` is called once per request; requests must arrive whole, which they do on the loopback. */
export async function farSide(
  modbus: "tcp" | "rtu-tcp",
  answer: (asked: Asked) => void,
  extra: Readonly<Record<string, unknown>> = {},
): Promise<FarSide> {
  const asked: Asked[] = [];
  let connections = 0;
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    connections += 1;
    socket.setNoDelay(true);
    sockets.add(socket);
    socket.on("error", () => undefined).on("close", () => sockets.delete(socket));
    socket.on("data", (bytes) => {
      const pdu = modbus === "tcp" ? bytes.subarray(6) : bytes;
      const request: Asked = {
        unit: pdu.readUInt8(0),
        fc: pdu.readUInt8(1),
        address: pdu.readUInt16BE(2),
        quantity: pdu.readUInt16BE(4),
        transaction: modbus === "tcp" ? bytes.readUInt16BE(0) : 0,
        bytes,
        socket,
        n: asked.length + 1,
      };
      asked.push(request);
      answer(request);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address ? address.port : 0;
  return {
    spec: busSchema.parse({ modbus, host: "127.0.0.1", port, ...extra }),
    asked,
    connections: () => connections,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Writes the same bytes again and again until the other side hangs up. */
export function poured(socket: Socket, bytes: Buffer): Promise<void> {
  const block = Buffer.concat(Array(Math.ceil(65_536 / bytes.length)).fill(bytes));
  const pour = () => {
    while (socket.writable && socket.write(block));
  };
  socket.on("error", () => undefined).on("drain", pour);
  pour();
  return new Promise((resolve) => socket.once("close", () => resolve()));
}

export const never = new AbortController().signal;

export const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** The code an operation fails with, or "none". */
export const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => "none",
    (error: { readonly code?: string }) => error.code ?? String(error),
  );
