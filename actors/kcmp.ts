/** kcmp: whether two tasks point at the same kernel object (kernel/kcmp.c, SEMANTICS 8.9–8.11). */
import { E } from "../syscalls/abi/errno.ts";
import { mayTrace } from "./cross_memory.ts";
import type { Task } from "./task/task.ts";

const numbers = new WeakMap<object, number>();
let next = 1;
/** A number per object, so that different objects have an order. */
const numberOf = (object: object): number => {
  let number = numbers.get(object);
  if (number === undefined) numbers.set(object, number = next++);
  return number;
};

/** Objects that are not there are equal to each other and less than any other. */
const order = (a: object | undefined, b: object | undefined): number => {
  if (a === b) return 0;
  if (a === undefined || b === undefined) return a === undefined ? 1 : 2;
  return numberOf(a) < numberOf(b) ? 1 : 2;
};

/** 0 equal, 1 less, 2 greater, or a negative errno. */
export const compareTasks = (
  t: Task,
  pid1: number,
  pid2: number,
  type: number,
  index1: number,
  index2: number,
): number => {
  const a = t.named(pid1), b = t.named(pid2);
  if (a === undefined || b === undefined) return -E.SRCH;
  if (!mayTrace(t, a) || !mayTrace(t, b)) return -E.PERM;
  switch (type) {
    case 0: {
      const fileA = a.files.peek(index1), fileB = b.files.peek(index2);
      return fileA === undefined || fileB === undefined ? -E.BADF : order(fileA, fileB);
    }
    case 1:
      return order(a.vm, b.vm);
    case 2:
      return order(a.files, b.files);
    case 3:
      return order(a.fs, b.fs);
    case 4:
      return order(a.handlers, b.handlers);
    case 5:
      return order(a.io, b.io);
    case 6:
      return order(a.semUndo, b.semUndo);
    default:
      return -E.INVAL;
  }
};
