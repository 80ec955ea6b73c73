/** A task over a file system in memory, for tests of paths and descriptors: the root is a tmpfs, strings go to the task's mapped memory. */
import { FsContext } from "../../actors/fs_context.ts";
import type { Machine } from "../../actors/machine.ts";
import type { Task } from "../../actors/task/task.ts";
import type { Inode } from "../../actors/vfs/inode.ts";
import { TmpFs } from "../../actors/vfs/tmpfs.ts";
import { Vfs } from "../../actors/vfs/vfs.ts";
import { call, MEMORY, newMachine, newTask } from "./kernel.ts";

const encoder = new TextEncoder();

export interface FileKernel {
  readonly machine: Machine;
  readonly t: Task;
}

/** A machine with the given root (default: an empty tmpfs) and a root task in it. */
export const fileKernel = (rootOf?: (machine: Machine) => Inode): FileKernel => {
  const machine = newMachine();
  machine.vfs = Vfs.of(rootOf?.(machine) ?? new TmpFs(machine, 40, 0o755).root, "tmpfs", "tmpfs");
  const t = newTask(machine);
  t.fs = new FsContext(machine.vfs.root, machine.vfs.root, 0o22);
  return { machine, t };
};

/** Puts a NUL-terminated string in guest memory at slot `n` (512 bytes each); its address. */
export const str = (t: Task, text: string, n = 0): number => {
  const at = MEMORY + n * 512;
  t.mem.write(at, encoder.encode(text + "\0"));
  return at;
};

/** Where tests put buffers: after 32 string slots. */
export const BUFFER = MEMORY + 0x4000;

/** Bytes of guest memory as text. */
export const text = (t: Task, at: number, length: number): string => new TextDecoder().decode(t.mem.read(at, length));

/** A number ≥ 0, or the errno's negative, of a handler that must not wait. */
export const result = (t: Task, run: () => number): number => call(t, run);
