/** Text as a device sends it, without what nobody can see: anybody can send a name by radio. */

/** Decodes UTF-8. Control characters, marks that change the direction of writing, lone surrogates, line separators and invalid bytes become U+FFFD. */
export const printableText = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    .toString("utf8")
    .replace(/[\p{C}\p{Zl}\p{Zp}]/gu, "\ufffd");
