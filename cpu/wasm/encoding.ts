/**
 * Bytes of the WebAssembly binary format: LEB128 numbers, vectors, sections and value types. Nothing here knows about
 * functions or instructions; `expression.ts`, `function_builder.ts` and `module_builder.ts` are built on it.
 */

export type ValueType = "i32" | "i64" | "f32" | "f64" | "v128";

const TYPE_BYTES: Record<ValueType, number> = { i32: 0x7f, i64: 0x7e, f32: 0x7d, f64: 0x7c, v128: 0x7b };

export function typeByte(type: ValueType): number {
  return TYPE_BYTES[type];
}

/** Unsigned LEB128 of an integer in 0..2^32-1. */
export function unsigned(value: number): number[] {
  if (!(Number.isInteger(value) && value >= 0 && value < 2 ** 32)) throw new Error(`not a u32: ${value}`);
  const bytes: number[] = [];
  do {
    const low = value % 128;
    value = Math.floor(value / 128);
    bytes.push(value === 0 ? low : low | 0x80);
  } while (value !== 0);
  return bytes;
}

/** Signed LEB128 of any integer that fits 64 bits. */
export function signed(value: bigint): number[] {
  const bytes: number[] = [];
  while (true) {
    const low = Number(value & 0x7fn);
    value >>= 7n;
    const done = (value === 0n && (low & 0x40) === 0) || (value === -1n && (low & 0x40) !== 0);
    bytes.push(done ? low : low | 0x80);
    if (done) return bytes;
  }
}

/** A vector: its length, then its items. */
export function vector(items: readonly (readonly number[])[]): number[] {
  return [...unsigned(items.length), ...items.flat()];
}

/** A name: UTF-8 bytes with their length. */
export function name(text: string): number[] {
  const bytes = [...new TextEncoder().encode(text)];
  return [...unsigned(bytes.length), ...bytes];
}

/** Bytes preceded by their length, as function bodies and sections are. */
export function sized(bytes: readonly number[]): number[] {
  const size = unsigned(bytes.length);
  const out = new Array<number>(size.length + bytes.length);
  for (let i = 0; i < size.length; i++) out[i] = size[i];
  for (let i = 0; i < bytes.length; i++) out[size.length + i] = bytes[i];
  return out;
}

/** A section with its id. */
export function section(id: number, content: readonly number[]): number[] {
  const body = sized(content);
  body.unshift(id);
  return body;
}
