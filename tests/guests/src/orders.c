/* What depends on the order of tasks and on the host, chosen by the first argument:
   race   two threads increment a counter without a lock; prints the counter
   lost   exits 1 when the race lost an increment
   dead   two threads take two mutexes in opposite order and wait for each other
   host   prints what only the host knows: clocks, random bytes, its input, files and directories given as arguments
   Without arguments: runs nothing that depends on anything and prints "orders". */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static volatile long counter;
static pthread_mutex_t first = PTHREAD_MUTEX_INITIALIZER, second = PTHREAD_MUTEX_INITIALIZER;
static pthread_barrier_t both;

static void *increment(void *n) {
  for (long i = 0; i < (long)n; i++) counter = counter + 1;
  return NULL;
}
static void *embrace(void *swapped) {
  pthread_mutex_t *a = swapped ? &second : &first, *b = swapped ? &first : &second;
  pthread_mutex_lock(a);
  pthread_barrier_wait(&both);
  pthread_mutex_lock(b);
  return NULL;
}
static void two(void *(*f)(void *), void *x, void *y) {
  pthread_t a, b;
  pthread_create(&a, NULL, f, x);
  pthread_create(&b, NULL, f, y);
  pthread_join(a, NULL);
  pthread_join(b, NULL);
}
static void host(int n, char **paths) {
  struct timespec t;
  for (int clock = 0; clock < 2; clock++) {
    clock_gettime(clock, &t);
    printf("clock %d: %ld.%09ld\n", clock, (long)t.tv_sec, t.tv_nsec);
  }
  unsigned long random;
  if (getrandom(&random, sizeof random, 0) == sizeof random) printf("random %016lx\n", random);
  printf("pid %d, uid %d, umask %o\n", getpid(), getuid(), umask(022));
  char line[256];
  while (fgets(line, sizeof line, stdin)) printf("input %s", line);
  usleep(3000);
  for (int i = 0; i < n; i++) {
    struct stat s;
    if (lstat(paths[i], &s) != 0) {
      printf("%s is not there\n", paths[i]);
      continue;
    }
    printf("%s: inode %lu, changed %ld\n", paths[i], (unsigned long)s.st_ino, (long)s.st_mtime);
    if (S_ISDIR(s.st_mode)) {
      DIR *d = opendir(paths[i]);
      for (struct dirent *e; d && (e = readdir(d));) printf("  %s\n", e->d_name);
      if (d) closedir(d);
    } else {
      FILE *f = fopen(paths[i], "r+");
      if (!f) f = fopen(paths[i], "r");
      while (f && fgets(line, sizeof line, f)) printf("  %s", line);
      if (f) fclose(f);
    }
  }
}
int main(int argc, char **argv) {
  const char *what = argc > 1 ? argv[1] : "";
  if (!strcmp(what, "race") || !strcmp(what, "lost")) {
    long n = argc > 2 ? atol(argv[2]) : 2000;
    two(increment, (void *)n, (void *)n);
    printf("%ld\n", counter);
    return what[0] == 'l' && counter != 2 * n;
  }
  if (!strcmp(what, "dead")) {
    pthread_barrier_init(&both, NULL, 2);
    two(embrace, NULL, (void *)1);
  } else if (!strcmp(what, "host")) host(argc - 2, argv + 2);
  else puts("orders");
  return 0;
}
