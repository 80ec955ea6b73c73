/**
 * User namespaces (user_namespaces(7)). Ids in credentials and inodes are the kernel's own numbers, those of the first namespace; what a task sees or says goes through the
 * maps of its namespace. The first namespace maps everything to itself.
 */
import type { Machine } from "../machine.ts";
import { Namespace } from "./namespace.ts";

/** `count` ids from `inside` on are the kernel's from `kernel` on. */
export interface Extent {
  readonly inside: number;
  readonly kernel: number;
  readonly count: number;
}
/** Shown for ids without a number in the reader's namespace (/proc/sys/kernel/overflowuid). */
export const OVERFLOW_ID = 65534;

const EVERYTHING: readonly Extent[] = [{ inside: 0, kernel: 0, count: 0xffffffff }];

export class UserNamespace extends Namespace {
  /** Undefined until written to /proc/PID/uid_map. */
  uids: readonly Extent[] | undefined;
  gids: readonly Extent[] | undefined;
  /** Its maker had CAP_SETFCAP outside: then it may map outer root from within. */
  outerSetfcap = false;
  /** What /proc/PID/setgroups says. */
  setgroups = true;

  readonly level: number;

  /**
   * @param owner the one it lies in; undefined for the first
   * @param uid @param gid of its maker, who has every capability in it from the outer one
   */
  constructor(machine?: Machine, owner?: UserNamespace, readonly uid = 0, readonly gid = 0) {
    super("user", machine, owner);
    this.level = owner === undefined ? 0 : owner.level + 1;
    if (owner === undefined) this.uids = this.gids = EVERYTHING;
  }
  /** Whether it is `other` or lies within it. */
  within(other: UserNamespace): boolean {
    return this === other || (this.owner !== undefined && this.owner.within(other));
  }
}

/** The one every machine begins with: it has no state. */
export const FIRST_USER_NAMESPACE = new UserNamespace();

/** The kernel's id for one said inside; -1: none. */
export const toKernel = (map: readonly Extent[] | undefined, id: number): number => {
  if (map === EVERYTHING) return id;
  const e = map?.find((x) => id >= x.inside && id < x.inside + x.count);
  return e === undefined ? -1 : id - e.inside + e.kernel;
};
/** What a kernel's id is called inside; -1: nothing. */
export const toInside = (map: readonly Extent[] | undefined, id: number): number => {
  if (map === EVERYTHING) return id;
  const e = map?.find((x) => id >= x.kernel && id < x.kernel + x.count);
  return e === undefined ? -1 : id - e.kernel + e.inside;
};
/** The same for showing. */
export const shownId = (map: readonly Extent[] | undefined, id: number): number => {
  const inside = toInside(map, id);
  return inside < 0 ? OVERFLOW_ID : inside;
};
