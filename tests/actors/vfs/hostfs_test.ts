/** Host files seen through the guest's tree: identity, files without a name, sysroots, what the host cannot hold. */
import assert from "node:assert/strict";
import { HostFs } from "../../../actors/vfs/hostfs.ts";
import { S_IFDIR, S_IFIFO, S_IFMT, S_IFREG, S_IFSOCK } from "../../../actors/vfs/inode.ts";
import { O_CREAT, O_RDWR } from "../../../actors/vfs/open_file.ts";
import { AT_FDCWD } from "../../../syscalls/abi/at.ts";
import { E, Errno } from "../../../syscalls/abi/errno.ts";
import { fileKernel } from "../../fakes/files.ts";

const inTempDir = (name: string, use: (dir: string) => void): void =>
  Deno.test(name, () => {
    const dir = Deno.makeTempDirSync();
    try {
      use(dir);
    } finally {
      Deno.removeSync(dir, { recursive: true });
    }
  });

const over = (root: string, overlay = "") => {
  const { machine, t } = fileKernel(() => new HostFs(root, overlay).rootInode());
  const open = (path: string, flags = 0) => machine.vfs.open(t, AT_FDCWD, path, flags, 0o644);
  const find = (path: string) => machine.vfs.find(t, AT_FDCWD, path);
  return { machine, t, open, find };
};

inTempDir("two names of one file are one inode, a file made after is another", (dir) => {
  Deno.writeTextFileSync(`${dir}/a`, "x");
  Deno.linkSync(`${dir}/a`, `${dir}/b`);
  const { t, find, machine } = over(dir);
  const a = find("/a").inode;
  assert.equal(find("/b").inode, a);
  assert.equal(a.stat().nlink, 2);
  const root = machine.vfs.root.inode;
  root.unlink(t, "a");
  assert.equal(find("/b").inode.stat().nlink, 1);
  root.unlink(t, "b");
  for (let i = 0; i < 20; i++) assert.notEqual(root.create(t, `n${i}`, S_IFDIR | 0o755), a);
});

inTempDir("an open file lives on without its name", (dir) => {
  const { t, open, machine } = over(dir);
  const file = open("/f", O_RDWR | O_CREAT);
  assert.equal(file.write(t, new TextEncoder().encode("hello")), 5);
  machine.vfs.root.inode.unlink(t, "f");
  assert.equal(file.inode.stat().nlink, 0);
  assert.equal(file.inode.stat().size, 5);
  const back = new Uint8Array(5);
  assert.equal(file.read(t, back, 0), 5);
  assert.equal(new TextDecoder().decode(back), "hello");
  file.release();
});

inTempDir("links never lead out of the root", (dir) => {
  Deno.mkdirSync(`${dir}/root/etc`, { recursive: true });
  Deno.writeTextFileSync(`${dir}/secret`, "outside");
  Deno.writeTextFileSync(`${dir}/root/etc/secret`, "inside");
  Deno.symlinkSync("../../../../../secret", `${dir}/root/etc/up`);
  Deno.symlinkSync("/etc/secret", `${dir}/root/abs`);
  const { find } = over(`${dir}/root`);
  assert.throws(() => find("/etc/up"), (e) => e instanceof Errno && e.no === E.NOENT);
  assert.equal(find("/abs").path, "/etc/secret");
});

inTempDir("a sysroot's files come first, new files go to the root's directories", (dir) => {
  for (const d of ["sys/lib", "sys/tmp", "root/lib", "root/tmp"]) Deno.mkdirSync(`${dir}/${d}`, { recursive: true });
  Deno.writeTextFileSync(`${dir}/sys/lib/libc.so`, "sysroot");
  Deno.writeTextFileSync(`${dir}/root/lib/libc.so`, "root");
  Deno.writeTextFileSync(`${dir}/root/lib/only`, "root");
  const { t, open, find } = over(`${dir}/root`, `${dir}/sys`);
  assert.equal(find("/lib/libc.so").inode.stat().size, 7);
  assert.equal(find("/lib/only").inode.stat().size, 4);
  assert.deepEqual(find("/lib").inode.entries(t).map((e) => e.name).sort(), ["libc.so", "only"]);
  open("/tmp/new", O_RDWR | O_CREAT).release();
  assert.equal(Deno.statSync(`${dir}/root/tmp/new`).isFile, true);
});

inTempDir("fifos, sockets and fine times are kept for the machine", (dir) => {
  const { t, find, machine } = over(dir);
  const root = machine.vfs.root.inode;
  root.create(t, "fifo", S_IFIFO | 0o600);
  root.create(t, "sock", S_IFSOCK | 0o755);
  assert.equal(find("/fifo").inode.type, S_IFIFO);
  assert.equal(find("/sock").inode.stat().mode & S_IFMT, S_IFSOCK);
  assert.deepEqual(root.entries(t).map((e) => e.type).sort(), [S_IFIFO, S_IFSOCK].sort());
  const file = root.create(t, "f", S_IFREG | 0o600);
  file.setAttributes(t, { mtime: 1_234_567_890_123_456_789n });
  assert.equal(find("/f").inode.stat().mtime, 1_234_567_890_123_456_789n);
  root.unlink(t, "fifo");
  root.create(t, "fifo", S_IFREG | 0o600);
  assert.equal(find("/fifo").inode.type, S_IFREG);
});

inTempDir("pages of shared mappings agree with reads and writes, and reach the host", (dir) => {
  Deno.writeTextFileSync(`${dir}/m`, "0123456789");
  const { t, open } = over(dir);
  const file = open("/m", O_RDWR);
  const backing = file.backing()!;
  backing.retain();
  const page = backing.sharedPage!(0, t.machine.memory)!;
  page.set(new TextEncoder().encode("MAP"), 2);
  backing.dirtied!(0);
  const back = new Uint8Array(10);
  file.read(t, back, 0);
  assert.equal(new TextDecoder().decode(back), "01MAP56789");
  file.write(t, new TextEncoder().encode("wr"), 8);
  assert.equal(new TextDecoder().decode(page.subarray(0, 10)), "01MAP567wr");
  page[0] = 0x5a;
  backing.dirtied!(0);
  backing.release();
  assert.equal(Deno.readTextFileSync(`${dir}/m`), "Z1MAP567wr");
  file.release();
});

inTempDir("a name that is no UTF-8 is on no host: ENOENT, and EILSEQ for making it", (dir) => {
  const { t, open, find, machine } = over(dir);
  Deno.writeTextFileSync(`${dir}/\ufffd`, "");
  assert.throws(() => find("/\udcff"), (e) => e instanceof Errno && e.no === E.NOENT);
  assert.throws(() => open("/\udcff", O_RDWR | O_CREAT), (e) => e instanceof Errno && e.no === E.ILSEQ);
  assert.throws(() => machine.vfs.root.inode.symlink(t, "l", "\udcff"), (e) => e instanceof Errno && e.no === E.ILSEQ);
});
