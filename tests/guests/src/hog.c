/* Uses up the machine's memory in the way argv[1] names and says what the kernel answered. */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define MB (1ul << 20)

int main(int argc, char **argv) {
  setvbuf(stdout, 0, _IONBF, 0);
  const char *how = argc > 1 ? argv[1] : "";
  if (!strcmp(how, "mmap")) {
    size_t got = 0;
    char *p;
    while ((p = mmap(0, MB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)) != MAP_FAILED) memset(p, 1, MB), got++;
    printf("mmap: %s, %s\n", strerror(errno), got > 8 && got < 64 ? "after some" : "at the wrong time");
  } else if (!strcmp(how, "brk")) {
    size_t got = 0;
    char *p;
    while ((p = sbrk(MB)) != (void *)-1) memset(p, 1, MB), got++;
    printf("brk: %s, %s\n", strerror(errno), got > 8 && got < 64 ? "after some" : "at the wrong time");
  } else if (!strcmp(how, "malloc")) {
    printf("malloc of 1 GiB: %s\n", malloc(1024 * MB) == 0 ? strerror(errno) : "worked");
  } else if (!strcmp(how, "touch")) {
    char *p = mmap(0, 512 * MB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    for (size_t i = 0; i < 512 * MB; i += 4096) p[i] = 1;
    puts("touched all");
  } else if (!strcmp(how, "fork")) {
    int n = 0;
    pid_t child;
    while ((child = fork()) > 0) n++;
    if (child == 0) return pause();
    printf("fork: %s, %s\n", strerror(errno), n > 20 && n < 400 ? "after some" : "at the wrong time");
    signal(15, SIG_IGN);
    kill(0, 15);
    while (wait(0) > 0);
    child = fork();
    if (child == 0) _exit(0);
    printf("and again: %d\n", child > 0 && wait(0) == child);
  } else if (!strcmp(how, "shared")) {
    char *p = mmap(0, 16 * MB, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    for (int i = 0; i < 5; i++) {
      for (size_t at = 0; at < 16 * MB; at += 4096) p[at] = 1;
      munmap(p, 16 * MB);
      p = mmap(0, 16 * MB, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    }
    puts(p != MAP_FAILED ? "given back" : "still counted");
  }
  return 0;
}
