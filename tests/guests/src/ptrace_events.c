/* ptrace: events of fork, vfork, clone, exec and exit; seizing, interrupting, listening; group stops; the tracer's end. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long pt(long request, pid_t pid, unsigned long addr, unsigned long data) {
  long r = syscall(SYS_ptrace, request, pid, addr, data);
  return r < 0 ? -errno : r;
}

static const char *show(int status) {
  static char text[80];
  if (status < 0) sprintf(text, "error %d", -status);
  else if (WIFEXITED(status)) sprintf(text, "exit %d", WEXITSTATUS(status));
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

static unsigned long message(pid_t pid) {
  unsigned long m = 0;
  pt(PTRACE_GETEVENTMSG, pid, 0, (unsigned long)&m);
  return m;
}

static void rest(void) {
  struct timespec ts = {0, 20000000};
  nanosleep(&ts, 0);
}

#define CHILD(...) ({ fflush(stdout); pid_t p_ = fork(); if (p_ == 0) { __VA_ARGS__; _exit(0); } p_; })
#define TRACEME() (pt(PTRACE_TRACEME, 0, 0, 0), raise(SIGSTOP))
#define ALL_EVENTS (PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC | PTRACE_O_TRACEVFORKDONE | PTRACE_O_TRACEEXIT)

static char *self;

static void *thread_body(void *arg) {
  (void)arg;
  return 0;
}

/* Follows one child of `pid` through its first stop and its end. */
static void follow(pid_t child) {
  printf("  child: %s\n", show(next(child)));
  printf("  go on %ld\n", pt(PTRACE_CONT, child, 0, 0));
  for (;;) {
    int status = next(child);
    printf("  child: %s\n", show(status));
    if (!WIFSTOPPED(status)) return;
    if (status >> 16 == PTRACE_EVENT_EXIT) printf("  message 0x%lx\n", message(child));
    pt(PTRACE_CONT, child, 0, 0);
  }
}

static void events_of(pid_t pid) {
  for (;;) {
    int status = next(pid);
    printf("%s\n", show(status));
    if (!WIFSTOPPED(status)) return;
    int event = status >> 16;
    if (event == PTRACE_EVENT_FORK || event == PTRACE_EVENT_CLONE || event == PTRACE_EVENT_VFORK) {
      pid_t child = message(pid);
      if (event != PTRACE_EVENT_VFORK) follow(child);
      else {
        pt(PTRACE_CONT, pid, 0, 0);
        follow(child);
        continue;
      }
    } else if (event == PTRACE_EVENT_EXEC) printf("former tid is pid %d\n", message(pid) == (unsigned long)pid);
    else if (event == PTRACE_EVENT_EXIT) printf("message 0x%lx\n", message(pid));
    else if (event == PTRACE_EVENT_VFORK_DONE) printf("a child %d\n", message(pid) > 0);
    pt(PTRACE_CONT, pid, 0, event == 0 && (status >> 8) != SIGTRAP && (status >> 8) != SIGCHLD ? status >> 8 : 0);
  }
}

static void events(void) {
  puts("events");
  pid_t pid = CHILD({
    TRACEME();
    if (syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0) == 0) _exit(3);
    wait(0);
    pid_t v = vfork();
    if (v == 0) _exit(4);
    wait(0);
    if (syscall(SYS_clone, 0, 0, 0, 0, 0) == 0) _exit(5);
    waitpid(-1, 0, __WALL);
    pthread_t thread;
    pthread_create(&thread, 0, thread_body, 0);
    pthread_join(thread, 0);
    if (syscall(SYS_clone, CLONE_UNTRACED | SIGCHLD, 0, 0, 0, 0) == 0) _exit(6);
    wait(0);
    execl(self, self, "child", (char *)0);
    _exit(9);
  });
  next(pid);
  printf("options %ld\n", pt(PTRACE_SETOPTIONS, pid, 0, ALL_EVENTS));
  pt(PTRACE_CONT, pid, 0, 0);
  events_of(pid);
}

static void exec_trap(void) {
  puts("exec without its event");
  pid_t pid = CHILD({
    TRACEME();
    execl(self, self, "child", (char *)0);
  });
  next(pid);
  pt(PTRACE_CONT, pid, 0, 0);
  int status = next(pid);
  printf("%s\n", show(status));
  pt(PTRACE_CONT, pid, 0, 0);
  printf("%s\n", show(next(pid)));
}

static void attach(void) {
  puts("attach");
  pid_t pid = CHILD({ for (;;) pause(); });
  rest();
  printf("attach %ld\n", pt(PTRACE_ATTACH, pid, 0, 0));
  printf("%s\n", show(next(pid)));
  siginfo_t info;
  printf("siginfo %ld", pt(PTRACE_GETSIGINFO, pid, 0, (unsigned long)&info));
  printf(" signo %d\n", info.si_signo);
  char path[64];
  char line[256];
  sprintf(path, "/proc/%d/status", pid);
  FILE *f = fopen(path, "r");
  while (fgets(line, sizeof line, f)) {
    int tracer;
    if (sscanf(line, "TracerPid: %d", &tracer) == 1) printf("tracer is me %d\n", tracer == getpid());
    if (strncmp(line, "State:", 6) == 0) fputs(line, stdout);
  }
  fclose(f);
  printf("detach %ld\n", pt(PTRACE_DETACH, pid, 0, 0));
  rest();
  printf("nothing %d\n", waitpid(pid, 0, WNOHANG | WUNTRACED));
  printf("detached %ld\n", pt(PTRACE_CONT, pid, 0, 0));
  pt(PTRACE_ATTACH, pid, 0, 0);
  next(pid);
  printf("detach with SIGTERM %ld\n", pt(PTRACE_DETACH, pid, 0, SIGTERM));
  printf("%s\n", show(next(pid)));
}

static void attach_stopped(void) {
  puts("attach a stopped one");
  pid_t pid = CHILD({ for (;;) pause(); });
  rest();
  kill(pid, SIGSTOP);
  int status;
  waitpid(pid, &status, WUNTRACED);
  printf("%s\n", show(status));
  printf("attach %ld\n", pt(PTRACE_ATTACH, pid, 0, 0));
  printf("%s\n", show(next(pid)));
  siginfo_t info;
  printf("siginfo %ld\n", pt(PTRACE_GETSIGINFO, pid, 0, (unsigned long)&info));
  pt(PTRACE_CONT, pid, 0, 0);
  printf("%s\n", show(next(pid)));
  printf("siginfo %ld\n", pt(PTRACE_GETSIGINFO, pid, 0, (unsigned long)&info));
  pt(PTRACE_DETACH, pid, 0, 0);
  rest();
  kill(pid, SIGCONT);
  printf("continued %d", waitpid(pid, &status, WCONTINUED) == pid);
  printf(" 0x%x\n", status);
  kill(pid, SIGKILL);
  printf("%s\n", show(next(pid)));
}

static void seize(void) {
  puts("seize");
  pid_t pid = CHILD({ for (;;) pause(); });
  rest();
  printf("seize %ld\n", pt(PTRACE_SEIZE, pid, 0, PTRACE_O_TRACESYSGOOD));
  rest();
  printf("still runs %d %ld\n", waitpid(pid, 0, WNOHANG), pt(PTRACE_CONT, pid, 0, 0));
  printf("interrupt %ld\n", pt(PTRACE_INTERRUPT, pid, 0, 0));
  printf("%s\n", show(next(pid)));
  printf("listen in a trap %ld\n", pt(PTRACE_LISTEN, pid, 0, 0));
  printf("interrupt %ld\n", pt(PTRACE_INTERRUPT, pid, 0, 0));
  printf("%s\n", show(next(pid)));
  pt(PTRACE_CONT, pid, 0, 0);
  kill(pid, SIGSTOP);
  printf("%s\n", show(next(pid)));
  pt(PTRACE_CONT, pid, 0, SIGSTOP);
  printf("%s\n", show(next(pid)));
  printf("listen %ld\n", pt(PTRACE_LISTEN, pid, 0, 0));
  printf("listening: cont %ld wait %d\n", pt(PTRACE_CONT, pid, 0, 0), waitpid(pid, 0, WNOHANG));
  kill(pid, SIGCONT);
  printf("%s\n", show(next(pid)));
  pt(PTRACE_CONT, pid, 0, 0);
  printf("%s\n", show(next(pid)));
  pt(PTRACE_CONT, pid, 0, SIGCONT);
  rest();
  kill(pid, SIGKILL);
  printf("%s\n", show(next(pid)));
}

static void seized_family(void) {
  puts("a seized one's children");
  int go[2];
  pipe(go);
  pid_t pid = CHILD({
    char c;
    read(go[0], &c, 1);
    if (syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0) == 0) _exit(3);
    wait(0);
    _exit(2);
  });
  printf("seize %ld\n", pt(PTRACE_SEIZE, pid, 0, PTRACE_O_TRACEFORK));
  write(go[1], "x", 1);
  int status = next(pid);
  printf("%s\n", show(status));
  pid_t child = message(pid);
  printf("child %s\n", show(next(child)));
  pt(PTRACE_CONT, child, 0, 0);
  printf("child %s\n", show(next(child)));
  pt(PTRACE_CONT, pid, 0, 0);
  status = next(pid);
  printf("%s\n", show(status));
  pt(PTRACE_CONT, pid, 0, SIGCHLD);
  printf("%s\n", show(next(pid)));
}

/* A stranger traces: the parent sees nothing of the end before the tracer has waited. */
static void stranger(void) {
  puts("a stranger traces");
  int ready[2], done[2];
  pipe(ready);
  pipe(done);
  pid_t pid = CHILD({ char c; read(done[0], &c, 1); _exit(5); });
  pid_t tracer = CHILD({
    long r = pt(PTRACE_SEIZE, pid, 0, 0);
    write(ready[1], "x", 1);
    char c;
    read(ready[0], &c, 0);
    rest();
    rest();
    int status = next(pid);
    printf("tracer: seize %ld %s\n", r, show(status));
    fflush(stdout);
    printf("tracer again: %s\n", show(next(pid)));
    fflush(stdout);
    _exit(1);
  });
  char c;
  read(ready[0], &c, 1);
  write(done[1], "x", 1);
  rest();
  printf("hidden %d\n", waitpid(pid, 0, WNOHANG));
  int status = next(pid);
  rest();
  printf("%s\n", show(status));
  printf("%s\n", show(next(tracer)));
}

static void tracer_exits(int options) {
  printf("the tracer exits, options 0x%x\n", options);
  fflush(stdout);
  int ready[2], out[2];
  pipe(ready);
  pipe(out);
  pid_t pid = CHILD({
    char c;
    read(out[0], &c, 1);
    _exit(6);
  });
  pid_t tracer = CHILD({
    pt(PTRACE_SEIZE, pid, 0, options);
    pt(PTRACE_INTERRUPT, pid, 0, 0);
    next(pid);
    _exit(1);
  });
  printf("tracer %s\n", show(next(tracer)));
  rest();
  write(out[1], "x", 1);
  printf("%s\n", show(next(pid)));
}

static void *exec_thread(void *arg) {
  (void)arg;
  rest();
  execl(self, self, "child", (char *)0);
  return 0;
}
static void *sleeper(void *arg) {
  (void)arg;
  for (;;) pause();
}

static void thread_exec(void) {
  puts("exec of a thread");
  pid_t pid = CHILD({
    TRACEME();
    pthread_t a;
    pthread_t b;
    pthread_create(&a, 0, sleeper, 0);
    pthread_create(&b, 0, exec_thread, 0);
    for (;;) pause();
  });
  next(pid);
  pt(PTRACE_SETOPTIONS, pid, 0, PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC);
  pt(PTRACE_CONT, pid, 0, 0);
  pid_t a = 0, b = 0;
  int killed = 0, stopped = 0, clones = 0;
  for (;;) {
    int status;
    pid_t who = waitpid(-1, &status, __WALL);
    if (who < 0) break;
    if (who == pid && WIFSTOPPED(status) && status >> 16 == PTRACE_EVENT_CLONE) {
      clones++;
      if (a == 0) a = message(pid);
      else b = message(pid);
    } else if (who == pid && WIFSTOPPED(status) && status >> 16 == PTRACE_EVENT_EXEC) {
      printf("clones %d first stops %d others gone %d, exec by the second %d\n", clones, stopped, killed, message(pid) == (unsigned long)b);
    } else if (who != pid && WIFSTOPPED(status)) stopped++;
    else if (who == a) killed++;
    else if (who == pid && !WIFSTOPPED(status)) {
      printf("%s\n", show(status));
      break;
    }
    if (WIFSTOPPED(status)) pt(PTRACE_CONT, who, 0, 0);
  }
  printf("%s\n", show(next(-1)));
}

/* The leader ends first; a traced thread that is dead holds back the end of its process. */
static void thread_zombie(void) {
  puts("a dead thread waits for its tracer");
  pid_t pid = CHILD({
    TRACEME();
    pthread_t a;
    pthread_create(&a, 0, thread_body, 0);
    pthread_join(a, 0);
    _exit(8);
  });
  next(pid);
  pt(PTRACE_SETOPTIONS, pid, 0, PTRACE_O_TRACECLONE);
  pt(PTRACE_CONT, pid, 0, 0);
  printf("%s\n", show(next(pid)));
  pid_t thread = message(pid);
  pt(PTRACE_CONT, pid, 0, 0);
  printf("thread %s\n", show(next(thread)));
  pt(PTRACE_CONT, thread, 0, 0);
  rest();
  rest();
  printf("process not yet %d\n", waitpid(pid, 0, WNOHANG));
  printf("thread %s\n", show(next(thread)));
  printf("%s\n", show(next(pid)));
}

static void restart(void) {
  puts("an interrupted call goes on");
  pid_t pid = CHILD({
    TRACEME();
    struct timespec ts = {0, 400000000};
    int r = syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, &ts, &ts);
    _exit(r == 0 ? 3 : 4);
  });
  next(pid);
  pt(PTRACE_SETOPTIONS, pid, 0, PTRACE_O_TRACESYSGOOD);
  pt(PTRACE_CONT, pid, 0, 0);
  rest();
  kill(pid, SIGWINCH);
  printf("%s\n", show(next(pid)));
  for (int i = 0; i < 3; i++) {
    pt(PTRACE_SYSCALL, pid, 0, 0);
    int status = next(pid);
    printf("%s\n", show(status));
    if (!WIFSTOPPED(status)) return;
    struct { unsigned char op; unsigned char pad[3]; unsigned arch; unsigned long ip, sp, nr; } info;
    pt(0x420e, pid, sizeof info, (unsigned long)&info);
    if (info.op == 1) printf("%s\n", info.nr == SYS_restart_syscall ? "restart_syscall" : info.nr == SYS_exit_group ? "exit_group" : "other");
    else printf("op %d %ld\n", info.op, (long)info.nr);
  }
  pt(PTRACE_CONT, pid, 0, 0);
  printf("%s\n", show(next(pid)));
}

static volatile sig_atomic_t caught;
static void handler(int sig) { caught = sig; }

static void restarts_of_a_read(void) {
  puts("an interrupted read");
  int p[2];
  pipe(p);
  pid_t pid = CHILD({
    struct sigaction sa;
    memset(&sa, 0, sizeof sa);
    sa.sa_handler = handler;
    sigaction(SIGUSR1, &sa, 0);
    sa.sa_flags = SA_RESTART;
    sigaction(SIGUSR2, &sa, 0);
    TRACEME();
    char c;
    int r = read(p[0], &c, 1);
    int e = r < 0 ? errno : 0;
    int s = read(p[0], &c, 1);
    _exit(e == EINTR && s == 1 && c == 'y' ? 7 : 8);
  });
  next(pid);
  pt(PTRACE_SETOPTIONS, pid, 0, PTRACE_O_TRACESYSGOOD);
  int sigs[] = {SIGUSR1, SIGUSR2};
  for (int i = 0; i < 2; i++) {
    pt(PTRACE_SYSCALL, pid, 0, 0);
    if (i == 1) { /* the handler's return */
      next(pid);
      pt(PTRACE_SYSCALL, pid, 0, 0);
    }
    printf("entry %s\n", show(next(pid)));
    pt(PTRACE_SYSCALL, pid, 0, 0);
    rest();
    kill(pid, sigs[i]);
    struct { unsigned char op; unsigned char pad[3]; unsigned arch; unsigned long ip, sp; long rval; } info;
    printf("exit %s ", show(next(pid)));
    pt(0x420e, pid, sizeof info, (unsigned long)&info);
    printf("op %d rval %ld\n", info.op, info.rval);
    pt(PTRACE_SYSCALL, pid, 0, 0);
    printf("signal %s\n", show(next(pid)));
    pt(PTRACE_SYSCALL, pid, 0, sigs[i]);
    printf("sigreturn entry %s\n", show(next(pid)));
  }
  write(p[1], "y", 1);
  pt(PTRACE_CONT, pid, 0, 0);
  printf("%s\n", show(next(pid)));
}

static void step(void) {
  /* Linux's riscv64 has no single step; here there is one. */
  puts("single steps");
  pid_t pid = CHILD({ TRACEME(); _exit(4); });
  next(pid);
  int steps = 0, status;
  for (;;) {
    pt(PTRACE_SINGLESTEP, pid, 0, 0);
    status = next(pid);
    if (!WIFSTOPPED(status)) break;
    if (status >> 8 != SIGTRAP) printf("%s\n", show(status));
    steps++;
  }
  printf("some steps %d, %s\n", steps > 10, show(status));
}

static void dead_tracer_leaves_group_stop(void) {
  puts("a group stop outlives the tracer");
  pid_t pid = CHILD({ for (;;) pause(); });
  pid_t tracer = CHILD({
    pt(PTRACE_SEIZE, pid, 0, 0);
    kill(pid, SIGSTOP);
    next(pid);
    pt(PTRACE_CONT, pid, 0, SIGSTOP);
    next(pid);
    pt(PTRACE_LISTEN, pid, 0, 0);
    _exit(0);
  });
  printf("%s\n", show(next(tracer)));
  int status = 0;
  printf("stopped %d", waitpid(pid, &status, WUNTRACED) == pid);
  printf(" %s\n", show(status));
  kill(pid, SIGCONT);
  rest();
  kill(pid, SIGTERM);
  printf("%s\n", show(next(pid)));
}

static void exit_event_of_a_kill(void) {
  puts("exit event of a group");
  pid_t pid = CHILD({
    TRACEME();
    pthread_t a;
    pthread_create(&a, 0, sleeper, 0);
    rest();
    _exit(13);
  });
  next(pid);
  pt(PTRACE_SETOPTIONS, pid, 0, PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXIT);
  pt(PTRACE_CONT, pid, 0, 0);
  pid_t thread = 0;
  int exits = 0, ends = 0, status;
  pid_t who;
  while ((who = waitpid(-1, &status, __WALL)) > 0) {
    if (WIFSTOPPED(status) && status >> 16 == PTRACE_EVENT_CLONE) thread = message(pid);
    if (WIFSTOPPED(status) && status >> 16 == PTRACE_EVENT_EXIT) {
      exits++;
      printf("exit message 0x%lx\n", message(who));
    }
    if (!WIFSTOPPED(status)) {
      ends++;
      printf("%s %s\n", who == pid ? "process" : "thread", show(status));
    } else pt(PTRACE_CONT, who, 0, 0);
  }
  printf("exits %d ends %d thread %d\n", exits, ends, thread > 0);
}

int main(int argc, char **argv) {
  if (argc > 1) _exit(17);
  self = argv[0];
  char path[4096];
  ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
  if (n > 0) {
    path[n] = 0;
    self = path;
  }
  setvbuf(stdout, 0, _IOLBF, 0);
  prctl(PR_SET_PDEATHSIG, 0);
  events();
  exec_trap();
  attach();
  attach_stopped();
  seize();
  seized_family();
  stranger();
  tracer_exits(0);
  tracer_exits(PTRACE_O_EXITKILL);
  thread_exec();
  thread_zombie();
  restart();
  restarts_of_a_read();
  step();
  dead_tracer_leaves_group_stop();
  exit_event_of_a_kill();
  return 0;
}
