/** Ptys, job control and controlling terminals, over a machine without guest code. */
import { deepStrictEqual as equal, ok, throws } from "node:assert/strict";
import { BLOCKED } from "../../../actors/blocking.ts";
import { makeDevfs } from "../../../actors/devfs/devfs.ts";
import { SIG_IGN } from "../../../actors/signal_handlers.ts";
import { exitTask } from "../../../actors/task/exit.ts";
import type { Task } from "../../../actors/task/task.ts";
import { TtyFile } from "../../../actors/tty/tty_file.ts";
import { O_NOCTTY, O_RDWR, type OpenFile, POLLHUP, POLLIN, POLLOUT } from "../../../actors/vfs/open_file.ts";
import { Vfs } from "../../../actors/vfs/vfs.ts";
import { E, Errno } from "../../../syscalls/abi/errno.ts";
import { SIG } from "../../../syscalls/abi/signals.ts";
import { CC, LFLAG, TTY_IOCTL as T } from "../../../syscalls/abi/termios.ts";
import { call, look, MEMORY, newMachine, newTask, pass } from "../../fakes/kernel.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const failsWith = (no: number, run: () => unknown) => throws(run, (error) => error instanceof Errno && error.no === no);

/** A machine whose root is /dev, its first process leading a session. */
const setUp = () => {
  const machine = newMachine();
  const vfs = machine.vfs = Vfs.of(makeDevfs(machine), "dev", "devtmpfs");
  const member = (parent?: Task): Task => {
    const t = newTask(machine);
    t.fs.root = t.fs.cwd = vfs.root;
    if (parent !== undefined) {
      t.group.parent = parent;
      parent.group.children.push(t.group);
      t.group.sid = parent.group.sid;
      t.group.tty = parent.group.tty;
    }
    return t;
  };
  return { machine, vfs, member, t: member() };
};
const open = (t: Task, path: string, flags = O_RDWR): OpenFile => t.machine.vfs.open(t, -100, path, flags, 0);
const openPair = (t: Task, flags = O_RDWR): { master: OpenFile; slave: TtyFile; path: string } => {
  const master = open(t, "/ptmx");
  t.mem.setU32(MEMORY, 0);
  equal(master.ioctl(t, T.TIOCSPTLCK, MEMORY), 0);
  equal(master.ioctl(t, T.TIOCGPTN, MEMORY), 0);
  const path = `/pts/${t.mem.u32(MEMORY)}`;
  return { master, slave: open(t, path, flags) as TtyFile, path };
};
const read = (t: Task, file: OpenFile, size = 100): string | number => {
  const into = new Uint8Array(size);
  const n = file.read(t, into);
  return n < 0 ? n : new TextDecoder().decode(into.subarray(0, n));
};

Deno.test("what the master writes is typed, what the slave writes is shown", () => {
  const { t } = setUp();
  const { master, slave } = openPair(t);
  equal(slave.write(t, bytes("login:\n")), 7);
  equal(read(t, master), "login:\r\n");
  equal(read(t, slave), -E.AGAIN);
  master.write(t, bytes("me\r"));
  equal(read(t, slave), "me\n");
  equal(read(t, master), "me\r\n");
});

Deno.test("a slave is locked until TIOCSPTLCK, and gone when the master is closed", () => {
  const { t, vfs } = setUp();
  const master = open(t, "/ptmx");
  failsWith(E.IO, () => open(t, "/pts/0"));
  t.mem.setU32(MEMORY, 0);
  master.ioctl(t, T.TIOCSPTLCK, MEMORY);
  const slave = open(t, "/pts/0", O_RDWR | O_NOCTTY);
  equal(vfs.find(t, -100, "/pts").inode.entries(t).map((e) => e.name), ["0", "ptmx"]);
  master.release();
  failsWith(E.NOENT, () => open(t, "/pts/0"));
  equal(read(t, slave), "");
  equal(slave.write(t, bytes("x")), -E.IO);
  ok((slave.poll() & POLLHUP) !== 0);
});

Deno.test("when the last slave closes the master reads what is left and then EIO", () => {
  const { t } = setUp();
  const { master, slave, path } = openPair(t);
  slave.write(t, bytes("bye"));
  slave.release();
  ok((master.poll() & POLLHUP) !== 0);
  equal(read(t, master), "bye");
  equal(read(t, master), -E.IO);
  open(t, path);
  equal(read(t, master), -E.AGAIN);
});

Deno.test("a full wire makes writers wait until the master reads", () => {
  const { t } = setUp();
  const { master, slave } = openPair(t);
  let written = 0;
  for (let n = 0; n !== -E.AGAIN; n = slave.write(t, new Uint8Array(5000))) written += n;
  ok(written >= 16384 && written < 25000, String(written));
  ok((slave.poll() & POLLOUT) === 0);
  let woken = 0;
  slave.queue.add({ notify: () => woken++ });
  master.read(t, new Uint8Array(written));
  ok(woken > 0 && (slave.poll() & POLLOUT) !== 0);
});

Deno.test("a session leader's first terminal becomes its controlling terminal, unless O_NOCTTY", () => {
  const { t } = setUp();
  const { slave } = openPair(t, O_RDWR | O_NOCTTY);
  equal(t.group.tty, undefined);
  failsWith(E.NXIO, () => open(t, "/tty"));
  equal(slave.ioctl(t, T.TIOCGPGRP, MEMORY), -E.NOTTY);
  equal(slave.ioctl(t, T.TIOCSCTTY, 0), 0);
  equal(t.group.tty, slave.tty);
  equal(slave.ioctl(t, T.TIOCGPGRP, MEMORY), 0);
  equal(t.mem.u32(MEMORY), t.group.pgid);
  equal(slave.ioctl(t, T.TIOCGSID, MEMORY), 0);
  equal((open(t, "/tty") as TtyFile).tty, slave.tty);
});

Deno.test("^C reaches the foreground process group and no other", () => {
  const { t, member } = setUp();
  const { master } = openPair(t);
  const child = member(t);
  master.write(t, bytes("\x03"));
  ok(t.group.pending.has(SIG.INT));
  ok(!child.group.pending.has(SIG.INT));
});

Deno.test("tcsetpgrp knows only process groups of the caller's session", () => {
  const { t, member } = setUp();
  const { slave } = openPair(t);
  const child = member(t), stranger = member();
  const set = (pgid: number) => {
    t.mem.setU32(MEMORY, pgid);
    return slave.ioctl(t, T.TIOCSPGRP, MEMORY);
  };
  equal(set(child.group.pgid), 0);
  equal(slave.tty.foreground, child.group.pgid);
  slave.tty.foreground = t.group.pgid;
  equal(set(999), -E.SRCH);
  equal(set(stranger.group.pgid), -E.PERM);
  t.mem.setU32(MEMORY, 0xffffffff);
  equal(slave.ioctl(t, T.TIOCSPGRP, MEMORY), -E.INVAL);
});

Deno.test("a background reader gets SIGTTIN, or EIO when it ignores that", () => {
  const { t, member } = setUp();
  const { master, slave } = openPair(t);
  const child = member(t);
  master.write(t, bytes("x\n"));
  equal(read(child, slave), -E.AGAIN);
  ok(child.group.pending.has(SIG.TTIN));
  child.handlers.set(SIG.TTIN, { handler: SIG_IGN, flags: 0, mask: 0n });
  equal(read(child, slave), -E.IO);
  equal(read(t, slave), "x\n");
});

Deno.test("a background writer is stopped only with TOSTOP, and an orphaned one gets EIO", () => {
  const { t, member } = setUp();
  const { slave } = openPair(t);
  const child = member(t);
  equal(slave.write(child, bytes("a")), 1);
  const { termios } = slave.tty.discipline;
  slave.tty.configure({ ...termios, lflag: termios.lflag | LFLAG.TOSTOP });
  equal(slave.write(child, bytes("a")), -E.AGAIN);
  ok(child.group.pending.has(SIG.TTOU));
  child.group.parent = undefined;
  equal(slave.write(child, bytes("a")), -E.IO);
  child.handlers.set(SIG.TTOU, { handler: SIG_IGN, flags: 0, mask: 0n });
  equal(slave.write(child, bytes("a")), 1);
});

Deno.test("a background tcsetattr waits until it is in the foreground", () => {
  const { t, member } = setUp();
  const { slave } = openPair(t);
  const child = member(t);
  equal(slave.ioctl(child, T.TCGETS, MEMORY), 0);
  equal(call(child, () => slave.ioctl(child, T.TCSETS, MEMORY)), BLOCKED);
  ok(child.group.pending.has(SIG.TTOU));
  slave.tty.foreground = child.group.pgid;
  equal(look(child), 0);
});

Deno.test("the window size is told to the foreground only when it changes", () => {
  const { t } = setUp();
  const { master, slave } = openPair(t);
  t.handlers.set(SIG.WINCH, { handler: 0x1000, flags: 0, mask: 0n });
  t.mem.write(MEMORY, Uint8Array.of(24, 0, 80, 0, 0, 0, 0, 0));
  equal(master.ioctl(t, T.TIOCSWINSZ, MEMORY), 0);
  ok(t.group.pending.has(SIG.WINCH));
  t.group.pending.clear();
  equal(slave.ioctl(t, T.TIOCSWINSZ, MEMORY), 0);
  ok(!t.group.pending.has(SIG.WINCH));
  equal(slave.ioctl(t, T.TIOCGWINSZ, MEMORY + 16), 0);
  equal([...t.mem.read(MEMORY + 16, 4)], [24, 0, 80, 0]);
});

const raw = (slave: TtyFile, min: number, time: number): void => {
  const { termios } = slave.tty.discipline;
  const cc = termios.cc.with(CC.MIN, min).with(CC.TIME, time);
  slave.tty.configure({ ...termios, lflag: termios.lflag & ~LFLAG.ICANON, cc });
};
const waitingRead = (t: Task, slave: TtyFile, into: Uint8Array): number =>
  call(t, () => {
    const attempt = () => {
      const n = slave.read(t, into);
      return n === -E.AGAIN ? BLOCKED : n;
    };
    const n = attempt();
    return n === BLOCKED ? t.block({ what: "read", queues: [slave.queue], poll: attempt }) : n;
  });

Deno.test("MIN and TIME: the four cases of a raw read", () => {
  const { machine, t } = setUp();
  const { master, slave } = openPair(t);
  const into = new Uint8Array(10);
  raw(slave, 0, 0);
  equal(slave.read(t, into), 0);
  raw(slave, 3, 0);
  master.write(t, bytes("ab"));
  equal(waitingRead(t, slave, into), BLOCKED);
  ok((slave.poll() & POLLIN) === 0);
  master.write(t, bytes("c"));
  ok((slave.poll() & POLLIN) !== 0);
  equal(look(t), 3);
  raw(slave, 0, 2);
  equal(waitingRead(t, slave, into), BLOCKED);
  pass(machine, 1e8);
  equal(look(t), BLOCKED);
  pass(machine, 1e8);
  equal(look(t), 0);
  raw(slave, 5, 1);
  equal(waitingRead(t, slave, into), BLOCKED);
  pass(machine, 1e9);
  equal(look(t), BLOCKED);
  master.write(t, bytes("z"));
  equal(look(t), BLOCKED);
  pass(machine, 1e8);
  equal(look(t), 1);
});

Deno.test("a session leader that exits leaves the terminal and hangs its foreground up", () => {
  const { t, member } = setUp();
  const { slave } = openPair(t);
  const child = member(t);
  slave.tty.foreground = child.group.pgid;
  exitTask(t, 0);
  ok(child.group.groupExit !== undefined || child.group.pending.has(SIG.HUP));
  equal(child.group.tty, undefined);
  equal(slave.tty.session, 0);
});

Deno.test("closing the master hangs the session leader up", () => {
  const { t } = setUp();
  const { master } = openPair(t);
  t.handlers.set(SIG.HUP, { handler: 0x1000, flags: 0, mask: 0n });
  t.handlers.set(SIG.CONT, { handler: 0x1000, flags: 0, mask: 0n });
  master.release();
  ok(t.group.pending.has(SIG.HUP) && t.group.pending.has(SIG.CONT));
  equal(t.group.tty, undefined);
});

Deno.test("packet mode tells the master of a flush before the data", () => {
  const { t } = setUp();
  const { master, slave } = openPair(t);
  t.mem.setU32(MEMORY, 1);
  equal(master.ioctl(t, T.TIOCPKT, MEMORY), 0);
  slave.write(t, bytes("a"));
  equal(read(t, master), "\0a");
  equal(slave.ioctl(t, T.TCFLSH, 1), 0);
  equal(read(t, master), "\x02");
});
