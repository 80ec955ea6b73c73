/** The file system a kernel program sees: its own images `/x0`, `/x1`, … and the first program `/p`, nothing else. */
import { Inode, S_IFDIR, S_IFREG, type Stat } from "../actors/vfs/inode.ts";
import { OpenFile } from "../actors/vfs/open_file.ts";
import type { Task } from "../actors/task/task.ts";
import type { Backing } from "../cpu/types.ts";
import { E, fail } from "../syscalls/abi/errno.ts";

const DEV = 0x77;
const statOf = (ino: number, mode: number, size: number): Stat => ({
  dev: DEV,
  ino,
  mode,
  nlink: 1,
  uid: 0,
  gid: 0,
  rdev: 0,
  size,
  blksize: 4096,
  blocks: 0,
  atime: 0n,
  mtime: 0n,
  ctime: 0n,
});

class ImageFile extends OpenFile {
  constructor(readonly image: ImageInode, path: string, flags: number) {
    super(image, path, flags);
    image.openFiles++;
  }
  override backing(): Backing {
    const { image } = this;
    return {
      inode: image,
      path: this.path,
      size: () => image.bytes.length,
      fill: (at, into) => {
        into.fill(0);
        into.set(image.bytes.subarray(at, Math.min(at + into.length, image.bytes.length)));
      },
      retain: () => void this.retain(),
      release: () => this.release(),
    };
  }
  protected override closed(): void {
    this.image.openFiles--;
  }
}

export class ImageInode extends Inode {
  readonly dev = DEV;
  readonly type = S_IFREG;
  /** Open descriptions of it. */
  openFiles = 0;
  constructor(readonly ino: number, readonly bytes: Uint8Array) {
    super();
  }
  stat(): Stat {
    return statOf(this.ino, S_IFREG | 0o755, this.bytes.length);
  }
  open(_t: Task, flags: number, path: string): OpenFile {
    return new ImageFile(this, path, flags);
  }
}

/** The page that all tasks map, as a file. */
class SharedFile extends OpenFile {
  constructor(inode: Inode, readonly bytes: Uint8Array, path: string, flags: number) {
    super(inode, path, flags);
  }
  override backing(): Backing {
    return {
      inode: this.inode,
      path: this.path,
      size: () => 4096,
      fill: (_at, into) => into.set(this.bytes),
      sharedPage: () => this.bytes,
      retain: () => void this.retain(),
      release: () => this.release(),
    };
  }
  protected override closed(): void {}
}

export class SharedInode extends Inode {
  readonly dev = DEV;
  readonly ino = 0x5a;
  readonly type = S_IFREG;
  constructor(readonly bytes: Uint8Array) {
    super();
  }
  stat(): Stat {
    return statOf(this.ino, S_IFREG | 0o666, 4096);
  }
  open(_t: Task, flags: number, path: string): OpenFile {
    return new SharedFile(this, this.bytes, path, flags);
  }
}

export class ImageDirectory extends Inode {
  readonly dev = DEV;
  readonly ino = 1;
  readonly type = S_IFDIR;
  readonly made = new Map<string, ImageInode>();
  /** @param make the bytes of an image by name, undefined when there is none */
  constructor(readonly make: (name: string) => Uint8Array | undefined, readonly shared: SharedInode) {
    super();
  }
  stat(): Stat {
    return statOf(1, S_IFDIR | 0o755, 0);
  }
  override lookup(_t: Task, name: string): Inode {
    if (name === "shared") return this.shared;
    let inode = this.made.get(name);
    if (inode === undefined) {
      const bytes = this.make(name);
      if (bytes === undefined) return fail(E.NOENT);
      this.made.set(name, inode = new ImageInode(2 + this.made.size, bytes));
    }
    return inode;
  }
  open(): OpenFile {
    return fail(E.ISDIR);
  }
}
