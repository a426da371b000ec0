import { printable } from "./utf8";

// The part of CBOR (RFC 8949) that records use: numbers, byte and text strings, arrays, one open map.

export type CborValue = bigint | Uint8Array | string | CborValue[];

class Reader {
  private at = 0;
  constructor(private readonly bytes: Uint8Array) {}

  next(): number {
    const byte = this.bytes[this.at];
    if (byte === undefined) throw new Error("the record ends too early");
    this.at += 1;
    return byte;
  }

  peek(): number {
    return this.bytes[this.at] ?? -1;
  }

  done(): boolean {
    return this.at === this.bytes.length;
  }

  number(info: number): bigint {
    if (info < 24) return BigInt(info);
    const size = { 24: 1, 25: 2, 26: 4, 27: 8 }[info];
    if (size === undefined) throw new Error("the record is of another form");
    let value = 0n;
    for (let i = 0; i < size; i += 1) value = (value << 8n) | BigInt(this.next());
    return value;
  }

  slice(length: bigint): Uint8Array {
    const end = this.at + Number(length);
    if (end > this.bytes.length) throw new Error("the record ends too early");
    const out = this.bytes.slice(this.at, end);
    this.at = end;
    return out;
  }

  value(): CborValue {
    const head = this.next();
    const length = this.number(head & 31);
    switch (head >> 5) {
      case 0:
        return length;
      case 2:
        return this.slice(length);
      case 3:
        return printable(this.slice(length));
      case 4:
        return Array.from({ length: Number(length) }, () => this.value());
      default:
        throw new Error("the record is of another form");
    }
  }
}

/** A record's fields by their keys. */
export function parseRecordMap(bytes: Uint8Array): Map<number, CborValue> {
  const reader = new Reader(bytes);
  if (reader.next() !== 0xbf) throw new Error("the record is of another form");
  const out = new Map<number, CborValue>();
  while (reader.peek() !== 0xff) {
    const key = reader.value();
    if (typeof key !== "bigint") throw new Error("the record is of another form");
    out.set(Number(key), reader.value());
  }
  reader.next();
  if (!reader.done()) throw new Error("something stands behind the record");
  return out;
}
