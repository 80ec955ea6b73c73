/** What of the file system is loaded when it is first used: changing mounts, overlays, watches. */
export { bind, mayMount, mountNew, moveMount, pivotRoot, remount, unmount } from "./mounting.ts";
export { KEPT } from "./mount_table.ts";
export { overRoot } from "./overlay/mount_overlay.ts";
export { Inotify } from "./inotify.ts";
