/* Wherever the number of a process goes from one pid namespace to another it is the reader's: 0 for who lives outside. A first process (1), its child (2), and the
   caller outside, through files, sockets, System V objects, pidfds, signals, ptrace, /proc and the calls that take numbers. Run as root. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <dirent.h>
#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SAY(...) do { printf(__VA_ARGS__); fflush(stdout); } while (0)
#define ERR(call) ((long)(call) < 0 ? errno : 0)
static const char *name(int e) { return e == 0 ? "ok" : strerrorname_np(e); }
static struct { volatile int step, outer, first, second; volatile unsigned word; int number; pthread_mutex_t robust; } *S;
static void at(int step) { while (S->step < step) usleep(500); }
static void next(void) { S->step++; }
static const char *whose(int n) {
  static char text[16];
  if (n > 2 && n == S->outer) return "outer";
  if (n > 2 && n == S->first) return "first's";
  if (n > 2 && n == S->second) return "second's";
  sprintf(text, n > 2 ? "other" : "%d", n);
  return text;
}

static int seen;
static siginfo_t last;
static void on_signal(int s, siginfo_t *i, void *c) { (void)s; (void)c; last = *i; seen++; }
static void handle(int s) { struct sigaction a = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_RESTART}; sigaction(s, &a, 0); }
static int nspid(const char *path, const char *key) {
  char line[256]; int n = -1;
  FILE *f = fopen(path, "r");
  if (!f) return -errno;
  while (fgets(line, 256, f)) if (!strncmp(line, key, strlen(key))) {
    SAY("  %s", key);
    for (char *p = strtok(line + strlen(key), "\t \n"); p; p = strtok(0, "\t \n")) SAY(" %s", whose(n = atoi(p)));
    SAY("\n");
  }
  fclose(f);
  return n;
}
static void peer(const char *what, int fd) {
  struct ucred u; socklen_t n = sizeof u;
  getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &u, &n);
  SAY("%s: peer %s\n", what, whose(u.pid));
}
static void owner(const char *what, int fd) { SAY("%s: owner %s\n", what, whose(fcntl(fd, F_GETOWN))); }
static void locked(const char *what, int fd) {
  struct flock l = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1};
  fcntl(fd, F_GETLK, &l);
  SAY("%s: locked by %s\n", what, l.l_type == F_UNLCK ? "nobody" : whose(l.l_pid));
}
static int pidfd_open_(int pid) { return syscall(SYS_pidfd_open, pid, 0); }
static int pidfd_send(int fd, int sig) { return syscall(SYS_pidfd_send_signal, fd, sig, 0, 0); }

static int sockets[2], lock, outer_fd, shm, sem, msg;
static void numbers(int n, const char *what) {
  struct rlimit l; unsigned long mask[16]; struct sched_param p; void *head; size_t len; char c;
  struct iovec here = {&c, 1}, there = {(void *)&S->number, 1};
  struct timespec t; clockid_t id;
  (void)t;
  SAY("%s: kill %s", what, name(ERR(kill(n, 0))));
  SAY(" tkill %s", name(ERR(syscall(SYS_tkill, n, 0))));
  SAY(" tgkill %s", name(ERR(syscall(SYS_tgkill, n, n, 0))));
  SAY(" getpgid %s", name(ERR(getpgid(n))));
  SAY(" getsid %s", name(ERR(getsid(n))));
  errno = 0; getpriority(PRIO_PROCESS, n);
  SAY(" getpriority %s", name(errno));
  SAY(" prlimit %s", name(ERR(prlimit(n, RLIMIT_NOFILE, 0, &l))));
  SAY(" affinity %s", name(ERR(syscall(SYS_sched_getaffinity, n, sizeof mask, mask))));
  SAY(" getparam %s", name(ERR(sched_getparam(n, &p))));
  SAY(" scheduler %s", name(ERR(sched_getscheduler(n))));
  SAY(" robust %s", name(ERR(syscall(SYS_get_robust_list, n, &head, &len))));
  SAY(" ioprio %s", name(ERR(syscall(SYS_ioprio_get, 1, n))));
  SAY(" vm_readv %s", name(ERR(process_vm_readv(n, &here, 1, &there, 1, 0))));
  SAY(" kcmp %s", name(ERR(syscall(SYS_kcmp, getpid(), n, 1, 0, 0))));
  int e = clock_getcpuclockid(n, &id);
  SAY(" cpuclock %s", name(e));
  int fd = pidfd_open_(n);
  SAY(" pidfd_open %s\n", name(ERR(fd)));
  close(fd);
}

static int threaded(void *arg) { (void)arg; return 0; }

static void second(void) {
  struct flock l = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1};
  fcntl(lock, F_SETLK, &l);
  pthread_mutex_lock(&S->robust);
  next();
  for (;;) pause();
}

static void in_first(void) {
  SAY("first: %d of %d, group %d, session %d\n", getpid(), getppid(), getpgid(0), getsid(0));
  handle(SIGCHLD); handle(SIGUSR1); handle(SIGUSR2);
  owner("set outside", sockets[0]);
  peer("made outside", sockets[0]);
  locked("locked outside", outer_fd);
  struct shmid_ds sd; struct msqid_ds md;
  shmctl(shm, IPC_STAT, &sd); msgctl(msg, IPC_STAT, &md);
  SAY("sysv from outside: %s %s sem %s msg %s\n", whose(sd.shm_cpid), "", whose(semctl(sem, 0, GETPID)), whose(md.msg_lspid));
  shmat(shm, 0, 0);
  struct sembuf up = {0, 1, 0};
  semop(sem, &up, 1);
  struct { long type; char text[4]; } m = {1, "x"};
  msgsnd(msg, &m, 1, 0);
  shmctl(shm, IPC_STAT, &sd); msgctl(msg, IPC_STAT, &md);
  SAY("sysv of its own: lpid %s sem %s msg %s\n", whose(sd.shm_lpid), whose(semctl(sem, 0, GETPID)), whose(md.msg_lspid));
  fcntl(sockets[1], F_SETOWN, getpid());
  owner("set inside", sockets[1]);
  int listener = socket(AF_UNIX, SOCK_STREAM, 0);
  struct sockaddr_un a = {.sun_family = AF_UNIX, .sun_path = "\0dolly-numbers"};
  bind(listener, (void *)&a, sizeof a);
  listen(listener, 1);
  int pid = fork();
  if (pid == 0) second();
  at(1);
  SAY("second is %d\n", pid);
  locked("by second, from first", lock);
  numbers(pid, "second");
  numbers(S->outer, "outer");
  int self = pidfd_open_(1);
  SAY("pidfd to oneself: %s\n", name(ERR(pidfd_send(self, SIGUSR1))));
  SAY("  from %s\n", whose(last.si_pid));
  next(); /* 2 */
  peer("accepted", accept(listener, 0, 0));
  at(3);
  SAY("from outside: signal %d code %d pid %s\n", last.si_signo == SIGUSR1, last.si_code, whose(last.si_pid));
  sigset_t set; sigemptyset(&set); sigaddset(&set, SIGUSR2); sigprocmask(SIG_BLOCK, &set, 0);
  int sfd = signalfd(-1, &set, 0);
  struct signalfd_siginfo si;
  kill(1, SIGUSR2); read(sfd, &si, sizeof si);
  SAY("signalfd: %s\n", whose(si.ssi_pid));
  siginfo_t q = {.si_code = SI_QUEUE}; q.si_pid = 4321;
  syscall(SYS_rt_sigqueueinfo, 1, SIGUSR2, &q); read(sfd, &si, sizeof si);
  SAY("queued with a pid of one's own: %d\n", si.ssi_pid);
  next(); /* 4 */
  at(5);
  /* groups */
  SAY("setpgid: %s", name(ERR(setpgid(pid, pid))));
  SAY(" %d\n", getpgid(pid));
  SAY("setpgid to outer's: %s\n", name(ERR(setpgid(pid, S->outer))));
  SAY("kill group: %s\n", name(ERR(kill(-pid, 0))));
  timer_t timer;
  struct sigevent ev = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGUSR1};
  ev._sigev_un._tid = gettid();
  SAY("timer for 1: %s", name(ERR(timer_create(CLOCK_MONOTONIC, &ev, &timer))));
  ev._sigev_un._tid = S->outer;
  SAY(" for outer: %s\n", name(ERR(timer_create(CLOCK_MONOTONIC, &ev, &timer))));
  SAY("set_tid_address: %ld\n", syscall(SYS_set_tid_address, 0));
  S->word = 0;
  SAY("lock_pi: %s", name(ERR(syscall(SYS_futex, &S->word, FUTEX_LOCK_PI, 0, 0, 0, 0))));
  SAY(" word %u", S->word);
  SAY(" unlock: %s\n", name(ERR(syscall(SYS_futex, &S->word, FUTEX_UNLOCK_PI, 0, 0, 0, 0))));
  /* trace */
  SAY("seize: %s\n", name(ERR(ptrace(PTRACE_SEIZE, pid, 0, 0))));
  nspid("/proc/self/status", "TracerPid:");
  kill(pid, SIGUSR1);
  int s, got = waitpid(pid, &s, __WALL);
  siginfo_t i;
  ptrace(PTRACE_GETSIGINFO, pid, 0, &i);
  SAY("stopped %d by %d of %s\n", got, WSTOPSIG(s), whose(i.si_pid));
  ptrace(PTRACE_CONT, pid, 0, 0);
  kill(pid, SIGKILL);
  i.si_pid = 0;
  waitid(P_PGID, pid, &i, WEXITED);
  SAY("waitid: %s, SIGCHLD of %s\n", whose(i.si_pid), whose(last.si_pid));
  SAY("robust: %s\n", name(pthread_mutex_lock(&S->robust)));
  /* /proc */
  char link[32] = "";
  readlink("/proc/self", link, 31);
  SAY("outer /proc/self: %s\n", whose(atoi(link)));
  unshare(CLONE_NEWNS);
  mount("none", "/", 0, MS_REC | MS_PRIVATE, 0);
  mkdir("/tmp/numbers", 0755);
  SAY("mount: %s\n", name(ERR(mount("proc", "/tmp/numbers", "proc", 0, 0))));
  pid = fork();
  if (pid == 0) { for (;;) pause(); }
  DIR *d = opendir("/tmp/numbers");
  for (struct dirent *e; (e = readdir(d));) if (e->d_name[0] >= '0' && e->d_name[0] <= '9') SAY("  process %s\n", e->d_name);
  closedir(d);
  memset(link, 0, 32); readlink("/tmp/numbers/self", link, 31);
  SAY("inner self %s\n", link);
  for (const char *const *k = (const char *const[]){"Tgid:", "Pid:", "PPid:", "NStgid:", "NSpid:", "NSpgid:", "NSsid:", 0}; *k; k++) nspid("/tmp/numbers/3/status", *k);
  char text[512] = "";
  int fd = open("/tmp/numbers/3/stat", O_RDONLY);
  read(fd, text, 511);
  int numbers[4] = {-1, -1, -1, -1};
  sscanf(strrchr(text, ')') + 3, "%*c %d %d %d %*d %d", &numbers[0], &numbers[1], &numbers[2], &numbers[3]);
  sscanf(strrchr(text, ')') + 2, "%*c %d %d %d", &numbers[0], &numbers[1], &numbers[2]);
  SAY("stat: %d %d %d %d\n", atoi(text), numbers[0], numbers[1], numbers[2]);
  next(); /* 6 */
  for (;;) pause();
}

int main(void) {
  S = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  S->outer = getpid();
  S->number = 1;
  pthread_mutexattr_t ma;
  pthread_mutexattr_init(&ma);
  pthread_mutexattr_setrobust(&ma, PTHREAD_MUTEX_ROBUST);
  pthread_mutexattr_setpshared(&ma, PTHREAD_PROCESS_SHARED);
  pthread_mutex_init(&S->robust, &ma);
  handle(SIGCHLD);
  socketpair(AF_UNIX, SOCK_STREAM, 0, sockets);
  fcntl(sockets[0], F_SETOWN, getpid());
  char one[] = "/tmp/numbers-XXXXXX", two[] = "/tmp/numbers-XXXXXX";
  lock = mkstemp(one); outer_fd = mkstemp(two);
  unlink(one); unlink(two);
  struct flock l = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1};
  fcntl(outer_fd, F_SETLK, &l);
  shm = shmget(IPC_PRIVATE, 4096, 0600); sem = semget(IPC_PRIVATE, 1, 0600); msg = msgget(IPC_PRIVATE, 0600);
  struct sembuf up = {0, 1, 0};
  semop(sem, &up, 1);
  struct { long type; char text[4]; } m = {1, "x"};
  msgsnd(msg, &m, 1, 0);
  int mine = pidfd_open_(getpid());

  int ptid = -1;
  int pid = syscall(SYS_clone, CLONE_NEWPID | CLONE_PARENT_SETTID | SIGCHLD, 0, &ptid, 0, 0);
  if (pid == 0) {
    SAY("pidfd of outer: %s\n", name(ERR(pidfd_send(mine, 0))));
    in_first();
  }
  S->first = pid;
  SAY("");
  at(2);
  char path[64], kids[64] = "";
  sprintf(path, "/proc/%d/task/%d/children", pid, pid);
  int fd = open(path, O_RDONLY);
  read(fd, kids, 63);
  S->second = atoi(kids);
  int c = socket(AF_UNIX, SOCK_STREAM, 0);
  struct sockaddr_un a = {.sun_family = AF_UNIX, .sun_path = "\0dolly-numbers"};
  usleep(20000);
  SAY("parent_tid: %d\n", ptid == pid);
  SAY("connect: %s\n", name(ERR(connect(c, (void *)&a, sizeof a))));
  peer("connected", c);
  usleep(20000);
  owner("set inside, outside", sockets[1]);
  locked("by second, from outside", lock);
  struct shmid_ds sd; struct msqid_ds md;
  shmctl(shm, IPC_STAT, &sd); msgctl(msg, IPC_STAT, &md);
  SAY("sysv from inside: lpid %s sem %s", whose(sd.shm_lpid), whose(semctl(sem, 0, GETPID)));
  SAY(" msg %s\n", whose(md.msg_lspid));
  int pidfd = pidfd_open_(S->second);
  sprintf(path, "/proc/self/fdinfo/%d", pidfd);
  nspid(path, "Pid:"); nspid(path, "NSpid:");
  sprintf(path, "/proc/%d/status", S->second);
  for (const char *const *k = (const char *const[]){"Tgid:", "PPid:", "NStgid:", "NSpid:", 0}; *k; k++) nspid(path, *k);
  kill(pid, SIGUSR1);
  usleep(20000);
  next(); /* 3 */
  at(4);
  /* Its forks as a tracer outside sees them. */
  next(); /* 5 */
  at(6);
  sprintf(path, "/proc/%d/task/%d/children", pid, pid);
  lseek(fd, 0, SEEK_SET);
  memset(kids, 0, 64); read(fd, kids, 63);
  S->second = atoi(kids);
  sprintf(path, "/proc/%d/status", S->second);
  nspid(path, "NSpid:");
  kill(pid, SIGKILL);
  siginfo_t i;
  waitid(P_PIDFD, pidfd_open_(pid), &i, WEXITED);
  SAY("waited for %s, SIGCHLD of %s\n", whose(i.si_pid), whose(last.si_pid));

  /* A tracer outside. */
  pid = syscall(SYS_clone, CLONE_NEWPID | SIGCHLD, 0, 0, 0, 0);
  if (pid == 0) {
    prctl(PR_SET_DUMPABLE, 1);
    ptrace(PTRACE_TRACEME, 0, 0, 0);
    raise(SIGSTOP);
    int k = fork();
    if (k == 0) { raise(SIGUSR1); _exit(5); }
    waitpid(k, 0, 0);
    _exit(6);
  }
  S->first = pid;
  S->second = -1;
  int s;
  waitpid(pid, &s, 0);
  ptrace(PTRACE_SETOPTIONS, pid, 0, PTRACE_O_TRACEFORK | PTRACE_O_TRACEEXIT);
  ptrace(PTRACE_CONT, pid, 0, 0);
  for (int n = 0, got; n < 12 && (got = waitpid(-1, &s, __WALL)) > 0; n++) {
    unsigned long told = 0;
    if (WIFSTOPPED(s)) {
      ptrace(PTRACE_GETEVENTMSG, got, 0, &told);
      if (s >> 16 == PTRACE_EVENT_FORK) S->second = told;
      siginfo_t g = {0};
      ptrace(PTRACE_GETSIGINFO, got, 0, &g);
      if (got == S->second && WSTOPSIG(s) == SIGSTOP) { ptrace(PTRACE_CONT, got, 0, 0); continue; }
      if (got == pid && s >> 8 == SIGCHLD) SAY("first gets SIGCHLD of %s\n", whose(g.si_pid));
      else SAY("%s stops: %x told %s sender %s\n", whose(got), s >> 8, s >> 16 == PTRACE_EVENT_FORK ? whose(told) : "-", s >> 16 ? "-" : whose(g.si_pid));
      ptrace(PTRACE_CONT, got, 0, WSTOPSIG(s) == SIGCHLD ? SIGCHLD : 0);
    } else SAY("%s ended %x\n", whose(got), s);
  }
  shmctl(shm, IPC_RMID, 0); semctl(sem, 0, IPC_RMID); msgctl(msg, IPC_RMID, 0);

  /* A first process that could not be made: nobody is born there any more. */
  unshare(CLONE_NEWPID);
  long failed = syscall(SYS_clone, CLONE_PIDFD | SIGCHLD, 0, (void *)8, 0, 0);
  SAY("first without a place for its pidfd: %s", failed < 0 ? strerrorname_np(errno) : "made");
  failed = syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
  if (failed == 0) _exit(0);
  SAY(", the next: %s\n", failed < 0 ? strerrorname_np(errno) : "made");
  (void)threaded;
  return 0;
}
