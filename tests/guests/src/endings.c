/* The rules of exit and execve: racing exit_groups, a dead leader with live threads, execve from other threads, from a vfork child, and past the point of no
   return, orphaned process groups, who becomes the parent, parent-death signals, automatic reaping. */
#include "raw_clone.h"
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile int *shared;
static char me[4096];
static int pipes[2];

static const char *st(int status) {
  static char b[4][40];
  static int i;
  char *o = b[i++ & 3];
  if (WIFEXITED(status)) sprintf(o, "exit %d", WEXITSTATUS(status));
  else if (WIFSIGNALED(status)) sprintf(o, "killed %d%s", WTERMSIG(status), WCOREDUMP(status) ? " core" : "");
  else if (WIFSTOPPED(status)) sprintf(o, "stopped %d", WSTOPSIG(status));
  else sprintf(o, "continued");
  return o;
}
static int tid(void) { return syscall(SYS_gettid); }
static void die(int code) { syscall(SYS_exit, code); }
static pthread_t start(void *(*fn)(void *), long arg) { pthread_t t; pthread_create(&t, NULL, fn, (void *)arg); return t; }
static int run(void (*fn)(void)) {
  fflush(stdout);
  int pid = fork(), status = -1;
  if (pid == 0) { fn(); fflush(stdout); _exit(0); }
  if (waitpid(pid, &status, 0) != pid) return -1;
  return status;
}
static char state_of(int pid, int t) {
  char path[64], line[512];
  sprintf(path, "/proc/%d/task/%d/stat", pid, t);
  int fd = open(path, O_RDONLY);
  if (fd < 0) return '-';
  int n = read(fd, line, sizeof line - 1);
  close(fd);
  if (n <= 0) return '-';
  line[n] = 0;
  return strrchr(line, ')')[2];
}
static void until_state(int pid, int t, char c) { while (state_of(pid, t) != c) sched_yield(); }
static void until(volatile int *w, int v) { while (*w < v) sched_yield(); }
static void nap(void) { usleep(3000); }

/* ---- exit_group races */
static void *racer(void *a) { until(&shared[0], 1); syscall(SYS_exit_group, (long)a); return 0; }
static void race(void) {
  for (long i = 1; i < 4; i++) start(racer, 10 + i);
  shared[0] = 1;
  syscall(SYS_exit_group, 10);
}
static void t_races(void) {
  int odd = 0;
  for (int i = 0; i < 60; i++) {
    shared[0] = 0;
    int s = run(race);
    if (!WIFEXITED(s) || WEXITSTATUS(s) < 10 || WEXITSTATUS(s) > 13) odd++;
  }
  printf("60 races of four exit_groups: %d odd\n", odd);
}

/* ---- leader dead, threads live */
static void *late(void *a) { until(&shared[1], 1); die((long)a); return 0; }
static void leader_first(void) { start(late, 9); shared[2] = 1; die(5); }
static void *early(void *a) { die((long)a); return 0; }
static void leader_last(void) { pthread_t t = start(early, 9); until_state(getpid(), getpid(), 'R'); pthread_join(t, 0); die(5); }
static void t_zombie_leader(void) {
  fflush(stdout);
  int pid = fork(), status = 0;
  shared[1] = 0;
  if (pid == 0) { leader_first(); }
  until_state(pid, pid, 'Z');
  siginfo_t info = {0};
  printf("dead leader, live thread: wait %d, WNOWAIT %d pid %d", waitpid(pid, &status, WNOHANG), waitid(P_PID, pid, &info, WEXITED | WNOHANG | WNOWAIT), info.si_pid);
  printf(", kill 0 %d, tgkill 0 %ld", kill(pid, 0), syscall(SYS_tgkill, pid, pid, 0));
  kill(pid, SIGSTOP);
  waitpid(pid, &status, WUNTRACED);
  printf(", %s", st(status));
  kill(pid, SIGCONT);
  waitpid(pid, &status, WCONTINUED);
  printf(", %s", st(status));
  shared[1] = 1;
  waitpid(pid, &status, 0);
  printf(", then %s\n", st(status));
  printf("thread first, leader last: %s\n", st(run(leader_last)));
}
static void *killer_target(void *a) { for (;;) pause(); return 0; }
static void leader_gone_then_killed(void) { start(killer_target, 0); shared[3] = tid(); die(5); }
static void t_zombie_leader_signals(void) {
  int status;
  for (int i = 0; i < 3; i++) {
    fflush(stdout);
    int pid = fork();
    if (pid == 0) leader_gone_then_killed();
    until_state(pid, pid, 'Z');
    int r = i == 0 ? kill(pid, SIGTERM) : i == 1 ? syscall(SYS_tgkill, pid, pid, SIGTERM) : syscall(SYS_tkill, pid, SIGKILL);
    int how = 0;
    for (int n = 0; n < 30 && !how; n++) { nap(); how = waitpid(pid, &status, WNOHANG); }
    printf("dead leader, %s: %d, %s\n", i == 0 ? "kill TERM" : i == 1 ? "tgkill TERM" : "tkill KILL", r, how ? st(status) : "lives");
    if (!how) { kill(pid, SIGKILL); waitpid(pid, &status, 0); }
  }
}

/* ---- execve */
static char *argv_of(char *mode) { static char *v[4], old[16]; sprintf(old, "%d", shared[4]); v[0] = "endings"; v[1] = mode; v[2] = old; v[3] = 0; return (char *)v; }
static void exec_me(char *mode) { execv(me, (char **)argv_of(mode)); _exit(99); }
static void *exec_thread(void *a) {
  sigset_t s;
  sigemptyset(&s); sigaddset(&s, SIGTERM); sigaddset(&s, SIGUSR2); sigaddset(&s, SIGHUP); sigaddset(&s, SIGRTMIN);
  sigprocmask(SIG_BLOCK, &s, 0);
  if ((long)a == 1) until_state(getpid(), getpid(), 'Z');
  syscall(SYS_tgkill, getpid(), tid(), SIGTERM);
  if ((long)a == 0) syscall(SYS_tgkill, getpid(), getpid(), SIGUSR2);
  kill(getpid(), SIGHUP);
  shared[4] = tid();
  exec_me("report");
  return 0;
}
static void block_all(void) { sigset_t s; sigfillset(&s); sigprocmask(SIG_BLOCK, &s, 0); }
static void exec_from_thread(void) { block_all(); start(exec_thread, 0); for (;;) pause(); }
static void exec_after_leader(void) { block_all(); start(exec_thread, 1); die(3); }
static void *bystander(void *a) { for (;;) sched_yield(); return 0; }
static void exec_with_bystanders(void) { block_all(); for (int i = 0; i < 5; i++) start(bystander, 0); start(exec_thread, 0); for (;;) pause(); }
static void report(int old) {
  sigset_t p;
  sigpending(&p);
  printf("  execed: tid is pid %d, pending TERM %d USR2 %d HUP %d, old tid %s, CHLD ignored %d, threads %s\n", tid() == getpid(), sigismember(&p, SIGTERM), sigismember(&p, SIGUSR2),
         sigismember(&p, SIGHUP), syscall(SYS_tkill, old, 0) < 0 ? strerrorname_np(errno) : "found",
         signal(SIGCHLD, SIG_DFL) == SIG_IGN, state_of(getpid(), getpid()) == 'R' ? "one" : "?");
  fflush(stdout);
  _exit(33);
}
static char vm_stack[16384] __attribute__((aligned(16)));
static volatile int vm_alive;
static int vm_sibling(void *a) {
  vm_alive = 1;
  while (!*(volatile int *)a) SYS1(SYS_sched_yield, 0);
  vm_alive = 2;
  return vm_alive == 2 ? 44 : 45;
}
static void exec_sharing_vm(void) {
  raw_clone(CLONE_VM | SIGCHLD, vm_stack + sizeof vm_stack, 0, 0, 0, vm_sibling, (void *)&shared[5]);
  until(&vm_alive, 1);
  exec_me("waiter");
}
static void *vfork_exec(void *a) {
  int pid = vfork();
  if (pid == 0) { execl("/nonexistent", "x", NULL); shared[6] = errno; execl(me, "endings", "exit7", NULL); _exit(1); }
  int status;
  waitpid(pid, &status, 0);
  printf("vfork from a thread: failed exec %s, then %s\n", strerrorname_np(shared[6]), st(status));
  return 0;
}
static void write_elf(const char *path, unsigned long vaddr, int more) {
  struct { Elf64_Ehdr e; Elf64_Phdr p[2]; char code[64]; } x;
  memset(&x, 0, sizeof x);
  memcpy(x.e.e_ident, ELFMAG, 4);
  x.e.e_ident[EI_CLASS] = ELFCLASS64; x.e.e_ident[EI_DATA] = ELFDATA2LSB; x.e.e_ident[EI_VERSION] = 1;
  x.e.e_type = ET_EXEC;
#if defined(__x86_64__)
  x.e.e_machine = EM_X86_64;
#else
  x.e.e_machine = EM_RISCV;
#endif
  x.e.e_version = 1; x.e.e_entry = vaddr; x.e.e_phoff = sizeof x.e; x.e.e_ehsize = sizeof x.e; x.e.e_phentsize = sizeof(Elf64_Phdr); x.e.e_phnum = 1;
  x.p[0].p_type = PT_LOAD; x.p[0].p_flags = 5; x.p[0].p_vaddr = x.p[0].p_paddr = vaddr; x.p[0].p_filesz = x.p[0].p_memsz = sizeof x; x.p[0].p_align = 4096;
  if (more) { x.e.e_phnum = 2; x.p[1] = x.p[0]; x.p[1].p_type = PT_INTERP; x.p[1].p_offset = (char *)x.code - (char *)&x; x.p[1].p_filesz = 9; strcpy(x.code, "/nowhere"); }
  int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0755);
  if (write(fd, &x, sizeof x) != sizeof x) abort();
  close(fd);
}
static char bad[64];
static void exec_beyond(void) { for (int i = 0; i < 3; i++) start(bystander, 0); execl(bad, "bad", NULL); printf("  exec failed: %s\n", strerrorname_np(errno)); fflush(stdout); _exit(1); }
static void *exec_beyond_thread(void *a) { exec_beyond(); return 0; }
static void exec_beyond_from_thread(void) { start(exec_beyond_thread, 0); for (;;) pause(); }
static void *exec_racer(void *a) { until(&shared[7], 1); if ((long)a) exec_me("exit7"); syscall(SYS_exit_group, 8); return 0; }
static void exec_race(void) { for (long i = 0; i < 4; i++) start(exec_racer, i & 1); shared[7] = 1; for (;;) pause(); }

static void t_exec(void) {
  printf("execve from a thread: "); fflush(stdout); printf("%s\n", st(run(exec_from_thread)));
  printf("execve after the leader's exit: "); fflush(stdout); printf("%s\n", st(run(exec_after_leader)));
  printf("execve with bystanders: "); fflush(stdout); printf("%s\n", st(run(exec_with_bystanders)));
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  shared[5] = 0;
  fflush(stdout);
  int pid = fork(), status;
  if (pid == 0) exec_sharing_vm();
  waitpid(pid, &status, 0);
  printf("execve of one that shares memory: %s", st(status));
  shared[5] = 1;
  int got = waitpid(-1, &status, __WALL);
  printf(", the other goes on: %s %d\n", st(status), got != pid && got > 0);
  pthread_t t = start(vfork_exec, 0);
  pthread_join(t, 0);
  sprintf(bad, "/tmp/endings.%d", getpid());
  write_elf(bad, 0x7fffffffff000UL, 0);
  printf("execve that cannot be mapped: "); fflush(stdout); printf("%s\n", st(run(exec_beyond)));
  printf("the same from a thread: "); fflush(stdout); printf("%s\n", st(run(exec_beyond_from_thread)));
  fflush(stdout);
  pid = vfork();
  if (pid == 0) { execl(bad, "bad", NULL); _exit(1); }
  waitpid(pid, &status, 0);
  printf("the same from a vfork child: %s\n", st(status));
  write_elf(bad, 0x400000, 1);
  printf("missing interpreter: "); fflush(stdout); printf("%s\n", st(run(exec_beyond)));
  unlink(bad);
  int odd = 0;
  for (int i = 0; i < 40; i++) { shared[7] = 0; int s = run(exec_race); if (s != 7 << 8 && s != 8 << 8) odd++; }
  printf("40 races of execve and exit_group: %d odd\n", odd);
}

/* ---- orphaned process groups */
static void say(int sig) { char b[32]; int n = sprintf(b, "  got %s\n", sig == SIGHUP ? "HUP" : sig == SIGCONT ? "CONT" : sig == SIGTSTP ? "TSTP" : sig == SIGUSR1 ? "USR1" : "?"); write(1, b, n); }
static void handle(int sig) { struct sigaction sa = {.sa_handler = say}; sigemptyset(&sa.sa_mask); sigaction(sig, &sa, 0); }
static void t_orphans(void) {
  /* shell(session leader) -> middle -> stopped member; middle exits, and the member's group is orphaned */
  for (int how = 0; how < 3; how++) {
    printf("orphaned group %s:\n", how == 0 ? "with a stopped member" : how == 1 ? "with a running member" : "under a subreaper of the session");
    fflush(stdout);
    int shell = fork(), status;
    if (shell == 0) {
      setsid();
      prctl(PR_SET_CHILD_SUBREAPER, how == 2);
      int middle = fork();
      if (middle == 0) {
        int member = fork();
        if (member == 0) {
          setpgid(0, 0);
          handle(SIGHUP); handle(SIGCONT); handle(SIGTSTP);
          shared[8] = getpid();
          if (how != 1) raise(SIGSTOP);
          else nap();
          if (how == 1) for (int i = 0; i < 20; i++) nap();
          raise(SIGTSTP);
          _exit(6);
        }
        if (how != 1) waitpid(member, &status, WUNTRACED);
        else { until(&shared[8], 1); }
        _exit(0);
      }
      waitpid(middle, &status, 0);
      if (how == 2) { nap(); int got = waitpid(-1, &status, WNOHANG | WUNTRACED); printf("  no event yet %d\n", got); kill(shared[8], SIGKILL); waitpid(-1, &status, 0); printf("  %s\n", st(status)); fflush(stdout); _exit(0); }
      for (int i = 0; i < 15; i++) nap();
      fflush(stdout);
      _exit(0);
    }
    shared[8] = 0;
    waitpid(shell, &status, 0);
    if (how != 2) { int got = waitpid(-1, &status, 0); printf("  member %s %d\n", st(status), got > 0); }
  }
}

/* ---- who becomes the parent */
static void *fork_and_leave(void *a) {
  int pid = fork();
  if (pid == 0) {
    prctl(PR_SET_PDEATHSIG, SIGUSR1);
    handle(SIGUSR1);
    int before = getppid();
    shared[9] = getpid();
    until(&shared[10], 1);
    printf("  parent the same process %d\n", before == getppid());
    fflush(stdout);
    _exit(12);
  }
  until(&shared[9], 1);
  die(0);
  return 0;
}
static void t_parents(void) {
  int status, me_pid = getpid();
  printf("the thread that forked leaves:\n");
  fflush(stdout);
  shared[9] = shared[10] = 0;
  pthread_t t = start(fork_and_leave, 0);
  pthread_join(t, 0);
  nap();
  int hidden = waitpid(shared[9], &status, WNOHANG | __WNOTHREAD);
  printf("  now mine with __WNOTHREAD: %d\n", hidden);
  fflush(stdout);
  shared[10] = 1;
  waitpid(shared[9], &status, 0);
  printf("  %s\n", st(status));
  /* nested subreapers: the nearest one takes the orphan, a dead one is skipped */
  fflush(stdout);
  shared[11] = shared[12] = 0;
  int outer = fork();
  if (outer == 0) {
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    int inner = fork();
    if (inner == 0) {
      prctl(PR_SET_CHILD_SUBREAPER, 1);
      int parent = fork();
      if (parent == 0) {
        if (fork() == 0) {
          until(&shared[11], 1);
          printf("  orphan's parent is the inner subreaper %d\n", getppid() == shared[13]);
          fflush(stdout);
          shared[12] = 1;
          until(&shared[11], 2);
          printf("  then the outer %d\n", getppid() == shared[14]);
          fflush(stdout);
          _exit(21);
        }
        _exit(0);
      }
      waitpid(parent, &status, 0);
      shared[13] = getpid();
      shared[11] = 1;
      until(&shared[12], 1);
      _exit(0);
    }
    shared[14] = getpid();
    waitpid(inner, &status, 0);
    shared[11] = 2;
    int got = waitpid(-1, &status, 0);
    printf("  outer reaps %d %s\n", got > 0, st(status));
    fflush(stdout);
    _exit(0);
  }
  waitpid(outer, &status, 0);
  printf("subreapers: %s\n", st(status));
  /* without a subreaper: init */
  prctl(PR_SET_CHILD_SUBREAPER, 0);
  fflush(stdout);
  shared[11] = 0;
  int parent = fork();
  if (parent == 0) {
    prctl(PR_SET_CHILD_SUBREAPER, 0);
    int p = getpid();
    if (fork() == 0) { while (getppid() == p) sched_yield(); printf("  orphan's parent %d\n", getppid()); fflush(stdout); shared[11] = 1; _exit(0); }
    _exit(0);
  }
  waitpid(parent, &status, 0);
  until(&shared[11], 1);
  int none = waitpid(-1, &status, 0);
  printf("init takes it: wait %d %s\n", none, strerrorname_np(errno));
  /* a clone child becomes a plain one when its parent changes */
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  fflush(stdout);
  parent = fork();
  if (parent == 0) { if (syscall(SYS_clone, SIGUSR2, 0, 0, 0, 0) == 0) { nap(); _exit(17); } _exit(0); }
  waitpid(parent, &status, 0);
  int got = waitpid(-1, &status, 0);
  printf("a reparented clone child: plain wait %d %s\n", got > 0, st(status));
  (void)me_pid;
}

/* ---- parent-death signal */
static void pdeath_case(const char *what, int root_only, void (*change)(void)) {
  fflush(stdout);
  int status, p[2];
  if (pipe(p)) abort();
  int parent = fork();
  if (parent == 0) {
    int pid = fork();
    if (pid == 0) {
      prctl(PR_SET_PDEATHSIG, SIGUSR1);
      change();
      int sig = -1;
      prctl(PR_GET_PDEATHSIG, &sig);
      char b[64];
      int n = sprintf(b, "  %s: %d\n", what, sig);
      write(1, b, n);
      shared[15] = 1;
      until(&shared[15], 2);
      for (int i = 0; i < 4; i++) nap();
      _exit(0);
    }
    until(&shared[15], 1);
    shared[15] = 2;
    _exit(0);
  }
  shared[15] = 0;
  waitpid(parent, &status, 0);
  waitpid(-1, &status, 0);
  printf("    afterwards %s\n", st(status));
  close(p[0]); close(p[1]);
  (void)root_only;
}
static void nothing(void) {}
static void same_uid(void) { setuid(0); }
static void other_euid(void) { syscall(SYS_setresuid, -1, 1234, -1); }
static void other_gid(void) { syscall(SYS_setresgid, -1, 1234, -1); }
static void other_fsuid(void) { syscall(SYS_setfsuid, 1234); }
static void other_ruid(void) { syscall(SYS_setresuid, 1234, -1, -1); }
static void in_fork(void) { int p = fork(); if (p) { int s; waitpid(p, &s, 0); _exit(0); } shared[15] = 1; }
static void new_groups(void) { gid_t g[1] = {5}; syscall(SYS_setgroups, 1, g); }
static void t_pdeath(void) {
  printf("parent-death signals:\n");
  pdeath_case("set", 0, nothing);
  pdeath_case("after setuid(0)", 1, same_uid);
  pdeath_case("after another euid", 1, other_euid);
  pdeath_case("after another egid", 1, other_gid);
  pdeath_case("after another fsuid", 1, other_fsuid);
  pdeath_case("after another ruid", 1, other_ruid);
  pdeath_case("after setgroups", 1, new_groups);
}

/* ---- automatic reaping */
static void t_autoreap(void) {
  int status;
  fflush(stdout);
  int p = fork();
  if (p == 0) {
    signal(SIGCHLD, SIG_IGN);
    if (fork() == 0) { nap(); _exit(1); }
    if (fork() == 0) { nap(); nap(); _exit(1); }
    int got = wait(&status);
    printf("SIG_IGN: wait %d %s\n", got, strerrorname_np(errno));
    if (syscall(SYS_clone, SIGUSR1, 0, 0, 0, 0) == 0) _exit(2);
    signal(SIGUSR1, SIG_IGN);
    got = waitpid(-1, &status, __WALL);
    printf("SIG_IGN, exit signal USR1: wait %d %s\n", got > 0, st(status));
    struct sigaction sa = {.sa_handler = say, .sa_flags = SA_NOCLDWAIT};
    sigaction(SIGCHLD, &sa, 0);
    if (fork() == 0) _exit(3);
    do got = wait(&status); while (got < 0 && errno == EINTR);
    printf("NOCLDWAIT: wait %d %s\n", got, strerrorname_np(errno));
    signal(SIGCHLD, SIG_DFL);
    int child = fork();
    if (child == 0) _exit(4);
    until_state(child, child, 'Z');
    signal(SIGCHLD, SIG_IGN);
    got = waitpid(child, &status, 0);
    printf("ignored after the death: %d %s\n", got == child, st(status));
    fflush(stdout);
    _exit(0);
  }
  waitpid(p, &status, 0);
}

int main(int argc, char **argv) {
  if (argc > 1 && !strcmp(argv[1], "report")) report(atoi(argv[2]));
  if (argc > 1 && !strcmp(argv[1], "exit7")) _exit(7);
  if (argc > 1 && !strcmp(argv[1], "waiter")) _exit(8);
  if (readlink("/proc/self/exe", me, sizeof me - 1) < 0) return 1;
  shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  (void)pipes;
  t_races();
  t_zombie_leader();
  t_zombie_leader_signals();
  t_exec();
  t_orphans();
  t_parents();
  t_pdeath();
  t_autoreap();
  return 0;
}
