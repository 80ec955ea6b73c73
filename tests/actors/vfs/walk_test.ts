/** The path walk: links, dots, mounts, limits, roots, permissions. */
import assert from "node:assert/strict";
import { credentialsOf } from "../../../actors/credentials.ts";
import { FsContext } from "../../../actors/fs_context.ts";
import { S_IFDIR, S_IFREG } from "../../../actors/vfs/inode.ts";
import { TmpFs } from "../../../actors/vfs/tmpfs.ts";
import { AT_FDCWD } from "../../../syscalls/abi/at.ts";
import { E, Errno } from "../../../syscalls/abi/errno.ts";
import { fileKernel } from "../../fakes/files.ts";

const failing = (no: number) => (error: unknown) => error instanceof Errno && error.no === no;

const tree = () => {
  const { machine, t } = fileKernel();
  const { root } = machine.vfs;
  const a = root.inode.create(t, "a", S_IFDIR | 0o755);
  const b = a.create(t, "b", S_IFDIR | 0o755);
  b.create(t, "file", S_IFREG | 0o644);
  root.inode.symlink(t, "abs", "/a/b");
  a.symlink(t, "rel", "b/file");
  a.symlink(t, "up", "../a/b/");
  const path = (p: string, follow = true) => machine.vfs.find(t, AT_FDCWD, p, follow).path;
  return { machine, t, path, a, b };
};

Deno.test("links, dots and slashes lead to canonical places", () => {
  const { path } = tree();
  assert.equal(path("/a/b/file"), "/a/b/file");
  assert.equal(path("a//b/./../b/file"), "/a/b/file");
  assert.equal(path("/abs/file"), "/a/b/file");
  assert.equal(path("/a/rel"), "/a/b/file");
  assert.equal(path("/a/rel", false), "/a/rel");
  assert.equal(path("/a/up/file"), "/a/b/file");
  assert.equal(path("/../../.."), "/");
  assert.equal(path("/abs/.."), "/a");
  assert.equal(path("/abs/", false), "/a/b");
});

Deno.test("wrong paths fail as on Linux", () => {
  const { path, machine, t } = tree();
  assert.throws(() => path(""), failing(E.NOENT));
  assert.throws(() => path("/none"), failing(E.NOENT));
  assert.throws(() => path("/none/x"), failing(E.NOENT));
  assert.throws(() => path("/a/b/file/"), failing(E.NOTDIR));
  assert.throws(() => path("/a/b/file/.."), failing(E.NOTDIR));
  assert.throws(() => path("/" + "n".repeat(256)), failing(E.NAMETOOLONG));
  assert.throws(() => path("/" + "é".repeat(128)), failing(E.NAMETOOLONG));
  assert.throws(() => path("/x".repeat(3000)), failing(E.NAMETOOLONG));
  machine.vfs.root.inode.symlink(t, "l0", "none");
  for (let i = 1; i <= 41; i++) machine.vfs.root.inode.symlink(t, `l${i}`, `l${i - 1}`);
  assert.throws(() => path("/l41"), failing(E.LOOP));
  assert.throws(() => path("/l38"), failing(E.NOENT));
});

Deno.test("a task cannot leave its root, by dots or by links", () => {
  const { machine, t, path } = tree();
  t.fs = new FsContext(machine.vfs.find(t, AT_FDCWD, "/a"), machine.vfs.find(t, AT_FDCWD, "/a/b"), 0);
  assert.equal(path("/"), "/a");
  assert.equal(path("../../../b/file"), "/a/b/file");
  assert.throws(() => path("/abs"), failing(E.NOENT));
  machine.vfs.root.inode.lookup(t, "a").symlink(t, "out", "/../../abs");
  assert.throws(() => path("/out"), failing(E.NOENT));
});

Deno.test("a mount hides what is below it, shows in listings, and dots lead out of it", () => {
  const { machine, t, path } = tree();
  const other = new TmpFs(machine, 41);
  other.root.create(t, "inside", S_IFREG | 0o600);
  machine.vfs.mount("/a/b", other.root, "tmpfs", "tmpfs");
  machine.vfs.mount("/proc", new TmpFs(machine, 42).root, "proc", "proc");
  assert.equal(path("/abs/inside"), "/a/b/inside");
  assert.throws(() => path("/a/b/file"), failing(E.NOENT));
  assert.equal(path("/a/b/.."), "/a");
  assert.deepEqual(machine.vfs.mounts.entriesIn("/").map((e) => e.name), ["proc"]);
  assert.throws(() => machine.vfs.victim(t, AT_FDCWD, "/a/b"), failing(E.BUSY));
  assert.throws(() => machine.vfs.walk(t, AT_FDCWD, "/a/b/inside", { follow: true, noXdev: true }), failing(E.XDEV));
});

Deno.test("directories without x stop other users, and sticky ones keep their files", () => {
  const { machine, t, path, a, b } = tree();
  t.cred = credentialsOf(1000, 1000);
  assert.equal(path("/a/b/file"), "/a/b/file");
  a.setAttributes(t, { mode: 0o700 });
  assert.throws(() => path("/a/b/file"), failing(E.ACCES));
  a.setAttributes(t, { mode: 0o755 });
  assert.throws(() => machine.vfs.place(t, AT_FDCWD, "/a/b/new"), failing(E.ACCES));
  b.setAttributes(t, { mode: 0o1777 });
  assert.equal(machine.vfs.place(t, AT_FDCWD, "/a/b/new").name, "new");
  assert.throws(() => machine.vfs.victim(t, AT_FDCWD, "/a/b/file"), failing(E.PERM));
});

Deno.test("a renamed directory takes working directories and open files along", () => {
  const { machine, t } = tree();
  t.fs.cwd = machine.vfs.find(t, AT_FDCWD, "/a/b");
  const file = machine.vfs.open(t, AT_FDCWD, "/a/b/file", 0, 0);
  t.files.add(file, false, 10);
  const { root } = machine.vfs, from = machine.vfs.find(t, AT_FDCWD, "/a");
  root.inode.rename(t, "a", root.inode, "z", 0);
  machine.vfs.relocated(t, from.inode, "/a", { inode: from.inode, path: "/z", parent: root });
  assert.equal(t.fs.cwd.path, "/z/b");
  assert.equal(machine.vfs.find(t, AT_FDCWD, "..").path, "/z");
  assert.equal(file.path, "/z/b/file");
  machine.vfs.relocated(t, file.inode, "/z/b/file", undefined);
  assert.equal(file.path, "/z/b/file (deleted)");
});
