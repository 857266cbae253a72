/** Cuts a master's bytes into Modbus requests and frames the replies; shares nothing with the product. */

export interface Request {
  readonly unit: number;
  readonly pdu: Uint8Array;
  /** MBAP transaction; 0 on RTU. */
  readonly transaction: number;
}

export interface Framing {
  /** Takes the bytes that arrived. "hang-up": they are no Modbus, and a real server would close the connection. */
  take(bytes: Uint8Array): readonly Request[] | "hang-up";
  wrap(request: Request, unit: number, pdu: Uint8Array): Uint8Array;
}

/** CRC-16/MODBUS (Modbus over Serial Line 1.02, appendix B), to be sent low byte first. */
export function crc16(bytes: Uint8Array): number {
  let crc = 0xffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >> 1) ^ 0xa001 : crc >> 1;
  }
  return crc;
}

export function withCrc(bytes: Uint8Array): Uint8Array {
  const crc = crc16(bytes);
  return Uint8Array.of(...bytes, crc & 0xff, crc >> 8);
}

const MBAP = 7;

/** Modbus Messaging on TCP/IP 1.0b, section 3.1.3. */
export function tcpFraming(): Framing {
  let buffer = new Uint8Array();
  return {
    take(bytes) {
      buffer = Uint8Array.of(...buffer, ...bytes);
      const requests: Request[] = [];
      while (buffer.length >= MBAP) {
        const header = new DataView(buffer.buffer, buffer.byteOffset);
        const length = header.getUint16(4);
        if (header.getUint16(2) !== 0 || length < 2 || length > 254) return "hang-up";
        if (buffer.length < 6 + length) break;
        requests.push({
          transaction: header.getUint16(0),
          unit: header.getUint8(6),
          pdu: buffer.slice(MBAP, 6 + length),
        });
        buffer = buffer.slice(6 + length);
      }
      return requests;
    },
    wrap(request, unit, pdu) {
      const frame = new Uint8Array(MBAP + pdu.length);
      const header = new DataView(frame.buffer);
      header.setUint16(0, request.transaction);
      header.setUint16(4, pdu.length + 1);
      header.setUint8(6, unit);
      frame.set(pdu, MBAP);
      return frame;
    },
  };
}

/** A silence this long ends a frame. Generous beside t3.5, because a bridge and a busy machine stretch gaps. */
const GAP_MS = 200;

/** Frames end by length and CRC, as no Linux host can hold t1.5; what makes no frame is dropped at the next silence. */
export function rtuFraming(now: () => number): Framing {
  let buffer = new Uint8Array();
  let last = 0;
  return {
    take(bytes) {
      if (now() - last > GAP_MS) buffer = new Uint8Array();
      last = now();
      buffer = Uint8Array.of(...buffer, ...bytes);
      const requests: Request[] = [];
      for (let length = frameLength(buffer); length > 0 && buffer.length >= length; length = frameLength(buffer)) {
        const frame = buffer.slice(0, length);
        // Bad CRC: a slave keeps silent and waits for the line to fall silent too.
        buffer = crc16(frame) === 0 ? buffer.slice(length) : new Uint8Array();
        if (crc16(frame) === 0) requests.push({ transaction: 0, unit: frame[0] ?? 0, pdu: frame.slice(1, -2) });
      }
      return requests;
    },
    wrap: (_request, unit, pdu) => withCrc(Uint8Array.of(unit, ...pdu)),
  };
}

/** Length of the request that begins the buffer; 0: not known yet. Unknown functions end where the CRC fits. */
function frameLength(buffer: Uint8Array): number {
  const fc = buffer[1];
  if (fc === undefined) return 0;
  if (fc >= 1 && fc <= 6) return 8;
  if (fc === 15 || fc === 16) return buffer[6] === undefined ? 0 : 9 + buffer[6];
  return buffer.length >= 4 && crc16(buffer) === 0 ? buffer.length : 0;
}
