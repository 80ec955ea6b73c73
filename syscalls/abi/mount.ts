/** Flags of mount(2) and umount2(2) (linux/mount.h). */
import { flagSet, prefixed } from "./flags.ts";

export const MOUNT = {
  RDONLY: 1,
  NOSUID: 2,
  NODEV: 4,
  NOEXEC: 8,
  SYNCHRONOUS: 16,
  REMOUNT: 32,
  MANDLOCK: 64,
  DIRSYNC: 128,
  NOSYMFOLLOW: 256,
  NOATIME: 1024,
  NODIRATIME: 2048,
  BIND: 4096,
  MOVE: 8192,
  REC: 16384,
  SILENT: 32768,
  POSIXACL: 1 << 16,
  UNBINDABLE: 1 << 17,
  PRIVATE: 1 << 18,
  SLAVE: 1 << 19,
  SHARED: 1 << 20,
  RELATIME: 1 << 21,
  I_VERSION: 1 << 23,
  STRICTATIME: 1 << 24,
  LAZYTIME: 1 << 25,
} as const;
export const MOUNT_FLAGS = flagSet("MS", prefixed("MS_", MOUNT));

export const MNT = { FORCE: 1, DETACH: 2, EXPIRE: 4, NOFOLLOW: 8 } as const;
export const UMOUNT_FLAGS = flagSet("MNT", {
  MNT_FORCE: MNT.FORCE,
  MNT_DETACH: MNT.DETACH,
  MNT_EXPIRE: MNT.EXPIRE,
  UMOUNT_NOFOLLOW: MNT.NOFOLLOW,
});
