/* seccomp: which filters are taken, what each action does to a call, a thread and a process, what clone, exec and threads inherit. */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef __riscv
#define ARCH AUDIT_ARCH_RISCV64
#else
#define ARCH AUDIT_ARCH_X86_64
#endif
#define SHOW(e) do { errno = 0; long r_ = (long)(e); printf("%s: %ld %s\n", #e, r_, r_ < 0 ? strerrorname_np(errno) : ""); } while (0)
#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define RETURN(value) BPF_STMT(BPF_RET | BPF_K, value)
#define UNLESS(value, skip) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, skip)

static long install(struct sock_filter *code, int n, unsigned flags) {
  struct sock_fprog p = { .len = (unsigned short)n, .filter = code };
  return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &p);
}
/* What happens to `nr` is `action`; everything else is allowed. */
static long on_call(long nr, unsigned action, unsigned flags) {
  struct sock_filter code[] = { LOAD(arch), UNLESS(ARCH, 3), LOAD(nr), UNLESS((unsigned)nr, 1), RETURN(action), RETURN(SECCOMP_RET_ALLOW) };
  return install(code, 6, flags);
}

static void in_child(const char *name, void (*body)(void)) {
  int status;
  fflush(stdout);
  pid_t pid = fork();
  if (pid == 0) {
    body();
    fflush(stdout);
    _exit(0);
  }
  waitpid(pid, &status, 0);
  if (WIFSIGNALED(status)) printf("%s: signal %s\n", name, sigabbrev_np(WTERMSIG(status)));
  else printf("%s: status %d\n", name, WEXITSTATUS(status));
}

#define ALLOW RETURN(SECCOMP_RET_ALLOW)
static void opcodes(void) {
  int taken = 0;
  unsigned sum = 0;
  for (unsigned op = 0; op < 65536; op++) {
    struct sock_filter code[] = { BPF_STMT(BPF_ST, 4), ALLOW, { (unsigned short)op, 0, 0, 4 }, ALLOW, ALLOW, ALLOW, ALLOW, ALLOW };
    if (install(code, 8, 0) == 0) taken++, sum = sum * 31 + op;
  }
  printf("%d opcodes, %u\n", taken, sum);
}

static void one(const char *name, struct sock_filter *code, int n) {
  errno = 0;
  long r = install(code, n, 0);
  printf("%s: %ld %s\n", name, r, r < 0 ? strerrorname_np(errno) : "");
}
#define ONE(name, ...) do { struct sock_filter c_[] = { __VA_ARGS__ }; one(name, c_, sizeof c_ / sizeof *c_); } while (0)
static void checks(void) {
  ONE("no return", LOAD(nr));
  ONE("unaligned", BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 2), ALLOW);
  ONE("beyond the data", BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 64), ALLOW);
  ONE("jump to the end", BPF_JUMP(BPF_JMP | BPF_JA, 1, 0, 0), ALLOW);
  ONE("branch to the end", BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 1, 0, 1), ALLOW);
  ONE("division by zero", BPF_STMT(BPF_ALU | BPF_DIV | BPF_K, 0), ALLOW);
  ONE("shift by 32", BPF_STMT(BPF_ALU | BPF_LSH | BPF_K, 32), ALLOW);
  ONE("memory 16", BPF_STMT(BPF_ST, 16), ALLOW);
  ONE("memory not written", BPF_STMT(BPF_LD | BPF_MEM, 1), ALLOW);
  ONE("memory written on one path", BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 1, 1, 0), BPF_STMT(BPF_ST, 3), BPF_STMT(BPF_LD | BPF_MEM, 3), ALLOW);
  ONE("memory written on both", BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 1, 2, 0), BPF_STMT(BPF_ST, 3), BPF_JUMP(BPF_JMP | BPF_JA, 1, 0, 0), BPF_STMT(BPF_STX, 3), BPF_STMT(BPF_LD | BPF_MEM, 3), ALLOW);
  struct sock_filter allow[] = { ALLOW };
  SHOW(install(allow, 0, 0));
  SHOW(install(allow, 4097, 0));
  SHOW(install(NULL, 1, 0));
  SHOW(install((void *)8, 1, 0));
  SHOW(install(allow, 1, 64));
  SHOW(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, NULL));
  SHOW(syscall(SYS_seccomp, SECCOMP_SET_MODE_STRICT, 1, NULL));
  SHOW(syscall(SYS_seccomp, SECCOMP_SET_MODE_STRICT, 0, allow));
  SHOW(syscall(SYS_seccomp, 9, 0, NULL));
  unsigned action = SECCOMP_RET_TRAP, none = 0x12340000;
  SHOW(syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action));
  SHOW(syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &none));
  SHOW(syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 1, &action));
  SHOW(prctl(PR_SET_SECCOMP, 3, 0));
  SHOW(prctl(PR_GET_SECCOMP));
  SHOW(prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT, 0));
}

static void privileges(void) {
  setuid(12345);
  SHOW(on_call(SYS_getppid, SECCOMP_RET_ERRNO | ENOTTY, 0));
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  SHOW(on_call(SYS_getppid, SECCOMP_RET_ERRNO | ENOTTY, 0));
  SHOW(getppid());
}

static void status_lines(void) {
  char line[200];
  FILE *f = fopen("/proc/self/status", "r");
  while (fgets(line, sizeof line, f)) if (!strncmp(line, "Seccomp", 7)) fputs(line, stdout);
  fclose(f);
}
static void errors(void) {
  SHOW(on_call(SYS_getppid, SECCOMP_RET_ERRNO | ENOTTY, 0));
  SHOW(syscall(SYS_getppid));
  SHOW(on_call(SYS_getppid, SECCOMP_RET_ERRNO | EPERM, 0));
  SHOW(syscall(SYS_getppid));
  SHOW(on_call(SYS_getpgid, SECCOMP_RET_ERRNO, 0));
  SHOW(syscall(SYS_getpgid, 0));
  SHOW(on_call(SYS_getsid, SECCOMP_RET_ERRNO | 0xffff, 0));
  errno = 0;
  long largest = syscall(SYS_getsid, 0);
  printf("largest %ld %d\n", largest, errno);
  SHOW(on_call(SYS_getuid, SECCOMP_RET_LOG, 0));
  SHOW(syscall(SYS_getuid));
  SHOW(on_call(SYS_getgid, SECCOMP_RET_TRACE, 0));
  SHOW(syscall(SYS_getgid));
  SHOW(prctl(PR_GET_SECCOMP));
  status_lines();
}
/* dup of 7 is refused by its argument's lower half, of 1 << 32 | 7 by the upper. */
static void arguments(void) {
  struct sock_filter code[] = { LOAD(nr), UNLESS(SYS_dup, 8), LOAD(args[0]), BPF_STMT(BPF_ALU | BPF_XOR | BPF_K, 5), UNLESS(2, 1), RETURN(SECCOMP_RET_ERRNO | ENOTTY),
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args) + 4), UNLESS(1, 2), BPF_STMT(BPF_MISC | BPF_TAX, 0), RETURN(SECCOMP_RET_ERRNO | EXDEV), ALLOW };
  SHOW(install(code, 11, 0));
  SHOW(syscall(SYS_dup, 7L));
  SHOW(syscall(SYS_dup, 1L << 32 | 70));
  SHOW(syscall(SYS_dup, 99L));
}

static volatile int code, err, nr_seen, arch_ok, at_call;
static void on_sigsys(int sig, siginfo_t *i, void *c) {
  code = i->si_code, err = i->si_errno, nr_seen = i->si_syscall, arch_ok = i->si_arch == ARCH, at_call = i->si_call_addr != NULL;
  (void)sig, (void)c;
}
static void trap(void) {
  struct sigaction a = { .sa_sigaction = on_sigsys, .sa_flags = SA_SIGINFO };
  sigaction(SIGSYS, &a, NULL);
  SHOW(on_call(SYS_getppid, SECCOMP_RET_TRAP | 77, 0));
  syscall(SYS_getppid);
  printf("code %d errno %d call %d arch %d address %d\n", code, err, nr_seen == SYS_getppid, arch_ok, at_call);
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGSYS);
  sigprocmask(SIG_BLOCK, &set, NULL);
  fflush(stdout);
  syscall(SYS_getppid);
}
static void kill_alone(void) {
  signal(SIGSYS, SIG_IGN);
  on_call(SYS_getppid, SECCOMP_RET_KILL_THREAD, 0);
  syscall(SYS_getppid);
}
static void *call(void *a) { syscall(SYS_getppid); return a; }
static void *wait_a_bit(void *a) { usleep(50000); return a; }
static void kill_thread(void) {
  pthread_t t;
  on_call(SYS_getppid, SECCOMP_RET_KILL_THREAD, 0);
  pthread_create(&t, NULL, call, NULL);
  usleep(50000);
  puts("the others go on");
}
static void kill_process(void) {
  pthread_t t, u;
  on_call(SYS_getppid, SECCOMP_RET_KILL_PROCESS, 0);
  pthread_create(&u, NULL, wait_a_bit, NULL);
  pthread_create(&t, NULL, call, NULL);
  usleep(500000);
  puts("not reached");
}
static void strict(void) {
  SHOW(prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT));
  fflush(stdout);
  syscall(SYS_exit, 3);
}
static void strict_broken(void) {
  prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT);
  syscall(SYS_getppid);
}

static int go[2];
static void *later(void *result) {
  char c;
  read(go[0], &c, 1);
  errno = 0;
  *(long *)result = syscall(SYS_getppid) < 0 ? errno : 0;
  return NULL;
}
static void *own_filter(void *a) {
  on_call(SYS_getpgid, SECCOMP_RET_ERRNO | EPERM, 0);
  usleep(200000);
  return a;
}
static void threads(void) {
  pthread_t t, u;
  long result = -1;
  pipe(go);
  pthread_create(&t, NULL, later, &result);
  SHOW(on_call(SYS_getppid, SECCOMP_RET_ERRNO | ENOTTY, SECCOMP_FILTER_FLAG_TSYNC));
  write(go[1], "x", 1);
  pthread_join(t, NULL);
  printf("the thread got %s\n", strerrorname_np((int)result));
  pthread_create(&u, NULL, own_filter, NULL);
  usleep(50000);
  SHOW(on_call(SYS_getppid, SECCOMP_RET_ERRNO | ENOTTY, SECCOMP_FILTER_FLAG_TSYNC) > 0);
  SHOW(on_call(SYS_getppid, SECCOMP_RET_ERRNO | ENOTTY, SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_TSYNC_ESRCH));
  pthread_join(u, NULL);
}
static void inherited(void) {
  on_call(SYS_getppid, SECCOMP_RET_ERRNO | ENOTTY, 0);
  int status;
  pid_t pid = fork();
  if (pid == 0) execl("/proc/self/exe", "seccomp", "after exec", NULL);
  waitpid(pid, &status, 0);
}
static void tracer(void) {
  int status;
  unsigned long message = 0;
  pid_t pid = fork();
  if (pid == 0) {
    ptrace(PTRACE_TRACEME, 0, 0, 0);
    raise(SIGSTOP);
    on_call(SYS_getppid, SECCOMP_RET_TRACE | 55, 0);
    long r = syscall(SYS_getppid);
    printf("traced call worked %d\n", r > 0);
    fflush(stdout);
    _exit(4);
  }
  waitpid(pid, &status, 0);
  ptrace(PTRACE_SETOPTIONS, pid, 0, PTRACE_O_TRACESECCOMP);
  ptrace(PTRACE_CONT, pid, 0, 0);
  waitpid(pid, &status, 0);
  ptrace(PTRACE_GETEVENTMSG, pid, 0, &message);
  struct __ptrace_syscall_info info;
  memset(&info, 0, sizeof info);
  SHOW(ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof info, &info));
  printf("event %d message %lu op %d call %d data %u\n", status >> 16 == PTRACE_EVENT_SECCOMP, message, info.op, info.seccomp.nr == SYS_getppid, info.seccomp.ret_data);
  ptrace(PTRACE_CONT, pid, 0, 0);
  waitpid(pid, &status, 0);
  printf("exit %d\n", WEXITSTATUS(status));
}

int main(int argc, char **argv) {
  if (argc > 1) {
    printf("after exec ");
    SHOW(syscall(SYS_getppid));
    return 0;
  }
  (void)argv;
  in_child("opcodes", opcodes);
  in_child("checks", checks);
  in_child("privileges", privileges);
  in_child("errors", errors);
  in_child("arguments", arguments);
  in_child("trap", trap);
  in_child("kill alone", kill_alone);
  in_child("kill thread", kill_thread);
  in_child("kill process", kill_process);
  in_child("strict", strict);
  in_child("strict broken", strict_broken);
  in_child("threads", threads);
  in_child("inherited", inherited);
  in_child("tracer", tracer);
  return 0;
}
