/** Reads a whole number of a given width and byte order out of bytes. */

export type IntegerDecode = "uint8" | "int8" | "uint16" | "int16" | "uint32" | "int32";

export function integerIn(bytes: Uint8Array, at: number, decode: IntegerDecode, isLowFirst: boolean): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  switch (decode) {
    case "uint8":
      return view.getUint8(at);
    case "int8":
      return view.getInt8(at);
    case "uint16":
      return view.getUint16(at, isLowFirst);
    case "int16":
      return view.getInt16(at, isLowFirst);
    case "uint32":
      return view.getUint32(at, isLowFirst);
    case "int32":
      return view.getInt32(at, isLowFirst);
  }
}
