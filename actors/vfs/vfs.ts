/** The file system tree of a machine: mounts and the path walk. */
import type { Location } from "../fs_context.ts";
import type { Task } from "../task/task.ts";
import type { OpenFile } from "./open_file.ts";

export interface Vfs {
  readonly root: Location;
  /** Opens a file execve may run: EACCES without the x bit or for other than regular files; errors of the walk. */
  openForExec(t: Task, dirfd: number, path: string, flags: number): OpenFile;
}
