/** Bytes of gdb's remote protocol: hexadecimal, and binary with `}` as the escape. */

export const hexOf = (bytes: Uint8Array): string => bytes.toHex();

/** Bytes of hexadecimal digits; a stray last digit is dropped. */
export const fromHex = (text: string): Uint8Array => {
  const bytes = new Uint8Array(text.length >> 1);
  for (let i = 0; i < bytes.length; i++) bytes[i] = parseInt(text.slice(2 * i, 2 * i + 2), 16);
  return bytes;
};

/** `}`, `#`, `$` and `*` cannot stand in a packet as they are. */
export const escaped = (bytes: Uint8Array): Uint8Array => {
  const out: number[] = [];
  for (const b of bytes) {
    if (b === 0x7d || b === 0x23 || b === 0x24 || b === 0x2a) out.push(0x7d, b ^ 0x20);
    else out.push(b);
  }
  return new Uint8Array(out);
};
export const unescaped = (bytes: Uint8Array): Uint8Array => {
  const out: number[] = [];
  for (let i = 0; i < bytes.length; i++) {
    out.push(bytes[i] === 0x7d && i + 1 < bytes.length ? bytes[++i] ^ 0x20 : bytes[i]);
  }
  return new Uint8Array(out);
};
