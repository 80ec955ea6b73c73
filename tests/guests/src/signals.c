/* Signals: siginfo, masks, queues, order, alternate stack, restart, faults with address and code, sigsuspend, sigwait, stop and continue. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int order[64], n_order;
static void note(int sig, siginfo_t *i, void *u) { (void)u; order[n_order++] = sig; if (i->si_code == SI_QUEUE) order[n_order++] = i->si_value.sival_int; }
static sigjmp_buf env;
static volatile long fault_addr, fault_code, fault_sig;
static void fault(int sig, siginfo_t *i, void *u) { (void)u; fault_sig = sig; fault_addr = (long)i->si_addr; fault_code = i->si_code; siglongjmp(env, 1); }
static void set(int sig, void (*f)(int, siginfo_t *, void *), int flags) {
  struct sigaction a; memset(&a, 0, sizeof a); a.sa_sigaction = f; a.sa_flags = SA_SIGINFO | flags; sigaction(sig, &a, NULL);
}
static void show(const char *what) { printf("%s:", what); for (int i = 0; i < n_order; i++) printf(" %d", order[i]); puts(""); n_order = 0; }
static char alt[65536];
static volatile int on_alt;
static void where(int s, siginfo_t *i, void *u) { (void)s; (void)i; (void)u; char c; on_alt = &c >= alt && &c < alt + sizeof alt; }

int main(void) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  set(SIGUSR1, note, 0); set(SIGUSR2, note, 0); set(SIGRTMIN, note, 0); set(SIGRTMIN + 1, note, 0); set(SIGCHLD, note, 0);
  sigset_t all, old, some; sigfillset(&all); sigprocmask(SIG_BLOCK, &all, &old);
  union sigval v;
  for (int i = 1; i <= 3; i++) { v.sival_int = 100 + i; sigqueue(getpid(), SIGRTMIN + 1, v); v.sival_int = 200 + i; sigqueue(getpid(), SIGRTMIN, v); }
  raise(SIGUSR2); raise(SIGUSR2); raise(SIGUSR1);
  sigpending(&some); printf("pending usr1 %d usr2 %d hup %d\n", sigismember(&some, SIGUSR1), sigismember(&some, SIGUSR2), sigismember(&some, SIGHUP));
  sigprocmask(SIG_SETMASK, &old, NULL); show("last dequeued runs first");

  set(SIGSEGV, fault, 0); set(SIGBUS, fault, 0); set(SIGILL, fault, 0);
  if (!sigsetjmp(env, 1)) *(volatile int *)0x1238 = 1;
  printf("segv %ld at 0x%lx code %ld\n", fault_sig, fault_addr, fault_code);
  char *ro = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (!sigsetjmp(env, 1)) ro[5] = 1;
  printf("segv %ld offset %ld code %ld\n", fault_sig, fault_addr - (long)ro, fault_code);
  int fd = open("/proc/self/exe", 0); (void)fd;
  char *none = mmap(NULL, 8192, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  volatile char sink;
  if (!sigsetjmp(env, 1)) sink = none[4099];
  (void)sink;
  printf("segv %ld offset %ld code %ld\n", fault_sig, fault_addr - (long)none, fault_code);

  stack_t ss = {.ss_sp = alt, .ss_size = sizeof alt}; sigaltstack(&ss, NULL);
  set(SIGUSR1, where, SA_ONSTACK); raise(SIGUSR1); printf("on the alternate stack %d\n", on_alt);
  set(SIGUSR1, where, 0); raise(SIGUSR1); printf("on the alternate stack %d\n", on_alt);

  set(SIGALRM, note, 0); struct itimerval it = {.it_value = {0, 20000}}; setitimer(ITIMER_REAL, &it, NULL);
  int p[2]; if (pipe(p)) return 1; char c; ssize_t r = read(p[0], &c, 1); printf("read without SA_RESTART %ld %s\n", (long)r, strerror(errno)); n_order = 0;
  set(SIGALRM, note, SA_RESTART); setitimer(ITIMER_REAL, &it, NULL);
  if (fork() == 0) { usleep(60000); write(p[1], "x", 1); _exit(0); }
  r = read(p[0], &c, 1); printf("read with SA_RESTART %ld %c\n", (long)r, c); 
  while (wait(NULL) < 0 && errno == EINTR) {}
  n_order = 0;
  struct timespec ts = {1, 0}, rem = {0, 0}; set(SIGALRM, note, SA_RESTART); setitimer(ITIMER_REAL, &it, NULL);
  r = nanosleep(&ts, &rem); printf("nanosleep %ld %s, some left %d\n", (long)r, strerror(errno), rem.tv_nsec > 0); n_order = 0;

  sigemptyset(&some); sigaddset(&some, SIGUSR2); sigprocmask(SIG_BLOCK, &some, NULL); raise(SIGUSR2);
  sigset_t none_set; sigemptyset(&none_set); r = sigsuspend(&none_set); printf("sigsuspend %ld %s\n", (long)r, strerror(errno)); show("in sigsuspend");
  raise(SIGUSR2); siginfo_t si; r = sigwaitinfo(&some, &si); printf("sigwaitinfo %s code %d\n", r == SIGUSR2 ? "usr2" : "?", si.si_code);
  struct timespec zero = {0, 1000000}; r = sigtimedwait(&some, &si, &zero); printf("sigtimedwait %ld %s\n", (long)r, strerror(errno));

  set(SIGUSR1, note, SA_RESETHAND); raise(SIGUSR1); struct sigaction q; sigaction(SIGUSR1, NULL, &q); printf("reset to default %d\n", q.sa_handler == SIG_DFL); n_order = 0;

  signal(SIGCHLD, SIG_DFL);
  pid_t child = fork(); if (!child) { for (;;) pause(); }
  int st; kill(child, SIGSTOP); waitpid(child, &st, WUNTRACED); printf("stopped %d by %d\n", WIFSTOPPED(st), WSTOPSIG(st));
  kill(child, SIGCONT); waitpid(child, &st, WCONTINUED); printf("continued %d\n", WIFCONTINUED(st));
  kill(child, SIGTERM); waitpid(child, &st, 0); printf("terminated %d by %d\n", WIFSIGNALED(st), WTERMSIG(st));
  return 0;
}
