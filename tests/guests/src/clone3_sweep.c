/* clone3: every size from 0 to 200 (and beyond), unknown bytes, every flag bit alone and in pairs with the form's own rules, exit signals, stacks, set_tid,
   cgroup, pidfd. Runs of equal answers are printed as one line. */
#include "raw_clone.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

struct args { uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls, set_tid, set_tid_size, cgroup; };
static char stack[65536] __attribute__((aligned(16)));
static unsigned long tls[512];
static int ptid, ctid, pidfd;
static volatile int seen, last_signal;

static int child(void *arg) { (void)arg; return 3; }
static void on_signal(int sig) { seen++; last_signal = sig; }

/* Makes the call and reaps: what happened, in words. */
static const char *once(const void *a, unsigned long size) {
  static char out[160];
  ptid = ctid = pidfd = -5;
  seen = last_signal = 0;
  long r = raw_clone3(a, size, child, 0);
  if (r < 0) return strerrorname_np(-r);
  int status = 0x5a5a, e = 0;
  int plain = waitpid(r, &status, 0);
  if (plain < 0) { e = errno; plain = waitpid(r, &status, __WALL); }
  while (e && plain < 0 && syscall(SYS_tgkill, getpid(), r, 0) == 0) sched_yield();
  sprintf(out, "child, wait %s%s %x%s%s%s", e ? strerrorname_np(e) : "plain", e && plain > 0 ? " then __WALL" : "", status,
          ptid == r ? " ptid" : ptid != -5 ? " ptid?" : "", ctid == 0 ? " cleared" : ctid == r ? " ctid" : ctid != -5 ? " ctid?" : "",
          pidfd >= 0 ? " pidfd" : "");
  if (seen) sprintf(out + strlen(out), " signal %d", last_signal);
  if (pidfd >= 0) close(pidfd);
  return out;
}

/* Joins runs of equal answers. */
static char held[200], title[32];
static long from, to;
static void flush_run(void) { if (held[0]) printf("%s %ld..%ld: %s\n", title, from, to, held); held[0] = 0; }
static void tell(const char *what, long i, const char *answer) {
  if (held[0] && !strcmp(held, answer) && !strcmp(title, what) && to == i - 1) { to = i; return; }
  flush_run();
  strcpy(held, answer);
  strcpy(title, what);
  from = to = i;
}

static struct args base(uint64_t flags) {
  struct args a = {.flags = flags, .pidfd = (uint64_t)&pidfd, .child_tid = (uint64_t)&ctid, .parent_tid = (uint64_t)&ptid,
                   .exit_signal = SIGCHLD, .tls = (uint64_t)tls};
  if (flags & CLONE_VM) { a.stack = (uint64_t)stack; a.stack_size = sizeof stack; }
  return a;
}

int main(void) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  for (int s = 1; s < 65; s++) if (s != SIGKILL && s != SIGSTOP && s != 32 && s != 33 && s != SIGCHLD) signal(s, on_signal);
  struct args a = base(0);
  unsigned char big[8192];
  for (long size = 0; size <= 200; size++) { memset(big, 0, sizeof big); memcpy(big, &a, sizeof a); tell("size", size, once(big, size)); }
  for (long size = 4090; size <= 4100; size++) tell("size", size, once(big, size));
  for (long size = 0; size <= 200; size++) tell("null, size", size, once(NULL, size));
  for (long size = 4090; size <= 4100; size++) tell("null, size", size, once(NULL, size));
  for (long at = 88; at < 200; at++) { memset(big, 0, sizeof big); memcpy(big, &a, sizeof a); big[at] = 1; tell("byte", at, once(big, 200)); }
  for (long at = 88; at < 200; at++) { memset(big, 0, sizeof big); memcpy(big, &a, sizeof a); big[at] = 1; tell("byte beyond size 88", at, once(big, 88)); }
  flush_run();
  for (long at = 64; at < 88; at++) { memset(big, 0, sizeof big); memcpy(big, &a, sizeof a); big[at] = 1; tell("byte, size 64", at, once(big, 64)); }
  for (long at = 64; at < 88; at++) { memset(big, 0, sizeof big); memcpy(big, &a, sizeof a); big[at] = 1; tell("byte, size 88", at, once(big, 88)); }
  /* the struct ends at an unmapped page */
  char *page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  munmap(page + 4096, 4096);
  memcpy(page + 4096 - 64, &a, 64);
  for (long size = 60; size < 70; size++) tell("at the end of memory, size", size, once(page + 4096 - 64, size));
  for (long size = 4096 - 10; size < 4100; size++) tell("at the end of memory, size", size, once(page + 4096 - 64, size));
  for (long sig = 0; sig < 300; sig++) {
    a = base(0);
    a.exit_signal = sig;
    if (sig == 32 || sig == 33 || sig == SIGSTOP || sig == SIGKILL || sig == SIGCONT) continue;
    tell("exit signal", sig, once(&a, sizeof a));
  }
  a.exit_signal = 1UL << 32 | SIGCHLD;
  tell("high exit signal", 0, once(&a, sizeof a));
  flush_run();
  /* CLONE_NEW*, CLONE_INTO_CGROUP and what only namespaces decide are another program's */
  static const unsigned long skipped = 0x80 | CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET;
  for (int bit = 0; bit < 64; bit++) {
    if (skipped >> bit & 1) continue;
    a = base(1UL << bit);
    tell("flag bit", bit, once(&a, sizeof a));
  }
  for (int bit = 0; bit < 64; bit++) {
    if (skipped >> bit & 1) continue;
    a = base(1UL << bit);
    a.exit_signal = 0;
    tell("flag bit, no signal", bit, once(&a, sizeof a));
  }
  flush_run();
  unsigned h = 2166136261u;
  int ok = 0, n = 0, status;
  for (int i = 0; i < 34; i++)
    for (int j = i + 1; j < 34; j++) {
      if ((skipped >> i & 1) || (skipped >> j & 1)) continue;
      for (int sig = 0; sig <= SIGCHLD; sig += SIGCHLD) {
        a = base(1UL << i | 1UL << j);
        a.exit_signal = sig;
        const char *s = once(&a, sizeof a);
        n++;
        ok += s[0] == 'c';
        for (const char *p = s; *p; p++) h = (h ^ (unsigned char)*p) * 16777619u;
        if (getenv("V")) printf("%d %d %d: %s\n", i, j, sig, s);
      }
    }
  printf("pairs of flag bits: %d of %d succeed, %08x\n", ok, n, h);
  const unsigned long thread = CLONE_VM | CLONE_SIGHAND | CLONE_THREAD | CLONE_CHILD_CLEARTID;
  for (unsigned i = 0; i < 2; i++) { a = base(thread); a.exit_signal = i ? SIGCHLD : 0; tell("thread", i, once(&a, sizeof a)); }
  flush_run();
  for (int i = 0; i < 2; i++) { a = base(CLONE_PARENT); a.exit_signal = i ? SIGCHLD : 0; if (i) tell("parent with signal", i, once(&a, sizeof a)); }
  flush_run();
  /* stacks */
  static const struct { const char *what; uint64_t stack, size; } stacks[] = {
    {"stack without size", 0x10000, 0}, {"size without stack", 0, 0x1000}, {"stack beyond the address space", 1UL << 62, 4096}, {"stack at the top", ~0UL - 4095, 4096},
    {"stack that wraps", ~0UL - 100, 4096}, {"size beyond", 0x10000, 1UL << 63}};
  for (unsigned i = 0; i < sizeof stacks / sizeof *stacks; i++) {
    a = base(0);
    a.stack = stacks[i].stack;
    a.stack_size = stacks[i].size;
    tell(stacks[i].what, 0, once(&a, sizeof a));
  }
  flush_run();
  /* set_tid */
  int free_tid = 0;
  for (int t = 31000; t < 32000 && !free_tid; t++) if (kill(t, 0) < 0 && errno == ESRCH && getpgid(t) < 0) free_tid = t;
  int tids[40] = {0};
#define SET_TID(what, ptr, count, first) do { a = base(0); tids[0] = (first); a.set_tid = (uint64_t)(ptr); a.set_tid_size = (count); printf("set_tid %s: %s\n", what, once(&a, sizeof a)); } while (0)
  SET_TID("free", tids, 1, free_tid);
  SET_TID("of a live task", tids, 1, getpid());
  SET_TID("zero", tids, 1, 0);
  SET_TID("negative", tids, 1, -1);
  SET_TID("one", tids, 1, 1);
  SET_TID("pid_max", tids, 1, 32768);
  SET_TID("pointer without size", tids, 0, free_tid);
  SET_TID("size without pointer", NULL, 1, free_tid);
  SET_TID("size 33", tids, 33, free_tid);
  SET_TID("size beyond the level", tids, 32, free_tid);
  SET_TID("bad address", 16, 1, free_tid);
  { /* a zombie's number is taken, a reaped one's free */
    a = base(0);
    tids[0] = free_tid;
    a.set_tid = (uint64_t)tids;
    a.set_tid_size = 1;
    long r = raw_clone3(&a, sizeof a, child, 0);
    siginfo_t info;
    waitid(P_PID, r, &info, WEXITED | WNOWAIT);
    long again = raw_clone3(&a, sizeof a, child, 0);
    printf("set_tid: got it %d, of a zombie %s", r == free_tid, strerrorname_np(-again));
    waitpid(r, &status, 0);
    printf(", afterwards %s\n", once(&a, sizeof a));
  }
  if (fork() == 0) { /* without privilege */
    if (setgid(1000) || setuid(1000)) _exit(1);
    SET_TID("without privilege", tids, 1, free_tid);
    SET_TID("without privilege, in use", tids, 1, getpid());
    SET_TID("without privilege, zero", tids, 1, 0);
    fflush(stdout);
    _exit(0);
  }
  wait(&status);
  /* pidfd */
  a = base(0x1000); a.pidfd = 0; tell("pidfd, no address", 0, once(&a, sizeof a));
  a = base(0x1000); a.pidfd = 16; tell("pidfd, bad address", 0, once(&a, sizeof a));
  a = base(0x1000 | CLONE_PARENT_SETTID); tell("pidfd and parent_tid", 0, once(&a, sizeof a));
  a = base(0x1000 | CLONE_PARENT_SETTID); a.pidfd = a.parent_tid; tell("pidfd at parent_tid", 0, once(&a, sizeof a));
  a = base(0); a.pidfd = 16; tell("pidfd field without the flag", 0, once(&a, sizeof a));
  a = base(CLONE_PARENT_SETTID | CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID); a.parent_tid = 16; a.child_tid = 16; tell("bad tid words", 0, once(&a, sizeof a));
  /* cgroup */
  a = base(0); a.cgroup = 1UL << 40; tell("cgroup field without the flag", 0, once(&a, sizeof a));
  a = base(1UL << 33); a.cgroup = 1UL << 40; tell("cgroup beyond INT_MAX", 0, once(&a, sizeof a));
  a = base(1UL << 33); a.cgroup = 999; tell("cgroup not open", 0, once(&a, sizeof a));
  a = base(1UL << 33); a.cgroup = open("/", O_RDONLY | O_DIRECTORY); tell("cgroup another directory", 0, once(&a, sizeof a));
  a = base(1UL << 33); a.cgroup = 999; tell("cgroup not open, version 1 size", 0, once(&a, 80));
  a = base(1UL << 33); a.cgroup = 0; tell("cgroup flag, size 64", 0, once(&a, 64));
  flush_run();
  /* nothing is left of the failures */
  int left = waitpid(-1, &status, __WALL);
  printf("no child is left: %d %s\n", left, strerrorname_np(errno));
  return 0;
}
