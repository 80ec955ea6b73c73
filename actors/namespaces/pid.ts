/**
 * Process numbers (pid_namespaces(7)). Inside the kernel every task, process group and session has one number, that of the first namespace; a nested namespace has a
 * number of its own for each that lives in it, and translates where a number crosses to or from a task (`Task.sees`, `Task.means`).
 */
import { E, errno } from "../../syscalls/abi/errno.ts";
import type { Machine } from "../machine.ts";
import type { ThreadGroup } from "../task/thread_group.ts";
import { Namespace } from "./namespace.ts";
import type { UserNamespace } from "./user.ts";

export const PID_MAX = 32768;
/** Deepest nesting (MAX_PID_NS_LEVEL). */
const MAX_LEVEL = 32;
/** Where numbers go on after they have wrapped. */
export const RESERVED_PIDS = 300;

/** The numbers of somebody who lives in a nested namespace: by level, the kernel's own first. */
interface Numbers {
  readonly home: PidNamespace;
  readonly byLevel: readonly number[];
}
/** Of one machine: by the kernel's number. Entries of released numbers are left until the number is used again. */
export type NestedNumbers = Map<number, Numbers>;

export class PidNamespace extends Namespace {
  readonly level: number;
  /** Itself and those it lies in, the first namespace last. */
  readonly chain: readonly PidNamespace[];
  /** Number 1: gets the orphans; its death is the death of all. */
  init: ThreadGroup | undefined;
  /** Its first process has ended: nobody is born here any more. */
  closed = false;
  /** Inside numbers that were given out, to the kernel's. */
  readonly #given = new Map<number, number>();
  #last = 0;

  constructor(readonly of: Machine, owner?: UserNamespace, readonly outer?: PidNamespace) {
    super("pid", outer === undefined ? undefined : of, owner);
    this.level = outer === undefined ? 0 : outer.level + 1;
    if (this.level > MAX_LEVEL) throw errno(E.NOSPC);
    this.chain = outer === undefined ? [this] : [this, ...outer.chain];
  }

  /** Whether it is `other` or lies within it. */
  within(other: PidNamespace): boolean {
    return this.chain.includes(other);
  }

  /** What a kernel's number is called here; 0 for who does not live here. */
  numberOf(id: number): number {
    if (this.level === 0) return id;
    const numbers = this.of.nestedNumbers.get(id);
    return numbers !== undefined && numbers.home.within(this) ? numbers.byLevel[this.level] : 0;
  }
  /** What a kernel's number is called in `outer` and each namespace from there to this one. */
  numbersFrom(outer: PidNamespace, id: number): number[] {
    return this.chain.slice(0, this.level - outer.level + 1).reverse().map((ns) => ns.numberOf(id));
  }
  /** The kernel's number for one said here; 0 for nobody's. */
  named(number: number): number {
    if (this.level === 0) return number;
    const id = this.#given.get(number);
    return id !== undefined && this.numberOf(id) === number && this.of.idInUse(id) ? id : 0;
  }

  /**
   * Gives somebody new a number here and in all outer namespaces (alloc_pid): the kernel's. `wanted` numbers begin with the one here (clone3's set_tid); `mayChoose` says
   * whether the caller may choose one in a namespace. Throws what clone answers: ENOMEM where nobody is born any more, EEXIST for a number that is taken, EAGAIN when all are.
   */
  take(wanted: readonly number[], mayChoose: (ns: PidNamespace) => boolean): number {
    const { of: machine } = this;
    if (wanted.length > this.level + 1) return fail(E.INVAL);
    const byLevel: number[] = [];
    for (const [depth, ns] of this.chain.entries()) {
      const number = wanted[depth] ?? 0;
      if (depth < wanted.length) {
        if (number < 1 || number >= PID_MAX || (number !== 1 && ns.level > 0 && ns.init === undefined)) fail(E.INVAL);
        if (!mayChoose(ns)) fail(E.PERM);
        if (ns.#taken(number)) fail(E.EXIST);
      }
      byLevel[ns.level] = depth < wanted.length ? number : ns.#next();
    }
    if (this.closed) return fail(E.NOMEM);
    const id = byLevel[0];
    if (wanted.length > this.level) machine.idWasChosen();
    if (this.level === 0) {
      if (machine.nestedNumbers.size > 0) machine.nestedNumbers.delete(id);
      return id;
    }
    machine.nestedNumbers.set(id, { home: this, byLevel });
    for (const [depth, ns] of this.chain.entries()) {
      ns.#given.set(byLevel[ns.level], id);
      if (depth >= wanted.length) ns.#last = byLevel[ns.level];
    }
    return id;
  }
  /** A number that was taken for nothing. Nobody is born any more where it would have been the first (free_pid; Linux 6.18: ENOMEM from then on). */
  giveBack(id: number): void {
    this.of.nestedNumbers.delete(id);
    for (const ns of this.chain) if (ns.level > 0 && ns.init === undefined) ns.closed = true;
  }

  #taken(number: number): boolean {
    return this.level === 0 ? this.of.idInUse(number) : this.named(number) !== 0;
  }
  #next(): number {
    if (this.level === 0) return this.of.allocateId();
    for (let next = this.#last, tries = 0; tries < PID_MAX; tries++) {
      next = next + 1 >= PID_MAX ? RESERVED_PIDS : next + 1;
      if (this.named(next) === 0) return next;
    }
    return fail(E.AGAIN);
  }

  /** The processes that live here or further in, but its first. */
  others(): ThreadGroup[] {
    return [...this.of.groups.values()].filter((g) => g !== this.init && g.pidNamespace.within(this));
  }
}
const fail = (no: number): never => {
  throw errno(no);
};
