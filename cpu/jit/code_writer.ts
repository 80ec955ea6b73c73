/**
 * Bytes of WebAssembly code written one after the other into a growing buffer. The translator writes thousands of
 * instructions per millisecond, so nothing here allocates (`cpu/wasm` is the typed way, for code made once).
 */

/** Opcodes the translator names. */
export const Op = {
  Unreachable: 0x00,
  Block: 0x02,
  Loop: 0x03,
  If: 0x04,
  Else: 0x05,
  End: 0x0b,
  Br: 0x0c,
  BrIf: 0x0d,
  BrTable: 0x0e,
  Return: 0x0f,
  Call: 0x10,
  CallIndirect: 0x11,
  ReturnCallIndirect: 0x13,
  Select: 0x1b,
  Get: 0x20,
  Set: 0x21,
  Tee: 0x22,
  I32Load: 0x28,
  I64Load: 0x29,
  F64Load: 0x2b,
  I32Load8U: 0x2d,
  I32Store: 0x36,
  I64Store: 0x37,
  F64Store: 0x39,
  I32Const: 0x41,
  I64Const: 0x42,
  I32Eqz: 0x45,
  I32Eq: 0x46,
  I32Ne: 0x47,
  I32LtS: 0x48,
  I32LtU: 0x49,
  I32GtS: 0x4a,
  I32LeS: 0x4c,
  I32GeS: 0x4e,
  I64Eqz: 0x50,
  I64Eq: 0x51,
  I64Ne: 0x52,
  I64LtS: 0x53,
  I64LtU: 0x54,
  I64GtU: 0x56,
  I64GeS: 0x59,
  I64GeU: 0x5a,
  I64Clz: 0x79,
  I64Ctz: 0x7a,
  I64Popcnt: 0x7b,
  I32Add: 0x6a,
  I32Sub: 0x6b,
  I32And: 0x71,
  I32Or: 0x72,
  I32Xor: 0x73,
  I32Mul: 0x6c,
  I32Shl: 0x74,
  I32ShrS: 0x75,
  I32ShrU: 0x76,
  I64Add: 0x7c,
  I64Sub: 0x7d,
  I64Mul: 0x7e,
  I64And: 0x83,
  I64Or: 0x84,
  I64Xor: 0x85,
  I64Shl: 0x86,
  I64ShrS: 0x87,
  I64ShrU: 0x88,
  I64Rotl: 0x89,
  I64Rotr: 0x8a,
  I32Wrap: 0xa7,
  I64ExtendS: 0xac,
  I64ExtendU: 0xad,
  I64OfF64: 0xbd,
  F64OfI64: 0xbf,
  I32Extend8S: 0xc0,
  I32Extend16S: 0xc1,
  I64Extend8S: 0xc2,
  I64Extend16S: 0xc3,
  I64Extend32S: 0xc4,
} as const;

/** Block type of a block without a value. */
export const NO_VALUE = 0x40;

export class CodeWriter {
  bytes = new Uint8Array(1 << 16);
  at = 0;
  /** Places of conditional branches that are rarely taken, in order. */
  readonly unlikely: number[] = [];

  reset(): void {
    this.at = 0;
    this.unlikely.length = 0;
  }

  byte(value: number): void {
    if (this.at === this.bytes.length) this.#grow(1);
    this.bytes[this.at++] = value;
  }

  /** Code written elsewhere. */
  code(bytes: ArrayLike<number>, length = bytes.length): void {
    this.#grow(length);
    if (bytes instanceof Uint8Array) {
      this.bytes.set(length === bytes.length ? bytes : bytes.subarray(0, length), this.at);
    } else for (let i = 0; i < length; i++) this.bytes[this.at + i] = bytes[i];
    this.at += length;
  }

  /** Unsigned LEB128 of a 32-bit integer. */
  unsigned(value: number): void {
    value >>>= 0;
    while (value > 127) {
      this.byte(value & 127 | 128);
      value >>>= 7;
    }
    this.byte(value);
  }

  /** Signed LEB128 of a 32-bit integer. */
  signed(value: number): void {
    for (;;) {
      const low = value & 127;
      value >>= 7;
      if ((value === 0 && (low & 64) === 0) || (value === -1 && (low & 64) !== 0)) return this.byte(low);
      this.byte(low | 128);
    }
  }

  /** Signed LEB128 of a safe integer. */
  signedLong(value: number): void {
    while (value < -0x80000000 || value > 0x7fffffff) {
      const rest = Math.floor(value / 128);
      this.byte(value - rest * 128 | 128);
      value = rest;
    }
    this.signed(value);
  }

  signedBig(value: bigint): void {
    while (value < -64n || value > 63n) {
      this.byte(Number(value & 127n) | 128);
      value >>= 7n;
    }
    this.byte(Number(value & 127n));
  }

  get(local: number): void {
    this.byte(Op.Get);
    this.unsigned(local);
  }
  set(local: number): void {
    this.byte(Op.Set);
    this.unsigned(local);
  }
  tee(local: number): void {
    this.byte(Op.Tee);
    this.unsigned(local);
  }
  i32(value: number): void {
    this.byte(Op.I32Const);
    this.signed(value | 0);
  }
  /** A constant that is a safe integer. */
  i64(value: number): void {
    this.byte(Op.I64Const);
    this.signedLong(value);
  }
  br(depth: number): void {
    this.byte(Op.Br);
    this.unsigned(depth);
  }
  brIf(depth: number): void {
    this.byte(Op.BrIf);
    this.unsigned(depth);
  }

  /** The same, rarely taken. */
  brIfRarely(depth: number): void {
    this.unlikely.push(this.at);
    this.brIf(depth);
  }

  /** A load or store of guest memory (memory 0). */
  guest(op: number): void {
    this.byte(op);
    this.byte(0);
    this.byte(0);
  }
  /** A load or store of shadow memory (memory 1). */
  shadow(op: number, offset: number): void {
    this.byte(op);
    this.byte(0x40);
    this.byte(1);
    this.unsigned(offset);
  }

  /** The same of a vector. */
  shadowVector(op: number, offset: number): void {
    this.byte(0xfd);
    this.shadow(op, offset);
  }

  #grow(room: number): void {
    if (this.at + room <= this.bytes.length) return;
    const bytes = new Uint8Array(Math.max(2 * this.bytes.length, this.at + room));
    bytes.set(this.bytes);
    this.bytes = bytes;
  }
}
