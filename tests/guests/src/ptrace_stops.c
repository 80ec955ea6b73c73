/* ptrace: TRACEME, system call stops, signals and options, as any machine shows them (PTRACE_GET_SYSCALL_INFO). */
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <linux/ptrace.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

static long pt(long request, pid_t pid, unsigned long addr, unsigned long data) {
  long r = syscall(SYS_ptrace, request, pid, addr, data);
  return r < 0 ? -errno : r;
}

static const char *show(int status) {
  static char text[80];
  if (WIFEXITED(status)) sprintf(text, "exit %d", WEXITSTATUS(status));
  else if (WIFSIGNALED(status)) sprintf(text, "killed %d", WTERMSIG(status));
  else if (WIFSTOPPED(status)) sprintf(text, "stop 0x%x", status >> 8);
  else sprintf(text, "0x%x", status);
  return text;
}

static int next(pid_t pid) {
  int status = 0;
  if (waitpid(pid, &status, __WALL) < 0) return -errno;
  return status;
}

#define CHILD(body) ({ fflush(stdout); pid_t p_ = fork(); if (p_ == 0) { body; _exit(0); } p_; })

/* Which machine numbers calls how does not matter: only those the child makes on purpose are told. */
static const char *name(unsigned long long nr) {
  switch (nr) {
    case SYS_getpid: return "getpid";
    case SYS_getppid: return "getppid";
    case SYS_close: return "close";
    case SYS_exit_group: return "exit_group";
    case SYS_exit: return "exit";
    case SYS_write: return "write";
    case SYS_kill: return "kill";
    case SYS_gettid: return "gettid";
    case SYS_rt_sigreturn: return "rt_sigreturn";
    default: return "other";
  }
}

static void tell_call(pid_t pid) {
  struct ptrace_syscall_info info;
  memset(&info, 0xee, sizeof info);
  long size = pt(PTRACE_GET_SYSCALL_INFO, pid, sizeof info, (unsigned long)&info);
  if (info.op == PTRACE_SYSCALL_INFO_ENTRY) {
    if (info.entry.nr == SYS_rt_sigreturn) printf("  entry rt_sigreturn size %ld\n", size);
    else if (info.entry.nr == SYS_getppid) printf("  entry getppid size %ld\n", size);
    else printf("  entry %s(%llx) size %ld\n", name(info.entry.nr), (unsigned long long)info.entry.args[0], size);
  } else if (info.op == PTRACE_SYSCALL_INFO_EXIT)
    printf("  exit %s error %d size %ld\n", info.exit.rval >= 0 && info.exit.rval != 42 ? "result" : info.exit.rval == 42 ? "42" : strerror(-info.exit.rval), info.exit.is_error, size);
  else printf("  op %d size %ld\n", info.op, size);
}

static void syscall_stops(void) {
  puts("system call stops");
  pid_t pid = CHILD({
    pt(PTRACE_TRACEME, 0, 0, 0);
    raise(SIGSTOP);
    syscall(SYS_getppid);
    syscall(SYS_close, 999);
    _exit(7);
  });
  printf("%s\n", show(next(pid)));
  printf("options %ld\n", pt(PTRACE_SETOPTIONS, pid, 0, PTRACE_O_TRACESYSGOOD));
  printf("bad options %ld\n", pt(PTRACE_SETOPTIONS, pid, 0, 0x400));
  tell_call(pid);
  for (;;) {
    long r = pt(PTRACE_SYSCALL, pid, 0, 0);
    if (r != 0) printf("syscall %ld\n", r);
    int status = next(pid);
    printf("%s\n", show(status));
    if (!WIFSTOPPED(status)) break;
    tell_call(pid);
  }
}

static volatile int handled;
static void handler(int sig) { handled = sig; }

static void signals(void) {
  puts("signals");
  pid_t pid = CHILD({
    pt(PTRACE_TRACEME, 0, 0, 0);
    signal(SIGUSR1, handler);
    signal(SIGUSR2, handler);
    signal(SIGHUP, SIG_IGN);
    raise(SIGUSR1);
    int first = handled;
    handled = 0;
    raise(SIGUSR1);
    int second = handled;
    handled = 0;
    raise(SIGUSR1);
    int third = handled;
    raise(SIGHUP);
    raise(SIGCHLD);
    _exit(first == SIGUSR1 && second == 0 && third == SIGUSR2 ? 11 : 12);
  });
  int give[] = {SIGUSR1, 0, SIGUSR2, 0, 0};
  for (int i = 0; i < 5; i++) {
    int status = next(pid);
    siginfo_t info;
    memset(&info, 0, sizeof info);
    long r = pt(PTRACE_GETSIGINFO, pid, 0, (unsigned long)&info);
    printf("%s siginfo %ld signo %d code %d mine %d\n", show(status), r, info.si_signo, info.si_code, info.si_pid == pid);
    printf("give %d: %ld\n", give[i], pt(PTRACE_CONT, pid, 0, give[i]));
  }
  printf("%s\n", show(next(pid)));
  printf("gone: %ld\n", pt(PTRACE_CONT, pid, 0, 0));
}

static volatile unsigned long word = 0x1122334455667788ul;

static void memory(void) {
  puts("memory and registers");
  pid_t pid = CHILD({
    pt(PTRACE_TRACEME, 0, 0, 0);
    raise(SIGSTOP);
    _exit(word == 0x99 ? 21 : 22);
  });
  printf("%s\n", show(next(pid)));
  unsigned long got = 0;
  printf("peek %ld", pt(PTRACE_PEEKDATA, pid, (unsigned long)&word, (unsigned long)&got));
  printf(" %lx\n", got);
  printf("peek bad %ld poke bad %ld\n", pt(PTRACE_PEEKTEXT, pid, 16, (unsigned long)&got), pt(PTRACE_POKETEXT, pid, 16, 1));
  printf("poke %ld\n", pt(PTRACE_POKEDATA, pid, (unsigned long)&word, 0x99));
  unsigned long code;
  printf("code %ld ", pt(PTRACE_PEEKTEXT, pid, (unsigned long)memory, (unsigned long)&code));
  printf("poke code %ld ", pt(PTRACE_POKETEXT, pid, (unsigned long)memory, 0x4141414141414141ul));
  pt(PTRACE_PEEKTEXT, pid, (unsigned long)memory, (unsigned long)&got);
  printf("%lx own same %d ", got, *(unsigned long *)memory == code);
  printf("back %ld\n", pt(PTRACE_POKETEXT, pid, (unsigned long)memory, code));
  unsigned char regs[1024];
  struct iovec iov = {regs, 16};
  memset(regs, 0xaa, sizeof regs);
  long partial = pt(PTRACE_GETREGSET, pid, NT_PRSTATUS, (unsigned long)&iov);
  printf("partial %ld len %zu next %x\n", partial, iov.iov_len, regs[16]);
  iov.iov_len = 15;
  printf("odd %ld\n", pt(PTRACE_GETREGSET, pid, NT_PRSTATUS, (unsigned long)&iov));
  iov.iov_len = sizeof regs;
  long whole = pt(PTRACE_GETREGSET, pid, NT_PRSTATUS, (unsigned long)&iov);
  printf("whole %ld trimmed %d\n", whole, iov.iov_len < sizeof regs);
  printf("set %ld\n", pt(PTRACE_SETREGSET, pid, NT_PRSTATUS, (unsigned long)&iov));
  iov.iov_len = sizeof regs;
  printf("fp %ld\n", pt(PTRACE_GETREGSET, pid, NT_PRFPREG, (unsigned long)&iov));
  printf("unknown note %ld\n", pt(PTRACE_GETREGSET, pid, 0x7777, (unsigned long)&iov));
  unsigned long mask = 0;
  printf("sigmask %ld", pt(PTRACE_GETSIGMASK, pid, 8, (unsigned long)&mask));
  printf(" %lx, size 4: %ld\n", mask, pt(PTRACE_GETSIGMASK, pid, 4, (unsigned long)&mask));
  printf("request unknown %ld\n", pt(0x4999, pid, 0, 0));
  printf("signal 65 %ld\n", pt(PTRACE_CONT, pid, 0, 65));
  printf("event message %ld\n", pt(PTRACE_GETEVENTMSG, pid, 0, (unsigned long)&got));
  printf("interrupt not seized %ld listen %ld\n", pt(PTRACE_INTERRUPT, pid, 0, 0), pt(PTRACE_LISTEN, pid, 0, 0));
  pt(PTRACE_CONT, pid, 0, 0);
  printf("%s\n", show(next(pid)));
}

static void refusals(void) {
  puts("refusals");
  pid_t pid = CHILD({
    printf("traceme %ld", pt(PTRACE_TRACEME, 0, 0, 0));
    printf(" again %ld\n", pt(PTRACE_TRACEME, 0, 0, 0));
    fflush(stdout);
    for (;;) pause();
  });
  printf("self %ld\n", pt(PTRACE_ATTACH, getpid(), 0, 0));
  fflush(stdout);
  usleep(20000);
  printf("running %ld\n", pt(PTRACE_CONT, pid, 0, 0));
  printf("attach traced %ld seize %ld\n", pt(PTRACE_ATTACH, pid, 0, 0), pt(PTRACE_SEIZE, pid, 0, 0));
  printf("seize addr %ld options %ld\n", pt(PTRACE_SEIZE, pid, 8, 0), pt(PTRACE_SEIZE, pid, 0, 0x400));
  printf("nobody %ld\n", pt(PTRACE_ATTACH, 999999, 0, 0));
  kill(pid, SIGKILL);
  printf("%s\n", show(next(pid)));
}

static void kill_request(void) {
  puts("kill");
  pid_t pid = CHILD({ pt(PTRACE_TRACEME, 0, 0, 0); raise(SIGSTOP); });
  printf("%s\n", show(next(pid)));
  printf("%ld\n", pt(PTRACE_KILL, pid, 0, 0));
  printf("%s\n", show(next(pid)));
}

static void change_call(void) {
  puts("a call is skipped, its result made up");
  pid_t pid = CHILD({
    pt(PTRACE_TRACEME, 0, 0, 0);
    raise(SIGSTOP);
    long r = syscall(SYS_getppid);
    _exit(r == 77 ? 31 : 32);
  });
  next(pid);
  pt(PTRACE_SETOPTIONS, pid, 0, PTRACE_O_TRACESYSGOOD);
  for (;;) {
    pt(PTRACE_SYSCALL, pid, 0, 0);
    int status = next(pid);
    if (!WIFSTOPPED(status)) {
      printf("%s\n", show(status));
      return;
    }
    struct ptrace_syscall_info info;
    pt(PTRACE_GET_SYSCALL_INFO, pid, sizeof info, (unsigned long)&info);
    if (info.op != PTRACE_SYSCALL_INFO_ENTRY || info.entry.nr != SYS_getppid) continue;
    unsigned long regs[64];
    struct iovec iov = {regs, sizeof regs};
    pt(PTRACE_GETREGSET, pid, NT_PRSTATUS, (unsigned long)&iov);
#ifdef __riscv
    regs[17] = -1;
#else
    regs[15] = -1;
#endif
    pt(PTRACE_SETREGSET, pid, NT_PRSTATUS, (unsigned long)&iov);
    pt(PTRACE_SYSCALL, pid, 0, 0);
    next(pid);
    pt(PTRACE_GET_SYSCALL_INFO, pid, sizeof info, (unsigned long)&info);
    printf("op %d rval %lld\n", info.op, (long long)info.exit.rval);
    pt(PTRACE_GETREGSET, pid, NT_PRSTATUS, (unsigned long)&iov);
    regs[10] = 77; /* a0 on riscv64, rax on x86-64 */
    pt(PTRACE_SETREGSET, pid, NT_PRSTATUS, (unsigned long)&iov);
  }
}

static void wait_forms(void) {
  puts("wait");
  pid_t pid = CHILD({ pt(PTRACE_TRACEME, 0, 0, 0); raise(SIGSTOP); raise(SIGTERM); });
  siginfo_t info;
  memset(&info, 0, sizeof info);
  int r = waitid(P_PID, pid, &info, WEXITED | WNOWAIT);
  printf("waitid %d code %d status %d\n", r, info.si_code, info.si_status);
  r = waitid(P_PID, pid, &info, WSTOPPED);
  printf("waitid %d code %d status %d\n", r, info.si_code, info.si_status);
  int status = 0;
  printf("again %d\n", waitpid(pid, &status, WNOHANG | WUNTRACED));
  pt(PTRACE_CONT, pid, 0, 0);
  r = waitid(P_ALL, 0, &info, WSTOPPED);
  printf("waitid %d code %d status %d\n", r, info.si_code, info.si_status);
  pt(PTRACE_CONT, pid, 0, SIGTERM);
  r = waitid(P_ALL, 0, &info, WEXITED);
  printf("waitid %d code %d status %d\n", r, info.si_code, info.si_status);
}

static void pending_sets(const char *when) {
  char line[200];
  FILE *f = fopen("/proc/self/status", "r");
  while (fgets(line, sizeof line, f))
    if (!strncmp(line, "SigPnd", 6) || !strncmp(line, "ShdPnd", 6)) printf("%s %s", when, line);
  fclose(f);
}

/* A signal given that is blocked is sent anew, to whom the first was sent; SIGCONT and the stop signals drop each other. */
static void blocked_gifts(void) {
  puts("blocked gifts");
  pid_t pid = CHILD({
    pt(PTRACE_TRACEME, 0, 0, 0);
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGCONT);
    sigaddset(&set, SIGTSTP);
    sigaddset(&set, SIGTTIN);
    sigprocmask(SIG_BLOCK, &set, 0);
    raise(SIGTSTP);
    kill(getpid(), SIGTTIN);
    pending_sets("stops");
    raise(SIGUSR1);
    pending_sets("continue, own");
    raise(SIGUSR1);
    pending_sets("stop, own");
    kill(getpid(), SIGUSR1);
    pending_sets("continue, shared");
    kill(getpid(), SIGUSR1);
    pending_sets("stop, shared");
    fflush(stdout);
    _exit(0);
  });
  int give[] = {SIGCONT, SIGTSTP, SIGCONT, SIGTTIN};
  for (int i = 0; i < 4; i++) {
    printf("%s\n", show(next(pid)));
    pt(PTRACE_CONT, pid, 0, give[i]);
  }
  printf("%s\n", show(next(pid)));
}

int main(void) {
  setvbuf(stdout, 0, _IOLBF, 0);
  syscall_stops();
  signals();
  memory();
  refusals();
  kill_request();
  change_call();
  wait_forms();
  blocked_gifts();
  return 0;
}
