/** mount(2), umount2(2) and pivot_root(2): who may, what can be mounted, on what (fs/namespace.c). Results are 0 or a negative errno; paths are found by the caller. */
import { E, fail } from "../../syscalls/abi/errno.ts";
import { CAP, capable, nsCapable, saidGid, saidUid } from "../credentials.ts";
import { makeDevfs } from "../devfs/devfs.ts";
import type { Location } from "../fs_context.ts";
import { makeProcfs } from "../procfs/procfs.ts";
import { makeSysfs } from "../procfs/sysfs.ts";
import type { Task } from "../task/task.ts";
import { ptsDirectory } from "../tty/tty_nodes.ts";
import { type Inode, S_IFDIR } from "./inode.ts";
import { type Mount, moved, within } from "./mount_table.ts";
import { makeOverlay } from "./overlay/mount_overlay.ts";
import { TmpFs } from "./tmpfs.ts";

/** Whether the task may change mounts at all (may_mount). */
export const mayMount = (t: Task): boolean => nsCapable(t.cred, t.namespaces.of.mnt.owner, CAP.SYS_ADMIN);

interface Made {
  readonly root: Inode;
  readonly options: string;
}
const SIZES: Readonly<Record<string, number>> = { "": 1, k: 1 << 10, m: 1 << 20, g: 1 << 30 };

/** Options of tmpfs; EINVAL for others. */
const makeTmpfs = (t: Task, words: string): Made => {
  let mode = 0o1777, pages: number | undefined, uid = t.cred.fsuid, gid = t.cred.fsgid;
  for (const word of words.split(",").filter((w) => w !== "")) {
    const [name, value = ""] = word.split("=");
    const size = /^(\d+)([kmg]?)$/i.exec(value);
    if (name === "size" && size !== null) pages = Math.ceil(Number(size[1]) * SIZES[size[2].toLowerCase()] / 4096);
    else if (name === "nr_blocks" && size !== null) pages = Number(size[1]) * SIZES[size[2].toLowerCase()];
    else if (name === "size" && /^\d+%$/.test(value)) pages = undefined;
    else if (name === "mode" && /^[0-7]+$/.test(value)) mode = parseInt(value, 8) & 0o7777;
    else if (name === "uid" && size !== null) uid = saidUid(t.cred, Number(value));
    else if (name === "gid" && size !== null) gid = saidGid(t.cred, Number(value));
    else if (name !== "nr_inodes" && name !== "huge" && name !== "inode64" && name !== "inode32") return fail(E.INVAL);
  }
  const fs = new TmpFs(t.machine, ++t.vfs.mounts.ids.device, mode, pages);
  fs.root.uid = uid;
  fs.root.gid = gid;
  return { root: fs.root, options: words };
};

/** What can be mounted by its type; `inside`: by root of a user namespace, too. */
const TYPES: Readonly<Record<string, { readonly inside: boolean; readonly make: (t: Task, options: string) => Made }>> =
  {
    tmpfs: { inside: true, make: makeTmpfs },
    ramfs: { inside: true, make: (t) => makeTmpfs(t, "") },
    overlay: { inside: true, make: (t, options) => makeOverlay(t, options, ++t.vfs.mounts.ids.device) },
    proc: { inside: true, make: (t) => ({ root: makeProcfs(t.machine, t.group.pidNamespace), options: "" }) },
    sysfs: { inside: true, make: (t) => ({ root: makeSysfs(t.machine), options: "" }) },
    devtmpfs: { inside: false, make: (t) => ({ root: makeDevfs(t.machine), options: "" }) },
    devpts: { inside: true, make: (t, options) => ({ root: ptsDirectory(t.machine), options }) },
  };

/** A directory goes on a directory, another file on another file. */
const fits = (target: Location, root: Inode): void => {
  if ((root.type === S_IFDIR) !== (target.inode.type === S_IFDIR)) fail(E.NOTDIR);
  if (target.path.endsWith(" (deleted)")) fail(E.NOENT);
};

/** A new file system at a place. */
export const mountNew = (
  t: Task,
  target: Location,
  type: string,
  source: string,
  flags: number,
  data: string,
): void => {
  const known = TYPES[type] ?? fail(E.NODEV);
  if (!(known.inside ? mayMount(t) : capable(t.cred, CAP.SYS_ADMIN))) fail(E.PERM);
  const made = known.make(t, data);
  fits(target, made.root);
  t.vfs.mounts.add({ path: target.path, root: made.root, source, type, flags, options: made.options });
};

const isRoot = (t: Task, { path, inode }: Location): Mount | undefined => {
  const mount = t.vfs.mounts.at(path);
  return mount !== undefined && mount.root === inode ? mount : undefined;
};

/** MS_REMOUNT: other flags, and with MS_BIND no others than those of the mount. */
export const remount = (t: Task, target: Location, flags: number): number => {
  const mount = isRoot(t, target);
  if (mount === undefined) return -E.INVAL;
  mount.flags = flags;
  return 0;
};

/** MS_BIND: the same files at a second place; `recursive`: with what is mounted below. */
export const bind = (t: Task, from: Location, target: Location, recursive: boolean): void => {
  fits(target, from.inode);
  const { mounts } = t.vfs;
  const base = mounts.of(from.path), below = recursive ? mounts.below(from.path) : [];
  const add = (m: Mount, root: Inode, rootPath: string, path: string) =>
    mounts.add({ path, root, rootPath, source: m.source, type: m.type, flags: m.flags, options: m.options });
  const inside = moved(from.path, base.path, "/");
  add(base, from.inode, base.rootPath === "/" ? inside : base.rootPath + (inside === "/" ? "" : inside), target.path);
  for (const m of below) add(m, m.root, m.rootPath, moved(m.path, from.path, target.path));
};

/** MS_MOVE. */
export const moveMount = (t: Task, from: Location, target: Location): number => {
  const mount = isRoot(t, from);
  if (mount === undefined || from.path === "/") return -E.INVAL;
  if (within(target.path, from.path)) return -E.LOOP;
  fits(target, from.inode);
  const { mounts } = t.vfs, all = new Set([mount, ...mounts.standingOn(mount)]);
  mount.parent = mounts.of(target.path);
  mounts.relocate((m) => all.has(m) ? moved(m.path, from.path, target.path) : m.path);
  return 0;
};

/** umount2(2). `lazy`: MNT_DETACH, whoever still uses it keeps it. */
export const unmount = (t: Task, at: Location, lazy: boolean): number => {
  const mount = isRoot(t, at), { vfs } = t;
  if (mount === undefined) return -E.INVAL;
  if (at.path === t.fs.root.path) return lazy ? -E.INVAL : -E.BUSY;
  const below = vfs.mounts.standingOn(mount);
  if (!lazy && (below.length > 0 || vfs.inUse(t, mount))) return -E.BUSY;
  for (const m of below.reverse()) vfs.mounts.remove(m);
  vfs.mounts.remove(mount);
  return 0;
};

/** pivot_root(2). */
export const pivotRoot = (t: Task, root: Location, old: Location): number => {
  if (root.inode.type !== S_IFDIR || old.inode.type !== S_IFDIR) return -E.NOTDIR;
  if (t.fs.root.path !== "/") return -E.INVAL;
  const { mounts } = t.vfs, first = mounts.at("/");
  if (mounts.of(root.path) === first || mounts.of(old.path) === first) return -E.BUSY;
  if (isRoot(t, root) === undefined || !within(old.path, root.path)) return -E.INVAL;
  t.vfs.pivot(t, root.path, old.path);
  return 0;
};
