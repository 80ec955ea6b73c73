/** The ELF file around a kernel program: a code segment, a data segment, an entry. */
import { CODE, CODE_SIZE, DATA, DATA_END } from "./layout.ts";

const EHDR = 64, PHDR = 56, PAGE = 4096;

/** A static riscv64 executable. `code` empty: its segment is zero pages, for scripts. */
export const elfImage = (
  entry: number,
  data: Uint8Array,
  code: Uint8Array = new Uint8Array(0),
): Uint8Array<ArrayBuffer> => {
  const codeRoom = Math.ceil(code.length / PAGE) * PAGE;
  const file = new Uint8Array(PAGE + codeRoom + data.length);
  const v = new DataView(file.buffer);
  file.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  v.setUint16(16, 2, true);
  v.setUint16(18, 243, true);
  v.setUint32(20, 1, true);
  v.setUint32(24, entry, true);
  v.setUint32(32, EHDR, true);
  v.setUint16(52, EHDR, true);
  v.setUint16(54, PHDR, true);
  v.setUint16(56, 2, true);
  const segment = (i: number, flags: number, offset: number, addr: number, fileSize: number, memSize: number): void => {
    const at = EHDR + i * PHDR;
    v.setUint32(at, 1, true);
    v.setUint32(at + 4, flags, true);
    v.setUint32(at + 8, offset, true);
    v.setUint32(at + 16, addr, true);
    v.setUint32(at + 24, addr, true);
    v.setUint32(at + 32, fileSize, true);
    v.setUint32(at + 40, memSize, true);
    v.setUint32(at + 48, PAGE, true);
  };
  segment(0, 5, PAGE, CODE, code.length, CODE_SIZE);
  segment(1, 6, PAGE + codeRoom, DATA, data.length, DATA_END - DATA);
  file.set(code, PAGE);
  file.set(data, PAGE + codeRoom);
  return file;
};
