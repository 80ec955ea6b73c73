/*
 * Every pointer argument bad in turn, the others good: what the call answers to one below all memory, to one whose second byte is not there, to one beyond all memory, to one that
 * may only be read. Calls that would change the machine itself with what may be read are not here.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

/* P: a pointer to zeros. A path, a second path, a directory, a name that is not there. D: a file's, S: a socket's, E: an epoll's descriptor, T: a timer's, R, W: a pipe's ends. */
enum { P = 0x70000000, PATH, DIR_, NEW, NAME, FILE_, SOCK, EPOLL, TIMER, RD, WR, INOTIFY, CWD, ONES, SELF, LISTEN, DGRAM, MEMFD, SIGMASK, POLLFD, TS, ARGV };

static const struct call {
  const char *name;
  long nr;
  long a[6];
} calls[] = {
#define C(name, ...) {#name, SYS_##name, {__VA_ARGS__}}
    C(read, FILE_, P, 8), C(write, FILE_, P, 8), C(readv, FILE_, P, 1), C(writev, FILE_, P, 1), C(pread64, FILE_, P, 8, 0),
    C(pwrite64, FILE_, P, 8, 0), C(preadv, FILE_, P, 1, 0, 0), C(pwritev, FILE_, P, 1, 0, 0), C(preadv2, FILE_, P, 1, 0, 0, 0),
    C(openat, CWD, PATH, 0, 0), C(openat2, CWD, PATH, P, 24), C(readlinkat, CWD, PATH, P, 64), C(mkdirat, CWD, NEW, 0700),
    C(mknodat, CWD, NEW, S_IFIFO | 0600, 0), C(unlinkat, CWD, NEW, 0), C(symlinkat, PATH, CWD, NEW), C(linkat, CWD, PATH, CWD, NEW, 0),
    C(renameat2, CWD, NEW, CWD, PATH, 0), C(chdir, DIR_), C(chroot, DIR_), C(fchmodat, CWD, PATH, 0600), C(fchownat, CWD, PATH, 0, 0, 0),
    C(faccessat, CWD, PATH, 0), C(faccessat2, CWD, PATH, 0, 0), C(truncate, PATH, 0), C(statfs, PATH, P), C(fstatfs, FILE_, P), C(fstat, FILE_, P),
    C(newfstatat, CWD, PATH, P, 0), C(statx, CWD, PATH, 0, 0x7ff, P), C(utimensat, CWD, PATH, TS, 0), C(getcwd, P, 4096), C(getdents64, CWD, P, 4096),
    C(setxattr, PATH, NAME, P, 4, 0), C(getxattr, PATH, NAME, P, 4), C(listxattr, PATH, P, 64), C(removexattr, PATH, NAME),
    C(fsetxattr, FILE_, NAME, P, 4, 0), C(fgetxattr, FILE_, NAME, P, 4), C(pipe2, P, 0), C(ioctl, RD, 0x541b, P), C(fcntl, FILE_, F_GETLK, P),
    C(sendfile, FILE_, FILE_, P, 0), C(splice, RD, P, WR, 0, 1, 0), C(copy_file_range, FILE_, P, FILE_, P, 1, 0), C(vmsplice, WR, P, 1, 0),
    C(inotify_add_watch, INOTIFY, DIR_, 2), C(memfd_create, NAME, 0),
    C(execve, PATH, ARGV, ARGV), C(execveat, CWD, PATH, ARGV, ARGV, 0), C(wait4, -1, P, 1, P), C(waitid, 0, 1, P, 5, P), C(getrusage, 0, P), C(times, P),
    C(prlimit64, 0, 7, P, P), C(getrlimit, 7, P), C(setrlimit, 7, P), C(uname, P), C(sysinfo, P),
    C(getrandom, P, 8, 0), C(getcpu, P, P, 0), C(getresuid, P, P, P), C(getresgid, P, P, P), C(capget, P, P),
    C(capset, P, P), C(prctl, 16, P), C(prctl, 15, P), C(prctl, 2, P), C(sched_getaffinity, 0, 128, P), C(sched_setaffinity, 0, 128, P), C(sched_getparam, 0, P),
    C(sched_setparam, 0, P), C(sched_setscheduler, 0, 0, P), C(sched_rr_get_interval, 0, P), C(sched_getattr, 0, P, 48, 0), C(sched_setattr, 0, P, 0),
    C(set_robust_list, P, 24), C(get_robust_list, 0, P, P), C(set_tid_address, P),
    C(futex, P, FUTEX_WAIT, 1, P), C(futex, P, FUTEX_WAKE, 1), C(futex, P, FUTEX_REQUEUE, 1, 1, P), C(futex, P, FUTEX_CMP_REQUEUE, 1, 1, P, 0),
    C(futex, P, FUTEX_WAKE_OP, 1, 1, P, 0), C(futex, P, FUTEX_LOCK_PI, 0, 0), C(futex, P, FUTEX_UNLOCK_PI, 0, 0), C(futex_waitv, P, 1, 0, 0, 0),
    C(rt_sigaction, 10, P, P, 8), C(rt_sigprocmask, 0, P, P, 8), C(rt_sigpending, P, 8), C(rt_sigtimedwait, P, P, TS, 8), C(rt_sigqueueinfo, SELF, 0, P),
    C(rt_tgsigqueueinfo, SELF, SELF, 0, P), C(rt_sigsuspend, SIGMASK, 8), C(sigaltstack, P, P), C(signalfd4, -1, P, 8, 0), C(pidfd_send_signal, FILE_, 0, P, 0),
    C(clock_gettime, 1, P), C(clock_getres, 1, P), C(clock_nanosleep, 1, 0, TS, P), C(nanosleep, TS, P), C(gettimeofday, P, P),
    C(getitimer, 0, P), C(setitimer, 0, P, P), C(timer_create, 1, P, P), C(timer_settime, 0, 0, P, P), C(timer_gettime, 0, P),
    C(timerfd_settime, TIMER, 0, P, P), C(timerfd_gettime, TIMER, P), C(adjtimex, P), C(clock_adjtime, 0, P),
    C(epoll_ctl, EPOLL, 1, RD, P), C(epoll_pwait, EPOLL, P, 1, 0, 0, 8), C(epoll_pwait2, EPOLL, P, 1, TS, 0, 8), C(ppoll, POLLFD, 1, TS, P, 8), C(pselect6, 8, P, P, P, TS, P),
    C(bind, SOCK, P, 16), C(connect, SOCK, P, 16), C(accept4, LISTEN, P, P, SOCK_NONBLOCK), C(getsockname, SOCK, P, P), C(getpeername, SOCK, P, P), C(socketpair, 1, 1, 0, P),
    C(sendto, DGRAM, P, 4, 0, 0, 0), C(recvfrom, DGRAM, P, 4, MSG_DONTWAIT, P, P), C(sendmsg, DGRAM, P, 0), C(recvmsg, DGRAM, P, MSG_DONTWAIT), C(sendmmsg, DGRAM, P, 1, 0),
    C(recvmmsg, DGRAM, P, 1, MSG_DONTWAIT, TS), C(setsockopt, SOCK, 1, 2, P, 4), C(getsockopt, SOCK, 1, 2, P, ONES),
    C(mincore, P, 4096, P), C(madvise, P, 4096, 4), C(mprotect, P, 4096, 3), C(munlock, P, 4096), C(msync, P, 4096, 1), C(process_vm_readv, SELF, P, 1, P, 1, 0),
    C(process_vm_writev, SELF, P, 1, P, 1, 0), C(shmctl, 0, 3, P), C(msgctl, 0, 3, P), C(semctl, 0, 0, 3, P), C(msgsnd, 0, P, 4, 0), C(semop, 0, P, 1), C(semtimedop, 0, P, 1, P),
    C(clone3, P, 88), C(clone, 0x00100011, 0, P, 0, 0),
    C(seccomp, 1, 0, P), C(membarrier, 0, 0), C(kcmp, SELF, SELF, 0), C(ptrace, 0x4206, SELF, 0, P), C(close_range, 900, 901, 0),
};

static char *area, *strings;
static int fds[12];

static long good(long a) {
  char *p = area;
  switch (a) {
    case P: return (long)p;
    case PATH: return (long)strcpy(strings, "file");
    case DIR_: return (long)strcpy(strings + 64, ".");
    case NEW: return (long)strcpy(strings + 128, "new");
    case NAME: return (long)strcpy(strings + 192, "user.x");
    case FILE_: return fds[0];
    case SOCK: return fds[1];
    case EPOLL: return fds[2];
    case TIMER: return fds[3];
    case RD: return fds[4];
    case WR: return fds[5];
    case INOTIFY: return fds[6];
    case LISTEN: return fds[7];
    case DGRAM: return fds[8];
    case CWD: return AT_FDCWD;
    case SELF: return getpid();
    case ONES: return (long)memset(strings + 256, 1, 8);
    case SIGMASK: return (long)memset(strings + 320, 0, 8);
    case POLLFD: memcpy(strings + 384, &fds[4], 4); return (long)(strings + 384);
    case TS: return (long)memset(strings + 448, 0, 16);
    case ARGV: return (long)memset(strings + 512, 0, 16);
  }
  return a;
}
static int pointer(long a) {
  return a == P || a == PATH || a == DIR_ || a == NEW || a == NAME || a == ONES || a == SIGMASK || a == POLLFD || a == TS || a == ARGV;
}

static void quiet(int sig) { _exit(sig == SIGALRM ? 98 : 97); }

/* In a process of its own: the errno, 0 for success, 98 for one that sleeps. */
static int attempt(const struct call *c, int which, long bad) {
  pid_t child = fork();
  if (child == 0) {
    struct sigaction sa = {.sa_handler = quiet};
    sigaction(SIGALRM, &sa, 0);
    struct itimerval soon = {.it_value = {0, 200000}};
    setitimer(ITIMER_REAL, &soon, 0);
    long a[6];
    for (int i = 0; i < 6; i++) a[i] = i == which ? bad : good(c->a[i]);
    pid_t me = getpid();
    long r = syscall(c->nr, a[0], a[1], a[2], a[3], a[4], a[5]);
    if (getpid() != me) _exit(0);
    _exit(r < 0 ? errno : 0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

int main(void) {
  char dir[] = "/dev/shm/badXXXXXX";
  setvbuf(stdout, 0, _IOLBF, 0);
  if (mkdtemp(dir) == 0 || chdir(dir) != 0) return 1;
  area = mmap(0, 3 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  strings = area + 8192;
  char *torn = memset(mmap(0, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), 'x', 8192);
  mprotect(torn + 4096, 4096, PROT_NONE);
  char *constant = mmap(0, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  fds[0] = open("file", O_RDWR | O_CREAT, 0600);
  if (write(fds[0], "some text to read", 17) != 17) return 1;
  lseek(fds[0], 0, SEEK_SET);
  fds[1] = socket(AF_UNIX, SOCK_STREAM, 0);
  fds[2] = syscall(SYS_epoll_create1, 0);
  fds[3] = syscall(SYS_timerfd_create, 1, 0);
  if (pipe(fds + 4) != 0 || write(fds[5], "bytes", 5) != 5) return 1;
  fds[6] = syscall(SYS_inotify_init1, 0);
  fds[7] = socket(AF_UNIX, SOCK_STREAM, 0);
  struct sockaddr_un name = {.sun_family = AF_UNIX, .sun_path = "listening"};
  bind(fds[7], (void *)&name, sizeof name);
  listen(fds[7], 4);
  fcntl(fds[7], F_SETFL, O_NONBLOCK);
  int client = socket(AF_UNIX, SOCK_STREAM, 0);
  connect(client, (void *)&name, sizeof name);
  int pair[2];
  socketpair(AF_UNIX, SOCK_DGRAM, 0, pair);
  if (write(pair[0], "data", 4) != 4) return 1;
  fds[8] = pair[1];
  for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
    for (int which = 0; which < 6; which++) {
      const struct call *c = calls + i;
      if (!pointer(c->a[which])) continue;
      long bads[] = {8, (long)torn + 4095, (1L << 52) + 8, (long)constant};
      printf("%s %d:", c->name, which);
      for (int b = 0; b < 4; b++) {
        int got = attempt(c, which, bads[b]);
        if (got > 0 && got < 97) printf(" %s", strerrorname_np(got));
        else printf(" %s", got == 0 ? "ok" : got == 98 ? "sleeps" : got == 97 ? "signal" : "dies");
      }
      puts("");
    }
  unlink("file");
  unlink("listening");
  unlink("new");
  return chdir("/") || rmdir(dir);
}
