/** Socket descriptors and socket addresses between guest memory and the actors. */
import { Socket } from "../../actors/net/mod.ts";
import type { Task } from "../../actors/mod.ts";
import { E, fail } from "../abi/errno.ts";

/** sizeof(struct sockaddr_storage). */
const LARGEST = 128;

/** EBADF, ENOTSOCK. */
export const socketOf = (t: Task, fd: number): Socket => {
  const file = t.files.get(fd);
  return file instanceof Socket ? file : fail(E.NOTSOCK);
};

/** An address argument (move_addr_to_kernel). */
export const readAddress = (t: Task, at: number, length: number): Uint8Array => {
  if (length < 0 || length > LARGEST) return fail(E.INVAL);
  return length === 0 ? new Uint8Array(0) : t.mem.read(at, length);
};

/** Tells an address and its length, cut to what the guest has room for (move_addr_to_user). */
export const writeAddress = (t: Task, at: number, lengthAt: number, address: Uint8Array): void => {
  const room = t.mem.i32(lengthAt);
  if (room < 0) fail(E.INVAL);
  if (room > 0 && address.length > 0) t.mem.write(at, address.subarray(0, room));
  t.mem.setU32(lengthAt, address.length);
};
