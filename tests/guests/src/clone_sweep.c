/* Every single flag, pair and triple of clone's sharing flags: success or errno, what the child and the caller find in the *_TID words, what is shared,
   and what each wait sees. Prints the singles in full, and one line with a hash for each group of pairs and triples; `clone_sweep -v` prints all. */
#include "raw_clone.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sem.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#define PIDFD 0x1000
#define DETACHED 0x400000
#define UNTRACED 0x800000

static const struct { const char *name; unsigned long bit; } F[] = {
  {"VM", CLONE_VM}, {"FS", CLONE_FS}, {"FILES", CLONE_FILES}, {"SIGHAND", CLONE_SIGHAND}, {"THREAD", CLONE_THREAD},
  {"SYSVSEM", CLONE_SYSVSEM}, {"SETTLS", CLONE_SETTLS}, {"PTID", CLONE_PARENT_SETTID}, {"CTID", CLONE_CHILD_SETTID},
  {"CLEARTID", CLONE_CHILD_CLEARTID}, {"VFORK", CLONE_VFORK}, {"PARENT", CLONE_PARENT}, {"PIDFD", PIDFD},
  {"DETACHED", DETACHED}, {"IO", (unsigned)CLONE_IO}, {"UNTRACED", UNTRACED}, {"PTRACE", CLONE_PTRACE}};
#define N ((int)(sizeof F / sizeof *F))
#define MAGIC 0x1234567812345678UL

/* What the child and the runner find, in memory shared by all. */
struct record {
  int runner, tid, pid, ppid, ptid, ctid, tls, share, done;
  int rc, after_ptid, after_ctid, vm, umask, fd, handler, wait_rc, wait_status, again;
  int poll_before, poll_after, signalled;
} *R;
static int ptid, ctid, vmword, main_pid;
static volatile int signalled;
static unsigned long tls[512];
static char stack[65536] __attribute__((aligned(16)));

static int child(void *arg) {
  struct record *r = arg;
  r->tid = SYS1(SYS_gettid, 0);
  r->pid = SYS1(SYS_getpid, 0);
  r->ppid = SYS1(SYS_getppid, 0);
  r->ptid = ptid;
  r->ctid = ctid;
  r->tls = tls_word_is(MAGIC);
  r->share = 0;
  for (int type = 1; type <= 6; type++)
    if (SYS5(SYS_kcmp, r->runner, r->tid, type, 0, 0) == 0) r->share |= 1 << type;
  vmword = 1;
  SYS1(SYS_umask, 0123);
  SYS1(SYS_close, 50);
  unsigned long action[4] = {1, 0, 0, 0}; /* SIG_IGN; the mask lies elsewhere on the two machines, and is zero */
  SYS4(SYS_rt_sigaction, SIGUSR1, action, 0, 8);
  r->done = 1;
  return 7;
}

static void on_child(int sig) { (void)sig; signalled++; }

/* Waits until the task is a zombie or gone. */
static void until_dead(int pid, int tid) {
  char path[64], line[256];
  sprintf(path, "/proc/%d/task/%d/stat", pid, tid);
  for (;;) {
    int fd = open(path, O_RDONLY);
    if (fd < 0) return;
    int n = read(fd, line, sizeof line - 1);
    close(fd);
    if (n <= 0) return;
    line[n] = 0;
    char *p = strrchr(line, ')');
    if (p && (p[2] == 'Z' || p[2] == 'X')) return;
    sched_yield();
  }
}

static void runner(unsigned long flags) {
  struct record *r = R;
  r->runner = getpid();
  ptid = ctid = -5;
  tls[0] = MAGIC;
  umask(022);
  dup2(1, 50);
  signal(SIGUSR1, SIG_DFL);
  signal(SIGCHLD, on_child);
  int sem = semget(IPC_PRIVATE, 1, 0600);
  struct sembuf up = {0, 1, SEM_UNDO};
  semop(sem, &up, 1);
  SYS3(SYS_ioprio_set, 1, 0, (2 << 13) | 4);
  r->rc = raw_clone(flags | SIGCHLD, stack + sizeof stack, &ptid, &ctid, tls, child, r);
  if (r->rc > 0) {
    int pidfd = (flags & PIDFD) ? ptid : -1;
    while (!r->done) sched_yield();
    until_dead(r->pid, r->tid);
    r->signalled = signalled;
    r->after_ptid = ptid;
    r->after_ctid = ctid;
    r->vm = vmword;
    r->umask = umask(0);
    r->fd = fcntl(50, F_GETFD) >= 0;
    struct sigaction sa;
    sigaction(SIGUSR1, NULL, &sa);
    r->handler = sa.sa_handler == SIG_IGN;
    if (pidfd >= 0) {
      struct pollfd p = {pidfd, POLLIN, 0};
      r->poll_before = poll(&p, 1, 0) < 0 ? -1 : p.revents;
      if (!(fcntl(pidfd, F_GETFD) & FD_CLOEXEC)) r->poll_before |= 0x1000;
    }
    int status = 0x5a5a;
    r->wait_rc = wait4(-1, &status, __WALL | WNOHANG, NULL);
    if (r->wait_rc < 0) r->wait_rc = -errno;
    r->wait_status = status;
    if (pidfd >= 0) {
      struct pollfd p = {pidfd, POLLIN, 0};
      r->poll_after = poll(&p, 1, 0) < 0 ? -1 : p.revents;
    }
    r->again = wait4(-1, &status, __WALL | WNOHANG, NULL) < 0 ? errno : 0;
  }
  semctl(sem, 0, IPC_RMID);
  _exit(0);
}

static const char *who(int id, const struct record *r) {
  return id == r->tid ? "self" : id == r->runner ? "runner" : id == main_pid ? "main" : id == -5 ? "kept" : id == 0 ? "0" : "?";
}

static void run(unsigned long flags, char *out) {
  memset(R, 0, sizeof *R);
  int pid = fork();
  if (pid == 0) runner(flags);
  int status, mine = 0;
  waitpid(pid, &status, 0);
  int ended = status;
  for (int got; (got = wait4(-1, &status, __WALL, NULL)) > 0;) mine = status | 0x10000;
  const struct record *r = R;
  if (ended != 0) { sprintf(out, "runner ended 0x%x", ended); return; }
  if (r->rc < 0) { sprintf(out, "%s", strerrorname_np(-r->rc)); return; }
  char pt[32];
  if ((flags & PIDFD) && r->after_ptid >= 0) strcpy(pt, "fd"); else strcpy(pt, who(r->after_ptid, r));
  sprintf(out, "rc=%s pid=%s ppid=%s in[p=%s c=%s]%s share=%02x out[p=%s c=%s] vm%d umask%o fd%d sig%d chld%d wait=%s:%x/%s main=%x poll=%x/%x",
          r->rc == r->tid ? "self" : "?", who(r->pid, r), who(r->ppid, r), (flags & PIDFD) && r->ptid >= 0 ? "fd" : who(r->ptid, r), who(r->ctid, r), r->tls ? " tls" : "", r->share, pt,
          who(r->after_ctid, r), r->vm, r->umask, r->fd, r->handler, r->signalled,
          r->wait_rc < 0 ? strerrorname_np(-r->wait_rc) : who(r->wait_rc, r), r->wait_status, r->again ? strerrorname_np(r->again) : "0", mine, r->poll_before, r->poll_after);
}

static unsigned hash(unsigned h, const char *s) {
  for (; *s; s++) h = (h ^ (unsigned char)*s) * 16777619u;
  return h;
}

int main(int argc, char **argv) {
  int verbose = argc > 1 && !strcmp(argv[1], "-v");
  setvbuf(stdout, NULL, _IOLBF, 0);
  main_pid = getpid();
  R = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  char line[512];
  run(0, line);
  printf("none: %s\n", line);
  for (int a = 0; a < N; a++) {
    run(F[a].bit, line);
    printf("%s: %s\n", F[a].name, line);
  }
  for (int a = 0; a < N; a++) {
    unsigned h = 2166136261u;
    int ok = 0;
    for (int b = a + 1; b < N; b++) {
      run(F[a].bit | F[b].bit, line);
      if (verbose) printf("%s %s: %s\n", F[a].name, F[b].name, line);
      h = hash(h, line);
      ok += line[0] == 'r';
    }
    if (!verbose && a < N - 1) printf("%s + one: %d succeed, %08x\n", F[a].name, ok, h);
  }
  for (int a = 0; a < N; a++)
    for (int b = a + 1; b < N; b++) {
      unsigned h = 2166136261u;
      int ok = 0;
      for (int c = b + 1; c < N; c++) {
        run(F[a].bit | F[b].bit | F[c].bit, line);
        if (verbose) printf("%s %s %s: %s\n", F[a].name, F[b].name, F[c].name, line);
        h = hash(h, line);
        ok += line[0] == 'r';
      }
      if (!verbose && b < N - 1) printf("%s %s + one: %d succeed, %08x\n", F[a].name, F[b].name, ok, h);
    }
  return 0;
}
