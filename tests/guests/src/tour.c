/* The demo: threads, a forked child over a pipe, a signal handler, floating point. Prints the same on every Linux. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static long counter;
static volatile sig_atomic_t caught;

static void *worker(void *arg) {
  for (int i = 0; i < 1000; i++) {
    pthread_mutex_lock(&lock);
    counter += (long)arg;
    pthread_mutex_unlock(&lock);
  }
  return NULL;
}
static void on_signal(int sig) { caught = sig; }

int main(void) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  pthread_t t[4];
  for (long i = 0; i < 4; i++) pthread_create(&t[i], NULL, worker, (void *)(i + 1));
  for (int i = 0; i < 4; i++) pthread_join(t[i], NULL);
  printf("4 threads counted to %ld under one mutex\n", counter);
  int p[2];
  if (pipe(p)) return 1;
  if (fork() == 0) {
    const char *text = "hello from a forked child";
    write(p[1], text, strlen(text));
    _exit(7);
  }
  close(p[1]);
  char buf[64];
  ssize_t n = read(p[0], buf, sizeof buf - 1);
  buf[n > 0 ? n : 0] = 0;
  int status;
  wait(&status);
  printf("through a pipe: %s; it left with %d\n", buf, WEXITSTATUS(status));
  signal(SIGUSR1, on_signal);
  raise(SIGUSR1);
  printf("a handler caught signal %d\n", caught);
  double sum = 0;
  for (int i = 1; i <= 1000000; i++) sum += 1.0 / ((double)i * i);
  printf("sum of 1/i^2 up to a million: %.15f\n", sum);
  return 0;
}
