/* Never ends by itself, in the way argv[1] names. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void *idle(void *unused) {
  for (;;) sleep(1);
  return unused;
}

int main(int argc, char **argv) {
  const char *how = argc > 1 ? argv[1] : "";
  write(1, "begun\n", 6);
  if (!strcmp(how, "sleep")) sleep(1000000);
  if (!strcmp(how, "spin"))
    for (volatile unsigned n = 0;; n++);
  if (!strcmp(how, "crowd")) {
    pthread_t thread;
    signal(SIGTERM, SIG_IGN);
    pthread_create(&thread, 0, idle, 0);
    fork();
    fork();
    for (volatile unsigned n = 0;; n++)
      if (n % 100000 == 0) usleep(1000);
  }
  if (!strcmp(how, "deadlock")) pthread_mutex_lock(&lock), pthread_mutex_lock(&lock);
  return 0;
}
