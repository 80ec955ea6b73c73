/* Namespaces by clone, unshare and setns: uts, ipc, pid (nested, first processes, death of all), time, cgroup, and the files that name them. Run as root. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SAY(...) do { printf(__VA_ARGS__); fflush(stdout); } while (0)
#define ERR(call) ((call) < 0 ? errno : 0)
static const char *name(int e) { return e == 0 ? "ok" : strerrorname_np(e); }

struct args3 { unsigned long flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls, set_tid, set_tid_size, cgroup; };
static int raw_clone(unsigned long flags) { return syscall(SYS_clone, flags | SIGCHLD, 0, 0, 0, 0); }
static int status_of(int pid) { int s = -1; waitpid(pid, &s, 0); return s; }
static void show(const char *what, int s) {
  if (WIFEXITED(s)) SAY("%s: exited %d\n", what, WEXITSTATUS(s));
  else if (WIFSIGNALED(s)) SAY("%s: killed by %d\n", what, WTERMSIG(s));
  else SAY("%s: status %x\n", what, s);
}
static unsigned long inode(const char *path) { struct stat s; return stat(path, &s) < 0 ? 0 : s.st_ino; }
static int alike(const char *a, const char *b) {
  struct stat x, y;
  return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_ino == y.st_ino && x.st_dev == y.st_dev;
}

static void uts(void) {
  char before[65], after[65];
  gethostname(before, 65);
  int pid = raw_clone(CLONE_NEWUTS);
  if (pid == 0) {
    struct utsname u;
    sethostname("inner", 5);
    setdomainname("domain", 6);
    uname(&u);
    SAY("uts inside: %s %s\n", u.nodename, u.domainname);
    char text[64] = "";
    int fd = open("/proc/sys/kernel/hostname", O_RDONLY);
    read(fd, text, 63);
    SAY("uts file: %s", text);
    _exit(0);
  }
  status_of(pid);
  gethostname(after, 65);
  SAY("uts outside unchanged: %d\n", !strcmp(before, after));
}

static void ipc(void) {
  int q = msgget(0x4711, IPC_CREAT | 0600);
  int pid = raw_clone(CLONE_NEWIPC);
  if (pid == 0) {
    SAY("ipc inside: %s\n", name(ERR(msgget(0x4711, 0))));
    int own = msgget(0x4711, IPC_CREAT | IPC_EXCL | 0600);
    SAY("ipc own: %d\n", own >= 0);
    struct msqid_ds d;
    SAY("ipc outer id: %s\n", name(q == own ? EINVAL : ERR(msgctl(q, IPC_STAT, &d))));
    _exit(0);
  }
  status_of(pid);
  SAY("ipc outside: %d\n", msgget(0x4711, 0) == q);
  msgctl(q, IPC_RMID, 0);
  SAY("ipc with sysvsem: %s\n", name(ERR(raw_clone(CLONE_NEWIPC | CLONE_SYSVSEM))));
}

static volatile int *shared;
static volatile int got, got_pid;
static void on_signal(int sig, siginfo_t *i, void *c) { (void)c; got = sig; got_pid = i->si_pid; }
static void handle(int sig) {
  struct sigaction a = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO};
  sigaction(sig, &a, 0);
}

static void pids(void) {
  int outer = getpid();
  int p[2];
  pipe(p);
  int pid = raw_clone(CLONE_NEWPID);
  if (pid == 0) {
    SAY("first: pid %d tid %d ppid %d pgid %d sid %d\n", getpid(), gettid(), getppid(), getpgid(0), getsid(0));
    int child = fork();
    if (child == 0) {
      usleep(10000);
      SAY("second: pid %d ppid %d\n", getpid(), getppid());
      int grand = fork();
      if (grand == 0) {
        usleep(30000);
        SAY("orphan: ppid %d\n", getppid());
        _exit(3);
      }
      _exit(2);
    }
    SAY("child's number: %d\n", child);
    for (int i = 0; i < 2; i++) {
      int s, who = wait(&s);
      SAY("first waited for %d: %d\n", who, WEXITSTATUS(s));
    }
    SAY("kill outer: %s\n", name(ERR(kill(outer, 0))));
    SAY("kill(-1): %s\n", name(ERR(kill(-1, SIGTERM))));
    /* From inside, signals without a handler do nothing to the first process. */
    kill(1, SIGTERM); kill(1, SIGKILL); kill(1, SIGSTOP);
    SAY("still here\n");
    handle(SIGUSR1);
    child = fork();
    if (child == 0) { kill(1, SIGUSR1); _exit(0); }
    status_of(child);
    SAY("handled %d from %d\n", got, got_pid);
    setsid();
    SAY("setsid: %d %d\n", getsid(0), getpgid(0));
    _exit(7);
  }
  int first = pid;
  show("first", status_of(pid));
  SAY("outside number is another: %d\n", first > 1);

  /* Everybody dies with the first process. */
  pipe(p);
  pid = raw_clone(CLONE_NEWPID);
  if (pid == 0) {
    close(p[0]);
    for (int i = 0; i < 5; i++) if (fork() == 0) { if (i & 1) { setsid(); fork(); } for (;;) pause(); }
    write(p[1], "x", 1);
    pause();
  }
  close(p[1]);
  char c;
  read(p[0], &c, 1);
  kill(pid, SIGTERM);
  usleep(10000);
  SAY("after SIGTERM: %d\n", waitpid(pid, 0, WNOHANG));
  kill(pid, SIGKILL);
  show("killed from outside", status_of(pid));
  SAY("nobody is left: %zd\n", read(p[0], &c, 1));
  close(p[0]);

  /* A stop from outside acts. */
  pid = raw_clone(CLONE_NEWPID);
  if (pid == 0) { for (;;) pause(); }
  int s;
  kill(pid, SIGSTOP);
  waitpid(pid, &s, WUNTRACED);
  SAY("stopped: %d\n", WIFSTOPPED(s) ? WSTOPSIG(s) : -1);
  kill(pid, SIGCONT);
  kill(pid, SIGKILL);
  show("then", status_of(pid));

  /* A signal from outside has no sender. */
  pipe(p);
  pid = raw_clone(CLONE_NEWPID);
  if (pid == 0) {
    handle(SIGUSR1);
    write(p[1], "x", 1);
    while (!got) usleep(1000);
    SAY("from outside: %d by %d\n", got, got_pid);
    _exit(0);
  }
  read(p[0], &c, 1);
  kill(pid, SIGUSR1);
  status_of(pid);
}

static void unshared_pids(void) {
  int pid = fork();
  if (pid == 0) {
    int before = getpid();
    SAY("unshare pid: %s\n", name(ERR(unshare(CLONE_NEWPID))));
    SAY("own pid stays: %d\n", before == getpid());
    SAY("no link yet: %lu\n", inode("/proc/self/ns/pid_for_children"));
    SAY("again: %s\n", name(ERR(unshare(CLONE_NEWPID))));
    SAY("thread: %s\n", name(ERR(syscall(SYS_clone, CLONE_VM | CLONE_SIGHAND | CLONE_THREAD, 0, 0, 0, 0))));
    int a = fork();
    if (a == 0) { SAY("a: %d of %d\n", getpid(), getppid()); for (;;) pause(); }
    usleep(20000);
    SAY("link: %d\n", inode("/proc/self/ns/pid_for_children") != 0 && !alike("/proc/self/ns/pid", "/proc/self/ns/pid_for_children"));
    int b = fork();
    if (b == 0) { SAY("b: %d of %d\n", getpid(), getppid()); _exit(0); }
    status_of(b);
    kill(a, SIGKILL);
    status_of(a);
    SAY("after its first has died: %s\n", name(ERR(fork())));
    _exit(0);
  }
  status_of(pid);
}

static void chosen(void) {
  int tids[3] = {1, 0, 0};
  struct args3 a = {.flags = CLONE_NEWPID, .exit_signal = SIGCHLD, .set_tid = (unsigned long)tids, .set_tid_size = 1};
  int pid = syscall(SYS_clone3, &a, sizeof a);
  if (pid == 0) {
    tids[0] = 55;
    struct args3 b = {.exit_signal = SIGCHLD, .set_tid = (unsigned long)tids, .set_tid_size = 1};
    int n = syscall(SYS_clone3, &b, sizeof b);
    if (n == 0) _exit(getpid());
    SAY("chose: %d\n", n);
    SAY("taken: %s\n", name(ERR(syscall(SYS_clone3, &b, sizeof b))));
    show("chosen", status_of(n));
    n = fork();
    if (n == 0) _exit(0);
    SAY("next is no follower of it: %d\n", n);
    status_of(n);
    b.set_tid_size = 3;
    SAY("too many: %s\n", name(ERR(syscall(SYS_clone3, &b, sizeof b))));
    _exit(0);
  }
  show("set_tid 1", status_of(pid));
  tids[0] = 5;
  SAY("first not 1: %s\n", name(ERR(syscall(SYS_clone3, &a, sizeof a))));
}

static int deeper(int level) {
  int pid = raw_clone(CLONE_NEWPID);
  if (pid < 0) { SAY("level %d: %s\n", level, name(errno)); return 0; }
  if (pid == 0) {
    int next = deeper(level + 1);
    _exit(next);
  }
  int s = status_of(pid);
  return WEXITSTATUS(s) + 1;
}

static void credentials(void) {
  int sv[2];
  socketpair(AF_UNIX, SOCK_DGRAM, 0, sv);
  int on = 1;
  setsockopt(sv[0], SOL_SOCKET, SO_PASSCRED, &on, sizeof on);
  setsockopt(sv[1], SOL_SOCKET, SO_PASSCRED, &on, sizeof on);
  int pid = raw_clone(CLONE_NEWPID);
  for (int i = 0; i < 2; i++) {
    if ((pid == 0) == (i == 0)) { send(sv[i], "x", 1, 0); if (i == 1) break; continue; }
    char data[8], control[64];
    struct iovec v = {data, 8};
    struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    recvmsg(sv[1 - i], &m, 0);
    struct ucred *u = (void *)CMSG_DATA(CMSG_FIRSTHDR(&m));
    if (i == 0) SAY("credentials outside: %d\n", u->pid == pid);
    else SAY("credentials inside: %d\n", u->pid);
  }
  if (pid == 0) _exit(0);
  status_of(pid);
}

static void entering(void) {
  int p[2], q[2];
  pipe(p); pipe(q);
  int pid = raw_clone(CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWCGROUP);
  char c;
  if (pid == 0) {
    sethostname("entered", 7);
    write(p[1], "x", 1);
    for (;;) { int w = wait(0); if (w < 0) pause(); else SAY("entered one reaped\n"); }
  }
  read(p[0], &c, 1);
  char path[64];
  int guest = fork();
  if (guest == 0) {
    snprintf(path, 64, "/proc/%d/ns/uts", pid);
    int fd = open(path, O_RDONLY);
    SAY("is another: %d\n", !alike(path, "/proc/self/ns/uts"));
    SAY("nstype: %x\n", ioctl(fd, 0xb703));
    SAY("wrong type: %s\n", name(ERR(setns(fd, CLONE_NEWIPC))));
    SAY("setns uts: %s\n", name(ERR(setns(fd, CLONE_NEWUTS))));
    char h[65];
    gethostname(h, 65);
    SAY("host: %s same: %d\n", h, alike(path, "/proc/self/ns/uts"));
    snprintf(path, 64, "/proc/%d/ns/pid", pid);
    fd = open(path, O_RDONLY);
    SAY("setns pid: %s\n", name(ERR(setns(fd, 0))));
    int up = ioctl(fd, 0xb702);
    SAY("parent is mine: %d\n", up >= 0 && ({ struct stat a, b; fstat(up, &a); stat("/proc/self/ns/pid", &b); a.st_ino == b.st_ino; }));
    SAY("parent of mine: %s\n", name(ERR(ioctl(up, 0xb702))));
    SAY("parent of uts: %s\n", name(ERR(ioctl(open("/proc/self/ns/uts", O_RDONLY), 0xb702))));
    int child = fork();
    if (child == 0) { SAY("entered as %d of %d\n", getpid(), getppid()); _exit(4); }
    show("entered child", status_of(child));
    int pidfd = syscall(SYS_pidfd_open, pid, 0);
    SAY("setns pidfd: %s\n", name(ERR(setns(pidfd, CLONE_NEWIPC | CLONE_NEWCGROUP))));
    SAY("setns pidfd none: %s\n", name(ERR(setns(pidfd, 0))));
    SAY("setns not a namespace: %s\n", name(ERR(setns(p[0], 0))));
    SAY("setns bad: %s\n", name(ERR(setns(99, 0))));
    _exit(0);
  }
  status_of(guest);
  /* Out again is not possible. */
  guest = fork();
  if (guest == 0) {
    int own = open("/proc/self/ns/pid", O_RDONLY);
    snprintf(path, 64, "/proc/%d/ns/pid", pid);
    setns(open(path, O_RDONLY), 0);
    int child = fork();
    if (child == 0) { SAY("back out: %s\n", name(ERR(setns(own, 0)))); _exit(0); }
    status_of(child);
    SAY("back before living there: %s\n", name(ERR(setns(own, 0))));
    child = fork();
    if (child == 0) _exit(getppid() != 0 ? 1 : 2);
    show("again outside", status_of(child));
    _exit(0);
  }
  status_of(guest);
  kill(pid, SIGKILL);
  show("its first", status_of(pid));
}

static long seconds(clockid_t id) { struct timespec t; clock_gettime(id, &t); return t.tv_sec; }
static void times(void) {
  int pid = fork();
  if (pid == 0) {
    long m = seconds(CLOCK_MONOTONIC), b = seconds(CLOCK_BOOTTIME);
    SAY("unshare time: %s\n", name(ERR(unshare(CLONE_NEWTIME))));
    SAY("for children: %d\n", !alike("/proc/self/ns/time", "/proc/self/ns/time_for_children"));
    int fd = open("/proc/self/timens_offsets", O_WRONLY);
    const char *text = "monotonic 1000 0\nboottime 2000 0\n";
    SAY("offsets: %d\n", write(fd, text, strlen(text)) == (long)strlen(text));
    SAY("own clock stays: %d\n", seconds(CLOCK_MONOTONIC) - m < 500);
    int child = fork();
    if (child == 0) {
      SAY("monotonic moved: %d\n", seconds(CLOCK_MONOTONIC) - m >= 1000 && seconds(CLOCK_MONOTONIC) - m < 1500);
      SAY("boottime moved: %d\n", seconds(CLOCK_BOOTTIME) - b >= 2000 && seconds(CLOCK_BOOTTIME) - b < 2500);
      struct timespec until;
      clock_gettime(CLOCK_MONOTONIC, &until);
      until.tv_nsec += 20000000;
      if (until.tv_nsec >= 1000000000) { until.tv_sec++; until.tv_nsec -= 1000000000; }
      SAY("absolute sleep: %d\n", clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, 0));
      struct timespec now;
      clock_gettime(CLOCK_MONOTONIC, &now);
      SAY("slept: %d\n", now.tv_sec - until.tv_sec < 100);
      SAY("too late: %d\n", write(open("/proc/self/timens_offsets", O_WRONLY), text, strlen(text)) < 0 ? errno : 0);
      _exit(0);
    }
    status_of(child);
    SAY("settled: %s\n", name(write(open("/proc/self/timens_offsets", O_WRONLY), text, strlen(text)) < 0 ? errno : 0));
    _exit(0);
  }
  status_of(pid);
}

int main(void) {
  shared = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  uts();
  ipc();
  pids();
  unshared_pids();
  chosen();
  SAY("levels: %d\n", deeper(1));
  credentials();
  entering();
  times();
  return 0;
}
