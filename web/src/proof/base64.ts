/** Base 64 in its one canonical form: whatever else decodes to the same bytes is refused. */
export function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  let raw: string;
  try {
    raw = atob(text);
  } catch {
    throw new Error("not base 64");
  }
  if (btoa(raw) !== text) throw new Error("not canonical base 64");
  return Uint8Array.from(raw, (character) => character.charCodeAt(0));
}

export function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}

export function joined(...parts: readonly (Uint8Array | number[])[]): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}
