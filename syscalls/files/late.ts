/** Calls that change mounts or watch files, loaded when one of them is made first. */
import { lateCalls } from "../../actors/mod.ts";
import { files } from "./declare.ts";

const { mount, umount2, pivot_root, inotify_init1, inotify_add_watch, inotify_rm_watch } = files;

export const { handlers: lateFileHandlers, load: loadLateFiles } = lateCalls(
  { mount, umount2, pivot_root, inotify_init1, inotify_add_watch, inotify_rm_watch },
  "mounts and watches",
  () =>
    Promise.all([import("./mount.ts"), import("./inotify.ts")]).then(([mounts, watches]) => ({
      ...mounts.mountHandlers,
      ...watches.inotifyHandlers,
    })),
);
