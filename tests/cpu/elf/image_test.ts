/** Damaged ELF files: whatever the bytes say, parsing ends with an image whose numbers are in bounds or with one clear line, and reads nothing beyond the file. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { ElfError, type ElfImage, parseElf } from "../../../cpu/elf/image.ts";
import { loadElf } from "../../../cpu/elf/load.ts";
import { CodeMemory } from "../../../cpu/interp/code_memory.ts";
import { createAddressSpace } from "../../../cpu/memory/space.ts";

const HELLO = Deno.readFileSync(new URL("../../guests/bin/hello", import.meta.url));
const PHNUM = new DataView(HELLO.buffer).getUint16(56, true);
const HEADERS = 64 + 56 * PHNUM;
const SPACE_END = 2 ** 32;

/** Parses with a reader that refuses to leave the file or to read much. */
const parse = (bytes: Uint8Array): ElfImage | ElfError =>
  parseElf((at, length) => {
    assert.ok(at >= 0 && length <= 65536 && at + length <= bytes.length, `read of ${length} bytes at ${at}`);
    return bytes.subarray(at, at + length);
  }, bytes.length);

const reason = (bytes: Uint8Array): string => {
  const image = parse(bytes);
  assert.ok(image instanceof ElfError, "was accepted");
  assert.match(image.message, /^[^\n]{5,100}$/);
  return image.message;
};

/** Hello with some bytes changed; `at` counts from the start of the file. */
const edited = (edit: (view: DataView, bytes: Uint8Array) => void): Uint8Array => {
  const bytes = HELLO.slice();
  edit(new DataView(bytes.buffer), bytes);
  return bytes;
};
/** Offset of the first program header of the type. */
const header = (type: number): number => {
  const view = new DataView(HELLO.buffer);
  for (let i = 0; i < PHNUM; i++) if (view.getUint32(64 + 56 * i, true) === type) return 64 + 56 * i;
  throw new Error(`hello has no program header of type ${type}`);
};
const LOAD = header(1);

Deno.test("hello cut off at every length within its headers is refused with one line", () => {
  for (let length = 0; length < HEADERS; length++) {
    const why = reason(HELLO.subarray(0, length));
    assert.match(why, length === 0 ? /empty/ : length < 4 ? /not an ELF/ : /cut off/, `${length}: ${why}`);
  }
  for (const length of [HEADERS, HEADERS + 1, 4096, HELLO.length >> 1]) {
    assert.match(reason(HELLO.subarray(0, length)), /cut off/);
  }
});

Deno.test("each wrong field has its own words", () => {
  const set16 = (at: number, value: number) => edited((v) => v.setUint16(at, value, true));
  const set64 = (at: number, value: bigint) => edited((v) => v.setBigUint64(at, value, true));
  const cases: [Uint8Array, RegExp][] = [
    [edited((_, b) => b[4] = 1), /32-bit/],
    [edited((_, b) => b[4] = 9), /class/],
    [edited((_, b) => b[5] = 2), /big-endian/],
    [edited((_, b) => b[5] = 7), /byte order/],
    [edited((_, b) => b[6] = 0), /version/],
    [edited((v) => v.setUint32(20, 2, true)), /version/],
    [set16(18, 62), /x86-64/],
    [set16(18, 999), /machine 999/],
    [set16(16, 1), /object file/],
    [set16(16, 4), /core file/],
    [set16(16, 77), /type 77/],
    [set16(54, 32), /of 32 bytes/],
    [set16(56, 0), /no program headers/],
    [set16(56, 65535), /65535 program headers/],
    [set64(32, 1n << 60n), /cut off in its program headers/],
    [set64(24, 0x10n), /entry point/],
    [set64(LOAD + 8, 1n << 60n), /cut off|do not agree/],
    [set64(LOAD + 16, 1n << 60n), /4 GiB/],
    [set64(LOAD + 32, 1n << 60n), /larger in the file/],
    [set64(LOAD + 40, 1n << 60n), /4 GiB/],
    [set64(LOAD + 40, 1n), /larger in the file/],
    [set64(LOAD + 48, 3n), /alignment/],
    [set64(LOAD + 56 + 16, 0x10000n), /do not agree/],
    [set64(LOAD + 56 + 16, 0x11e38n), /overlap/],
  ];
  for (const [bytes, expected] of cases) assert.match(reason(bytes), expected);
});

Deno.test("PT_INTERP must name a file inside the image, ended by NUL", () => {
  const withName = (offset: bigint, size: bigint) =>
    edited((v) => {
      v.setUint32(64, 3, true);
      v.setBigUint64(64 + 8, offset, true);
      v.setBigUint64(64 + 32, size, true);
    });
  assert.match(reason(withName(0n, 0n)), /interpreter/);
  assert.match(reason(withName(0n, 5000n)), /interpreter/);
  assert.match(reason(withName(1n << 60n, 20n)), /interpreter/);
  assert.match(reason(withName(0n, 5n)), /does not end/);
});

/** What the loader relies on. */
const checkBounds = (image: ElfImage, size: number): void => {
  assert.ok(image.phnum >= 1 && image.segments.length >= 1);
  assert.ok(image.low >= 0 && image.high <= SPACE_END);
  for (const s of image.segments) {
    assert.ok(s.fileSize <= s.memSize && s.offset + s.fileSize <= size && s.vaddr + s.memSize <= SPACE_END);
  }
};

Deno.test("hello with any few bytes of its headers changed is refused or has numbers in bounds", () => {
  const change = fc.tuple(
    fc.nat(HEADERS - 1),
    fc.oneof(fc.nat(255), fc.constantFrom(0, 1, 2, 3, 0x7f, 0x80, 0xff)),
  );
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 6 }), (changes) => {
      const image = parse(edited((_, b) => changes.forEach(([at, value]) => b[at] = value)));
      if (image instanceof ElfError) assert.match(image.message, /^[^\n]{5,100}$/);
      else checkBounds(image, HELLO.length);
    }),
    { numRuns: 2000 },
  );
});

Deno.test("whatever is accepted is mapped or refused, and every reference to the file comes back", () => {
  const code = new CodeMemory();
  const change = fc.tuple(fc.nat(HEADERS - 65), fc.constantFrom(0, 1, 2, 8, 0x10, 0x40, 0x80, 0xff));
  let loaded = 0;
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 2 }), (changes) => {
      const bytes = edited((_, b) => changes.forEach(([at, value]) => b[64 + at] = value));
      const image = parse(bytes);
      if (image instanceof ElfError) return;
      let references = 1;
      const backing = {
        inode: { dev: 1, ino: 1 },
        path: "/hello",
        size: () => bytes.length,
        fill: (at: number, into: Uint8Array) => into.set(bytes.subarray(at, at + into.length)),
        retain: () => void references++,
        release: () => void references--,
      };
      const space = createAddressSpace(code);
      if (typeof loadElf(space, image, backing, 0) !== "number") loaded++;
      assert.ok(space.mappedBytes <= SPACE_END && space.residentPages < 512);
      space.release();
      assert.equal(references, 1);
    }),
    { numRuns: 300 },
  );
  assert.ok(loaded > 20, `only ${loaded} were loaded`);
});
