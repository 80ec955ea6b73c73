/** /proc/pid/{mounts,mountinfo,mountstats}: the mounts of a process in the three formats of proc_pid_mountinfo(5). */
import { MOUNT } from "../../syscalls/abi/mount.ts";
import { type Mount, mountOptions, moved, within } from "../vfs/mount_table.ts";
import { escaped, major, minor } from "./numbers.ts";
import type { ProcTask } from "./subject.ts";

const SPECIAL = " \t\n\\#";
const shown = (path: string): string => escaped(path, SPECIAL);

/** Mounts that the process's root contains, paths as it sees them. */
const visible = ({ task }: ProcTask): { readonly mount: Mount; readonly path: string }[] => {
  if (!task.holdings.namespaces || !task.holdings.fs) return [];
  const root = task.fs.root.path;
  return task.vfs.mounts.all().filter((mount) => within(mount.path, root)).map((mount) => ({
    mount,
    path: moved(mount.path, root, "/"),
  }));
};
const joined = (...options: string[]): string => options.filter((o) => o !== "").join(",");

export const mountsText = (s: ProcTask): string =>
  visible(s).map(({ mount, path }) =>
    `${shown(mount.source)} ${shown(path)} ${mount.type} ${joined(mountOptions(mount), mount.options)} 0 0\n`
  ).join("");

export const mountInfoText = (s: ProcTask): string => {
  return visible(s).map(({ mount, path }) => {
    const { id, parent, root, rootPath, source, type, flags, options } = mount;
    const ofSystem = joined((flags & MOUNT.RDONLY) !== 0 ? "ro" : "rw", options);
    return `${id} ${parent?.id ?? 1} ${major(root.dev)}:${minor(root.dev)} ${shown(rootPath)} ${shown(path)} ${
      mountOptions(mount)
    } - ${type} ${shown(source)} ${ofSystem}\n`;
  }).join("");
};

export const mountStatsText = (s: ProcTask): string =>
  visible(s).map(({ mount, path }) =>
    `device ${shown(mount.source)} mounted on ${shown(path)} with fstype ${mount.type}\n`
  ).join("");
