/** No way leads out of a root: files held by descriptors whose names became links, swaps by others while a path is walked, two trees one of which has links. */
import assert from "node:assert/strict";
import { HostFs } from "../../../actors/vfs/hostfs.ts";
import { O_CREAT, O_PATH, O_RDWR, type OpenFile } from "../../../actors/vfs/open_file.ts";
import { type HostFiles, hostFs } from "../../../actors/world/host_fs.ts";
import { readOnly } from "../../../actors/world/read_only.ts";
import { AT_FDCWD } from "../../../syscalls/abi/at.ts";
import { E, Errno } from "../../../syscalls/abi/errno.ts";
import { fileKernel } from "../../fakes/files.ts";

/** A root beside a directory that must not be reached. */
const guarded = (name: string, use: (dir: string) => void): void =>
  Deno.test(name, () => {
    const dir = Deno.makeTempDirSync();
    try {
      Deno.mkdirSync(`${dir}/root`);
      Deno.mkdirSync(`${dir}/outside`);
      Deno.writeTextFileSync(`${dir}/outside/secret`, "secret", { mode: 0o600 });
      use(dir);
      assert.equal(Deno.readTextFileSync(`${dir}/outside/secret`), "secret");
      assert.equal(Deno.statSync(`${dir}/outside/secret`).mode! & 0o777, 0o600);
      assert.deepEqual([...Deno.readDirSync(`${dir}/outside`)].map((e) => e.name), ["secret"]);
    } finally {
      Deno.removeSync(dir, { recursive: true });
    }
  });

const over = (root: string, sysroot = "", host?: HostFiles) => {
  const { machine, t } = fileKernel(() => new HostFs(root, sysroot, host).rootInode());
  const { vfs } = machine;
  const open = (path: string, flags = 0): OpenFile => vfs.open(t, AT_FDCWD, path, flags, 0o644);
  return { t, vfs, open, root: vfs.root.inode };
};
const fails = (no: number, run: () => unknown) =>
  assert.throws(run, (error) => error instanceof Errno && error.no === no);

guarded("a held directory whose name became a link leads nowhere", (dir) => {
  const { t, open, root } = over(`${dir}/root`);
  for (const lost of ["removed", "moved"]) {
    root.create(t, "d", 0o40755);
    const held = open("/d").inode;
    if (lost === "removed") root.rmdir(t, "d");
    // By another name of the same tree: nobody tells this one.
    else Deno.renameSync(`${dir}/root/d`, `${dir}/root/elsewhere`);
    root.symlink(t, "d", `${dir}/outside`);
    fails(E.NOENT, () => held.lookup(t, "secret"));
    fails(E.NOENT, () => held.entries(t));
    fails(E.NOENT, () => held.create(t, "new", 0o100644));
    fails(E.NOENT, () => held.symlink(t, "new", "x"));
    fails(E.NOENT, () => held.unlink(t, "secret"));
    fails(E.NOENT, () => held.rename(t, "secret", root, "mine", 0));
    root.create(t, "file", 0o100644);
    fails(E.NOENT, () => root.rename(t, "file", held, "new", 0));
    fails(E.NOENT, () => held.link(t, "new", root.lookup(t, "file")));
    root.unlink(t, "file");
    root.unlink(t, "d");
  }
});

guarded("a held file whose name became a link is not the file the link leads to", (dir) => {
  const { t, open, root } = over(`${dir}/root`);
  const file = open("/f", O_RDWR | O_CREAT), place = open("/f", O_PATH);
  root.unlink(t, "f");
  root.symlink(t, "f", `${dir}/outside/secret`);
  file.inode.setAttributes(t, { mode: 0o777 });
  file.inode.setAttributes(t, { size: 3 });
  file.inode.setAttributes(t, { mtime: 1_000_000_000n });
  assert.equal(file.inode.stat().mode & 0o777, 0o777);
  assert.equal(file.inode.stat().size, 3);
  fails(E.NOENT, () => place.inode.open(t, O_RDWR, "/f"));
  fails(E.NOENT, () => root.link(t, "name", place.inode));
  file.release();
  place.inode.setAttributes(t, { size: 0, mode: 0o777 });
  assert.equal(place.inode.stat().nlink, 0);
});

guarded("a file below a directory that became a link keeps its own metadata", (dir) => {
  const { t, vfs, root } = over(`${dir}/root`);
  root.create(t, "d", 0o40755).create(t, "secret", 0o100644);
  const place = vfs.open(t, AT_FDCWD, "/d/secret", O_PATH, 0);
  Deno.renameSync(`${dir}/root/d`, `${dir}/root/elsewhere`);
  root.symlink(t, "d", `${dir}/outside`);
  assert.notEqual(place.inode.stat().size, 6);
  place.inode.setAttributes(t, { mode: 0o777 });
});

guarded("a file swapped for a link between the look and the open is not opened", (dir) => {
  Deno.writeTextFileSync(`${dir}/root/f`, "inside");
  const swapping: HostFiles = {
    ...hostFs,
    open(path, how) {
      Deno.removeSync(path);
      Deno.symlinkSync(`${dir}/outside/secret`, path);
      return hostFs.open(path, how);
    },
  };
  const { open } = over(`${dir}/root`, "", swapping);
  fails(E.NOENT, () => open("/f"));
  const before = over(`${dir}/root`);
  fails(E.NOENT, () => before.open("/f"));
});

guarded("a directory of the sysroot that is a link in the root shows nothing of where the link leads", (dir) => {
  Deno.mkdirSync(`${dir}/sys/a/b`, { recursive: true });
  Deno.symlinkSync(`${dir}/outside`, `${dir}/root/a`);
  const { open } = over(`${dir}/root`, `${dir}/sys`);
  fails(E.NOENT, () => open("/a/secret"));
});

guarded("files that are only to be read are not changed by any call", (dir) => {
  Deno.mkdirSync(`${dir}/root/d`);
  Deno.writeTextFileSync(`${dir}/root/f`, "text", { mode: 0o640 });
  const { t, open, root } = over(`${dir}/root`, "", readOnly(hostFs));
  const file = open("/f"), d = root.lookup(t, "d");
  for (
    const change of [
      () => open("/f", O_RDWR),
      () => open("/new", O_RDWR | O_CREAT),
      () => root.create(t, "new", 0o40755),
      () => root.symlink(t, "new", "f"),
      () => root.link(t, "new", file.inode),
      () => root.unlink(t, "f"),
      () => root.rmdir(t, "d"),
      () => root.rename(t, "f", d, "f", 0),
      () => root.rename(t, "f", root, "d", 2),
      () => file.inode.setAttributes(t, { mode: 0o777 }),
      () => file.inode.setAttributes(t, { uid: 1 }),
      () => file.inode.setAttributes(t, { size: 0 }),
      () => file.inode.setAttributes(t, { mtime: 1n }),
    ]
  ) fails(E.ROFS, change);
  file.release();
  assert.deepEqual([...Deno.readDirSync(`${dir}/root`)].map((e) => e.name).sort(), ["d", "f"]);
  assert.equal(Deno.readTextFileSync(`${dir}/root/f`), "text");
  assert.equal(Deno.statSync(`${dir}/root/f`).mode! & 0o777, 0o640);
});
