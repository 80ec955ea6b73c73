import assert from "node:assert/strict";
import type { Backing } from "../../../cpu/types.ts";
import type { Task } from "../../../actors/task/task.ts";
import { credentialsOf } from "../../../actors/credentials.ts";
import { RLIMIT } from "../../../actors/limits.ts";
import type { Inode } from "../../../actors/vfs/inode.ts";
import { O_RDONLY, O_RDWR, O_WRONLY, OpenFile } from "../../../actors/vfs/open_file.ts";
import { E } from "../../../syscalls/abi/errno.ts";
import { MAP, MEMBARRIER, PROT } from "../../../syscalls/abi/mman.ts";
import { memoryHandlers as calls } from "../../../syscalls/memory/handle.ts";
import { call, MEMORY, newMachine, newTask } from "../../fakes/kernel.ts";

const RW = PROT.READ | PROT.WRITE;
const ANON = MAP.PRIVATE | MAP.ANONYMOUS;
const mmap = (t: Task, addr: number, length: number, prot: number, flags: number, fd = -1, offset = 0) =>
  call(t, () => calls.mmap(t, addr, length, prot, flags, fd, offset));

class Pages implements Backing {
  refs = 0;
  readonly inode = { dev: 1, ino: 1 };
  readonly path = "/data";
  size = () => 8192;
  fill = (at: number, into: Uint8Array) => void into.fill(at / 4096 + 65);
  sharedPage = () => new Uint8Array(4096);
  retain = () => void this.refs++;
  release = () => void this.refs--;
}
class Mappable extends OpenFile {
  constructor(flags: number, readonly pages: Pages | undefined) {
    super({ descriptions: 0 } as Inode, "/data", flags);
  }
  override backing() {
    return this.pages;
  }
  protected closed() {}
}

Deno.test("anonymous memory is zero, writable, and gone after munmap", () => {
  const t = newTask(newMachine());
  const at = mmap(t, 0, 10000, RW, ANON);
  assert.ok(at > 0 && at % 4096 === 0);
  t.mem.setU32(at + 9996, 7);
  assert.equal(t.mem.u32(at + 9992), 0);
  assert.equal(calls.munmap(t, at, 10000), 0);
  assert.equal(t.mem.accessible(at, 1, false), 0);
});

Deno.test("mmap refuses what Linux refuses, with its errno", () => {
  const t = newTask(newMachine());
  assert.equal(mmap(t, 0, 0, RW, ANON), -E.INVAL);
  assert.equal(mmap(t, 0, 4096, RW, MAP.ANONYMOUS), -E.INVAL);
  assert.equal(mmap(t, 0, 4096, RW, MAP.SHARED_VALIDATE | MAP.ANONYMOUS), -E.INVAL);
  assert.equal(mmap(t, 0, 4096, RW, ANON, -1, 1), -E.INVAL);
  assert.equal(mmap(t, 0, 4096, RW, MAP.PRIVATE, 99), -E.BADF);
  assert.equal(mmap(t, 0, 2 ** 40, RW, ANON), -E.NOMEM);
  assert.equal(mmap(t, MEMORY + 1, 4096, RW, ANON | MAP.FIXED), -E.INVAL);
  assert.equal(mmap(t, 2 ** 33, 4096, RW, ANON | MAP.FIXED), -E.NOMEM);
  assert.equal(mmap(t, MEMORY, 4096, RW, ANON | MAP.FIXED_NOREPLACE), -E.EXIST);
  assert.equal(mmap(t, 0, 2 ** 21, RW, ANON | MAP.HUGETLB), -E.NOMEM);
  assert.equal(mmap(t, 0, 4096, RW, MAP.SHARED | MAP.ANONYMOUS | MAP.GROWSDOWN), -E.INVAL);
});

Deno.test("file mappings obey the descriptor's mode and the file's kind", () => {
  const t = newTask(newMachine());
  const pages = new Pages();
  const ro = t.files.add(new Mappable(O_RDONLY, pages), false, 99);
  const wo = t.files.add(new Mappable(O_WRONLY, pages), false, 99);
  const rw = t.files.add(new Mappable(O_RDWR, pages), false, 99);
  const none = t.files.add(new Mappable(O_RDWR, undefined), false, 99);
  assert.equal(mmap(t, 0, 4096, RW, MAP.SHARED, ro), -E.ACCES);
  assert.equal(mmap(t, 0, 4096, PROT.READ, MAP.PRIVATE, wo), -E.ACCES);
  assert.equal(mmap(t, 0, 4096, PROT.READ, MAP.PRIVATE, none), -E.NODEV);
  assert.equal(mmap(t, 0, 4096, PROT.READ, MAP.SHARED_VALIDATE | MAP.SYNC, rw), -E.OPNOTSUPP);
  const at = mmap(t, 0, 4096, RW, MAP.PRIVATE, ro, 4096);
  assert.ok(at > 0);
  assert.equal(t.mem.u8(at), 66);
  assert.equal(pages.refs, 1);
  assert.equal(calls.munmap(t, at, 4096), 0);
  assert.equal(pages.refs, 0);
});

Deno.test("mprotect, mremap, madvise and msync check alignment and holes", () => {
  const t = newTask(newMachine());
  const at = mmap(t, 0, 8192, RW, ANON);
  assert.equal(calls.mprotect(t, at + 1, 4096, RW), -E.INVAL);
  assert.equal(calls.mprotect(t, at, 0, RW), 0);
  assert.equal(calls.mprotect(t, 0x50000, 4096, RW), -E.NOMEM);
  assert.equal(calls.mprotect(t, at, 4096, PROT.READ), 0);
  assert.equal(t.mem.accessible(at, 1, true), 0);
  assert.equal(calls.mremap(t, at, 4096, 0, 0, 0), -E.INVAL);
  assert.equal(calls.mremap(t, at, 4096, 4096, 2, 0), -E.INVAL);
  assert.equal(calls.mremap(t, 0x50000, 4096, 8192, 1, 0), -E.FAULT);
  assert.equal(calls.madvise(t, at + 1, 4096, 4), -E.INVAL);
  assert.equal(calls.madvise(t, at, 4096, 77), -E.INVAL);
  assert.equal(calls.msync(t, at, 4096, 5), -E.INVAL);
  assert.equal(calls.msync(t, 0x50000, 4096, 4), -E.NOMEM);
});

Deno.test("mincore reports pages in memory, locks add up to the limit", () => {
  const t = newTask(newMachine());
  assert.equal(calls.mincore(t, MEMORY, 8192, MEMORY + 100), 0);
  assert.equal(t.mem.u16(MEMORY + 100), 0x001);
  const populated = mmap(t, 0, 8192, RW, ANON | MAP.POPULATE);
  assert.equal(calls.mincore(t, populated, 8192, MEMORY + 100), 0);
  assert.equal(t.mem.u16(MEMORY + 100), 0x101);
  calls.munmap(t, populated, 8192);
  assert.equal(calls.mincore(t, 0x50000, 4096, MEMORY), -E.NOMEM);
  assert.equal(calls.mlock(t, MEMORY, 4096), 0);
  t.cred = credentialsOf(1000, 1000);
  t.group.limits[RLIMIT.MEMLOCK] = { soft: 4096, hard: 4096 };
  assert.equal(calls.mlock(t, MEMORY, 4096), 0);
  assert.equal(calls.mlock(t, MEMORY, 8192), -E.NOMEM);
  assert.equal(calls.mlock(t, MEMORY + 4096, 4096), -E.NOMEM);
  assert.equal(mmap(t, 0, 4096, RW, ANON | MAP.LOCKED), -E.AGAIN);
  assert.equal(calls.munlock(t, MEMORY, 4096), 0);
  assert.equal(calls.mlock(t, MEMORY + 4096, 4096), 0);
  assert.equal(calls.madvise(t, MEMORY + 4096, 4096, 4), -E.INVAL);
  t.group.limits[RLIMIT.MEMLOCK] = { soft: 0, hard: 0 };
  assert.equal(calls.mlock(t, MEMORY, 4096), -E.PERM);
});

Deno.test("membarrier's expedited commands need their registration", () => {
  const t = newTask(newMachine());
  assert.ok(calls.membarrier(t, MEMBARRIER.QUERY, 0, 0) & MEMBARRIER.PRIVATE_EXPEDITED);
  assert.equal(calls.membarrier(t, MEMBARRIER.PRIVATE_EXPEDITED, 0, 0), -E.PERM);
  assert.equal(calls.membarrier(t, MEMBARRIER.REGISTER_PRIVATE_EXPEDITED, 0, 0), 0);
  assert.equal(calls.membarrier(t, MEMBARRIER.PRIVATE_EXPEDITED, 0, 0), 0);
  assert.equal(calls.membarrier(t, MEMBARRIER.PRIVATE_EXPEDITED_SYNC_CORE, 0, 0), -E.PERM);
  assert.equal(calls.membarrier(t, MEMBARRIER.QUERY, 1, 0), -E.INVAL);
});

Deno.test("hwprobe fills known keys and marks unknown ones", () => {
  const t = newTask(newMachine());
  t.mem.setU64(MEMORY, 4);
  t.mem.setU64(MEMORY + 16, 3);
  t.mem.setU64(MEMORY + 32, 9999);
  assert.equal(calls.riscv_hwprobe(t, MEMORY, 3, 0, 0, 0), 0);
  assert.equal(t.mem.big(MEMORY + 8) & 0b111011n, 0b111011n);
  assert.equal(t.mem.big(MEMORY + 24), 1n);
  assert.equal(t.mem.i64(MEMORY + 32), -1);
  assert.equal(t.mem.big(MEMORY + 40), 0n);
  assert.equal(calls.riscv_hwprobe(t, MEMORY, 1, 0, 0, 8), -E.INVAL);
});

Deno.test("a shared mapping of a descriptor that is not open for writing never becomes writable", () => {
  const t = newTask(newMachine());
  const ro = t.files.add(new Mappable(O_RDONLY, new Pages()), false, 99);
  const shared = mmap(t, 0, 4096, PROT.READ, MAP.SHARED, ro);
  assert.equal(call(t, () => calls.mprotect(t, shared, 4096, RW)), -E.ACCES);
  const own = mmap(t, 0, 4096, PROT.READ, MAP.PRIVATE, ro);
  assert.equal(call(t, () => calls.mprotect(t, own, 4096, RW)), 0);
});

Deno.test("the last page of the 4 GiB cannot be mapped", () => {
  const t = newTask(newMachine());
  const LAST = 2 ** 32 - 4096;
  assert.equal(mmap(t, LAST, 4096, RW, ANON | MAP.FIXED), -E.NOMEM);
  assert.equal(mmap(t, LAST - 4096, 8192, RW, ANON | MAP.FIXED), -E.NOMEM);
  assert.equal(mmap(t, LAST - 4096, 4096, RW, ANON | MAP.FIXED), LAST - 4096);
  const at = mmap(t, 0, 4096, RW, ANON);
  assert.equal(calls.mremap(t, at, 4096, 4096, 3, LAST), -E.INVAL);
});

Deno.test("RLIMIT_DATA bounds private writable memory, also by mprotect; RLIMIT_AS everything", () => {
  const t = newTask(newMachine());
  t.vm.space.limits = { as: Infinity, data: 65536 + 8192, stack: Infinity };
  assert.ok(mmap(t, 0, 8192, RW, ANON) > 0);
  assert.equal(mmap(t, 0, 4096, RW, ANON), -E.NOMEM);
  const readable = mmap(t, 0, 4096, PROT.READ, ANON);
  assert.equal(call(t, () => calls.mprotect(t, readable, 4096, RW)), -E.NOMEM);
  assert.ok(mmap(t, 0, 4096, RW, MAP.SHARED | MAP.ANONYMOUS) > 0);
  t.vm.space.limits = { as: t.vm.space.mappedBytes, data: Infinity, stack: Infinity };
  assert.equal(mmap(t, 0, 4096, PROT.READ, ANON), -E.NOMEM);
});

Deno.test("advice is refused where Linux refuses it", () => {
  const t = newTask(newMachine());
  const shared = mmap(t, 0, 8192, RW, MAP.SHARED | MAP.ANONYMOUS), own = mmap(t, 0, 8192, RW, ANON);
  const ro = mmap(t, 0, 4096, PROT.READ, ANON);
  assert.equal(calls.madvise(t, shared, 8192, 8), -E.INVAL);
  assert.equal(calls.madvise(t, shared, 8192, 18), -E.INVAL);
  assert.equal(calls.madvise(t, own, 8192, 9), -E.INVAL);
  t.mem.setU8(shared, 7);
  assert.equal(calls.madvise(t, shared, 4096, 4), 0);
  assert.equal(t.mem.u8(shared), 7);
  assert.equal(calls.madvise(t, shared, 4096, 9), 0);
  assert.equal(t.mem.u8(shared), 0);
  assert.equal(calls.madvise(t, ro, 4096, 23), -E.INVAL);
  assert.equal(calls.madvise(t, own, 8192, 23), 0);
  assert.equal(calls.madvise(t, own, 1 << 20, 4), -E.NOMEM);
});
