const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** How long a character is that begins with this byte. */
function lengthOf(first: number): number {
  if (first < 0x80) return 1;
  if (first < 0xe0) return 2;
  return first < 0xf0 ? 3 : 4;
}

/** Bytes as the gateway shows them: what is not UTF-8 byte by byte, as \\xNN. */
export function printable(bytes: Uint8Array): string {
  try {
    return strict.decode(bytes);
  } catch {
    // Told below what is wrong with it.
  }
  let out = "";
  for (let at = 0; at < bytes.length;) {
    const first = bytes[at] ?? 0;
    const end = at + lengthOf(first);
    try {
      if (end > bytes.length) throw new Error("it ends too early");
      out += strict.decode(bytes.subarray(at, end));
      at = end;
    } catch {
      out += `\\x${first.toString(16).padStart(2, "0")}`;
      at += 1;
    }
  }
  return out;
}
