/** /proc/pid/{mounts,mountinfo,mountstats}: the machine's mounts in the three formats of proc_pid_mountinfo(5). */
import type { Task } from "../task/task.ts";
import type { MountPoint } from "../vfs/vfs.ts";
import { escaped, major, minor } from "./numbers.ts";

const SPECIAL = " \t\n\\#";
const shown = (path: string): string => escaped(path, SPECIAL);

/** Mounts the reader's root contains, paths as it sees them. */
const visible = (t: Task): MountPoint[] => {
  const root = t.fs.root.path;
  const all = t.machine.vfs.mounts();
  if (root === "/") return all;
  return all.filter((m) => m.path === root || m.path.startsWith(root + "/")).map((m) => ({
    ...m,
    path: m.path.slice(root.length) || "/",
  }));
};

export const mountsText = (_s: unknown, t: Task): string =>
  visible(t).map(({ source, path, type, options }) => `${shown(source)} ${shown(path)} ${type} ${options} 0 0\n`).join(
    "",
  );

/** Ids are the mounts' places in the list, from 1; all but the root hang on it. */
export const mountInfoText = (_s: unknown, t: Task): string =>
  visible(t).map(({ source, path, root, type, options }, i) => {
    const { dev } = root;
    const readOnly = options.split(",").includes("ro");
    return `${21 + i} ${i === 0 ? 1 : 21} ${major(dev)}:${minor(dev)} / ${shown(path)} ${options} - ${type} ${
      shown(source)
    } ${readOnly ? "ro" : "rw"}\n`;
  }).join("");

export const mountStatsText = (_s: unknown, t: Task): string =>
  visible(t).map(({ source, path, type }) => `device ${shown(source)} mounted on ${shown(path)} with fstype ${type}\n`)
    .join("");
