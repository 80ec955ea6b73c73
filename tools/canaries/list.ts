/**
 * The canary mutations of SEMANTICS section 11 as changes of the kernel's text: what is replaced must be there exactly once. Where a canary names several mistakes
 * each is a row of its own.
 */
export interface Canary {
  readonly id: string;
  readonly what: string;
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

const EXIT = "actors/task/exit.ts", CLONE = "actors/task/clone.ts", EXEC = "actors/exec/exec.ts";
const GENERATE = "actors/signals/generate.ts", WAIT = "actors/task/wait.ts", FUTEX_EXIT = "actors/futex/exit.ts";
const PIDS = "actors/namespaces/pid.ts";
const PLAIN = "actors/futex/plain.ts", HANDLE = "syscalls/process/handle.ts", WAITING = "actors/task/waiting.ts";

export const CANARIES: readonly Canary[] = [
  {
    id: "C00a",
    what: "CPUs of siblings are kept at execve",
    file: EXIT,
    find: "if (task.holdings.cpu) {",
    replace: "if (task.holdings.cpu && (task.group.execing === undefined || task.group.execing === task)) {",
  },
  {
    id: "C00b",
    what: "CPU is kept at exit_group while others use the memory",
    file: EXIT,
    find: "if (task.holdings.cpu) {",
    replace: "if (task.holdings.cpu && !(task.group.groupExit !== undefined && task.vm.users > 1)) {",
  },
  {
    id: "C01",
    what: "clear_child_tid is written for the sole user of the memory",
    file: FUTEX_EXIT,
    find: "if (addr === 0 || soleUser) return;",
    replace: "if (addr === 0) return;",
  },
  {
    id: "C02",
    what: "clear_child_tid wakes with a private key",
    file: FUTEX_EXIT,
    find: "if (quietly(() => t.mem.setU32(addr, 0))) quietly(() => futexWake(t, addr, true, 1));",
    replace: "if (quietly(() => t.mem.setU32(addr, 0))) quietly(() => futexWake(t, addr, false, 1));",
  },
  {
    id: "C03",
    what: "a futex waiter queues some time after it compared",
    file: PLAIN,
    find:
      "  word.add(waiter);\n  return t.block({\n    what: where(addr),\n    queues: [],\n    poll: () => waiter.word",
    replace:
      "  let late = true;\n  return t.block({\n    what: where(addr),\n    queues: [],\n    poll: () => late ? (late = false, word.add(waiter), BLOCKED) : waiter.word",
  },
  {
    id: "C04",
    what: "a requeued waiter still names its old word",
    file: PLAIN,
    find: "target.add(waiter);",
    replace: "target.add(waiter), waiter.word = source;",
  },
  {
    id: "C05",
    what: "the vfork parent is released by the child's exit only",
    file: EXIT,
    find: "  task.vm.release();\n  releaseVforkParent(task);",
    replace: '  task.vm.release();\n  if (task.state === "exiting") releaseVforkParent(task);',
  },
  {
    id: "C06",
    what: "a second end of the group overwrites its code",
    file: GENERATE,
    find: "(target.realBlocked & sigBit(sig)) === 0n) && group.groupExit === undefined\n",
    replace: "(target.realBlocked & sigBit(sig)) === 0n)\n",
  },
  {
    id: "C07",
    what: "the leader's code is the group's although another left last",
    file: EXIT,
    find: "if (group.groupExit === undefined) group.groupExit = status;\n    for (const hook",
    replace: "group.groupExit ??= group.leader.exitStatus;\n    for (const hook",
  },
  {
    id: "C08",
    what: "a zombie leader can be reaped while its threads live",
    file: WAIT,
    find: "  if (child.zombie) {",
    replace: '  if (child.zombie || child.leader.state === "zombie") {',
  },
  {
    id: "C09",
    what: "ignored SIGCHLD reaps children with other exit signals",
    file: EXIT,
    find: "  if (sig === SIG.CHLD) {\n    const d",
    replace: "  {\n    const d",
  },
  {
    id: "C10",
    what: "default SIGCHLD counts as ignored",
    file: "actors/signal_handlers.ts",
    find: "return d.handler === SIG_IGN ||",
    replace: "return d.handler <= SIG_IGN ||",
  },
  {
    id: "C11a",
    what: "an exiting thread does not pass on the group's signals",
    file: EXIT,
    find: "  retargetShared(task, ~task.blocked);\n",
    replace: "",
  },
  {
    id: "C11b",
    what: "a thread that blocks does not pass on the group's signals",
    file: GENERATE,
    find: "if (newlyBlocked !== 0n) retargetShared(task, newlyBlocked);",
    replace: "",
  },
  {
    id: "C12",
    what: "SIGCONT leaves the stop signals of single threads",
    file: GENERATE,
    find: "for (const t of group.tasks) t.pending.flush(gone);",
    replace: "",
  },
  {
    id: "C13a",
    what: "the alternate stack is kept for CLONE_VM without VFORK",
    file: CLONE,
    find: "has(r, CLONE.VM) && !has(r, CLONE.VFORK) ? NO_ALT_STACK : t.altStack",
    replace: "t.altStack",
  },
  {
    id: "C13b",
    what: "the alternate stack is dropped for vfork",
    file: CLONE,
    find: "has(r, CLONE.VM) && !has(r, CLONE.VFORK) ? NO_ALT_STACK : t.altStack",
    replace: "has(r, CLONE.VM) ? NO_ALT_STACK : t.altStack",
  },
  {
    id: "C14",
    what: "execve closes before it unshares the table",
    file: EXEC,
    find: "  takeOverLeader(t);\n  if (t.files.users",
    replace: "  takeOverLeader(t);\n  t.files.closeOnExec();\n  if (t.files.users",
  },
  {
    id: "C15a",
    what: "execve of a thread takes the leader's private signals",
    file: EXEC,
    find: "  t.group.execing = t;\n",
    replace: "  t.group.execing = t;\n  for (const i of t.group.leader.pending.entries()) t.pending.add(i.signo, i);\n",
  },
  {
    id: "C15b",
    what: "the old tid of a thread that exec'd still resolves",
    file: EXEC,
    find: "  machine.tasks.delete(t.tid);\n",
    replace: "",
  },
  {
    id: "C16",
    what: "the robust list walk has no limit",
    file: FUTEX_EXIT,
    find: "at.entry !== head && limit > 0; limit--",
    replace: "at.entry !== head && limit > 0; limit",
  },
  {
    id: "C17",
    what: "a failed clone keeps the file table",
    file: CLONE,
    find: "acquired.take(files, () => files.release());",
    replace: "acquired.take(files, () => {});",
  },
  {
    id: "C18a",
    what: "children are passed on when the group ends, not the thread",
    file: EXIT,
    find: "task.group.children.filter((c) => c.parent === task);",
    replace: "task.group.live > 0 ? [] : [...task.group.children];",
  },
  {
    id: "C18b",
    what: "the search for a subreaper takes its leader, exited or not",
    file: EXIT,
    find: "    if (live !== undefined) return live;",
    replace: "    if (live !== undefined) return g.leader;",
  },
  {
    id: "C19a",
    what: "wait4 with a bad status address leaves the zombie",
    file: HANDLE,
    find: "    if (pid === -0x80000000) return -E.SRCH;\n    const found",
    replace:
      "    if (pid === -0x80000000) return -E.SRCH;\n    if (statusAt !== 0) t.mem.u32(statusAt);\n    const found",
  },
  {
    id: "C19b",
    what: "WNOWAIT takes the report of a stop",
    file: WAIT,
    find: "    if (!keep) child.stopReport = 0;",
    replace: "    child.stopReport = 0;",
  },
  {
    id: "C20a",
    what: "a call is begun again with a changed first argument",
    file: WAITING,
    find: "  task.cpu.pc -= 4;\n",
    replace: "  task.cpu.pc -= 4;\n  task.originalA0Lo ^= 4;\n",
  },
  {
    id: "C20b",
    what: "SA_RESTART begins calls again that never are",
    file: "actors/signals/deliver.ts",
    find: '((wait.restart ?? "restart") === "restart" && (flags & SA.RESTART) !== 0)',
    replace: "(flags & SA.RESTART) !== 0",
  },
  {
    id: "C21a",
    what: "the exit of a tracer leaves its tracees with it",
    file: EXIT,
    find: "  if (task.tracees !== undefined) letTraceesGo(task);\n",
    replace: "",
  },
  {
    id: "C21b",
    what: "a dead thread's tracer is not waited for: the group's end comes at once",
    file: EXIT,
    find: "  if (task === group.leader || (trace !== undefined && !trace.autoreaps)) task.state",
    replace: "  if (task === group.leader) task.state",
  },
  {
    id: "C22a",
    what: "the end of a pid namespace's first process leaves the others alive",
    file: EXIT,
    find: "    for (const g of others) g.leader.machine.signals.sendToGroup(g, fromKernel(SIG.KILL));\n",
    replace: "",
  },
  {
    id: "C22b",
    what: "tasks are born where the first process of the pid namespace has died",
    file: PIDS,
    find: "    if (this.closed) return fail(E.NOMEM);\n",
    replace: "",
  },
  {
    id: "C22c",
    what: "orphans go past the first process of their pid namespace",
    file: EXIT,
    find: "  return init?.tasks.find(alive);\n",
    replace: "  return undefined;\n",
  },
  {
    id: "C22d",
    what: "a chosen number may be given out a second time",
    file: PIDS,
    find: "    if (wanted.length > this.level) machine.idWasChosen();\n",
    replace: "",
  },
  {
    id: "C22e",
    what: "a task that changes its namespaces keeps its hold on the former ones",
    file: "actors/namespaces/enter.ts",
    find: "  t.namespaces.release();\n",
    replace: "",
  },
  {
    id: "C22f",
    what: "the first process of a pid namespace is released before the others in it",
    file: EXIT,
    find: "  if (group.pidNamespace.init === group && !emptied(group)) return;\n",
    replace: "  if (group.pidNamespace.init === group) emptied(group);\n",
  },
  {
    id: "C22g",
    what: "a failed clone keeps its hold on the namespaces it made",
    file: CLONE,
    find: "acquired.take(namespacesOf(t, r, cred.userNamespace), () => namespaces.release());",
    replace: "namespacesOf(t, r, cred.userNamespace);",
  },
];
