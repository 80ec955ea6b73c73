/**
 * Names between guest and kernel. Linux's names are bytes, ours strings: a byte that is not part of valid UTF-8 becomes the lone surrogate U+DC00 + byte, which UTF-8
 * itself never yields, and turns back into that byte. So every name survives the way there and back, and names that differ stay different.
 */
const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();

/** Length of the valid UTF-8 sequence at `i`, 0 when there is none (RFC 3629: no overlong forms, no surrogates). */
const sequenceAt = (bytes: Uint8Array, i: number): number => {
  const first = bytes[i];
  if (first < 0x80) return 1;
  const length = first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
  if (length === 0 || i + length > bytes.length) return 0;
  const second = bytes[i + 1];
  const least = first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80;
  const most = first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf;
  if (second < least || second > most) return 0;
  for (let k = 2; k < length; k++) if ((bytes[i + k] & 0xc0) !== 0x80) return 0;
  return length;
};

const decodeMixed = (bytes: Uint8Array): string => {
  let text = "", good = 0;
  for (let i = 0; i < bytes.length;) {
    const n = sequenceAt(bytes, i);
    if (n === 0) {
      text += strict.decode(bytes.subarray(good, i)) + String.fromCharCode(0xdc00 + bytes[i]);
      good = ++i;
    } else i += n;
  }
  return text + strict.decode(bytes.subarray(good));
};

/** Bytes of the guest as a string. */
export const textOf = (bytes: Uint8Array): string => {
  try {
    return strict.decode(bytes);
  } catch {
    return decodeMixed(bytes);
  }
};

/** The string's bytes as the guest gave them. */
export const bytesOf = (text: string): Uint8Array<ArrayBuffer> => {
  if (text.isWellFormed()) return encoder.encode(text);
  const parts: number[] = [];
  for (const c of text) {
    const code = c.codePointAt(0)!;
    if (code >= 0xdc80 && code <= 0xdcff) parts.push(code - 0xdc00);
    else parts.push(...encoder.encode(c));
  }
  return Uint8Array.from(parts);
};

/** At most `most` bytes of a string, whatever they cut through. */
export const clipped = (text: string, most: number): string => {
  if (text.length * 3 <= most) return text;
  const bytes = bytesOf(text);
  return bytes.length <= most ? text : textOf(bytes.subarray(0, most));
};
