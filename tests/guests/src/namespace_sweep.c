/* Every single flag, pair and triple through unshare, in four situations, and every one with a namespace in it through clone3, in four situations: success or errno,
   what is shared afterwards, in which namespaces one lives, numbers, capabilities. Prints the singles in full, and one line with a hash for each group of pairs and
   triples; `namespace_sweep -v` prints all. Run as root. */
#include "raw_clone.h"
#include <errno.h>
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
#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x80
#endif
#define NAMESPACES (CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWCGROUP | CLONE_NEWTIME | CLONE_NEWNET)

struct flag { const char *name; unsigned long bit; };
static const struct flag UNSHARE[] = {
  {"VM", CLONE_VM}, {"FS", CLONE_FS}, {"FILES", CLONE_FILES}, {"SIGHAND", CLONE_SIGHAND}, {"THREAD", CLONE_THREAD},
  {"SYSVSEM", CLONE_SYSVSEM}, {"NEWNS", CLONE_NEWNS}, {"NEWUTS", CLONE_NEWUTS}, {"NEWIPC", CLONE_NEWIPC},
  {"NEWUSER", CLONE_NEWUSER}, {"NEWPID", CLONE_NEWPID}, {"NEWCGROUP", CLONE_NEWCGROUP}, {"NEWTIME", CLONE_NEWTIME}, {"NEWNET", CLONE_NEWNET},
  {"VFORK", CLONE_VFORK}, {"PARENT", CLONE_PARENT}, {"IO", (unsigned)CLONE_IO}, {"low", 1}, {0, 0}};
static const struct flag CLONE[] = {
  {"VM", CLONE_VM}, {"FS", CLONE_FS}, {"FILES", CLONE_FILES}, {"SIGHAND", CLONE_SIGHAND}, {"THREAD", CLONE_THREAD},
  {"SYSVSEM", CLONE_SYSVSEM}, {"VFORK", CLONE_VFORK}, {"PARENT", CLONE_PARENT}, {"NEWNS", CLONE_NEWNS},
  {"NEWUTS", CLONE_NEWUTS}, {"NEWIPC", CLONE_NEWIPC}, {"NEWUSER", CLONE_NEWUSER}, {"NEWPID", CLONE_NEWPID},
  {"NEWCGROUP", CLONE_NEWCGROUP}, {"NEWTIME", CLONE_NEWTIME}, {"NEWNET", CLONE_NEWNET}, {0, 0}};

struct args3 { unsigned long flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls, set_tid, set_tid_size, cgroup; };
#define PENDING 0x7fffffff
/* What the tasks find, in memory shared by all. */
struct record {
  volatile int rc, born, go, done, ptid, sibling, sem;
  int runner, pid, tid, ppid, uid, wait_rc, wait_status, fork_rc, fork_pid;
  unsigned caps[2];
} *R;
static int main_pid;
static char stack[65536] __attribute__((aligned(16)));
static char later[65536] __attribute__((aligned(16)));

static void until(volatile int *word) { while (!*word) SYS1(SYS_sched_yield, 0); }
static void note_caps(struct record *r) {
  unsigned header[2] = {0x20080522, 0}, data[6] = {0};
  SYS2(SYS_capget, header, data);
  r->caps[0] = data[0];
  r->caps[1] = data[3];
}

static int bystander(void *arg) {
  struct record *r = arg;
  until(&r->done);
  return 0;
}
static void with_undo(struct record *r) {
  r->sem = semget(IPC_PRIVATE, 1, 0600);
  struct sembuf up = {0, 1, SEM_UNDO};
  semop(r->sem, &up, 1);
}

/* unshare */
enum { PROCESS, THREADED, MEMORY, NOBODY, SITUATIONS };
static const char *const WHO[] = {"shares files", "has a thread", "shares memory", "nobody"};
static void unsharer(unsigned long flags, int situation) {
  struct record *r = R;
  static const unsigned long shared[] = {
    CLONE_FS | CLONE_FILES | CLONE_SYSVSEM | SIGCHLD,
    CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM, CLONE_VM | CLONE_SIGHAND | SIGCHLD, SIGCHLD};
  with_undo(r);
  if (situation == NOBODY) { syscall(SYS_setresgid, 1000, 1000, 1000); syscall(SYS_setresuid, 1000, 1000, 1000); }
  r->sibling = raw_clone(shared[situation], stack + sizeof stack, 0, 0, 0, bystander, r);
  r->runner = getpid();
  int rc = SYS1(SYS_unshare, flags);
  r->uid = SYS1(SYS_getuid, 0);
  note_caps(r);
  r->rc = rc;
  until(&r->go);
  int child = fork();
  if (child == 0) { r->fork_pid = getpid(); _exit(0); }
  r->fork_rc = child < 0 ? -errno : child;
  if (child > 0) waitpid(child, 0, 0);
  r->done = 1;
  if (situation != THREADED) waitpid(r->sibling, 0, __WALL);
  _exit(0);
}

/* clone3 */
enum { PLAIN, AWAY, FIRST, POOR };
static const char *const WHERE[] = {"plain", "children live elsewhere", "first of a pid namespace", "without privilege"};
static int child(void *arg) {
  struct record *r = arg;
  r->pid = SYS1(SYS_getpid, 0);
  r->tid = SYS1(SYS_gettid, 0);
  r->ppid = SYS1(SYS_getppid, 0);
  r->uid = SYS1(SYS_getuid, 0);
  note_caps(r);
  r->born = 1;
  until(&r->go);
  return 7;
}
static void cloner(unsigned long flags, int situation) {
  struct record *r = R;
  with_undo(r);
  if (situation == AWAY) unshare(CLONE_NEWPID | CLONE_NEWTIME);
  if (situation == POOR) { syscall(SYS_setresgid, 1000, 1000, 1000); syscall(SYS_setresuid, 1000, 1000, 1000); }
  r->runner = getpid();
  struct args3 a = {.flags = flags | CLONE_PARENT_SETTID, .parent_tid = (unsigned long)&r->ptid,
    .exit_signal = flags & (CLONE_THREAD | CLONE_PARENT) ? 0 : SIGCHLD, .stack = (unsigned long)later, .stack_size = sizeof later};
  int rc = raw_clone3(&a, sizeof a, child, r);
  r->rc = rc;
  if (rc > 0) {
    until(&r->go);
    int status = 0;
    r->wait_rc = wait4(-1, &status, __WALL, 0);
    if (r->wait_rc < 0) r->wait_rc = -errno;
    r->wait_status = status;
  }
  _exit(0);
}

static const char *const KINDS[] = {"uts", "ipc", "mnt", "user", "pid", "pid_for_children", "cgroup", "time", "time_for_children", "net"};
/* One letter for each namespace in which the task is not the caller. */
static void namespaces(int pid, char *out) {
  for (int i = 0; i < 10; i++) {
    char path[64], theirs[64] = "", own[64] = "";
    sprintf(path, "/proc/%d/ns/%s", pid, KINDS[i]);
    int n = readlink(path, theirs, 63);
    sprintf(path, "/proc/self/ns/%s", KINDS[i]);
    readlink(path, own, 63);
    *out++ = n < 0 ? '!' : strcmp(own, theirs) ? "uimUpPctTn"[i] : '-';
  }
  *out = 0;
}
static int share(int a, int b) {
  int bits = 0;
  for (int type = 1; type <= 6; type++) {
    int same = SYS5(SYS_kcmp, a, b, type, 0, 0);
    if (same == 0) bits |= 1 << type;
    else if (same < 0) return same;
  }
  return bits;
}
static const char *who(int id) {
  static char text[8][16];
  static int turn;
  if (id == R->runner && id != 1) return "runner";
  if (id == main_pid) return "main";
  if (id == R->ptid && id > 2) return "child";
  if (id > 2) return "other";
  turn = (turn + 1) % 8;
  sprintf(text[turn], "%d", id);
  return text[turn];
}

static int start(void) {
  memset((void *)R, 0, sizeof *R);
  R->rc = PENDING;
  fflush(stdout);
  return 0;
}
static void run_unshare(unsigned long flags, int situation, char *out) {
  start();
  int pid = fork();
  if (pid == 0) unsharer(flags, situation);
  while (R->rc == PENDING) sched_yield();
  char ns[16];
  namespaces(pid, ns);
  int shared = share(pid, R->sibling);
  R->go = 1;
  waitpid(pid, 0, 0);
  semctl(R->sem, 0, IPC_RMID);
  sprintf(out, "%s share=%x ns=%s fork=%s caps=%d uid=%d", R->rc < 0 ? strerrorname_np(-R->rc) : "ok", shared, ns,
          R->fork_rc < 0 ? strerrorname_np(-R->fork_rc) : R->fork_pid == 1 ? "first" : R->fork_pid == R->fork_rc ? "same" : "other",
          R->caps[0] != 0, R->uid);
}
static void run_clone(unsigned long flags, int situation, char *out) {
  start();
  int pid = situation == FIRST ? syscall(SYS_clone, CLONE_NEWPID | SIGCHLD, 0, 0, 0, 0) : fork();
  if (pid == 0) cloner(flags, situation);
  while (!R->born && (R->rc == PENDING || R->rc > 0)) sched_yield();
  char ns[16] = "";
  int shared = 0, status = 0, mine = 0;
  if (R->born && situation != FIRST) {
    namespaces(R->ptid, ns);
    shared = share(pid, R->ptid);
  }
  R->go = 1;
  for (int got; (got = wait4(-1, &status, __WALL, 0)) > 0;) if (got != pid) mine = status | 0x10000;
  semctl(R->sem, 0, IPC_RMID);
  if (R->rc < 0) { sprintf(out, "%s", strerrorname_np(-R->rc)); return; }
  sprintf(out, "ok pid=%s tid=%s ppid=%s share=%x ns=%s caps=%d uid=%d wait=%s:%x main=%x", who(R->pid), who(R->tid), who(R->ppid), shared, ns,
          R->caps[0] != 0, R->uid, R->wait_rc < 0 ? strerrorname_np(-R->wait_rc) : who(R->wait_rc), R->wait_status, mine);
}

static unsigned hash(unsigned h, const char *s) {
  for (; *s; s++) h = (h ^ (unsigned char)*s) * 16777619u;
  return h;
}

static void sweep(const char *title, const struct flag *f, void (*run)(unsigned long, int, char *), int situation, int most, unsigned long needed, int verbose) {
  char line[512];
  int n = 0;
  while (f[n].name) n++;
  run(0, situation, line);
  printf("%s: %s\n", title, line);
  for (int a = 0; a < n; a++) {
    run(f[a].bit, situation, line);
    printf("%s: %s\n", f[a].name, line);
  }
  for (int a = 0; a < n && most > 1; a++) {
    unsigned h = 2166136261u;
    int ok = 0;
    for (int b = a + 1; b < n; b++)
      for (int c = b; c < (most > 2 ? n : b + 1); c++) {
        unsigned long flags = f[a].bit | f[b].bit | f[c].bit;
        if (needed && !(flags & needed)) continue;
        run(flags, situation, line);
        if (verbose) printf("%s %s %s: %s\n", f[a].name, f[b].name, c > b ? f[c].name : "", line);
        h = hash(h, line);
        ok += !strncmp(line, "ok", 2);
      }
    if (!verbose && a < n - 1) printf("%s + %s: %d succeed, %08x\n", f[a].name, most > 2 ? "one or two" : "one", ok, h);
  }
}

int main(int argc, char **argv) {
  int verbose = argc > 1 && !strcmp(argv[1], "-v");
  setvbuf(stdout, NULL, _IOLBF, 0);
  main_pid = getpid();
  R = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  char title[64];
  for (int s = 0; s < SITUATIONS; s++) {
    sprintf(title, "unshare, %s", WHO[s]);
    sweep(title, UNSHARE, run_unshare, s, s == PROCESS || verbose ? 3 : 2, 0, verbose);
  }
  for (int s = 0; s < 4; s++) {
    sprintf(title, "clone3, %s", WHERE[s]);
    sweep(title, CLONE, run_clone, s, s == PLAIN || verbose ? 3 : 2, NAMESPACES, verbose);
  }
  return 0;
}
