/** Kernel access to guest memory: the common case is one page with the right permission bit, everything else goes page by page through `resolve`. */
import { PAGE, PERM_R, PERM_W } from "../layout.ts";
import { BadAddress, type UserMemory } from "../types.ts";
import { Pages, SPACE_END } from "./pages.ts";

export abstract class MemoryOfUser extends Pages implements UserMemory {
  /** Makes the page at `at` accessible; the bytes to use, from `at` to the end of its page. Throws BadAddress. */
  #page(
    at: number,
    access: number,
    forced = false,
  ): { bytes: Uint8Array; from: number; dirtied: (() => void) | undefined } {
    const { perms } = this;
    if (!(at >= 0 && at < SPACE_END)) throw new BadAddress(at);
    if ((perms[Math.floor(at / PAGE)] & access) === 0) {
      if (this.resolve(BigInt(Math.floor(at)), access, forced) !== undefined) throw new BadAddress(at);
      const m = this.list.find(at)!;
      if (m.object !== undefined) {
        const { bytes, offset, index } = this.sharedBytes(m, at);
        return { bytes, from: offset, dirtied: access === PERM_W ? () => m.object!.dirtied(index) : undefined };
      }
    }
    return { bytes: this.flat, from: at, dirtied: undefined };
  }

  /** Whether [at, at+length) can be used directly in the flat memory without asking. */
  #direct(at: number, length: number, access: number): boolean {
    if (!(at >= 0 && at + length <= SPACE_END)) return false;
    const { perms } = this;
    const last = Math.floor((at + length - 1) / PAGE);
    for (let page = Math.floor(at / PAGE); page <= last; page++) if ((perms[page] & access) === 0) return false;
    return true;
  }

  /** Calls `use` for each piece of [addr, addr+length) inside one page. */
  #pieces(
    addr: number,
    length: number,
    access: number,
    use: (bytes: Uint8Array, from: number, done: number, size: number) => void,
    forced = false,
  ): void {
    for (let done = 0; done < length;) {
      const at = addr + done;
      const size = Math.min(length - done, PAGE - (at % PAGE));
      const { bytes, from, dirtied } = this.#page(at, access, forced);
      use(bytes, from, done, size);
      dirtied?.();
      done += size;
    }
  }

  read(addr: number, length: number): Uint8Array<ArrayBuffer> {
    if (length > SPACE_END) throw new BadAddress(addr);
    if (length > 0 && this.accessible(addr, length, false) < length) throw new BadAddress(addr);
    const out = new Uint8Array(length);
    this.readInto(addr, out);
    return out;
  }

  readInto(addr: number, into: Uint8Array): void {
    if (into.length === 0) return;
    if (this.#direct(addr, into.length, PERM_R)) into.set(this.flat.subarray(addr, addr + into.length));
    else {this.#pieces(addr, into.length, PERM_R, (bytes, from, done, size) =>
        into.set(bytes.subarray(from, from + size), done));}
  }

  write(addr: number, bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    if (this.#direct(addr, bytes.length, PERM_W)) this.flat.set(bytes, addr);
    else {this.#pieces(addr, bytes.length, PERM_W, (page, from, done, size) =>
        page.set(bytes.subarray(done, done + size), from));}
  }

  readForced(addr: number, length: number): Uint8Array<ArrayBuffer> {
    const out = new Uint8Array(length);
    this.#pieces(
      addr,
      length,
      PERM_R,
      (bytes, from, done, size) => out.set(bytes.subarray(from, from + size), done),
      true,
    );
    return out;
  }

  writeForced(addr: number, bytes: Uint8Array): void {
    this.#pieces(
      addr,
      bytes.length,
      PERM_W,
      (page, from, done, size) => page.set(bytes.subarray(done, done + size), from),
      true,
    );
  }

  accessible(addr: number, length: number, write: boolean): number {
    const access = write ? PERM_W : PERM_R;
    for (let done = 0; done < length;) {
      const at = addr + done;
      if (!(at >= 0 && at < SPACE_END)) return done;
      if ((this.perms[Math.floor(at / PAGE)] & access) === 0 && this.resolve(BigInt(at), access) !== undefined) {
        return done;
      }
      done = Math.min(length, done + PAGE - (at % PAGE));
    }
    return Math.max(0, length);
  }

  withBuffer(addr: number, length: number, write: boolean, use: (view: Uint8Array) => number): number {
    const access = write ? PERM_W : PERM_R;
    if (length === 0) return use(new Uint8Array(0));
    if (this.#direct(addr, length, access)) return use(this.flat.subarray(addr, addr + length));
    if (this.accessible(addr, length, write) < length) throw new BadAddress(addr);
    if (this.#direct(addr, length, access)) return use(this.flat.subarray(addr, addr + length));
    // Some page is shared with another VM group: through a copy.
    const copy = new Uint8Array(length);
    if (!write) {
      this.readInto(addr, copy);
      return use(copy);
    }
    const filled = use(copy);
    if (filled > 0) this.write(addr, copy.subarray(0, filled));
    return filled;
  }

  /** Fast test for an aligned-within-page scalar. */
  #scalar(addr: number, width: number, access: number): boolean {
    return addr >= 0 && addr < SPACE_END && (addr % PAGE) + width <= PAGE &&
      (this.perms[Math.floor(addr / PAGE)] & access) !== 0;
  }
  #viewOf(addr: number, width: number): { view: DataView; at: number } {
    if (this.#scalar(addr, width, PERM_R)) return { view: this.view, at: addr };
    const bytes = this.read(addr, width);
    return { view: new DataView(bytes.buffer), at: 0 };
  }

  u8(addr: number): number {
    const { view, at } = this.#viewOf(addr, 1);
    return view.getUint8(at);
  }
  u16(addr: number): number {
    const { view, at } = this.#viewOf(addr, 2);
    return view.getUint16(at, true);
  }
  u32(addr: number): number {
    if (this.#scalar(addr, 4, PERM_R)) return this.view.getUint32(addr, true);
    const { view, at } = this.#viewOf(addr, 4);
    return view.getUint32(at, true);
  }
  i32(addr: number): number {
    return this.u32(addr) | 0;
  }
  u64(addr: number): number {
    const { view, at } = this.#viewOf(addr, 8);
    return view.getUint32(at + 4, true) * 0x100000000 + view.getUint32(at, true);
  }
  i64(addr: number): number {
    const { view, at } = this.#viewOf(addr, 8);
    return view.getInt32(at + 4, true) * 0x100000000 + view.getUint32(at, true);
  }
  big(addr: number): bigint {
    const { view, at } = this.#viewOf(addr, 8);
    return view.getBigUint64(at, true);
  }

  setU8(addr: number, value: number): void {
    if (this.#scalar(addr, 1, PERM_W)) this.flat[addr] = value;
    else this.write(addr, Uint8Array.of(value));
  }
  setU16(addr: number, value: number): void {
    this.write(addr, Uint8Array.of(value, value >> 8));
  }
  setU32(addr: number, value: number): void {
    if (this.#scalar(addr, 4, PERM_W)) this.view.setUint32(addr, value, true);
    else this.write(addr, Uint8Array.of(value, value >> 8, value >> 16, value >> 24));
  }
  setU64(addr: number, value: number): void {
    const high = Math.floor(value / 0x100000000);
    if (this.#scalar(addr, 8, PERM_W)) {
      this.view.setUint32(addr, value % 0x100000000, true);
      this.view.setInt32(addr + 4, high, true);
    } else this.setBig(addr, BigInt(value));
  }
  setBig(addr: number, value: bigint): void {
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setBigUint64(0, BigInt.asUintN(64, value), true);
    this.write(addr, bytes);
  }

  cstring(addr: number, max: number): Uint8Array | undefined {
    const parts: Uint8Array[] = [];
    for (let done = 0; done < max;) {
      const at = addr + done;
      const { bytes, from } = this.#page(at, PERM_R);
      const size = Math.min(max - done, PAGE - (at % PAGE));
      const nul = bytes.subarray(from, from + size).indexOf(0);
      if (nul >= 0) {
        parts.push(bytes.slice(from, from + nul));
        return parts.length === 1 ? parts[0] : joined(parts);
      }
      parts.push(bytes.slice(from, from + size));
      done += size;
    }
    return undefined;
  }
}

const joined = (parts: readonly Uint8Array[]): Uint8Array => {
  const out = new Uint8Array(parts.reduce((sum, p) => sum + p.length, 0));
  let at = 0;
  for (const p of parts) {
    out.set(p, at);
    at += p.length;
  }
  return out;
};
