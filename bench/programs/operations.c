// operations NAME COUNT: nanoseconds of one kernel operation.
#define _GNU_SOURCE
#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "now.h"

static void *nothing(void *p) { return p; }
static void caught(int sig) {}

static int p[2], q[2];
static void *pipes(void *count) {
  char c;
  for (long i = (long)count; i > 0; i--)
    if (read(p[0], &c, 1) != 1 || write(q[1], &c, 1) != 1) exit(1);
  return 0;
}

static int turn;
static void await_turn(int mine) {
  int seen;
  while ((seen = __atomic_load_n(&turn, __ATOMIC_ACQUIRE)) != mine) syscall(SYS_futex, &turn, FUTEX_WAIT_PRIVATE, seen, 0, 0, 0);
}
static void give_turn(int to) {
  __atomic_store_n(&turn, to, __ATOMIC_RELEASE);
  syscall(SYS_futex, &turn, FUTEX_WAKE_PRIVATE, 1, 0, 0, 0);
}
static void *futexes(void *count) {
  for (long i = (long)count; i > 0; i--) await_turn(1), give_turn(0);
  return 0;
}

static void operate(const char *name, long n) {
  pthread_t t;
  int status;
  if (!strcmp(name, "getpid"))
    while (n--) syscall(SYS_getpid);
  else if (!strcmp(name, "thread"))
    while (n--) pthread_create(&t, 0, nothing, 0), pthread_join(t, 0);
  else if (!strcmp(name, "fork"))
    while (n--) {
      int pid = fork();
      if (pid == 0) _exit(0);
      waitpid(pid, &status, 0);
    }
  else if (!strcmp(name, "vfork"))
    while (n--) {
      int pid = vfork();
      if (pid == 0) _exit(0);
      waitpid(pid, &status, 0);
    }
  else if (!strcmp(name, "pipe")) {
    char c = 1;
    if (pipe(p) || pipe(q)) exit(1);
    pthread_create(&t, 0, pipes, (void *)n);
    while (n--)
      if (write(p[1], &c, 1) != 1 || read(q[0], &c, 1) != 1) exit(1);
    pthread_join(t, 0);
  } else if (!strcmp(name, "futex")) {
    pthread_create(&t, 0, futexes, (void *)n);
    while (n--) give_turn(1), await_turn(0);
    pthread_join(t, 0);
  } else if (!strcmp(name, "mmap"))
    while (n--) {
      char *m = mmap(0, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
      m[0] = m[40960] = 1;
      munmap(m, 65536);
    }
  else if (!strcmp(name, "raise")) {
    signal(SIGUSR1, caught);
    while (n--) raise(SIGUSR1);
  } else
    exit(2);
}

int main(int argc, char **argv) {
  long n = atol(argv[2]);
  operate(argv[1], n / 10 + 1);
  long long start = now();
  operate(argv[1], n);
  printf("%lld\n", (now() - start) / n);
  return 0;
}
