/**
 * Debian's strace and gdb at work inside: what they see of a shell's pipeline, of signals, of a process they attach to, of a program that stops at its calls. strace
 * does not know riscv_hwprobe: it shows those calls whatever is asked for, and `strace -c` dies of them.
 */
import { program } from "./harness.ts";

const PACKAGES = ["strace", "busybox-static", "bash", "coreutils"];

/** Prints the log of strace without process numbers and addresses; `order`: what comes behind, for processes that run side by side. */
const READ =
  `sed -E '/syscall_0x102/d; s/^[0-9]+ +//; s/0x[0-9a-f]+/ADDR/g; s/si_pid=[0-9]+/si_pid=PID/; s/ +=/ =/; s/ADDR [^)]*vars [^)]*/ENV/; s/kill\\([0-9]+/kill(PID/' log`;

const traced = (name: string, script: string, text: string): void =>
  program({
    name,
    packages: PACKAGES,
    command: ["busybox", "sh", "-c", `${script}; ${READ} | sort`],
    expect: { text },
  });

traced(
  "strace -f follows the stages of a pipeline",
  "strace -f -e trace=execve -e signal=none -o log busybox sh -c 'echo a | cat | wc -l; (exit 3); exit 4'; echo status $?",
  `1
status 4
+++ exited with 0 +++
+++ exited with 0 +++
+++ exited with 0 +++
+++ exited with 3 +++
+++ exited with 4 +++
execve("/proc/self/exe", ["cat"], ENV) = 0
execve("/proc/self/exe", ["wc", "-l"], ENV) = 0
execve("/usr/bin/busybox", ["busybox", "sh", "-c", "echo a | cat | wc -l; (exit 3); "...], ENV) = 0
`,
);
traced(
  "strace -f shows bash's signals and the deaths of its children",
  `strace -f -e trace=kill -o log bash -c 'trap "echo caught" USR1; kill -USR1 $$; sleep 9 & kill -9 $!; wait $!; echo $?' 2>/dev/null`,
  `caught
137
+++ exited with 0 +++
+++ killed by SIGKILL +++
--- SIGCHLD {si_signo=SIGCHLD, si_code=CLD_KILLED, si_pid=PID, si_uid=0, si_status=SIGKILL, si_utime=0, si_stime=0} ---
--- SIGUSR1 {si_signo=SIGUSR1, si_code=SI_USER, si_pid=PID, si_uid=0} ---
kill(PID, SIGKILL) = 0
kill(PID, SIGUSR1) = 0
`,
);
traced(
  "strace -p attaches to a sleeper, shows its call go on, and lets go",
  `busybox sleep 30 & p=$!; busybox sleep 0.3; timeout 0.5 strace -q -p $p -o log 2>/dev/null; kill $p; wait $p 2>/dev/null; echo $?`,
  "143\nrestart_syscall(<... resuming interrupted clock_nanosleep ...> <detached ...>\n",
);
traced(
  "strace changes the result of a call",
  "strace -q -e inject=getuid:error=EPERM:when=1 -e trace=getuid -o log busybox id -u",
  "0\n+++ exited with 0 +++\ngetuid() = -1 EPERM (Operation not permitted) (INJECTED)\ngetuid() = 0\n",
);
program({
  name: "gdb stops a program at its calls, reads registers and memory, steps",
  packages: ["gdb-minimal", "busybox-static", "bash", "coreutils"],
  command: [
    "gdb",
    "-nx",
    "-batch",
    ...["set startup-with-shell off", "catch syscall write", "run", "p $a7", "x/s $a1", "c", "p $a0", "delete", "stepi"]
      .flatMap((line) => ["-ex", line]),
    ...["info threads", "kill"].flatMap((line) => ["-ex", line]),
    "--args",
    "busybox",
    "echo",
    "hello",
  ],
  expect: {
    matches:
      /Catchpoint 1 \(call to syscall write\)[^]*\$1 = 64\n[^]*"hello\\n"\nhello\n[^]*returned from syscall write[^]*\$2 = 6\n/,
  },
  seconds: 100,
});
program({
  name: "gdb stops the threads of a program built inside, watches a variable, sees them end",
  packages: ["gdb", "gcc", "libc6-dev", "bash", "coreutils"],
  seconds: 240,
  files: {
    "t.c":
      '#include <pthread.h>\n#include <stdio.h>\n#include <unistd.h>\nint shared;\nstatic void *work(void *a) { long n = (long)a;\n  for (int i = 0; i < 3; i++) { usleep(1000); __atomic_add_fetch(&shared, n, __ATOMIC_SEQ_CST); }\n  return 0; }\nint main(void) { pthread_t t[3]; for (long i = 0; i < 3; i++) pthread_create(&t[i], 0, work, (void *)(i + 1)); for (int i = 0; i < 3; i++) pthread_join(t[i], 0); printf("sum %d\\n", shared); return 0; }\n',
  },
  command: [
    "bash",
    "-c",
    `gcc -g -O0 -pthread t.c -o t && gdb -nx -batch -ex 'set startup-with-shell off' -ex 'break work' -ex run -ex 'p (long)a' -ex 'bt 1' -ex c -ex 'p (long)a' -ex delete -ex 'watch shared' -ex c -ex 'p shared > 0' -ex delete -ex 'thread apply all bt 1' -ex c ./t 2>&1`,
  ],
  expect: {
    matches:
      /hit Breakpoint 1[^]*\$1 = 1\n#0 +work \(a=0x1\)[^]*hit Breakpoint 1[^]*\$2 = 2\n[^]*atchpoint 2: shared\n\nOld value = 0\n[^]*\$3 = 1\n[^]*sum 18\n[^]*exited normally/,
  },
});
traced(
  "strace -ff of a shell script with loops, substitution and a background job",
  `strace -f -o log bash -c 'for i in 1 2 3; do echo $i | cat; done; x=$(echo sub); (sleep 0.1 & wait); echo $x'; grep -c 'exited with 0' log; : >log`,
  "1\n2\n3\nsub\n10\n",
);
