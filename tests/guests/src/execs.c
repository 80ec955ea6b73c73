/* execve: arguments and their limits, the auxiliary vector, descriptors, scripts, threads, and every way to be refused. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;
static char self[4096], dir[] = "/tmp/execsXXXXXX", path[4200];

static char *in_dir(const char *name) {
  snprintf(path, sizeof path, "%s/%s", dir, name);
  return path;
}
static char *file(const char *name, const char *content, mode_t mode) {
  int fd = open(in_dir(name), O_WRONLY | O_CREAT | O_TRUNC, 0700);
  if (write(fd, content, strlen(content)) < 0) puts("write");
  fchmod(fd, mode);
  close(fd);
  return path;
}
static const char *without_dir(const char *s) {
  const char *at = strstr(s, dir);
  return at ? at + strlen(dir) : s;
}

/* What the new program shows: its role is argv[1]. */
static int shown(int argc, char **argv) {
  if (!strcmp(argv[1], "args")) {
    printf("  argc %d:", argc);
    for (int i = 2; i < argc; i++) printf(" [%s]", without_dir(argv[i]));
    printf(" env:");
    for (char **e = environ; *e; e++) printf(" %s", *e);
    puts("");
  } else if (!strcmp(argv[1], "aux")) {
    const unsigned char *random = (void *)getauxval(AT_RANDOM);
    int zero = 0;
    for (int i = 0; i < 16; i++) zero += random[i] == 0;
    printf("  page %lu, clock %lu, secure %lu, random %s, execfn %s, uid %d %d, platform %s, phent %lu\n",
           getauxval(AT_PAGESZ), getauxval(AT_CLKTCK), getauxval(AT_SECURE), zero < 8 ? "yes" : "no",
           strrchr((char *)getauxval(AT_EXECFN), '/'), getauxval(AT_UID) == getuid(), getauxval(AT_EGID) == getegid(),
           getauxval(AT_PHNUM) > 2 ? "phdrs" : "none", getauxval(AT_PHENT));
#ifdef __riscv
    printf("  hwcap %s\n", (getauxval(AT_HWCAP) & 0x112d) == 0x112d ? "IMAFDC" : "other");
#else
    puts("  hwcap IMAFDC");
#endif
  } else if (!strcmp(argv[1], "fds")) {
    for (int i = 2; i < argc; i++) printf("  fd %s %s\n", i == 2 ? "kept" : "cloexec", fcntl(atoi(argv[i]), F_GETFD) == -1 ? "closed" : "open");
  } else if (!strcmp(argv[1], "signals")) {
    struct sigaction usr1, usr2;
    sigset_t mask, pending;
    sigaction(SIGUSR1, 0, &usr1);
    sigaction(SIGUSR2, 0, &usr2);
    sigprocmask(SIG_BLOCK, 0, &mask);
    sigpending(&pending);
    stack_t alt;
    sigaltstack(0, &alt);
    printf("  handled %s, ignored %s, blocked %d, pending %d, altstack %s, alarm %u\n",
           usr1.sa_handler == SIG_DFL ? "default" : "kept", usr2.sa_handler == SIG_IGN ? "ignored" : "default",
           sigismember(&mask, SIGHUP), sigismember(&pending, SIGHUP), alt.ss_flags & SS_DISABLE ? "none" : "kept", alarm(0));
  } else if (!strcmp(argv[1], "pid")) {
    printf("  same pid %d, tid is pid %d\n", atoi(argv[2]) == getpid(), syscall(SYS_gettid) == getpid());
    char target[4096] = {0};
    if (readlink("/proc/self/exe", target, sizeof target - 1) > 0) printf("  exe is %s\n", without_dir(target)[0] ? "there" : "");
    FILE *f = fopen("/proc/self/comm", "r");
    char comm[32] = {0};
    if (f && fgets(comm, sizeof comm, f)) printf("  comm %s", comm);
  } else if (!strcmp(argv[1], "count")) {
    size_t bytes = 0;
    for (int i = 0; i < argc; i++) bytes += strlen(argv[i]) + 1;
    printf("  %d arguments of %zu bytes\n", argc, bytes);
  }
  fflush(stdout);
  return 0;
}

static char *no_env[] = {"A=1", "B=two words", 0};
static int run(const char *what, void (*how)(void *), void *arg) {
  printf("%s\n", what);
  fflush(stdout);
  pid_t child = fork();
  if (child == 0) {
    how(arg);
    printf("  refused: %s\n", strerror(errno));
    fflush(stdout);
    _exit(1);
  }
  int status;
  waitpid(child, &status, 0);
  if (WIFSIGNALED(status)) printf("  signal %d\n", WTERMSIG(status));
  return status;
}

static void args(void *a) { (void)a; execve(self, (char *[]){"zero", "args", "", "a b", "\xff", 0}, no_env); }
static void aux(void *a) { (void)a; execve(in_dir("copy"), (char *[]){"x", "aux", 0}, environ); }
static void fds(void *a) {
  (void)a;
  char one[16], two[16];
  sprintf(one, "%d", open("/dev/null", O_RDONLY));
  sprintf(two, "%d", open("/dev/null", O_RDONLY | O_CLOEXEC));
  execve(self, (char *[]){"x", "fds", one, two, 0}, no_env);
}
static void nothing(int sig) { (void)sig; }
static void signals(void *a) {
  (void)a;
  static char alternate[65536];
  sigset_t hup;
  sigemptyset(&hup);
  sigaddset(&hup, SIGHUP);
  sigprocmask(SIG_BLOCK, &hup, 0);
  raise(SIGHUP);
  signal(SIGUSR1, nothing);
  signal(SIGUSR2, SIG_IGN);
  sigaltstack(&(stack_t){.ss_sp = alternate, .ss_size = sizeof alternate}, 0);
  alarm(100);
  execve(self, (char *[]){"x", "signals", 0}, no_env);
}
static void *other(void *a) { (void)a; for (;;) pause(); }
static void *executor(void *a) {
  (void)a;
  char pid[16];
  sprintf(pid, "%d", getpid());
  execve(in_dir("a-name-longer-than-fifteen"), (char *[]){"x", "pid", pid, 0}, no_env);
  printf("  thread refused: %s\n", strerror(errno));
  exit(1);
}
static void from_thread(void *a) {
  (void)a;
  pthread_t t;
  for (int i = 0; i < 4; i++) pthread_create(&t, 0, other, 0);
  pthread_create(&t, 0, executor, 0);
  other(0);
}
static void by_descriptor(void *a) { (void)a; fexecve(open(self, O_RDONLY | O_CLOEXEC), (char *[]){"x", "args", "fexecve", 0}, no_env); }
static void by_proc(void *a) { (void)a; execve("/proc/self/exe", (char *[]){"x", "args", "proc", 0}, no_env); }
static void relative(void *a) {
  (void)a;
  syscall(SYS_execveat, open(dir, O_DIRECTORY), "copy", (char *[]){"x", "args", "execveat", 0}, no_env, 0);
}
static void no_follow(void *a) {
  (void)a;
  symlink("copy", in_dir("link"));
  syscall(SYS_execveat, open(dir, O_DIRECTORY), "link", (char *[]){"x", "args", 0}, no_env, AT_SYMLINK_NOFOLLOW);
}
static void plain(void *name) { execve(name, (char *[]){"zero", "one", "two", 0}, no_env); }
static void many(void *n) {
  long count = (long)n;
  char **list = calloc(count + 3, sizeof *list);
  list[0] = "x", list[1] = "count";
  for (long i = 0; i < count; i++) list[i + 2] = "123456789012345";
  execve(self, list, no_env);
}
static void one_long(void *n) {
  char *s = malloc((long)n + 1);
  memset(s, 'y', (long)n);
  s[(long)n] = 0;
  execve(self, (char *[]){"x", "count", s, 0}, no_env);
}
static void without(void *a) { (void)a; syscall(SYS_execve, self, 0, 0); }
static void bad_pointer(void *a) { (void)a; syscall(SYS_execve, self, 8, 0); }
static void copy_self(const char *name) {
  int from = open("/proc/self/exe", O_RDONLY), to = open(in_dir(name), O_WRONLY | O_CREAT, 0755);
  char buffer[65536];
  for (ssize_t n; (n = read(from, buffer, sizeof buffer)) > 0;)
    if (write(to, buffer, n) != n) puts("short");
  close(to);
  close(from);
}

int main(int argc, char **argv) {
  if (argc == 0 || (argc == 1 && argv[0][0] == 0)) return puts("  no arguments"), fflush(stdout), 0;
  if (argc > 1) return shown(argc, argv);
  if (readlink("/proc/self/exe", self, sizeof self - 1) < 0 || !mkdtemp(dir)) return 1;
  copy_self("copy");
  copy_self("a-name-longer-than-fifteen");
  char line[8300];
  run("arguments and environment", args, 0);
  run("auxiliary vector", aux, 0);
  run("descriptors", fds, 0);
  run("signals", signals, 0);
  run("from a thread", from_thread, 0);
  run("fexecve", by_descriptor, 0);
  run("/proc/self/exe", by_proc, 0);
  run("execveat", relative, 0);
  run("execveat of a link it may not follow", no_follow, 0);
  snprintf(line, sizeof line, "#! %s   args  -x y \n", self);
  run("script with arguments", plain, file("script", line, 0755));
  snprintf(line, sizeof line, "#!%s/script\n", dir);
  run("script of a script", plain, file("script2", line, 0755));
  run("missing", plain, in_dir("missing"));
  run("a directory", plain, dir);
  run("text", plain, file("text", "hello\n", 0755));
  run("empty", plain, file("empty", "", 0755));
  run("not executable", plain, file("mode", "#!/bin/sh\n", 0644));
  run("interpreter missing", plain, file("nosh", "#!/no/such\n", 0755));
  run("no interpreter", plain, file("nothing", "#!\n", 0755));
  snprintf(line, sizeof line, "#!%s/loop\n", dir);
  run("a loop of scripts", plain, file("loop", line, 0755));
  run("below a file", plain, in_dir("text/x"));
  memset(line, 'n', 300);
  line[300] = 0;
  run("name too long", plain, in_dir(line));
  run("10,000 arguments", many, (void *)10000);
  run("400,000 arguments", many, (void *)400000);
  run("an argument of 131,071 bytes", one_long, (void *)131071);
  run("an argument of 131,072 bytes", one_long, (void *)131072);
  run("without argv", without, 0);
  run("bad argv", bad_pointer, 0);
  const char *names[] = {"copy", "a-name-longer-than-fifteen", "link", "script", "script2", "text", "empty", "mode", "nosh", "nothing", "loop"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) unlink(in_dir(names[i]));
  return rmdir(dir);
}
