// tasks N: N threads that all live at once and wait; prints "alive" then, and at the end the nanoseconds of making and of ending them.
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "now.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t go = PTHREAD_COND_INITIALIZER, there = PTHREAD_COND_INITIALIZER;
static int waiting, released;

static void *idle(void *p) {
  pthread_mutex_lock(&lock);
  waiting++;
  pthread_cond_signal(&there);
  while (!released) pthread_cond_wait(&go, &lock);
  pthread_mutex_unlock(&lock);
  return 0;
}

int main(int argc, char **argv) {
  int n = atoi(argv[1]);
  pthread_t *t = malloc(n * sizeof *t);
  pthread_attr_t a;
  pthread_attr_init(&a);
  pthread_attr_setstacksize(&a, 32768);
  long long start = now();
  for (int i = 0; i < n; i++)
    if (pthread_create(&t[i], &a, idle, 0)) return perror("pthread_create"), 1;
  pthread_mutex_lock(&lock);
  while (waiting < n) pthread_cond_wait(&there, &lock);
  pthread_mutex_unlock(&lock);
  long long made = now();
  puts("alive");
  fflush(stdout);
  long long resumed = now();
  pthread_mutex_lock(&lock);
  released = 1;
  pthread_cond_broadcast(&go);
  pthread_mutex_unlock(&lock);
  for (int i = 0; i < n; i++) pthread_join(t[i], 0);
  printf("%lld %lld\n", made - start, now() - resumed);
  return 0;
}
