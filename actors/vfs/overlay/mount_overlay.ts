/** Overlays by mount(2), and the one that lies over the machine's root (`--overlay`). */
import { AT_FDCWD } from "../../../syscalls/abi/at.ts";
import { E, fail } from "../../../syscalls/abi/errno.ts";
import type { Machine } from "../../machine.ts";
import type { Task } from "../../task/task.ts";
import { HostInode } from "../hostfs.ts";
import { type Inode, S_IFDIR } from "../inode.ts";
import { TmpFs } from "../tmpfs.ts";
import { DEVICES, type LayerDirectory, NAMES } from "./layers.ts";
import { OverlayDirectory } from "./overlay_directory.ts";
import { OverlayFs } from "./overlay_fs.ts";
import { copyAttributes } from "./overlay_leaf.ts";

const layerOf = (inode: Inode): LayerDirectory => ({ inode, style: inode instanceof HostInode ? NAMES : DEVICES });

/** "a=1,b=x\,y": a comma in a value stands behind a backslash. */
const optionsOf = (data: string): Map<string, string> => {
  const words = data.match(/(?:\\.|[^,\\])+/g) ?? [];
  return new Map(words.map((word) => {
    const at = word.indexOf("=");
    return at < 0 ? [word, ""] : [word.slice(0, at), word.slice(at + 1)];
  }));
};
const unescaped = (text: string): string => text.replaceAll(/\\(.)/g, "$1");

/** Options that have no effect here: what they would change is not done, or done always. */
const IGNORED = ["redirect_dir", "index", "xino", "metacopy", "nfs_export", "volatile", "userxattr", "uuid"];

/** An overlay as mount(2) asks for it: lowerdir=A:B,upperdir=C,workdir=D. */
export const makeOverlay = (t: Task, data: string, device: number): { root: Inode; options: string } => {
  const options = optionsOf(data);
  for (const name of options.keys()) {
    if (!["lowerdir", "upperdir", "workdir", ...IGNORED].includes(name)) fail(E.INVAL);
  }
  const directory = (path: string): Inode => {
    const { inode } = t.vfs.find(t, AT_FDCWD, unescaped(path));
    return inode.type === S_IFDIR ? inode : fail(E.INVAL);
  };
  const lowers = (options.get("lowerdir") ?? "").match(/(?:\\.|[^:\\])+/g)?.map(directory) ?? [];
  const above = options.get("upperdir"), work = options.get("workdir");
  if (lowers.length === 0 || (above !== undefined && work === undefined)) fail(E.INVAL);
  const upper = above === undefined ? undefined : directory(above);
  if (upper !== undefined) {
    // It must hold whiteouts.
    if (upper instanceof OverlayDirectory || !("fs" in upper)) fail(E.INVAL);
    if (directory(work!).dev !== upper.dev) fail(E.INVAL);
  }
  const { root } = new OverlayFs(device, upper && layerOf(upper), lowers.map(layerOf));
  return { root, options: data };
};

/** st_dev of what lies over the machine's root, and of its upper layer in memory. */
const ROOT_DEVICE = 25, ROOT_UPPER_DEVICE = 26;

/** The machine's root with an upper layer: `upper` keeps the changes, or memory does until the machine ends. */
export const overRoot = (machine: Machine, lower: Inode, upper?: Inode): Inode => {
  let above = upper;
  if (above === undefined) {
    above = new TmpFs(machine, ROOT_UPPER_DEVICE, 0o755).root;
    if (lower.passable !== true) copyAttributes({ machine } as Task, lower, above);
  }
  // The host's own whiteouts, not those of names, count below.
  return new OverlayFs(ROOT_DEVICE, layerOf(above), [{ inode: lower, style: DEVICES }]).root;
};
