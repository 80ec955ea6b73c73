/** Paths through the handlers, over files in memory: permissions, ownership, attributes, modes of opening. */
import assert from "node:assert/strict";
import { credentialsOf } from "../../../actors/credentials.ts";
import type { Task } from "../../../actors/task/task.ts";
import { AT, AT_FDCWD } from "../../../syscalls/abi/at.ts";
import { E } from "../../../syscalls/abi/errno.ts";
import { STAT } from "../../../syscalls/abi/files.ts";
import { decodeStruct } from "../../../syscalls/abi/layout.ts";
import { filesHandlers as files } from "../../../syscalls/files/handle.ts";
import { BUFFER, fileKernel, result, str, text } from "../../fakes/files.ts";

const O_WRONLY = 1, O_RDWR = 2, O_CREAT = 0o100, O_EXCL = 0o200, O_TRUNC = 0o1000, O_PATH = 0o10000000;
const KEEP = 0xffffffff;

const on = (t: Task) => ({
  open: (path: string, flags = 0, mode = 0o666) =>
    result(t, () => files.openat(t, AT_FDCWD, str(t, path), flags, mode)),
  mkdir: (path: string, mode = 0o777) => result(t, () => files.mkdirat(t, AT_FDCWD, str(t, path), mode)),
  chmod: (path: string, mode: number) => result(t, () => files.fchmodat(t, AT_FDCWD, str(t, path), mode)),
  chown: (path: string, uid: number, gid: number) =>
    result(t, () => files.fchownat(t, AT_FDCWD, str(t, path), uid, gid, 0)),
  unlink: (path: string, flags = 0) => result(t, () => files.unlinkat(t, AT_FDCWD, str(t, path), flags)),
  rename: (a: string, b: string, flags = 0) =>
    result(t, () => files.renameat2(t, AT_FDCWD, str(t, a), AT_FDCWD, str(t, b, 1), flags)),
  access: (path: string, mode: number, flags = 0) =>
    result(t, () => files.faccessat2(t, AT_FDCWD, str(t, path), mode, flags)),
  stat: (path: string) => {
    assert.equal(result(t, () => files.newfstatat(t, AT_FDCWD, str(t, path), BUFFER, AT.SYMLINK_NOFOLLOW)), 0);
    const s = decodeStruct(STAT, t.mem.read(BUFFER, STAT.size));
    return { mode: s.mode.toString(8), uid: Number(s.uid), gid: Number(s.gid), nlink: Number(s.nlink) };
  },
});

Deno.test("new files get the mode less the umask, and belong to their maker or a set-gid directory's group", () => {
  const { t } = fileKernel();
  const { open, mkdir, chmod, chown, stat } = on(t);
  mkdir("open", 0o777);
  chmod("open", 0o777);
  t.cred = credentialsOf(7, 8);
  open("open/f", O_CREAT | O_WRONLY);
  assert.deepEqual(stat("open/f"), { mode: "100644", uid: 7, gid: 8, nlink: 1 });
  t.cred = credentialsOf(0, 0);
  chown("open", KEEP, 55);
  chmod("open", 0o2777);
  t.cred = credentialsOf(7, 8);
  open("open/g", O_CREAT | O_WRONLY);
  mkdir("open/d");
  assert.equal(stat("open/g").gid, 55);
  assert.deepEqual(stat("open/d"), { mode: "42755", uid: 7, gid: 55, nlink: 2 });
});

Deno.test("a plain user is held to the mode bits, except on the descriptor that made the file", () => {
  const { t } = fileKernel();
  const { open, mkdir, chmod, chown, access, unlink } = on(t);
  open("rootfile", O_CREAT | O_WRONLY, 0o600);
  mkdir("home", 0o755);
  chown("home", 7, 7);
  t.cred = credentialsOf(7, 7);
  assert.equal(open("rootfile"), -E.ACCES);
  assert.equal(open("new", O_CREAT | O_WRONLY), -E.ACCES);
  assert.equal(unlink("rootfile"), -E.ACCES);
  assert.equal(chmod("rootfile", 0o666), -E.PERM);
  assert.equal(chown("rootfile", 7, 7), -E.PERM);
  const fd = open("home/locked", O_CREAT | O_EXCL | O_RDWR, 0);
  assert.ok(fd >= 0);
  assert.equal(open("home/locked"), -E.ACCES);
  assert.ok(open("home/locked", O_PATH) >= 0);
  assert.equal(access("home/locked", 4), -E.ACCES);
  assert.equal(access("home/locked", 0), 0);
  assert.equal(chmod("home/locked", 0o400), 0);
  assert.equal(access("home/locked", 4), 0);
  assert.equal(access("home/locked", 2), -E.ACCES);
  assert.equal(open("home/locked", O_TRUNC), -E.ACCES);
  assert.equal(chown("home/locked", 9, KEEP), -E.PERM);
  assert.equal(chown("home/locked", KEEP, 7), 0);
});

Deno.test("access uses the real ids, AT_EACCESS the effective ones", () => {
  const { t } = fileKernel();
  const { open, access } = on(t);
  open("f", O_CREAT | O_WRONLY, 0o600);
  t.cred = { ...credentialsOf(0, 0), ruid: 7, rgid: 7 };
  assert.equal(access("f", 4), -E.ACCES);
  assert.equal(access("f", 4, AT.EACCESS), 0);
});

Deno.test("a change of owner takes the set-id bits of executables away", () => {
  const { t } = fileKernel();
  const { open, chmod, chown, stat } = on(t);
  open("f", O_CREAT | O_WRONLY);
  chmod("f", 0o6755);
  chown("f", 5, KEEP);
  assert.equal(stat("f").mode, "100755");
  chmod("f", 0o2644);
  chown("f", 6, KEEP);
  assert.equal(stat("f").mode, "102644");
});

Deno.test("rename keeps link counts and refuses to lose or loop directories", () => {
  const { t } = fileKernel();
  const { open, mkdir, rename, stat, unlink } = on(t);
  mkdir("a");
  mkdir("a/b");
  mkdir("c");
  open("f", O_CREAT | O_WRONLY);
  assert.equal(rename("a", "a/b/x"), -E.INVAL);
  assert.equal(rename("c", "a"), -E.NOTEMPTY);
  assert.equal(rename("f", "c"), -E.ISDIR);
  assert.equal(rename("c", "f"), -E.NOTDIR);
  assert.equal(rename("a/b", "c"), 0);
  assert.equal(stat("a").nlink, 2);
  assert.equal(stat("/").nlink, 4);
  assert.equal(rename("c", "f", 2), 0);
  assert.deepEqual([stat("c").mode, stat("f").mode], ["100644", "40755"]);
  assert.equal(rename("c", "f", 1), -E.EXIST);
  assert.equal(rename("c", "f", 3), -E.INVAL);
  assert.equal(unlink("f", 0x200), 0);
  assert.equal(unlink("a/..", 0x200), -E.NOTEMPTY);
});

Deno.test("extended attributes of files in memory: set, replace, list, remove, and their name spaces", () => {
  const { t } = fileKernel();
  const { open } = on(t);
  const fd = open("f", O_CREAT | O_RDWR);
  const name = str(t, "user.x", 3), value = str(t, "value", 4);
  const set = (flags: number) => result(t, () => files.fsetxattr(t, fd, name, value, 5, flags));
  assert.equal(set(2), -E.NODATA);
  assert.equal(set(1), 0);
  assert.equal(set(1), -E.EXIST);
  assert.equal(result(t, () => files.fgetxattr(t, fd, name, BUFFER, 0)), 5);
  assert.equal(result(t, () => files.fgetxattr(t, fd, name, BUFFER, 4)), -E.RANGE);
  assert.equal(result(t, () => files.fgetxattr(t, fd, name, BUFFER, 9)), 5);
  assert.equal(text(t, BUFFER, 5), "value");
  assert.equal(result(t, () => files.flistxattr(t, fd, BUFFER, 100)), 7);
  assert.equal(text(t, BUFFER, 7), "user.x\0");
  assert.equal(result(t, () => files.fsetxattr(t, fd, str(t, "odd.x", 5), value, 5, 0)), -E.OPNOTSUPP);
  assert.equal(result(t, () => files.fremovexattr(t, fd, name)), 0);
  assert.equal(result(t, () => files.fremovexattr(t, fd, name)), -E.NODATA);
});

Deno.test("directory records come in full or not at all, and a rewind lists anew", () => {
  const { t } = fileKernel();
  const { open } = on(t);
  for (let i = 0; i < 20; i++) open(`file${i}`, O_CREAT | O_WRONLY);
  const fd = open("/");
  const names: string[] = [];
  for (;;) {
    const n = files.getdents64(t, fd, BUFFER, 100);
    if (n === 0) break;
    for (let at = BUFFER; at < BUFFER + n; at += t.mem.u16(at + 16)) {
      names.push(new TextDecoder().decode(t.mem.cstring(at + 19, 100)));
    }
  }
  assert.equal(new Set(names).size, 22);
  assert.equal(files.getdents64(t, open("/"), BUFFER, 10), -E.INVAL);
});

Deno.test("memfd names, seals and flags are checked", () => {
  const { t } = fileKernel();
  const make = (name: string, flags: number) => result(t, () => files.memfd_create(t, str(t, name), flags));
  assert.equal(make("n".repeat(250), 0), -E.INVAL);
  assert.equal(make("x", 8 | 16), -E.INVAL);
  const fd = make("n".repeat(249), 1);
  assert.equal(t.files.cloexec(fd), true);
  assert.equal(t.files.get(make("x", 0)).path, "/memfd:x (deleted)");
});
