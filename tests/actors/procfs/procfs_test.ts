/** /proc over a real machine whose tasks a test made by hand. */
import { deepStrictEqual as equal, match, ok, throws } from "node:assert/strict";
import { makeProcfs } from "../../../actors/procfs/procfs.ts";
import { exitTask } from "../../../actors/task/exit.ts";
import { credentialsOf } from "../../../actors/credentials.ts";
import type { Task } from "../../../actors/task/task.ts";
import { Vfs } from "../../../actors/vfs/vfs.ts";
import { NullFile } from "../../../actors/devfs/memory_devices.ts";
import { makeDevfs } from "../../../actors/devfs/devfs.ts";
import { E, Errno } from "../../../syscalls/abi/errno.ts";
import { MEMORY, newMachine, newTask } from "../../fakes/kernel.ts";

const decoder = new TextDecoder();

/** A machine whose root is /proc itself, with one process. */
const setUp = () => {
  const machine = newMachine();
  const vfs = Vfs.of(makeProcfs(machine), "proc", "proc");
  machine.vfs = vfs;
  const t = place(newTask(machine), vfs);
  machine.init = t.group;
  return { machine, vfs, t };
};
const place = (t: Task, vfs: Vfs): Task => {
  t.fs.root = t.fs.cwd = vfs.root;
  t.comm = "guest";
  return t;
};
const readAll = (t: Task, path: string): string => {
  const file = t.machine.vfs.open(t, -100, path, 0, 0);
  const parts: number[] = [];
  const buffer = new Uint8Array(100);
  for (;;) {
    const n = file.read(t, buffer);
    if (n < 0) throw new Error(`${path}: ${n}`);
    if (n === 0) break;
    parts.push(...buffer.subarray(0, n));
  }
  file.release();
  return decoder.decode(Uint8Array.from(parts));
};
const failsWith = (no: number, run: () => unknown) => throws(run, (error) => error instanceof Errno && error.no === no);

Deno.test("stat has 52 fields, the second in parentheses", () => {
  const { t } = setUp();
  t.comm = "a (b) c";
  const line = readAll(t, "/self/stat");
  const close = line.lastIndexOf(")");
  equal(line.slice(0, close + 1), `${t.pid} (a (b) c)`);
  equal(line.slice(close + 2).trimEnd().split(" ").length, 50);
  ok(line.endsWith("\n"));
  ok(!/NaN|undefined|Infinity/.test(line), line);
});

Deno.test("status has Linux's lines in Linux's order", () => {
  const { t } = setUp();
  const names = readAll(t, "/self/status").trimEnd().split("\n").map((line) => line.split(":")[0]);
  equal(
    names.join(" "),
    "Name Umask State Tgid Ngid Pid PPid TracerPid Uid Gid FDSize Groups NStgid NSpid NSpgid NSsid Kthread VmPeak VmSize VmLck VmPin VmHWM VmRSS RssAnon " +
      "RssFile RssShmem VmData VmStk VmExe VmLib VmPTE VmSwap HugetlbPages CoreDumping THP_enabled untag_mask Threads SigQ SigPnd ShdPnd SigBlk SigIgn SigCgt " +
      "CapInh CapPrm CapEff CapBnd CapAmb NoNewPrivs Seccomp Seccomp_filters Speculation_Store_Bypass SpeculationIndirectBranch Cpus_allowed Cpus_allowed_list " +
      "Mems_allowed Mems_allowed_list voluntary_ctxt_switches nonvoluntary_ctxt_switches",
  );
  match(readAll(t, "/self/status"), /^Umask:\t0022\nState:\tR \(running\)\n/m);
});

Deno.test("maps shows each mapping with its name at column 73", () => {
  const { t } = setUp();
  t.vm.space.mmap({
    addr: 0x200000,
    length: 4096,
    prot: 5,
    shared: false,
    fixed: true,
    noReplace: false,
    offset: 0,
    name: "[vdso]",
  });
  const lines = readAll(t, "/self/maps").split("\n");
  equal(lines[0], "00100000-00110000 rw-p 00000000 00:00 0 ");
  equal(lines[1], "00200000-00201000 r-xp 00000000 00:00 0".padEnd(73) + "[vdso]");
});

Deno.test("every file of /proc can be read by root, and none says undefined, NaN or [object", () => {
  const { t, vfs } = setUp();
  let files = 0;
  const walk = (path: string, depth: number): void => {
    const { inode } = vfs.find(t, -100, path, false);
    for (const entry of inode.entries(t)) {
      const child = `${path === "/" ? "" : path}/${entry.name}`;
      if (entry.type === 0o40000) {
        if (depth < 6) walk(child, depth + 1);
      } else if (entry.type === 0o120000) inode.lookup(t, entry.name).readlink(t);
      else if (entry.name !== "mem") {
        const text = readAll(t, child);
        ok(!/undefined|NaN|\[object/.test(text), `${child}: ${text}`);
        files++;
      }
      equal(inode.lookup(t, entry.name).ino, entry.ino);
      equal(inode.lookup(t, entry.name).type, entry.type);
    }
  };
  // /proc/1/exe has no open executable here: its text is known, its target is not.
  walk("/", 0);
  ok(files > 200, String(files));
});

Deno.test("self and thread-self lead to the reader's own directory", () => {
  const { machine, vfs, t } = setUp();
  const thread = place(newTask(machine, t), vfs);
  equal(vfs.find(t, -100, "/self", false).inode.readlink(t), "1");
  equal(vfs.find(thread, -100, "/thread-self", false).inode.readlink(thread), "1/task/2");
  match(readAll(thread, "/thread-self/stat"), /^2 \(guest\)/);
  match(readAll(thread, "/self/stat"), /^1 \(guest\)/);
  equal(vfs.find(t, -100, "/1/task").inode.entries(t).map((e) => e.name), ["1", "2"]);
});

Deno.test("threads are found under /proc by number but not listed", () => {
  const { machine, vfs, t } = setUp();
  newTask(machine, t);
  place(newTask(machine), vfs);
  const numbers = vfs.root.inode.entries(t).map((e) => e.name).filter((name) => /^\d/.test(name));
  equal(numbers, ["1", "3"]);
  match(readAll(t, "/2/status"), /^Tgid:\t1$/m);
});

Deno.test("a file opened on a process that is gone reads ESRCH; its name is ENOENT", () => {
  const { machine, vfs, t } = setUp();
  const other = place(newTask(machine), vfs);
  const file = vfs.open(t, -100, `/${other.pid}/stat`, 0, 0);
  exitTask(other, 0);
  equal(machine.groups.has(other.pid), false);
  failsWith(E.SRCH, () => file.read(t, new Uint8Array(10)));
  failsWith(E.NOENT, () => vfs.open(t, -100, `/${other.pid}/stat`, 0, 0));
});

Deno.test("a zombie shows state Z, no memory, no executable and no descriptors", () => {
  const { machine, vfs, t } = setUp();
  const child = place(newTask(machine), vfs);
  child.group.parent = t;
  t.group.children.push(child.group);
  exitTask(child, 0);
  match(readAll(t, `/${child.pid}/stat`), /^2 \(guest\) Z 1 /);
  equal(readAll(t, `/${child.pid}/statm`), "0 0 0 0 0 0 0\n");
  equal(readAll(t, `/${child.pid}/cmdline`), "");
  equal(readAll(t, `/${child.pid}/maps`), "");
  failsWith(E.NOENT, () => vfs.find(t, -100, `/${child.pid}/exe`, false).inode.readlink(t));
  equal(vfs.find(t, -100, `/${child.pid}/fd`).inode.entries(t), []);
});

Deno.test("fd holds a magic link for each descriptor, with the access mode as its permissions", () => {
  const { machine, vfs, t } = setUp();
  const node = makeDevfs(machine).lookup(t, "null");
  t.files.add(new NullFile(node, "/dev/null", 1), true, 1024);
  const link = vfs.find(t, -100, "/self/fd/0", false).inode;
  equal(link.readlink(t), "/dev/null");
  equal(link.stat().mode & 0o777, 0o300);
  equal(vfs.find(t, -100, "/self/fd/0").inode, node);
  equal(readAll(t, "/self/fdinfo/0").split("\n").slice(0, 2), ["pos:\t0", "flags:\t02000001"]);
  failsWith(E.NOENT, () => vfs.find(t, -100, "/self/fd/7"));
  const opened = vfs.open(t, -100, "/self/fd/0", 1, 0);
  ok(opened instanceof NullFile);
});

Deno.test("cmdline and environ are guest memory; an overwritten end goes on into the environment", () => {
  const { t } = setUp();
  t.mem.write(MEMORY, new TextEncoder().encode("ls\0-l\0A=1\0B=2\0"));
  t.vm.image = { ...t.vm.image, argStart: MEMORY, argEnd: MEMORY + 6, envStart: MEMORY + 6, envEnd: MEMORY + 14 };
  equal(readAll(t, "/self/cmdline"), "ls\0-l\0");
  equal(readAll(t, "/self/environ"), "A=1\0B=2\0");
  t.mem.write(MEMORY, new TextEncoder().encode("title!"));
  equal(readAll(t, "/self/cmdline"), "title!A=1");
});

Deno.test("mem reads and writes at addresses, EIO where nothing is mapped", () => {
  const { t } = setUp();
  const file = t.machine.vfs.open(t, -100, "/self/mem", 2, 0);
  equal(file.write(t, Uint8Array.of(1, 2, 3), MEMORY + 8), 3);
  const into = new Uint8Array(4);
  equal(file.read(t, into, MEMORY + 8), 4);
  equal([...into], [1, 2, 3, 0]);
  equal(file.read(t, into, 0x10), -E.IO);
  equal(file.seek(MEMORY + 9, 0), MEMORY + 9);
  equal(file.read(t, into.subarray(0, 1)), 1);
  equal(into[0], 2);
});

Deno.test("comm is cut to 15 bytes when written and belongs to its own process", () => {
  const { machine, vfs, t } = setUp();
  const file = vfs.open(t, -100, "/self/comm", 1, 0);
  file.write(t, new TextEncoder().encode("a very long thread name\n"));
  equal(readAll(t, "/self/comm"), "a very long thr\n");
  const other = place(newTask(machine), vfs);
  failsWith(E.INVAL, () => vfs.open(other, -100, "/1/comm", 1, 0).write(other, Uint8Array.of(65)));
});

Deno.test("another user reads stat but neither maps nor environ nor fd", () => {
  const { machine, vfs, t } = setUp();
  const other = place(newTask(machine), vfs);
  other.cred = credentialsOf(1000, 1000);
  match(readAll(other, "/1/stat"), /^1 /);
  match(readAll(other, "/1/status"), /^Name/);
  for (const name of ["maps", "environ", "fd", "mem", "auxv"]) {
    failsWith(E.ACCES, () => vfs.open(other, -100, `/1/${name}`, 0, 0));
  }
  failsWith(E.ACCES, () => vfs.find(other, -100, "/1/exe", false).inode.readlink(other));
  equal(vfs.find(t, -100, `/${other.pid}/stat`).inode.stat().uid, 1000);
});

Deno.test("a read at offset 0 makes the text anew, later offsets go on in the old one", () => {
  const { t } = setUp();
  const file = t.machine.vfs.open(t, -100, "/self/comm", 0, 0);
  const into = new Uint8Array(2);
  file.read(t, into);
  t.comm = "other";
  file.read(t, into);
  equal(decoder.decode(into), "es");
  file.seek(0, 0);
  file.read(t, into);
  equal(decoder.decode(into), "ot");
  equal(file.seek(0, 2), -E.INVAL);
});

Deno.test("settings keep what is written, and hostname is the machine's", () => {
  const { machine, vfs, t } = setUp();
  const write = (path: string, text: string) => vfs.open(t, -100, path, 1, 0).write(t, new TextEncoder().encode(text));
  write("/sys/kernel/hostname", "newname\n");
  equal(machine.namespaces.of.uts.hostname, "newname");
  write("/sys/vm/overcommit_memory", "1\n");
  equal(readAll(t, "/sys/vm/overcommit_memory"), "1\n");
  match(
    readAll(t, "/sys/kernel/random/uuid"),
    /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\n$/,
  );
  equal(readAll(t, "/sys/kernel/random/boot_id"), readAll(t, "/sys/kernel/random/boot_id"));
});

Deno.test("one CPU is shown everywhere", () => {
  const { t } = setUp();
  equal(readAll(t, "/cpuinfo").match(/^processor/gm)?.length, 1);
  equal(readAll(t, "/stat").match(/^cpu\d/gm)?.length, 1);
});

Deno.test("limits are 16 rows of fixed width", () => {
  const { t } = setUp();
  const lines = readAll(t, "/self/limits").trimEnd().split("\n");
  equal(lines.length, 17);
  equal(lines[8], "Max open files            1024                 1048576              files     ");
});
