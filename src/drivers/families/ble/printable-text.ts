/** Text as a device sends it, without what nobody can see: anybody can send a name by radio. */

/** UTF-8; controls, marks that turn a line round, halves of characters and separators of lines become U+FFFD, as bytes that are none do. */
export const printableText = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    .toString("utf8")
    .replace(/[\p{C}\p{Zl}\p{Zp}]/gu, "\ufffd");
