/**
 * What all namespaces have in common (namespaces(7)): a kind, a number by which two are told apart, and the user namespace that owns them, in which one needs the
 * capability to change them. They are held by sets (`set.ts`); a namespace that no set holds any more is garbage.
 */
import { CLONE } from "../../syscalls/abi/clone.ts";
import type { Machine } from "../machine.ts";
import type { UserNamespace } from "./user.ts";

export type NamespaceKind = "cgroup" | "ipc" | "mnt" | "net" | "pid" | "time" | "user" | "uts";

/** The clone flag that makes one, and what ioctl(NS_GET_NSTYPE) answers. */
export const FLAG_OF: Readonly<Record<NamespaceKind, number>> = {
  cgroup: CLONE.NEWCGROUP,
  ipc: CLONE.NEWIPC,
  mnt: CLONE.NEWNS,
  net: CLONE.NEWNET,
  pid: CLONE.NEWPID,
  time: CLONE.NEWTIME,
  user: CLONE.NEWUSER,
  uts: CLONE.NEWUTS,
};

/** Numbers of the namespaces a machine begins with (include/linux/proc_ns.h). */
const FIRST_NUMBERS: Readonly<Record<NamespaceKind, number>> = {
  ipc: 0xefffffff,
  uts: 0xeffffffe,
  user: 0xeffffffd,
  pid: 0xeffffffc,
  cgroup: 0xeffffffb,
  time: 0xeffffffa,
  net: 0xeffffff9,
  mnt: 0xeffffff8,
};
/** Numbers of those made later go on from here. */
export const LATER_NUMBERS = 0xf0000000;

export abstract class Namespace {
  /** As /proc/PID/ns shows it. */
  readonly ino: number;
  /** Sets that hold it. */
  users = 0;

  /** @param owner undefined for those the machine begins with, whose owner is the first user namespace */
  constructor(readonly kind: NamespaceKind, machine: Machine | undefined, readonly owner: UserNamespace | undefined) {
    this.ino = machine === undefined ? FIRST_NUMBERS[kind] : machine.nextNamespace++;
  }
  /** The last set let go of it. */
  ended(): void {}
}
