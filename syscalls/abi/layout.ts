/**
 * C struct layouts of the 64-bit asm-generic ABI as data: field name, byte offset, type. Handlers read and write structs through `readStruct` and
 * `writeStruct`, strace prints them from the same rows.
 */

/** Field types: fixed-width integers, `bytes:N`, or a nested layout. */
export type FieldType =
  | "i8"
  | "u8"
  | "i16"
  | "u16"
  | "i32"
  | "u32"
  | "i64"
  | "u64"
  | { readonly bytes: number }
  | Layout;

export interface Field {
  readonly name: string;
  readonly at: number;
  readonly type: FieldType;
}

export interface Layout {
  readonly name: string;
  /** Size in bytes, with tail padding. */
  readonly size: number;
  readonly fields: readonly Field[];
}

/** Values of a struct by field name. 64-bit fields are numbers (exact to 2^53) unless given as bigint. */
export type StructValue = { [field: string]: number | bigint | Uint8Array | StructValue };

const sizeOf = (t: FieldType): number =>
  typeof t === "string" ? Number(t.slice(1)) / 8 : "bytes" in t ? t.bytes : t.size;
const alignOf = (t: FieldType): number =>
  typeof t === "string" ? sizeOf(t) : "bytes" in t ? 1 : Math.max(1, ...t.fields.map((f) => alignOf(f.type)));

/** Laid out by C's rules when it is first asked: a short program uses few of the structs that are declared. */
class Struct implements Layout {
  #size = -1;
  readonly #fields: Field[] = [];
  readonly #types: Readonly<Record<string, FieldType>>;

  constructor(readonly name: string, types: Readonly<Record<string, FieldType>>) {
    this.#types = types;
  }

  get size(): number {
    if (this.#size < 0) this.#lay();
    return this.#size;
  }

  get fields(): readonly Field[] {
    if (this.#size < 0) this.#lay();
    return this.#fields;
  }

  #lay(): void {
    let at = 0, align = 1;
    for (const [name, type] of Object.entries(this.#types)) {
      const a = alignOf(type);
      align = Math.max(align, a);
      at = Math.ceil(at / a) * a;
      this.#fields.push({ name, at, type });
      at += sizeOf(type);
    }
    this.#size = Math.ceil(at / align) * align;
  }
}

/** A struct of these fields, in their order. */
export const struct = (name: string, fields: Readonly<Record<string, FieldType>>): Layout => new Struct(name, fields);

/** Bytes of a struct value; fields not given are zero. */
export const encodeStruct = (layout: Layout, value: StructValue): Uint8Array<ArrayBuffer> => {
  const bytes = new Uint8Array(layout.size);
  encodeInto(new DataView(bytes.buffer), 0, layout, value);
  return bytes;
};

const encodeInto = (view: DataView, base: number, layout: Layout, value: StructValue): void => {
  for (const { name, at, type } of layout.fields) {
    const v = value[name];
    if (v === undefined) continue;
    if (typeof type !== "string") {
      if ("bytes" in type) {
        new Uint8Array(view.buffer, view.byteOffset + base + at, type.bytes).set(
          (v as Uint8Array).subarray(0, type.bytes),
        );
      } else encodeInto(view, base + at, type, v as StructValue);
    } else if (type === "i64" || type === "u64") {
      view.setBigUint64(base + at, BigInt.asUintN(64, BigInt(v as number | bigint)), true);
    } else if (type === "i32" || type === "u32") view.setUint32(base + at, Number(v), true);
    else if (type === "i16" || type === "u16") view.setUint16(base + at, Number(v), true);
    else view.setUint8(base + at, Number(v));
  }
};

/** Struct value of bytes; nested layouts nest. */
export const decodeStruct = (layout: Layout, bytes: Uint8Array, base = 0): { [field: string]: any } => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const out: { [field: string]: any } = {};
  for (const { name, at, type } of layout.fields) {
    const p = base + at;
    if (typeof type !== "string") {
      out[name] = "bytes" in type ? bytes.slice(p, p + type.bytes) : decodeStruct(type, bytes, p);
    } else if (type === "i64") out[name] = Number(view.getBigInt64(p, true));
    else if (type === "u64") out[name] = Number(view.getBigUint64(p, true));
    else if (type === "i32") out[name] = view.getInt32(p, true);
    else if (type === "u32") out[name] = view.getUint32(p, true);
    else if (type === "i16") out[name] = view.getInt16(p, true);
    else if (type === "u16") out[name] = view.getUint16(p, true);
    else out[name] = type === "i8" ? view.getInt8(p) : view.getUint8(p);
  }
  return out;
};
