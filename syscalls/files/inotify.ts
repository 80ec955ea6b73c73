/** inotify_init1, inotify_add_watch, inotify_rm_watch: fetch and check; the instance does the rest. */
import { MAY_READ, type OpenFile, readPath, RLIMIT, S_IFDIR, type Task } from "../../actors/mod.ts";
import { Inotify } from "../../actors/vfs/mod.ts";
import { AT_FDCWD } from "../abi/at.ts";
import type { Handlers } from "../abi/call.ts";
import { E, fail } from "../abi/errno.ts";
import { IN, IN_KNOWN } from "../abi/inotify.ts";
import type { files } from "./declare.ts";

const CLOEXEC = 0o2000000, NONBLOCK = 0o4000;

const instance = (file: OpenFile): Inotify => file instanceof Inotify ? file : fail(E.INVAL);

type Calls = "inotify_init1" | "inotify_add_watch" | "inotify_rm_watch";
export const inotifyHandlers: Pick<Handlers<Task, typeof files>, Calls> = {
  inotify_init1(t, flags) {
    if ((flags & ~(CLOEXEC | NONBLOCK)) !== 0) return -E.INVAL;
    const file = Inotify.make(t, flags & NONBLOCK);
    if (typeof file === "number") return file;
    const fd = t.files.add(file, (flags & CLOEXEC) !== 0, t.group.limits[RLIMIT.NOFILE].soft);
    if (fd < 0) file.release();
    return fd;
  },
  inotify_add_watch(t, fd, path, mask) {
    if (mask === 0 || (mask & ~IN_KNOWN) !== 0) return -E.INVAL;
    const file = t.files.get(fd);
    if ((mask & IN.MASK_ADD) !== 0 && (mask & IN.MASK_CREATE) !== 0) return -E.INVAL;
    const watcher = instance(file);
    const { inode } = t.vfs.find(t, AT_FDCWD, readPath(t, path), (mask & IN.DONT_FOLLOW) === 0);
    if ((mask & IN.ONLYDIR) !== 0 && inode.type !== S_IFDIR) return -E.NOTDIR;
    t.vfs.require(t, inode, MAY_READ);
    return watcher.watch(inode, mask);
  },
  inotify_rm_watch: (t, fd, wd) => instance(t.files.get(fd)).unwatch(wd),
};
