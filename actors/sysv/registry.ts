/**
 * Identifiers and permissions of System V IPC objects (ipc/util.c): one registry per kind and IPC namespace. An id is sequence × 32768 + index, so that the id of a
 * removed object is not soon another's.
 */
import { E, fail } from "../../syscalls/abi/errno.ts";
import { IPC } from "../../syscalls/abi/ipc.ts";
import { CAP, nsCapable, seenGid, seenUid } from "../credentials.ts";
import type { Machine } from "../machine.ts";
import type { IpcNamespace } from "../namespaces/small.ts";
import type { Task } from "../task/task.ts";

const INDEXES = 32768;
const CAP_IPC_OWNER = 15;

/** What every IPC object has (struct kern_ipc_perm). */
export interface IpcObject {
  readonly key: number;
  readonly id: number;
  uid: number;
  gid: number;
  readonly cuid: number;
  readonly cgid: number;
  /** Permission bits, and the kind's own flags above them. */
  mode: number;
  removed: boolean;
}

/** Fields a new object begins with. */
export type NewObject = Omit<IpcObject, "removed">;

/** Wall time in seconds. */
export const seconds = (machine: Machine): number => Number(machine.clock.realtime() / 1000000000n);

/** Checks wanted bits (as in the low nine of a mode) against the object's; EACCES. */
export const checkAccess = ({ cred, namespaces }: Task, object: IpcObject, wanted: number): void => {
  const bits = ((wanted >> 6) | (wanted >> 3) | wanted) & 7;
  const inGroup = (gid: number) => cred.egid === gid || cred.groups.includes(gid);
  const owner = cred.euid === object.cuid || cred.euid === object.uid;
  const group = inGroup(object.cgid) || inGroup(object.gid);
  const granted = owner ? object.mode >> 6 : group ? object.mode >> 3 : object.mode;
  if ((bits & ~granted & 7) !== 0 && !nsCapable(cred, namespaces.of.ipc.owner, CAP_IPC_OWNER)) fail(E.ACCES);
};

/** Only the owner, the creator or an administrator may remove or change; EPERM. */
export const checkOwner = ({ cred, namespaces }: Task, object: IpcObject): void => {
  if (cred.euid === object.cuid || cred.euid === object.uid) return;
  if (!nsCapable(cred, namespaces.of.ipc.owner, CAP.SYS_ADMIN)) fail(E.PERM);
};

/** struct ipc64_perm of an object. */
export const permissionsOf = ({ cred }: Task, object: IpcObject) => ({
  key: object.key,
  uid: seenUid(cred, object.uid),
  gid: seenGid(cred, object.gid),
  cuid: seenUid(cred, object.cuid),
  cgid: seenGid(cred, object.cgid),
  mode: object.mode,
  seq: Math.floor(object.id / INDEXES),
});

export class Registry<T extends IpcObject> {
  readonly #slots: (T | undefined)[] = [];
  readonly #byKey = new Map<number, T>();
  #sequence = 0;
  constructor(readonly capacity: number) {}

  /** Objects by index. */
  get all(): readonly (T | undefined)[] {
    return this.#slots;
  }
  get count(): number {
    return this.#slots.reduce((n, slot) => n + (slot === undefined ? 0 : 1), 0);
  }
  /** Highest index in use, 0 when none: what the INFO commands return. */
  get highest(): number {
    return Math.max(0, this.#slots.findLastIndex((slot) => slot !== undefined));
  }

  /** The object of a key, or a new one: the rules of the *get calls. `check` looks at a found one. */
  get(t: Task, key: number, flags: number, make: (base: NewObject) => T, check: (found: T) => void): number {
    const found = key === IPC.PRIVATE ? undefined : this.#byKey.get(key);
    if (found !== undefined) {
      if ((flags & IPC.CREAT) !== 0 && (flags & IPC.EXCL) !== 0) return -E.EXIST;
      check(found);
      checkAccess(t, found, flags);
      return found.id;
    }
    if (key !== IPC.PRIVATE && (flags & IPC.CREAT) === 0) return -E.NOENT;
    let index = this.#slots.findIndex((slot) => slot === undefined);
    if (index < 0) index = this.#slots.length;
    if (index >= this.capacity) return -E.NOSPC;
    const { euid, egid } = t.cred;
    const id = this.#sequence * INDEXES + index;
    const made = make({ key, id, uid: euid, gid: egid, cuid: euid, cgid: egid, mode: flags & 0o777 });
    this.#sequence = (this.#sequence + 1) % INDEXES;
    this.#slots[index] = made;
    if (key !== IPC.PRIVATE) this.#byKey.set(key, made);
    return id;
  }

  /** By id: EINVAL when there is none, EIDRM when another has its place. */
  find(id: number): T {
    if (id < 0) return fail(E.INVAL);
    const slot = this.#slots[id % INDEXES];
    if (slot === undefined) return fail(E.INVAL);
    return slot.id === id ? slot : fail(E.IDRM);
  }
  /** By index, for the STAT commands. */
  at(index: number): T {
    return this.#slots[index] ?? fail(E.INVAL);
  }
  /** Takes the key away: the object cannot be got any more. */
  forgetKey(object: T): void {
    if (this.#byKey.get(object.key) === object) this.#byKey.delete(object.key);
  }
  remove(object: T): void {
    object.removed = true;
    this.forgetKey(object);
    const index = object.id % INDEXES;
    if (this.#slots[index] === object) this.#slots[index] = undefined;
  }
}

/** A registry per IPC namespace: the one of the task's. */
export const perNamespace = <T extends IpcObject>(capacity: number): (t: Task) => Registry<T> => {
  const registries = new WeakMap<IpcNamespace, Registry<T>>();
  return ({ namespaces: { of: { ipc } } }) => {
    let registry = registries.get(ipc);
    if (registry === undefined) registries.set(ipc, registry = new Registry<T>(capacity));
    return registry;
  };
};
