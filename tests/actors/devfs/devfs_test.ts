/** Device nodes and the standard streams, over a machine without guest code. */
import { deepStrictEqual as equal, ok, throws } from "node:assert/strict";
import { makeDevfs, openDevice } from "../../../actors/devfs/devfs.ts";
import { openStdio } from "../../../actors/devfs/stdio_files.ts";
import { makedev } from "../../../actors/tty/terminals.ts";
import type { OpenFile } from "../../../actors/vfs/open_file.ts";
import { O_RDWR, O_WRONLY, POLLIN, POLLOUT } from "../../../actors/vfs/open_file.ts";
import { Vfs } from "../../../actors/vfs/vfs.ts";
import { HostStdio, MemoryStdio } from "../../../actors/world/stdio.ts";
import type { TerminalDoor } from "../../../actors/world/terminal.ts";
import { E, Errno } from "../../../syscalls/abi/errno.ts";
import { SIG } from "../../../syscalls/abi/signals.ts";
import { LFLAG, TTY_IOCTL } from "../../../syscalls/abi/termios.ts";
import type { Task } from "../../../actors/task/task.ts";
import { MEMORY, newMachine, newTask } from "../../fakes/kernel.ts";

const encode = (text: string) => new TextEncoder().encode(text);
const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const failsWith = (no: number, run: () => unknown) => throws(run, (error) => error instanceof Errno && error.no === no);

const setUp = () => {
  const machine = newMachine();
  const vfs = machine.vfs = Vfs.of(makeDevfs(machine), "dev", "devtmpfs");
  const t = newTask(machine);
  t.fs.root = t.fs.cwd = vfs.root;
  machine.init = t.group;
  return { machine, vfs, t };
};
const read = (t: Task, file: OpenFile, size = 100): string | number => {
  const into = new Uint8Array(size);
  const n = file.read(t, into);
  return n < 0 ? n : decode(into.subarray(0, n));
};

Deno.test("null, zero, full and random do what mem(4) says", () => {
  const { vfs, t } = setUp();
  const open = (name: string) => vfs.open(t, -100, "/" + name, O_RDWR, 0);
  equal(read(t, open("null")), "");
  equal(open("null").write(t, encode("abc")), 3);
  equal(read(t, open("zero"), 3), "\0\0\0");
  equal(open("full").write(t, encode("abc")), -E.NOSPC);
  equal(read(t, open("full"), 2), "\0\0");
  const a = new Uint8Array(32), b = new Uint8Array(32);
  equal(open("random").read(t, a), 32);
  equal(open("urandom").read(t, b), 32);
  ok(a.some((byte, i) => byte !== b[i]));
  equal(open("zero").seek(100, 0), 0);
});

Deno.test("nodes have Linux's numbers and modes, links lead into /proc/self/fd", () => {
  const { vfs, t } = setUp();
  const stat = (name: string) => vfs.find(t, -100, "/" + name, false).inode.stat();
  equal(stat("null").rdev, makedev(1, 3));
  equal(stat("null").mode, 0o20666);
  equal(stat("tty").rdev, 0x500);
  equal(stat("ptmx").rdev, 0x502);
  equal(stat("shm").mode, 0o41777);
  equal(vfs.find(t, -100, "/stdin", false).inode.readlink(t), "/proc/self/fd/0");
  equal(vfs.find(t, -100, "/fd", false).inode.readlink(t), "/proc/self/fd");
});

Deno.test("two mappings of /dev/zero share nothing, one mapping's pages are its own", () => {
  const { vfs, t } = setUp();
  const file = vfs.open(t, -100, "/zero", O_RDWR, 0);
  const one = file.backing()!, two = file.backing()!;
  one.sharedPage!(3, t.machine.memory)![0] = 7;
  const page = new Uint8Array(4096);
  two.fill(3 * 4096, page);
  equal(page[0], 0);
  one.fill(3 * 4096, page);
  equal(page[0], 7);
});

Deno.test("device numbers of other file systems open the same devices, unknown ones ENXIO", () => {
  const { vfs, t } = setUp();
  const node = vfs.find(t, -100, "/null").inode;
  equal(openDevice(t, node, makedev(1, 5), 0, "/tmp/z").read(t, new Uint8Array(4)), 4);
  failsWith(E.NXIO, () => openDevice(t, node, makedev(99, 1), 0, "/tmp/x"));
});

Deno.test("streams in memory are pipes: input by demand, output in order", () => {
  const { machine, t } = setUp();
  const written: string[] = [];
  const door = new MemoryStdio({
    stdin: "hello world",
    stdout: (b) => written.push("1" + decode(b)),
    stderr: (b) => written.push("2" + decode(b)),
  });
  const [stdin, stdout, stderr] = openStdio(machine, door);
  equal(stdin.inode.stat().mode & 0o170000, 0o10000);
  equal(stdin.seek(0, 1), -E.SPIPE);
  equal(read(t, stdin, 5), "hello");
  ok((stdin.poll() & POLLIN) !== 0);
  equal(read(t, stdin), " world");
  equal(read(t, stdin), "");
  stdout.write(t, encode("a"));
  stderr.write(t, encode("b"));
  stdout.write(t, encode("c"));
  equal(written, ["1a", "2b", "1c"]);
  equal(stdout.poll() & POLLOUT, POLLOUT);
});

Deno.test("opening a stream again gives the same stream", () => {
  const { machine, t } = setUp();
  let written = "";
  const [, stdout] = openStdio(machine, new MemoryStdio({ stdout: (b) => written += decode(b) }));
  const again = stdout.inode.open(t, O_WRONLY, "/dev/stdout");
  again.write(t, encode("x"));
  stdout.write(t, encode("y"));
  equal(written, "xy");
});

Deno.test("input that comes later wakes readers through the machine, and counts as pending until then", async () => {
  const { machine, t } = setUp();
  let push!: (chunk: Uint8Array | undefined) => void;
  const stdin = new ReadableStream<Uint8Array>({
    start(controller) {
      push = (chunk) => chunk === undefined ? controller.close() : controller.enqueue(chunk);
    },
  });
  const [file] = openStdio(machine, new MemoryStdio({ stdin }));
  equal(read(t, file), -E.AGAIN);
  equal(machine.hostPending, 1);
  const woken = new Promise<void>((resolve) => file.queue.add({ notify: () => resolve() }));
  push(encode("late"));
  await woken;
  equal(machine.hostPending, 0);
  equal(read(t, file, 2), "la");
  equal(read(t, file), "te");
  equal(read(t, file), -E.AGAIN);
  push(undefined);
  await new Promise((resolve) => setTimeout(resolve, 0));
  equal(read(t, file), "");
});

/** A host terminal that a test types at. */
class FakeTerminal implements TerminalDoor {
  size = { rows: 24, columns: 80 };
  cooked = true;
  shown = "";
  suspensions = 0;
  type: (text: string) => void = () => {};
  constructor(readonly mapsNewlines: boolean) {}
  start(deliver: (typed: Uint8Array) => void): void {
    this.cooked = false;
    this.type = (text) => deliver(encode(text));
  }
  write(bytes: Uint8Array): number {
    this.shown += decode(bytes);
    return bytes.length;
  }
  suspend(): void {
    this.suspensions++;
  }
  close(): void {}
}

const atTerminal = (mapsNewlines: boolean) => {
  const { machine, vfs, t } = setUp();
  const terminal = new FakeTerminal(mapsNewlines);
  const [file] = openStdio(machine, new MemoryStdio({ terminal }));
  return { machine, vfs, t, terminal, file };
};

Deno.test("the host's terminal is taken over at the first read, not by writing", () => {
  const { t, terminal, file, machine } = atTerminal(true);
  file.write(t, encode("a\n"));
  ok(terminal.cooked);
  equal(machine.hostPending, 0);
  equal(read(t, file), -E.AGAIN);
  ok(!terminal.cooked);
  terminal.type("ls\x7f\x7fx\r");
  equal(read(t, file), "x\n");
  equal(terminal.shown, "a\nls\b \b\b \bx\n");
});

Deno.test("a host that maps newlines itself gets them bare, and never adds a return to the guest's own", () => {
  const { t, terminal, file } = atTerminal(true);
  const { tty } = file as unknown as {
    tty: { configure(s: unknown): void; discipline: { termios: { oflag: number } } };
  };
  tty.configure({ ...tty.discipline.termios, oflag: 0 });
  file.write(t, encode("a\nb\r\nc"));
  equal(terminal.shown, "a\vb\r\nc");
  const plain = atTerminal(false);
  plain.file.write(plain.t, encode("a\n"));
  equal(plain.terminal.shown, "a\r\n");
});

Deno.test("the three streams of a terminal are one description, named in /dev/pts", () => {
  const { machine, vfs, t } = atTerminal(true);
  const files = openStdio(machine, new MemoryStdio({ terminal: new FakeTerminal(true) }));
  ok(files[0] === files[1] && files[1] === files[2]);
  equal(files[0].refs, 3);
  equal(files[0].path, "/dev/pts/0");
  const named = vfs.find(t, -100, "/pts/0").inode;
  equal([named.dev, named.ino, named.stat().rdev], [files[0].inode.dev, files[0].inode.ino, makedev(136, 0)]);
});

Deno.test("^C at the host's terminal reaches the first process; ^Z stops the emulator unless the guest handles it", () => {
  const { t, terminal, file } = atTerminal(true);
  read(t, file);
  t.handlers.set(SIG.INT, { handler: 0x1000, flags: 0, mask: 0n });
  terminal.type("\x03\x1a");
  ok(t.group.pending.has(SIG.INT));
  equal(terminal.suspensions, 1);
  t.handlers.set(SIG.TSTP, { handler: 0x1000, flags: 0, mask: 0n });
  terminal.type("\x1a");
  equal(terminal.suspensions, 1);
  ok(t.group.pending.has(SIG.TSTP));
});

Deno.test("a guest without echo and line editing gets bytes as they are typed", () => {
  const { t, terminal, file } = atTerminal(true);
  file.ioctl(t, TTY_IOCTL.TCGETS, MEMORY);
  t.mem.setU32(MEMORY + 12, t.mem.u32(MEMORY + 12) & ~(LFLAG.ICANON | LFLAG.ECHO));
  equal(file.ioctl(t, TTY_IOCTL.TCSETSW, MEMORY), 0);
  terminal.type("q");
  equal(read(t, file), "q");
  equal(terminal.shown, "");
});

Deno.test("a hangup of the host's terminal ends input", () => {
  const { machine, t, terminal, file } = atTerminal(true);
  read(t, file);
  equal(machine.hostPending, 1);
  t.handlers.set(SIG.HUP, { handler: 0x1000, flags: 0, mask: 0n });
  terminal.type("");
  equal(read(t, file), "");
  equal(machine.hostPending, 0);
  ok(t.group.pending.has(SIG.HUP));
});

Deno.test("host signals reach the first process", async () => {
  const { machine, t } = setUp();
  t.handlers.set(SIG.USR1, { handler: 0x1000, flags: 0, mask: 0n });
  const door = new HostStdio();
  openStdio(machine, door);
  Deno.kill(Deno.pid, "SIGUSR1");
  for (let i = 0; i < 100 && !t.group.pending.has(SIG.USR1); i++) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  door.close();
  ok(t.group.pending.has(SIG.USR1));
});
