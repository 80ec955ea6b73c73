/** Host files that are never changed, whatever the guest mounts, remounts or holds: what lies below an overlay, and `--bind …:ro`. */
import { E, fail } from "../../syscalls/abi/errno.ts";
import type { HostFiles } from "./host_fs.ts";

const refuse = (): never => fail(E.ROFS);

/** The same files; every call that would change one is EROFS. */
export const readOnly = (files: HostFiles): HostFiles => ({
  ...files,
  open: (path, how) => how.write || how.create || how.exclusive || how.truncate ? refuse() : files.open(path, how),
  mkdir: refuse,
  remove: refuse,
  rename: refuse,
  link: refuse,
  symlink: refuse,
  chmod: refuse,
  chown: refuse,
  utime: refuse,
  linkUtime: refuse,
  linkChown: refuse,
  truncate: refuse,
});
