/**
 * The host's files: the only place that calls Deno's file API. Every failure becomes a Linux errno; a permission that Deno was not given is EACCES. Paths are absolute
 * host paths. Nothing here waits.
 */
import { E, Errno, errno } from "../../syscalls/abi/errno.ts";

const BY_NAME: Readonly<Record<string, number>> = {
  NotFound: E.NOENT,
  PermissionDenied: E.ACCES,
  NotCapable: E.ACCES,
  AlreadyExists: E.EXIST,
  NotADirectory: E.NOTDIR,
  IsADirectory: E.ISDIR,
  FilesystemLoop: E.LOOP,
  InvalidData: E.INVAL,
  WriteZero: E.NOSPC,
  WouldBlock: E.AGAIN,
  Interrupted: E.INTR,
  Busy: E.BUSY,
  NotSupported: E.OPNOTSUPP,
  BrokenPipe: E.PIPE,
  TimedOut: E.TIMEDOUT,
  BadResource: E.BADF,
  UnexpectedEof: E.IO,
  TypeError: E.INVAL,
};

/** The errno of a host failure. */
export const hostErrno = (error: unknown): Errno => {
  if (error instanceof Errno) return error;
  const { code, name, message } = error as { code?: unknown; name?: string; message?: string };
  if (typeof code === "string" && code.startsWith("E") && code.slice(1) in E) {
    return errno(E[code.slice(1) as keyof typeof E]);
  }
  const known = BY_NAME[name ?? ""];
  if (known !== undefined) return errno(known);
  const os = /os error (\d+)/.exec(message ?? "");
  return errno(os === null ? E.IO : Number(os[1]));
};

const attempt = <T>(f: () => T): T => {
  try {
    return f();
  } catch (error) {
    throw hostErrno(error);
  }
};

/** Metadata as lstat gives it; times in ns since the epoch. */
export interface HostStat {
  readonly dev: number;
  readonly ino: number;
  readonly mode: number;
  readonly nlink: number;
  readonly uid: number;
  readonly gid: number;
  readonly rdev: number;
  readonly size: number;
  readonly blksize: number;
  readonly blocks: number;
  readonly atime: bigint;
  readonly mtime: bigint;
  readonly ctime: bigint;
  readonly btime: bigint;
}

const ns = (date: Date | null): bigint => date === null ? 0n : BigInt(date.getTime()) * 1_000_000n;

const statFrom = (i: Deno.FileInfo): HostStat => ({
  dev: i.dev,
  ino: i.ino ?? 0,
  mode: i.mode ?? 0,
  nlink: i.nlink ?? 1,
  uid: i.uid ?? 0,
  gid: i.gid ?? 0,
  rdev: i.rdev ?? 0,
  size: i.size,
  blksize: i.blksize ?? 4096,
  blocks: i.blocks ?? 0,
  atime: ns(i.atime),
  mtime: ns(i.mtime),
  ctime: ns(i.ctime ?? i.mtime),
  btime: ns(i.birthtime),
});

/** An open host file with positioned reads and writes. */
export class HostFile {
  /** Where the host's own offset is, to save seeks. */
  #at = 0;
  constructor(readonly file: Deno.FsFile, readonly writable: boolean) {}

  #seek(at: number): void {
    if (this.#at !== at) {
      this.file.seekSync(at, Deno.SeekMode.Start);
      this.#at = at;
    }
  }
  /** Bytes read at `at`; 0 at the end. */
  read(into: Uint8Array, at: number): number {
    if (into.length === 0) return 0;
    return attempt(() => {
      this.#seek(at);
      const n = this.file.readSync(into) ?? 0;
      this.#at += n;
      return n;
    });
  }
  /** Bytes written at `at`: fewer than given only when the host ran out of room on the way. */
  write(from: Uint8Array, at: number): number {
    let done = 0;
    try {
      this.#seek(at);
      while (done < from.length) done += this.file.writeSync(done === 0 ? from : from.subarray(done));
    } catch (error) {
      if (done === 0) throw hostErrno(error);
    }
    this.#at += done;
    return done;
  }
  stat(): HostStat {
    return attempt(() => statFrom(this.file.statSync()));
  }
  truncate(size: number): void {
    attempt(() => this.file.truncateSync(size));
  }
  utime(atime: bigint, mtime: bigint): void {
    attempt(() => this.file.utimeSync(instant(atime), instant(mtime)));
  }
  sync(dataOnly: boolean): void {
    attempt(() => dataOnly ? this.file.syncDataSync() : this.file.syncSync());
  }
  close(): void {
    this.file.close();
  }
}

/** What is used of an open host file. */
export type OpenHostFile = Pick<
  HostFile,
  "writable" | "read" | "write" | "stat" | "truncate" | "utime" | "sync" | "close"
>;

/** A time for the host: a Date is exact to the ms, a number of seconds to about 0.2 µs. */
const instant = (t: bigint): Date | number =>
  t % 1_000_000n === 0n ? new Date(Number(t / 1_000_000n)) : Number(t) / 1e9;

export interface HostOpen {
  readonly read: boolean;
  readonly write: boolean;
  readonly create?: boolean;
  readonly exclusive?: boolean;
  readonly truncate?: boolean;
  readonly mode?: number;
}

/** Facts about the file system a path lies on. */
export interface HostFsFacts {
  readonly type: number;
  readonly bsize: number;
  readonly blocks: number;
  readonly bfree: number;
  readonly bavail: number;
  readonly files: number;
  readonly ffree: number;
}

/** What only Node's interface has, loaded when first asked. */
interface NodeFs {
  statfsSync(path: string): HostFsFacts;
  lutimesSync(path: string, atime: number, mtime: number): void;
  lchownSync(path: string, uid: number, gid: number): void;
}
const nodeFs = (): NodeFs | undefined => {
  type Builtins = { process?: { getBuiltinModule?(name: string): NodeFs | undefined } };
  return (globalThis as Builtins).process?.getBuiltinModule?.("node:fs");
};

/** Whether Deno may read everything; asked once, since a permission is hardly ever taken back. */
let readsAll: boolean | undefined;

/** The operations, by host path. */
export const hostFs = {
  /** Whether Deno may read a path without asking its user. */
  mayRead(path: string): boolean {
    readsAll ??= Deno.permissions.querySync({ name: "read" }).state === "granted";
    return readsAll || Deno.permissions.querySync({ name: "read", path }).state === "granted";
  },
  lstat: (path: string): HostStat => attempt(() => statFrom(Deno.lstatSync(path))),
  /** lstat, or undefined when there is no such file. */
  find(path: string): HostStat | undefined {
    try {
      return statFrom(Deno.lstatSync(path));
    } catch (error) {
      const failure = hostErrno(error);
      if (failure.no === E.NOENT) return undefined;
      throw failure;
    }
  },
  open: (path: string, o: HostOpen): HostFile =>
    attempt(() => {
      const creating = o.create || o.exclusive;
      const file = Deno.openSync(path, {
        read: o.read,
        write: o.write,
        create: o.create && !o.exclusive,
        createNew: o.exclusive,
        truncate: o.truncate,
        ...(creating ? { mode: o.mode } : {}),
      });
      return new HostFile(file, o.write);
    }),
  readlink: (path: string): string => attempt(() => Deno.readLinkSync(path)),
  entries: (path: string): { name: string; isDirectory: boolean; isSymlink: boolean; isFile: boolean }[] =>
    attempt(() => [...Deno.readDirSync(path)]),
  mkdir: (path: string, mode: number): void => attempt(() => Deno.mkdirSync(path, { mode })),
  remove: (path: string): void => attempt(() => Deno.removeSync(path)),
  rename: (from: string, to: string): void => attempt(() => Deno.renameSync(from, to)),
  link: (from: string, to: string): void => attempt(() => Deno.linkSync(from, to)),
  symlink: (target: string, path: string): void => attempt(() => Deno.symlinkSync(target, path)),
  chmod: (path: string, mode: number): void => attempt(() => Deno.chmodSync(path, mode)),
  chown: (path: string, uid: number | null, gid: number | null): void => attempt(() => Deno.chownSync(path, uid, gid)),
  utime: (path: string, atime: bigint, mtime: bigint): void =>
    attempt(() => Deno.utimeSync(path, instant(atime), instant(mtime))),
  /** Times and owner of a symbolic link itself. */
  linkUtime: (path: string, atime: bigint, mtime: bigint): void =>
    attempt(() => nodeFs()?.lutimesSync(path, Number(atime) / 1e9, Number(mtime) / 1e9)),
  linkChown: (path: string, uid: number, gid: number): void => attempt(() => nodeFs()?.lchownSync(path, uid, gid)),
  truncate: (path: string, size: number): void => attempt(() => Deno.truncateSync(path, size)),
  /** Undefined where the host does not say. */
  statfs(path: string): HostFsFacts | undefined {
    try {
      return nodeFs()?.statfsSync(path);
    } catch {
      return undefined;
    }
  },
  /** Resolved absolute path of an existing directory on the host. */
  realPath: (path: string): string => attempt(() => Deno.realPathSync(path)),
  cwd: (): string => attempt(() => Deno.cwd()),
  umask(): number {
    try {
      return Deno.umask();
    } catch {
      return 0o22;
    }
  },
};

/** The operations on host files as the file system uses them. */
export type HostFiles = Omit<typeof hostFs, "open"> & { open(path: string, o: HostOpen): OpenHostFile };
