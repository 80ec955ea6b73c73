/**
 * An overlay over a tree behaves as that tree itself would: random calls on both, same results, same trees; and the layers below are never changed. What overlayfs is known
 * not to do (directories of below are not moved: EXDEV) is left out of the comparison.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import type { Machine } from "../../../../actors/machine.ts";
import type { Task } from "../../../../actors/task/task.ts";
import { HostFs } from "../../../../actors/vfs/hostfs.ts";
import { type Inode, S_IFDIR, S_IFLNK, S_IFREG } from "../../../../actors/vfs/inode.ts";
import { O_CREAT, O_RDWR, O_TRUNC } from "../../../../actors/vfs/open_file.ts";
import { DEVICES, type LayerDirectory, NAMES } from "../../../../actors/vfs/overlay/layers.ts";
import { OverlayFs } from "../../../../actors/vfs/overlay/overlay_fs.ts";
import { TmpFs } from "../../../../actors/vfs/tmpfs.ts";
import { AT_FDCWD } from "../../../../syscalls/abi/at.ts";
import { E } from "../../../../syscalls/abi/errno.ts";
import { filesHandlers as calls } from "../../../../syscalls/files/handle.ts";
import { type FileKernel, fileKernel, result, str } from "../../../fakes/files.ts";

const NAMES_USED = ["a", "b"];
const place = fc.array(fc.constantFrom(...NAMES_USED), { minLength: 1, maxLength: 3 }).map((p) => "/" + p.join("/"));
type Node = { readonly [name: string]: Node } | string;
const node: fc.Memo<Node> = fc.memo((n) =>
  n <= 1 ? fc.string({ maxLength: 6 }) : fc.oneof(
    fc.string({ maxLength: 6 }),
    { arbitrary: fc.dictionary(fc.constantFrom(...NAMES_USED), node(n - 1), { maxKeys: 2 }), weight: 3 },
  )
);
const tree = fc.dictionary(fc.constantFrom(...NAMES_USED), node(3), { maxKeys: 3 });

type Step = readonly [call: string, a: string, b: string, n: number];
const step: fc.Arbitrary<Step> = fc.tuple(
  fc.constantFrom(
    "mkdir",
    "rmdir",
    "unlink",
    "write",
    "append",
    "truncate",
    "rename",
    "rename",
    "noreplace",
    "exchange",
    "link",
    "symlink",
    "chmod",
    "hold",
    "clear",
    "replace",
    "take over",
  ),
  place,
  place,
  fc.nat(7),
);

const encoder = new TextEncoder(), decoder = new TextDecoder();

/** Files whose text begins with "=" are a second name of /c/c/c or whatever came first with that text. */
const plant = (t: Task, dir: Inode, what: Node): void => {
  if (typeof what === "string") return;
  for (const [name, child] of Object.entries(what)) {
    if (typeof child !== "string") plant(t, dir.create(t, name, S_IFDIR | 0o755), child);
    else {
      const file = dir.create(t, name, S_IFREG | 0o644).open(t, O_RDWR, "");
      file.write(t, encoder.encode(child));
      file.release();
    }
  }
};

/** What lies in a directory, with content, permissions and link counts of files. */
const picture = (t: Task, dir: Inode): unknown => {
  const entries = dir.entries(t).map((e) => {
    const inode = dir.lookup(t, e.name);
    assert.equal(e.type, inode.type);
    assert.equal(e.ino, inode.stat().ino, `d_ino of ${e.name}`);
    const { mode, size, nlink } = inode.stat();
    if (inode.type === S_IFDIR) return [e.name, mode, picture(t, inode)];
    if (inode.type === S_IFLNK) return [e.name, inode.readlink(t)];
    return [e.name, mode, size, nlink, textOf(t, inode)];
  });
  return entries.sort((x, y) => (x[0] as string) < (y[0] as string) ? -1 : 1);
};
const textOf = (t: Task, inode: Inode): string => {
  const file = inode.open(t, 0, ""), bytes = new Uint8Array(256);
  const n = file.read(t, bytes);
  file.release();
  return decoder.decode(bytes.subarray(0, n));
};

/** rm -r of what is in a directory. */
const clear = (t: Task, dir: Inode): number => {
  if (dir.type !== S_IFDIR) return -E.NOTDIR;
  for (const { name, type } of dir.entries(t)) {
    if (type === S_IFDIR) {
      clear(t, dir.lookup(t, name));
      dir.rmdir(t, name);
    } else dir.unlink(t, name);
  }
  return 0;
};

const run = ({ t, machine }: FileKernel, [call, a, b, n]: Step): number => {
  const write = (flags: number, path: string): number => {
    const file = machine.vfs.open(t, AT_FDCWD, path, flags, 0o644);
    file.pos = file.inode.stat().size;
    const done = file.write(t, encoder.encode(String(n)));
    file.release();
    return done;
  };
  return result(t, () => {
    const [x, y] = [str(t, a), str(t, b, 1)];
    switch (call) {
      case "mkdir":
        return calls.mkdirat(t, AT_FDCWD, x, 0o755);
      case "rmdir":
        return calls.unlinkat(t, AT_FDCWD, x, 0x200);
      case "unlink":
        return calls.unlinkat(t, AT_FDCWD, x, 0);
      case "write":
        return write(O_RDWR | O_CREAT | O_TRUNC, a);
      case "append":
        return write(O_RDWR, a);
      case "truncate":
        return calls.truncate(t, x, n);
      case "rename":
        return calls.renameat2(t, AT_FDCWD, x, AT_FDCWD, y, 0);
      case "noreplace":
        return calls.renameat2(t, AT_FDCWD, x, AT_FDCWD, y, 1);
      case "exchange":
        return calls.renameat2(t, AT_FDCWD, x, AT_FDCWD, y, 2);
      case "link":
        return calls.linkat(t, AT_FDCWD, x, AT_FDCWD, y, 0);
      case "symlink":
        return calls.symlinkat(t, x, AT_FDCWD, y);
      case "chmod":
        return calls.fchmodat(t, AT_FDCWD, x, 0o600 + n);
      case "clear":
        return clear(t, machine.vfs.find(t, AT_FDCWD, a).inode);
      case "replace":
        return clear(t, machine.vfs.find(t, AT_FDCWD, a).inode) || calls.unlinkat(t, AT_FDCWD, x, 0x200) ||
          calls.mkdirat(t, AT_FDCWD, x, 0o755);
      case "take over":
        return clear(t, machine.vfs.find(t, AT_FDCWD, b).inode) || calls.unlinkat(t, AT_FDCWD, y, 0x200) ||
          calls.mkdirat(t, AT_FDCWD, x, 0o755) || calls.renameat2(t, AT_FDCWD, x, AT_FDCWD, y, 0);
    }
    return 0;
  });
};

/** Both kernels walk the steps; "hold" opens a file that must show the same text at the end. */
const compare = (model: FileKernel, tested: FileKernel, steps: readonly Step[]): void => {
  const held: [string, string][] = [], numbers = new Map<Inode, number>();
  const open = (k: FileKernel, path: string) => {
    try {
      const { inode } = k.machine.vfs.find(k.t, AT_FDCWD, path);
      return inode.type === S_IFREG ? k.machine.vfs.open(k.t, AT_FDCWD, path, 0, 0) : undefined;
    } catch {
      return undefined;
    }
  };
  const files: { path: string; model: ReturnType<typeof open>; tested: ReturnType<typeof open> }[] = [];
  for (const s of steps) {
    if (s[0] === "hold") {
      const file = { path: s[1], model: open(model, s[1]), tested: open(tested, s[1]) };
      assert.equal(file.model === undefined, file.tested === undefined);
      if (file.tested !== undefined) {
        files.push(file);
        numbers.set(file.tested.inode, file.tested.inode.stat().ino);
      }
      continue;
    }
    const got = run(tested, s);
    if (got === -E.XDEV) continue;
    assert.equal(got, run(model, s), s.join(" "));
    assert.deepEqual(picture(tested.t, tested.machine.vfs.root.inode), picture(model.t, model.machine.vfs.root.inode));
  }
  for (const { path, model: m, tested: f } of files) {
    const read = (k: FileKernel, file: typeof m) => {
      const bytes = new Uint8Array(64);
      return decoder.decode(bytes.subarray(0, file!.read(k.t, bytes)));
    };
    assert.equal(f!.inode.stat().ino, numbers.get(f!.inode));
    assert.equal(f!.inode.stat().nlink, m!.inode.stat().nlink, `links of ${path}`);
    held.push([read(tested, f), read(model, m)]);
    f!.release();
    m!.release();
  }
  for (const [got, wanted] of held) assert.equal(got, wanted);
};

const RUNS = Number(Deno.env.get("OVERLAY_RUNS") ?? 150);
const layer = (machine: Machine, dev: number): TmpFs => new TmpFs(machine, dev, 0o755);

Deno.test("an overlay in memory over a tree is that tree", () => {
  fc.assert(
    fc.property(tree, fc.array(step, { maxLength: 60 }), (planted, steps) => {
      const model = fileKernel();
      plant(model.t, model.machine.vfs.root.inode, planted);
      let lower!: TmpFs;
      const tested = fileKernel((machine) => {
        lower = layer(machine, 50);
        const upper = layer(machine, 51);
        plant({ machine } as Task, lower.root, planted);
        return new OverlayFs(52, { inode: upper.root, style: DEVICES }, [{ inode: lower.root, style: DEVICES }]).root;
      });
      const before = picture(tested.t, lower.root);
      compare(model, tested, steps);
      assert.deepEqual(picture(tested.t, lower.root), before);
    }),
    { numRuns: RUNS },
  );
});

Deno.test("changes kept in layers are seen again when these become layers below a new one", () => {
  fc.assert(
    fc.property(tree, fc.array(fc.array(step, { maxLength: 30 }), { maxLength: 3 }), (planted, rounds) => {
      const model = fileKernel();
      plant(model.t, model.machine.vfs.root.inode, planted);
      let layers: LayerDirectory[] = [];
      for (const steps of rounds) {
        const tested = fileKernel((machine) => {
          if (layers.length === 0) {
            const first = layer(machine, 50);
            plant({ machine } as Task, first.root, planted);
            layers = [{ inode: first.root, style: DEVICES }];
          }
          const upper = { inode: layer(machine, 50 + layers.length).root, style: DEVICES };
          const fs = new OverlayFs(90, upper, layers);
          layers = [upper, ...layers];
          return fs.root;
        });
        // Links between layers are broken when one is copied: their counts are not compared here.
        const usable = steps.filter(([call]) => call !== "link" && call !== "hold");
        compare(model, tested, usable);
      }
    }),
    { numRuns: RUNS },
  );
});

Deno.test("a directory of the host keeps the changes for the next run, and the files below stay as they were", () => {
  fc.assert(
    fc.property(tree, fc.array(step, { maxLength: 12 }), fc.array(step, { maxLength: 8 }), (planted, first, second) => {
      const dir = Deno.makeTempDirSync();
      try {
        Deno.mkdirSync(`${dir}/lower`);
        Deno.mkdirSync(`${dir}/upper`);
        const model = fileKernel();
        plant(model.t, model.machine.vfs.root.inode, planted);
        const start = () =>
          fileKernel(() =>
            new OverlayFs(52, { inode: new HostFs(`${dir}/upper`).rootInode(), style: NAMES }, [
              { inode: new HostFs(`${dir}/lower`).rootInode(), style: NAMES },
            ]).root
          );
        plant(start().t, new HostFs(`${dir}/lower`).rootInode(), planted);
        const below = () => picture(model.t, new HostFs(`${dir}/lower`).rootInode());
        const before = below();
        const noLinks = (steps: readonly Step[]) => steps.filter(([call]) => call !== "link");
        for (const steps of [first, second]) compare(model, start(), noLinks(steps));
        assert.deepEqual(below(), before);
      } finally {
        Deno.removeSync(dir, { recursive: true });
      }
    }),
    { numRuns: Math.ceil(RUNS / 5) },
  );
});
