/**
 * Futex words that somebody waits on, by key, and their waiters in wake order. A word exists here only while it has waiters, so a wake of an
 * uncontended word is two map lookups. Two key classes never meet: private (VM group, address) and shared (object, offset); SEMANTICS 7.1–7.3.
 */
import { E, fail } from "../../syscalls/abi/errno.ts";
import { FUTEX_MATCH_ANY } from "../../syscalls/abi/futex.ts";
import type { Task } from "../task/task.ts";

type Words = Map<number, Word>;

/** A word with waiters. */
export class Word {
  readonly waiters: Waiter[] = [];
  /** Owner of a priority-inheritance lock, known while a waiter blocks on it. */
  owner: Task | undefined;
  constructor(readonly words: Words, readonly offset: number) {}

  /** Queues behind those of the same or a higher priority. */
  add(waiter: Waiter): void {
    if (this.waiters.length === 0) this.words.set(this.offset, this);
    let at = this.waiters.length;
    while (at > 0 && this.waiters[at - 1].priority < waiter.priority) at--;
    this.waiters.splice(at, 0, waiter);
    waiter.word = this;
  }
  remove(waiter: Waiter): void {
    const at = this.waiters.indexOf(waiter);
    if (at < 0) throw new Error("futex waiter is not on its word");
    this.waiters.splice(at, 1);
    waiter.word = undefined;
    if (this.waiters.length === 0) {
      if (this.owner !== undefined) setOwner(this, undefined);
      this.words.delete(this.offset);
    }
  }
}

const owned = new WeakMap<Task, Set<Word>>();

/** Records whose lock the word is. */
export const setOwner = (word: Word, owner: Task | undefined): void => {
  if (word.owner !== undefined) owned.get(word.owner)?.delete(word);
  word.owner = owner;
  if (owner === undefined) return;
  const set = owned.get(owner);
  if (set === undefined) owned.set(owner, new Set([word]));
  else set.add(word);
};

/** Locks with waiters that the task owns. */
export const ownedWords = (task: Task): Word[] => [...owned.get(task) ?? []];

const SCHED_FIFO = 1, SCHED_RR = 2;

/** One waiting task on one word (futex_waitv has several). Off every word (`word` undefined) it has been woken, or its wait is over. */
export class Waiter {
  word: Word | undefined;
  readonly priority: number;
  /** Waits for a lock, not for a wake. */
  pi = false;
  /** FUTEX_WAIT_REQUEUE_PI: the lock it may be moved to. */
  requeueTo: Word | undefined;
  constructor(readonly task: Task, public addr: number, readonly bitset: number = FUTEX_MATCH_ANY) {
    this.priority = task.policy === SCHED_FIFO || task.policy === SCHED_RR ? task.rtPriority : 0;
  }
  /** Takes it off its word and makes its task look. */
  wake(): void {
    this.word!.remove(this);
    this.task.notify();
  }
  /** The wait is over, however. */
  leave(): void {
    this.word?.remove(this);
  }
}

const privateWords = new WeakMap<object, Words>();
const sharedWords = new WeakMap<object, Words>();

const TASK_SIZE = 2 ** 32;

/** A shared key needs the page: a private anonymous one must be writable (get_futex_key faults it in for writing). */
const sharedKey = (t: Task, addr: number) => {
  const vma = t.vm.space.vmaAt(addr);
  if (vma === undefined || (!vma.shared && vma.backing === undefined && (vma.prot & 2) === 0)) return fail(E.FAULT);
  return t.vm.space.futexKey(addr, true) ?? fail(E.FAULT);
};

const checkAddress = (addr: number): void => {
  if (addr % 4 !== 0) fail(E.INVAL);
  if (addr >= TASK_SIZE) fail(E.FAULT);
};

/** The word if somebody waits on it. EINVAL when misaligned; EFAULT beyond the user range or, if shared, unmapped. */
export const findWord = (t: Task, addr: number, shared: boolean): Word | undefined => {
  checkAddress(addr);
  if (!shared) return privateWords.get(t.vm.space)?.get(addr);
  const key = sharedKey(t, addr);
  return sharedWords.get(key.object)?.get(key.offset);
};

/** The word, to queue on. */
export const obtainWord = (t: Task, addr: number, shared: boolean): Word => {
  checkAddress(addr);
  const key = shared ? sharedKey(t, addr) : undefined;
  const classWords = shared ? sharedWords : privateWords;
  const object = key?.object ?? t.vm.space;
  const offset = key?.offset ?? addr;
  let words = classWords.get(object);
  if (words === undefined) classWords.set(object, words = new Map());
  return words.get(offset) ?? new Word(words, offset);
};

/** Whether two words (found or obtained) are the same key. */
export const sameWord = (a: Word, b: Word): boolean => a.words === b.words && a.offset === b.offset;
