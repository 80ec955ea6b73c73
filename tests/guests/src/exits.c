/* Ways to leave a process that has 8 threads: exit_group, execve from any thread, a fatal signal; and how the parent sees it. */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <fcntl.h>

static pthread_barrier_t barrier;
static char **self;
static int mode;

static void *spin(void *arg) {
  long id = (long)arg;
  pthread_barrier_wait(&barrier);
  if (id == 3) {
    switch (mode) {
      case 1: exit(21);
      case 2: execl("/proc/self/exe", "exits", "again", NULL); _exit(99);
      case 3: *(volatile int *)0x10 = 1; break;
      case 4: abort();
      case 5: kill(getpid(), SIGTERM); break;
      case 7: syscall(SYS_exit_group, 300); break;
    }
  }
  if (id % 2) for (;;) pause();
  for (;;) sched_yield();
}

static void child(int m) {
  mode = m;
  pthread_barrier_init(&barrier, NULL, 8);
  pthread_t t;
  for (long i = 1; i < 8; i++) pthread_create(&t, NULL, spin, (void *)i);
  pthread_barrier_wait(&barrier);
  if (m == 6) { execl("/proc/self/exe", "exits", "again", NULL); _exit(98); }
  if (m == 8) pthread_exit(NULL);
  for (;;) pause();
}

int main(int argc, char **argv) {
  self = argv;
  if (argc > 1 && !strcmp(argv[1], "again")) {
    int threads = syscall(SYS_gettid) == getpid();
    printf("execed: tid is pid: %s\n", threads ? "yes" : "no");
    fflush(stdout);
    return 33;
  }
  for (int m = 1; m <= 8; m++) {
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) { child(m); _exit(1); }
    if (m == 8) { usleep(20000); kill(pid, SIGKILL); }
    int status = 0;
    pid_t got = waitpid(pid, &status, 0);
    printf("mode %d: %s, %s %d\n", m, got == pid ? "reaped" : "lost", WIFEXITED(status) ? "exit" : "signal",
           WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
  }
  return 0;
}
