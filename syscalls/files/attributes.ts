/** Extended attributes (xattr(7)): kept by file systems in memory; host files have none, as on a file system mounted without them. */
import { CAP, capable, type Inode, MAY_READ, MAY_WRITE, S_IFDIR, S_IFREG, type Task } from "../../actors/mod.ts";
import { E, fail } from "../abi/errno.ts";
import { bytesOf, textOf } from "../abi/text.ts";

const XATTR_CREATE = 1, XATTR_REPLACE = 2;
const NAME_MAX = 255, VALUE_MAX = 65536;

/** `attributesForChange`: of files whose first change makes a copy. */
type Holder = Inode & {
  attributes?: Map<string, Uint8Array>;
  attributesForChange?(t: Task): Map<string, Uint8Array> | undefined;
};
const attributesOf = (inode: Holder): Map<string, Uint8Array> => inode.attributes ?? fail(E.OPNOTSUPP);
const forChange = (t: Task, inode: Holder): Map<string, Uint8Array> =>
  (inode.attributesForChange === undefined ? inode.attributes : inode.attributesForChange(t)) ?? fail(E.OPNOTSUPP);

const readName = (t: Task, at: number): string => {
  const bytes = t.mem.cstring(at, NAME_MAX + 1);
  return bytes === undefined || bytes.length === 0 ? fail(E.RANGE) : textOf(bytes);
};

/** What the name space of an attribute asks of its user (fs/xattr.c xattr_permission). */
const check = (t: Task, inode: Inode, name: string, mask: number): void => {
  if (name.startsWith("user.")) {
    if (inode.type !== S_IFREG && inode.type !== S_IFDIR) fail(mask === MAY_WRITE ? E.PERM : E.NODATA);
    t.vfs.require(t, inode, mask);
  } else if (name.startsWith("trusted.")) {
    if (!capable(t.cred, CAP.SYS_ADMIN)) fail(mask === MAY_WRITE ? E.PERM : E.NODATA);
  } else if (name.startsWith("security.")) {
    if (mask === MAY_WRITE && !capable(t.cred, CAP.SYS_ADMIN)) fail(E.PERM);
  } else fail(E.OPNOTSUPP);
};

export const setAttribute = (t: Task, inode: Inode, at: number, value: number, size: number, flags: number): number => {
  if ((flags & ~(XATTR_CREATE | XATTR_REPLACE)) !== 0) return -E.INVAL;
  const name = readName(t, at);
  if (size > VALUE_MAX) return -E["2BIG"];
  const bytes = t.mem.read(value, size);
  check(t, inode, name, MAY_WRITE);
  const held = forChange(t, inode);
  if ((flags & XATTR_CREATE) !== 0 && held.has(name)) return -E.EXIST;
  if ((flags & XATTR_REPLACE) !== 0 && !held.has(name)) return -E.NODATA;
  held.set(name, bytes);
  return 0;
};

export const getAttribute = (t: Task, inode: Inode, at: number, value: number, size: number): number => {
  const name = readName(t, at);
  const held = attributesOf(inode);
  check(t, inode, name, MAY_READ);
  const bytes = held.get(name);
  if (bytes === undefined) return -E.NODATA;
  if (size === 0) return bytes.length;
  if (size < bytes.length) return -E.RANGE;
  t.mem.write(value, bytes);
  return bytes.length;
};

/** Names, each with its NUL. Empty for files that can have none. */
export const listAttributes = (t: Task, inode: Inode, list: number, size: number): number => {
  const held = (inode as Inode & { attributes?: Map<string, Uint8Array> }).attributes;
  const names = [...held?.keys() ?? []].filter((n) => !n.startsWith("trusted.") || capable(t.cred, CAP.SYS_ADMIN));
  const bytes = bytesOf(names.map((n) => n + "\0").join(""));
  if (size === 0) return bytes.length;
  if (size < bytes.length) return -E.RANGE;
  t.mem.write(list, bytes);
  return bytes.length;
};

export const removeAttribute = (t: Task, inode: Inode, at: number): number => {
  const name = readName(t, at);
  check(t, inode, name, MAY_WRITE);
  const held = forChange(t, inode);
  return held.delete(name) ? 0 : -E.NODATA;
};
