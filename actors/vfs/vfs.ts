/** The file system tree of a machine: mounts and the path walk. */
import type { Location } from "../fs_context.ts";

export interface Vfs {
  readonly root: Location;
}
