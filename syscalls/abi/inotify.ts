/** Flags and events of inotify(7) (linux/inotify.h). */
import { flagSet, prefixed } from "./flags.ts";

export const IN = {
  ACCESS: 0x1,
  MODIFY: 0x2,
  ATTRIB: 0x4,
  CLOSE_WRITE: 0x8,
  CLOSE_NOWRITE: 0x10,
  OPEN: 0x20,
  MOVED_FROM: 0x40,
  MOVED_TO: 0x80,
  CREATE: 0x100,
  DELETE: 0x200,
  DELETE_SELF: 0x400,
  MOVE_SELF: 0x800,
  UNMOUNT: 0x2000,
  Q_OVERFLOW: 0x4000,
  IGNORED: 0x8000,
  ONLYDIR: 0x1000000,
  DONT_FOLLOW: 0x2000000,
  EXCL_UNLINK: 0x4000000,
  MASK_CREATE: 0x10000000,
  MASK_ADD: 0x20000000,
  ISDIR: 0x40000000,
  ONESHOT: 0x80000000,
} as const;

/** Events that can be asked for. */
export const IN_ALL_EVENTS = 0xfff;
/** Everything add_watch takes. */
export const IN_KNOWN = Object.values(IN).reduce((all, bit) => (all | bit) >>> 0, 0);

export const INOTIFY_MASK = flagSet("IN", prefixed("IN_", IN));
export const INOTIFY_FLAGS = flagSet("IN", { IN_NONBLOCK: 0o4000, IN_CLOEXEC: 0o2000000 });
