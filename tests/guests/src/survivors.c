/* A leader with threads makes CLONE_VM children that have threads of their own; the leader's group then leaves by exit_group, execve, SIGKILL, a fault or exit by
   exit. The children live on, belong to the subreaper, and finish each in its own way. survivors [SEED [VARIANTS [-v]]]: random plans, one hash per ten. */
#include "raw_clone.h"
#include <errno.h>
#include <linux/futex.h>
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

enum { BY_EXIT_GROUP, BY_EXEC, BY_KILL, BY_FAULT, BY_EXITS, WAYS };
enum { END_EXITS, END_GROUP, END_KILL, END_FAULT, END_EXEC, ENDS };
static const char *const way_name[] = {"exit_group", "execve", "SIGKILL", "fault", "exits"};

struct child { int creator, flags, threads, thread_flags, end, ender, pdeath, grandchild; int pid, met, moved; };
struct plan {
  int threads, children, way, departing, thread_flags, go, ready, main_pid, met, wrong_parent;
  struct child child[4];
} *P;
static char stacks[64][4096] __attribute__((aligned(16)));
static int next_stack, cleared[64], vm_word;
static char *const exec_argv[] = {"survivors", "exec", NULL};
static char *const no_env[] = {NULL};

static void wake(int *word) { SYS3(SYS_futex, word, FUTEX_WAKE, 1 << 30); }
static void add(int *word) { __atomic_add_fetch(word, 1, __ATOMIC_SEQ_CST); wake(word); }
static void until(int *word, int value) {
  for (int now; (now = __atomic_load_n(word, __ATOMIC_SEQ_CST)) < value;) SYS4(SYS_futex, word, FUTEX_WAIT, now, 0);
}
static void rest(void) { for (;;) SYS5(SYS_ppoll, 0, 0, 0, 0, 0); }

struct start { struct child *c; int index; };
static struct start starts[64];

static long spawn(unsigned long flags, int (*fn)(void *), struct child *c, int index) {
  int i = __atomic_fetch_add(&next_stack, 1, __ATOMIC_SEQ_CST);
  starts[i] = (struct start){c, index};
  return raw_clone(flags, stacks[i] + sizeof stacks[i], 0, &cleared[i], 0, fn, &starts[i]);
}

static int end_child(struct child *c, int index) {
  if (c->end == END_EXITS) return 5 + index;
  if (index != c->ender) rest();
  until(&c->met, c->threads + 1);
  switch (c->end) {
    case END_GROUP: SYS1(SYS_exit_group, 20 + index); break;
    case END_KILL: SYS2(SYS_kill, c->pid, SIGKILL); break;
    case END_FAULT: *(volatile int *)8 = 1; break;
    case END_EXEC: SYS3(SYS_execve, "/proc/self/exe", exec_argv, no_env); break;
  }
  rest();
  return 0;
}

/* A task of a child's group: reports, waits until the leader's group is gone, checks, ends. */
static int in_child_group(struct child *c, int index) {
  add(&P->ready);
  until(&P->go, 1);
  if (SYS1(SYS_getppid, 0) != P->main_pid) add(&P->wrong_parent);
  __atomic_add_fetch(&vm_word, 1, __ATOMIC_SEQ_CST);
  add(&P->met);
  add(&c->met);
  return end_child(c, index);
}
static int child_thread(void *arg) { struct start *s = arg; return in_child_group(s->c, s->index); }
static int grandchild(void *arg) {
  (void)arg;
  add(&P->ready);
  until(&P->go, 1);
  add(&P->met);
  return 77;
}
static int child(void *arg) {
  struct start *s = arg;
  struct child *c = s->c;
  c->pid = SYS1(SYS_getpid, 0);
  if (c->pdeath) SYS2(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL);
  for (int i = 1; i <= c->threads; i++) spawn(CLONE_VM | CLONE_SIGHAND | CLONE_THREAD | c->thread_flags, child_thread, c, i);
  if (c->grandchild) spawn(CLONE_VM | c->flags, grandchild, c, 0);
  return in_child_group(c, 0);
}

static int tasks_of(const struct child *c) { return 1 + c->threads + c->grandchild; }

/* A task of the leader's group. */
static int in_leader_group(int index) {
  for (int i = 0; i < P->children; i++)
    if (P->child[i].creator == index) spawn(CLONE_VM | P->child[i].flags | SIGCHLD, child, &P->child[i], 0);
  add(&P->ready);
  int all = 1 + P->threads;
  for (int i = 0; i < P->children; i++) all += tasks_of(&P->child[i]);
  until(&P->ready, all);
  if (P->way == BY_EXITS) return 30 + index;
  if (index != P->departing) rest();
  switch (P->way) {
    case BY_EXIT_GROUP: SYS1(SYS_exit_group, 9); break;
    case BY_EXEC: SYS3(SYS_execve, "/proc/self/exe", exec_argv, no_env); break;
    case BY_KILL: SYS2(SYS_kill, SYS1(SYS_getpid, 0), SIGKILL); break;
    case BY_FAULT: *(volatile int *)8 = 1; break;
  }
  rest();
  return 0;
}
static int leader_thread(void *arg) { return in_leader_group(((struct start *)arg)->index); }

static uint64_t state;
static unsigned pick(unsigned n) {
  state = state * 6364136223846793005UL + 1442695040888963407UL;
  return (unsigned)(state >> 33) % n;
}
static int some_flags(void) {
  static const int bits[] = {CLONE_FS, CLONE_FILES, CLONE_SYSVSEM, CLONE_CHILD_CLEARTID};
  int flags = 0;
  for (int i = 0; i < 4; i++) if (pick(2)) flags |= bits[i];
  return flags;
}
static void make_plan(void) {
  memset(P, 0, sizeof *P);
  P->main_pid = getpid();
  P->threads = pick(4);
  P->children = 1 + pick(4);
  P->way = pick(WAYS);
  P->departing = pick(P->threads + 1);
  P->thread_flags = some_flags();
  for (int i = 0; i < P->children; i++) {
    struct child *c = &P->child[i];
    c->creator = pick(P->threads + 1);
    c->flags = some_flags() | (pick(3) == 0 ? CLONE_SIGHAND : 0);
    c->threads = pick(4);
    c->thread_flags = some_flags();
    c->end = pick(ENDS);
    c->ender = pick(c->threads + 1);
    c->pdeath = pick(6) == 0;
    c->grandchild = !c->pdeath && pick(4) == 0;
  }
}

static int ascending(const void *a, const void *b) { return *(const int *)a - *(const int *)b; }

static void variant(char *out) {
  make_plan();
  int leader = fork();
  if (leader == 0) {
    for (int i = 1; i <= P->threads; i++) spawn(CLONE_VM | CLONE_SIGHAND | CLONE_THREAD | P->thread_flags, leader_thread, 0, i);
    syscall(SYS_exit, in_leader_group(0));
  }
  int status, statuses[16], n = 0, killed = 0, met = 0;
  int got = waitpid(leader, &status, 0);
  int plain = status == 9 << 8 || status == 42 << 8 || status == SIGKILL || status == SIGSEGV;
  int left = P->way == BY_EXITS ? WIFEXITED(status) && WEXITSTATUS(status) >= 30 && WEXITSTATUS(status) <= 30 + P->threads : plain;
  for (int i = 0; i < P->children; i++) {
    const struct child *c = &P->child[i];
    killed += c->pdeath;
    if (!c->pdeath) met += tasks_of(c);
  }
  /* those with a death signal are gone before the others go on */
  for (; killed > 0; killed--) statuses[n++] = waitpid(-1, &status, __WALL) > 0 ? status : -1;
  add(&P->go);
  while (waitpid(-1, &status, __WALL) > 0) {
    /* a group whose tasks leave one by one has the status of whoever was last */
    if (WIFEXITED(status) && WEXITSTATUS(status) >= 5 && WEXITSTATUS(status) <= 9) status = 5 << 8;
    if (n < 16) statuses[n++] = status;
  }
  int none = errno == ECHILD;
  qsort(statuses, n, sizeof *statuses, ascending);
  out += sprintf(out, "%s%s by %s, %d threads;", got == leader ? "" : "LOST ", left ? "left" : "LEFT WRONGLY", way_name[P->way], P->threads);
  for (int i = 0; i < n; i++) out += sprintf(out, " %x", statuses[i]);
  sprintf(out, "; met %d%s, %swrong parents%s", P->met, P->met == met ? "" : " WRONG", P->wrong_parent ? "" : "no ", none ? "" : ", CHILDREN LEFT");
}

int main(int argc, char **argv) {
  if (argc > 1 && !strcmp(argv[1], "exec")) _exit(42);
  state = argc > 1 ? strtoul(argv[1], 0, 0) : 1;
  int variants = argc > 2 ? atoi(argv[2]) : 100, verbose = argc > 3;
  prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
  P = mmap(NULL, sizeof *P, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  uint32_t h = 2166136261u;
  char line[512];
  for (int i = 0; i < variants; i++) {
    variant(line);
    if (verbose) printf("%d: %s\n", i, line);
    for (const char *p = line; *p; p++) h = (h ^ (unsigned char)*p) * 16777619u;
    if (i % 10 == 9) printf("%d variants: %08x\n", i + 1, h);
    fflush(stdout);
  }
  return 0;
}
