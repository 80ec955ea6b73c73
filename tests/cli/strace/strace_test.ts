/**
 * `--strace` against strace itself: the expected lines are those of Debian's strace for riscv64 (run inside) and of strace 6.1 natively, with numbers of tasks, addresses
 * and times made equal. No call can make it stumble, and it leaves a seeded run as it was.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { straceObserver } from "../../../cli/strace/observer.ts";
import { makeDispatch } from "../../../syscalls/mod.ts";
import { MEMORY, newMachine, newTask } from "../../fakes/kernel.ts";
import { guestPath, runGuest } from "../../run/harness.ts";

const MOD = new URL("../../../mod.ts", import.meta.url).pathname;

const lines = (guest: string, ...args: string[]): string[] => {
  const file = Deno.makeTempFileSync();
  new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", MOD, "run", "--clear-env", "--env", "A=1", `--strace=${file}`, guestPath(guest), ...args],
  }).outputSync();
  const text = Deno.readTextFileSync(file);
  Deno.removeSync(file);
  return text.split("\n").filter((l) => l !== "");
};
/** How a guest's path begins, as far as strace prints strings: it cuts them at 32 characters. */
const GUESTS = guestPath("").slice(0, 32);
/** Without the task's number, addresses, random bytes and alignment. */
const alike = (line: string): string =>
  line.replace(/^\d+ +/, "").replaceAll(/0x[0-9a-f]{3,}/g, "ADDR").replaceAll(/\\x[0-9a-f]{2}/g, "").replace(
    /\) +=/,
    ") =",
  )
    .replaceAll(/"([^"]*)"(\.\.\.)?/g, (quoted, text: string) => text.startsWith(GUESTS) ? "GUEST" : quoted).replaceAll(
      /(?<!\*)\b10[0-3]\d\b/g,
      "TID",
    )
    .replaceAll(
      /st_size=\d+/g,
      "st_size=N",
    );

Deno.test("hello world, line by line", () => {
  const found = lines("hello").map(alike).map((l) => l.replace(/st_mode=.*, \.\.\./, "st_mode=..."));
  assert.deepEqual(found, [
    "execve(GUEST, [GUEST], ADDR /* 1 var */) = 0",
    "brk(NULL) = ADDR",
    "brk(ADDR) = ADDR",
    "set_tid_address(ADDR) = TID",
    "set_robust_list(ADDR, 24) = 0",
    "prlimit64(0, RLIMIT_STACK, NULL, {rlim_cur=8192*1024, rlim_max=RLIM64_INFINITY}) = 0",
    `readlinkat(AT_FDCWD, "/proc/self/exe", GUEST, 4096) = ${guestPath("hello").length}`,
    'getrandom("", 8, GRND_NONBLOCK) = 8',
    "brk(NULL) = ADDR",
    "brk(ADDR) = ADDR",
    "brk(ADDR) = ADDR",
    "mprotect(ADDR, 16384, PROT_READ) = 0",
    'newfstatat(1, "", {st_mode=...}, AT_EMPTY_PATH) = 0',
    'write(1, "hello, world\\n", 13) = 13',
    "exit_group(0) = ?",
    "+++ exited with 0 +++",
  ]);
});

Deno.test("signals, waits and what they interrupt", () => {
  const all = lines("signals").map(alike);
  for (
    const wanted of [
      "rt_sigprocmask(SIG_BLOCK, [USR2], NULL, 8) = 0",
      "rt_sigsuspend([], 8) = ? ERESTARTNOHAND (To be restarted if no handler)",
      "--- SIGUSR1 {si_signo=SIGUSR1, si_code=SI_TKILL, si_pid=TID, si_uid=0} ---",
      "--- SIGSEGV {si_signo=SIGSEGV, si_code=SEGV_MAPERR, si_addr=ADDR} ---",
      "--- SIGRT_3 {si_signo=SIGRT_3, si_code=SI_QUEUE, si_pid=TID, si_uid=0, si_int=101, si_ptr=0x65} ---",
      "rt_sigqueueinfo(TID, SIGRT_2, {si_signo=SIGRT_2, si_code=SI_QUEUE, si_pid=TID, si_uid=0, si_int=201, si_ptr=0xc9}) = 0",
      "--- SIGCHLD {si_signo=SIGCHLD, si_code=CLD_EXITED, si_pid=TID, si_uid=0, si_status=0, si_utime=0, si_stime=0} ---",
      "--- stopped by SIGSTOP ---",
      "rt_sigreturn({mask=[]}) = -1 EINTR (Interrupted system call)",
    ]
  ) assert.ok(all.includes(wanted) || all.includes(loose(wanted, all)), `${wanted}\nis not among\n${all.join("\n")}`);
  const text = all.join("\n");
  for (
    const wanted of [
      /read\(4.* = \? ERESTARTSYS \(To be restarted if SA_RESTART is set\)|<\.\.\. read resumed>.* = \? ERESTARTSYS/,
      /clock_nanosleep.* = \? ERESTART_RESTARTBLOCK \(Interrupted by signal\)/,
      /wait4\(TID <unfinished \.\.\.>\n(.*\n)*<\.\.\. wait4 resumed>, \[\{WIFSTOPPED\(s\) && WSTOPSIG\(s\) == SIGSTOP\}\], WSTOPPED, NULL\) = TID/,
      /\[\{WIFSIGNALED\(s\) && WTERMSIG\(s\) == SIGTERM\}\], 0, NULL\) = TID/,
      /\+\+\+ killed by SIGTERM \+\+\+/,
    ]
  ) assert.match(text, wanted);
});
/** The line with other users' numbers and pointers beyond their low word. */
const loose = (wanted: string, all: readonly string[]): string =>
  all.find((l) => l.replace(/si_ptr=\S+?([},])/g, "$1") === wanted.replace(/si_ptr=\S+?([},])/g, "$1")) ?? "";

Deno.test("columns, and the task's number only where there are several", () => {
  const run = (...args: string[]) =>
    new TextDecoder().decode(
      new Deno.Command(Deno.execPath(), { args: ["run", "-A", MOD, "run", "--strace", ...args] }).outputSync().stderr,
    );
  const alone = run(guestPath("hello"));
  assert.match(alone, /^brk\(NULL\) {31}= 0x[0-9a-f]+$/m);
  assert.doesNotMatch(alone, /\[pid/);
  assert.match(run(guestPath("pipes")), /^\[pid +\d+\] \+\+\+ exited with 7 \+\+\+$/m);
});

Deno.test("no arguments of any call stop it, bad pointers least", () => {
  const machine = newMachine();
  const calls = makeDispatch();
  machine.calls = calls;
  const t = newTask(machine);
  let text = "";
  const { observer } = straceObserver(machine, (part) => text += part);
  const word = fc.oneof(
    fc.constantFrom(
      0n,
      1n,
      3n,
      0xffffffffffffffffn,
      BigInt(MEMORY),
      BigInt(MEMORY) + 65535n,
      0x8000000000000000n,
      4096n,
      1n << 40n,
    ),
    fc.bigInt(0n, 0xffffffffffffffffn),
    fc.integer({ min: 0, max: 65535 }).map((n) => BigInt(MEMORY + n)),
    fc.integer({ min: 0, max: 300 }).map(BigInt),
  );
  const result = fc.oneof(fc.integer({ min: -133, max: 64 }), fc.constant(MEMORY));
  for (let nr = 0; nr < 480; nr++) {
    fc.assert(
      fc.property(
        fc.tuple(word, word, word, word, word, word),
        result,
        fc.uint8Array({ minLength: 256, maxLength: 256 }),
        (args, r, bytes) => {
          t.mem.write(MEMORY + 4096, bytes);
          args.forEach((v, i) => t.cpu.setX(10 + i, v));
          t.callNumber = nr;
          text = "";
          observer.callEntered!(t);
          observer.callReturned!(t, r);
          observer.turnEnds!(t);
          assert.match(text, /\n$/);
        },
      ),
      { numRuns: 15 },
    );
  }
});

Deno.test("a seeded run goes the same way with it", async () => {
  for (const guest of ["threads", "signals", "pipes"]) {
    const plain = await runGuest(guest, [], { seed: 6 });
    const seen = await runGuest(guest, [], {
      seed: 6,
      observe: (machine) => straceObserver(machine, () => {}).observer,
    });
    assert.equal(seen.report.stats.traceHash, plain.report.stats.traceHash);
    assert.equal(seen.stdout, plain.stdout);
  }
});
