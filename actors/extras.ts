/** What is mounted besides the root: /dev, /proc, /sys; and the openers the core knows only by name. */
import { makeDevfs } from "./devfs/devfs.ts";
import type { Machine } from "./machine.ts";
import { openPidfd } from "./poll/pidfd.ts";
import { makeProcfs } from "./procfs/procfs.ts";
import { makeSysfs } from "./procfs/sysfs.ts";
import { makeShm } from "./vfs/tmpfs.ts";

/** Completes a machine that has its root file system. */
export const installExtras = (machine: Machine): void => {
  machine.openPidfd = openPidfd;
  machine.vfs.mount("/dev", makeDevfs(machine), "devtmpfs", "devtmpfs");
  machine.vfs.mount("/dev/shm", makeShm(machine).root, "tmpfs", "tmpfs", "rw,nosuid,nodev");
  machine.vfs.mount("/proc", makeProcfs(machine), "proc", "proc", "rw,nosuid,nodev,noexec,relatime");
  machine.vfs.mount("/sys", makeSysfs(machine), "sysfs", "sysfs", "ro,nosuid,nodev,noexec,relatime");
};
