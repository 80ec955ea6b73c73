/** Calls about tasks: clone in strace's own order, execve's environment, what the wait calls found, prctl by its option, CPU and group lists. */
import { CLONE, CLONE_ARGS, CLONE_FLAGS } from "../../../syscalls/abi/clone.ts";
import { signalName } from "../../../syscalls/abi/signals.ts";
import { PR } from "../../../syscalls/abi/system.ts";
import { after, pathText, type Render, renderArgument, structAt } from "../arguments.ts";
import { but, type Form, members, siginfoOf, words } from "../form.ts";
import type { Request } from "../request.ts";
import { flagText, hexNumber, pointer } from "../text.ts";

/** A word that clone has written. */
const cell = (name: string): Render => (r) =>
  r.result === undefined ? undefined : `${name}=${r.failed ? pointer(r.big(2)) : words(r, r.at(2), 1)}`;

const clone: Form = {
  pieces: (r) => {
    const flags = r.low(0);
    const signal = (flags & 255) === 0 ? "" : signalName(flags & 255);
    const names = flagText({ name: "CLONE", bits: CLONE_FLAGS.bits }, flags & ~255);
    const shown = [...(names === "0" && signal !== "" ? [] : [names]), ...(signal === "" ? [] : [signal])].join("|");
    const pieces: Render[] = [(q) => `child_stack=${pointer(q.big(1))}`, () => `flags=${shown}`];
    if ((flags & CLONE.PARENT_SETTID) !== 0) pieces.push(cell("parent_tid"));
    else if ((flags & CLONE.PIDFD) !== 0) pieces.push(cell("pidfd"));
    if ((flags & CLONE.SETTLS) !== 0) pieces.push((q) => `tls=${hexNumber(q.big(3))}`);
    if ((flags & (CLONE.CHILD_SETTID | CLONE.CHILD_CLEARTID)) !== 0) {
      pieces.push((q) => q.result === undefined ? undefined : `child_tidptr=${pointer(q.big(4))}`);
    }
    return pieces;
  },
};
/** As it was before the call, for the kernel writes into it; and where the child's number went. */
const cloneArgs: Render = (r, i) => {
  if (r.result === undefined) {
    r.before.set(i, structAt(r, r.at(i), CLONE_ARGS));
    return undefined;
  }
  const before = r.before.get(i)!;
  if (r.failed) return before;
  const flags = Number(BigInt.asUintN(32, r.long(r.at(i)) ?? 0n)), parent = r.long(r.at(i) + 24);
  if ((flags & CLONE.PARENT_SETTID) === 0 || parent === undefined) return before;
  return `${before} => {parent_tid=${words(r, Number(parent), 1)}}`;
};

/** execve and execveat: the environment only as a count. */
const environment: Render = (r, i) => {
  const at = r.at(i);
  if (at === 0) return "NULL";
  let n = 0;
  while (n < 100_000 && (r.long(at + 8 * n) ?? 0n) !== 0n) n++;
  return `${pointer(at)} /* ${n} var${n === 1 ? "" : "s"} */`;
};

/** The same bit has two names. */
const waitOptions: Render = (r, i) => renderArgument(r, i)!.replace("WUNTRACED", "WSTOPPED");
/** Not written when nobody was found. */
const found: Render = (r, i) => r.result === 0 && r.at(i) !== 0 ? pointer(r.at(i)) : renderArgument(r, i);
const childInfo: Render = (r, i) => {
  if (r.result === undefined) return undefined;
  if (r.failed || r.at(i) === 0) return pointer(r.at(i));
  return r.word(r.at(i)) === 0 ? "{}" : siginfoOf(r, i);
};

/** How many arguments an option of prctl has, the option included, where it is not five. */
const PRCTL_COUNT: Readonly<Record<number, number>> = {
  [PR.SET_PDEATHSIG]: 2,
  [PR.GET_PDEATHSIG]: 2,
  [PR.GET_DUMPABLE]: 1,
  [PR.SET_DUMPABLE]: 2,
  [PR.GET_KEEPCAPS]: 1,
  [PR.SET_KEEPCAPS]: 2,
  [PR.SET_NAME]: 2,
  [PR.GET_NAME]: 2,
  [PR.CAPBSET_READ]: 2,
  [PR.CAPBSET_DROP]: 2,
  [PR.GET_SECUREBITS]: 1,
  [PR.SET_SECUREBITS]: 2,
  [PR.SET_TIMERSLACK]: 2,
  [PR.GET_TIMERSLACK]: 1,
  [PR.SET_CHILD_SUBREAPER]: 2,
  [PR.GET_CHILD_SUBREAPER]: 2,
};
const prctlSecond: Render = (r, i) => {
  const at = r.at(i);
  switch (r.int(0)) {
    case PR.SET_NAME:
      return pathText(r, at);
    case PR.GET_NAME:
      return after(r, at, () => pathText(r, at));
    case PR.SET_PDEATHSIG:
      return signalName(r.int(i));
    case PR.GET_PDEATHSIG:
    case PR.GET_CHILD_SUBREAPER:
      return after(r, at, () => words(r, at, 1));
    default:
      return r.big(i) < 4096n ? `${r.big(i)}` : hexNumber(r.big(i));
  }
};
const hex: Render = (r, i) => hexNumber(r.big(i));
const prctl: Form = {
  pieces: (r) => [renderArgument, prctlSecond, hex, hex, hex].slice(0, PRCTL_COUNT[r.int(0)] ?? 5),
  remark: (r) =>
    r.int(0) === PR.GET_DUMPABLE && !r.failed
      ? ["SUID_DUMP_DISABLE", "SUID_DUMP_USER", "SUID_DUMP_ROOT"][r.result!]
      : undefined,
};

const cpus = (r: Request, at: number, size: number): string => {
  const bytes = at === 0 ? undefined : r.bytes(at, Math.min(size, 128));
  return bytes === undefined ? pointer(at) : `[${members(bytes).join(" ")}]`;
};

export const TASKS: Readonly<Record<string, Form>> = {
  clone,
  clone3: but({ 0: cloneArgs }),
  execve: but({ 2: environment }),
  execveat: but({ 3: environment }),
  wait4: but({ 1: found, 2: waitOptions, 3: found }),
  waitid: but({ 1: (r, i) => `${r.int(i)}`, 2: childInfo, 3: waitOptions }),
  prctl,
  sched_getaffinity: but({ 2: (r, i) => after(r, r.at(i), () => cpus(r, r.at(i), r.result!)) }),
  sched_setaffinity: but({ 2: (r, i) => cpus(r, r.at(i), r.low(1)) }),
  getgroups: but({
    1: (r, i) => after(r, r.at(i), () => r.int(0) === 0 ? pointer(r.at(i)) : words(r, r.at(i), r.result!)),
  }),
  setgroups: but({
    1: (r, i) => r.at(i) === 0 || r.int(0) > 32 ? pointer(r.at(i)) : words(r, r.at(i), r.int(0)),
  }),
};
