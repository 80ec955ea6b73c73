/** mount, umount2, pivot_root: fetch, then let the tree do (fs/namespace.c path_mount's order of decisions). */
import { readPath, type Task } from "../../actors/mod.ts";
import { bind, KEPT, mayMount, mountNew, moveMount, pivotRoot, remount, unmount } from "../../actors/vfs/mod.ts";
import { AT_FDCWD } from "../abi/at.ts";
import type { Handlers } from "../abi/call.ts";
import { E, fail } from "../abi/errno.ts";
import { MNT, MOUNT } from "../abi/mount.ts";
import { textOf } from "../abi/text.ts";
import type { files } from "./declare.ts";

const MAGIC = 0xc0ed, PROPAGATION = MOUNT.UNBINDABLE | MOUNT.PRIVATE | MOUNT.SLAVE | MOUNT.SHARED;

const text = (t: Task, at: number): string => {
  if (at === 0) return "";
  const bytes = t.mem.cstring(at, 4096);
  return bytes === undefined ? fail(E.INVAL) : textOf(bytes);
};

export const mountHandlers: Pick<Handlers<Task, typeof files>, "mount" | "umount2" | "pivot_root"> = {
  mount(t, source, target, type, given, data) {
    const kind = text(t, type), from = text(t, source), options = text(t, data);
    const at = t.vfs.find(t, AT_FDCWD, readPath(t, target));
    const low = given % 0x100000000 >>> 0, flags = low >>> 16 === MAGIC ? low & 0xffff : low;
    if (!mayMount(t)) return -E.PERM;
    const kept = (flags & MOUNT.NOATIME) === 0 && (flags & MOUNT.STRICTATIME) === 0
      ? (flags & KEPT) | MOUNT.RELATIME
      : flags & KEPT & ~MOUNT.RELATIME;
    if ((flags & MOUNT.REMOUNT) !== 0) return remount(t, at, kept);
    if ((flags & MOUNT.BIND) !== 0) {
      if (from === "") return -E.INVAL;
      bind(t, t.vfs.find(t, AT_FDCWD, from), at, (flags & MOUNT.REC) !== 0);
      return 0;
    }
    if ((flags & PROPAGATION) !== 0) {
      const wanted = flags & PROPAGATION;
      // Every mount is private here; that is what they are told to be most of the time.
      return (wanted & (wanted - 1)) !== 0 || !t.vfs.isMountPoint(at.path) ? -E.INVAL : 0;
    }
    if ((flags & MOUNT.MOVE) !== 0) return from === "" ? -E.INVAL : moveMount(t, t.vfs.find(t, AT_FDCWD, from), at);
    if (type === 0) return -E.INVAL;
    mountNew(t, at, kind, from === "" ? "none" : from, kept, options);
    return 0;
  },
  umount2(t, target, flags) {
    if ((flags & ~(MNT.FORCE | MNT.DETACH | MNT.EXPIRE | MNT.NOFOLLOW)) !== 0) return -E.INVAL;
    const at = t.vfs.find(t, AT_FDCWD, readPath(t, target), (flags & MNT.NOFOLLOW) === 0);
    if (!mayMount(t)) return -E.PERM;
    // Nothing is known of when a mount was last used.
    if ((flags & MNT.EXPIRE) !== 0) return (flags & (MNT.FORCE | MNT.DETACH)) !== 0 ? -E.INVAL : -E.AGAIN;
    return unmount(t, at, (flags & MNT.DETACH) !== 0);
  },
  pivot_root(t, newRoot, putOld) {
    if (!mayMount(t)) return -E.PERM;
    const root = t.vfs.find(t, AT_FDCWD, readPath(t, newRoot));
    return pivotRoot(t, root, t.vfs.find(t, AT_FDCWD, readPath(t, putOld)));
  },
};
