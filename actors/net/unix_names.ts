/**
 * Names of AF_UNIX sockets (unix(7)): pathnames, found through the inode the name was bound to; abstract names, one table per machine; and the sockaddr_un that tells them.
 */
import { AT_FDCWD } from "../../syscalls/abi/at.ts";
import { E, fail } from "../../syscalls/abi/errno.ts";
import { bytesOf, textOf } from "../../syscalls/abi/text.ts";
import { AF } from "../../syscalls/abi/net.ts";
import { perNet } from "../namespaces/net.ts";
import type { Task } from "../task/task.ts";
import { MAY_WRITE } from "../vfs/access.ts";
import { type Inode, S_IFSOCK } from "../vfs/inode.ts";
import { nameMade } from "../vfs/notify.ts";
import type { UnixSocket } from "./unix.ts";

/** sizeof(struct sockaddr_un). */
const SIZE = 110;

export interface UnixName {
  /** sockaddr_un as getsockname tells it. */
  readonly address: Uint8Array;
  /** Of a pathname. */
  readonly inode?: Inode;
}

export const UNNAMED = Uint8Array.of(AF.UNIX, 0);

const byInode = new WeakMap<Inode, UnixSocket>();
const abstractsOf = perNet(() => new Map<string, UnixSocket>());

/** A sockaddr_un taken apart: a path, or the bytes of an abstract name; EINVAL. "" for a bare family. */
const parse = (address: Uint8Array): { path: string } | { abstract: Uint8Array } => {
  if (address.length < 2 || address.length > SIZE) return fail(E.INVAL);
  if ((address[0] | (address[1] << 8)) !== AF.UNIX) return fail(E.INVAL);
  const name = address.subarray(2);
  if (name.length === 0) return { path: "" };
  if (name[0] === 0) return { abstract: name };
  const end = name.indexOf(0);
  return { path: textOf(end < 0 ? name : name.subarray(0, end)) };
};

const key = (name: Uint8Array): string => String.fromCharCode(...name);
const withFamily = (name: Uint8Array): Uint8Array => {
  const out = new Uint8Array(2 + name.length);
  out[0] = AF.UNIX;
  out.set(name, 2);
  return out;
};

/** Gives a socket its name; a bare family chooses an abstract one. `again`: it has one, which is an error after those of the name itself. */
export const bindUnix = (t: Task, socket: UnixSocket, address: Uint8Array, again: boolean): UnixName => {
  const name = parse(address);
  if (again && "abstract" in name) fail(E.INVAL);
  if ("abstract" in name) return bindAbstract(socket, name.abstract);
  if (name.path === "") return autobind(socket);
  const { vfs } = t;
  let inode: Inode;
  try {
    const place = vfs.place(t, AT_FDCWD, name.path);
    if (again) fail(E.INVAL);
    inode = place.dir.inode.create(t, place.name, S_IFSOCK | (0o777 & ~t.fs.umask));
    vfs.own(t, place.dir.inode, inode);
    nameMade(place.dir.inode, place.name, inode);
  } catch (error) {
    return (error as { no?: number }).no === E.EXIST ? fail(E.ADDRINUSE) : rethrow(error);
  }
  byInode.set(inode, socket);
  const bytes = bytesOf(name.path + "\0");
  return { address: withFamily(bytes), inode };
};
const rethrow = (error: unknown): never => {
  throw error;
};

const bindAbstract = (socket: UnixSocket, name: Uint8Array): UnixName => {
  const names = abstractsOf(socket.net);
  if (names.has(key(name))) return fail(E.ADDRINUSE);
  names.set(key(name), socket);
  return { address: withFamily(name) };
};

/** Five hexadecimal digits that nobody has (unix_autobind). */
export const autobind = (socket: UnixSocket): UnixName => {
  const names = abstractsOf(socket.net);
  for (let i = 0, n = socket.machine.entropy.next(); i < 0x100000; i++, n++) {
    const name = new TextEncoder().encode("\0" + (n & 0xfffff).toString(16).padStart(5, "0"));
    if (!names.has(key(name))) return bindAbstract(socket, name);
  }
  return fail(E.NOSPC);
};

/** The name is free again; a path stays in its directory. */
export const unbindUnix = (socket: UnixSocket, name: UnixName): void => {
  if (name.inode !== undefined) {
    if (byInode.get(name.inode) === socket) byInode.delete(name.inode);
  } else abstractsOf(socket.net).delete(key(name.address.subarray(2)));
};

/** The socket that `from` means by a name; errors as connect(2) tells them. */
export const findUnix = (t: Task, from: UnixSocket, address: Uint8Array): UnixSocket => {
  const name = parse(address);
  let found: UnixSocket | undefined;
  if ("abstract" in name) found = abstractsOf(from.net).get(key(name.abstract));
  else {
    if (name.path === "") return fail(E.INVAL);
    const { inode } = t.vfs.find(t, AT_FDCWD, name.path);
    t.vfs.require(t, inode, MAY_WRITE);
    found = byInode.get(inode);
  }
  if (found === undefined) return fail(E.CONNREFUSED);
  return found.type === from.type ? found : fail(E.PROTOTYPE);
};
