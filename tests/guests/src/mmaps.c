/* The mmap family: what each call allows, refuses and leaves behind. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define P 4096ul
#define RW (PROT_READ | PROT_WRITE)
#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)

static const char *outcome(long r) { return r == -1 ? strerror(errno) : "ok"; }
#define SAY(what, call)                                                                            \
  do {                                                                                             \
    errno = 0;                                                                                     \
    long r_ = (long)(call);                                                                        \
    printf("%s: %s\n", what, outcome(r_));                                                         \
  } while (0)
static char *map(size_t pages) { return mmap(0, pages * P, RW, ANON, -1, 0); }

/* Number of lines of /proc/self/maps that lie in the range, and of smaps. */
static int lines(char *from, size_t pages) {
  int counts[2] = {0, 0};
  const char *names[] = {"/proc/self/maps", "/proc/self/smaps"};
  for (int i = 0; i < 2; i++) {
    FILE *f = fopen(names[i], "r");
    char line[512];
    unsigned long a, b;
    while (f && fgets(line, sizeof line, f))
      if (sscanf(line, "%lx-%lx ", &a, &b) == 2 && a < (unsigned long)from + pages * P && b > (unsigned long)from)
        counts[i]++;
    if (f) fclose(f);
  }
  return counts[0] == counts[1] ? counts[0] : -1;
}

static void splitting(void) {
  char *a = mmap(0, 16 * P, PROT_NONE, ANON | MAP_NORESERVE, -1, 0), *m = a + 4 * P;
  mmap(m, 8 * P, RW, ANON | MAP_FIXED, -1, 0);
  memset(m, 1, 8 * P);
  printf("one mapping: %d\n", lines(m, 8));
  mprotect(m + 2 * P, P, PROT_READ);
  printf("after mprotect of one page: %d\n", lines(m, 8));
  munmap(m + 5 * P, P);
  printf("after munmap of another: %d\n", lines(m, 8));
  mprotect(m + 2 * P, P, RW);
  printf("after mprotect back: %d\n", lines(m, 8));
  mmap(m + 5 * P, P, RW, ANON | MAP_FIXED, -1, 0);
  printf("hole filled: %d, its byte %d, its neighbour's %d\n", lines(m, 8), m[5 * P], m[6 * P]);
  SAY("mprotect across a hole", (munmap(m + 6 * P, P), mprotect(m + 5 * P, 3 * P, PROT_READ)));
  SAY("munmap of nothing", munmap(m + 6 * P, P));
  SAY("munmap of length 0", munmap(m, 0));
  SAY("munmap unaligned", munmap(m + 1, P));
  SAY("mmap of length 0", (long)mmap(0, 0, RW, ANON, -1, 0));
  SAY("neither shared nor private", (long)mmap(0, P, RW, MAP_ANONYMOUS, -1, 0));
  SAY("bad descriptor", (long)mmap(0, P, RW, MAP_PRIVATE, 999, 0));
  SAY("offset unaligned", (long)mmap(0, P, RW, MAP_PRIVATE, 0, 1));
  SAY("noreplace on top", (long)mmap(m, P, RW, ANON | MAP_FIXED_NOREPLACE, -1, 0));
  munmap(a, 16 * P);
}

static void moving(void) {
  char *m = map(4);
  for (int i = 0; i < 4; i++) m[i * P] = 'a' + i;
  char *n = mremap(m, 4 * P, 64 * P, MREMAP_MAYMOVE);
  printf("grown: %c%c%c%c %d\n", n[0], n[P], n[2 * P], n[3 * P], n[63 * P]);
  n = mremap(n, 64 * P, 2 * P, 0);
  printf("shrunk: %c%c, %d mappings\n", n[0], n[P], lines(n, 2));
  char *target = map(8);
  char *f = mremap(n, 2 * P, 2 * P, MREMAP_MAYMOVE | MREMAP_FIXED, target + 2 * P);
  printf("fixed: %d %c%c\n", f == target + 2 * P, f[0], f[P]);
  char *d = mremap(f, 2 * P, 2 * P, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, 0);
  printf("dontunmap: %c%c, old %d\n", d[0], d[P], f[0]);
  SAY("overlapping", (long)mremap(target, 4 * P, 4 * P, MREMAP_MAYMOVE | MREMAP_FIXED, target + P));
  SAY("unaligned", (long)mremap(target + 1, P, 2 * P, MREMAP_MAYMOVE));
  SAY("to nothing", (long)mremap(target, P, 0, MREMAP_MAYMOVE));
  munmap(target + 4 * P, P);
  SAY("over a hole", (long)mremap(target + 3 * P, 3 * P, 8 * P, MREMAP_MAYMOVE));
  SAY("fixed alone", (long)mremap(target, P, P, MREMAP_FIXED, target + P));
  char *s = mmap(0, P, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  s[0] = 'S';
  char *twin = mremap(s, 0, P, MREMAP_MAYMOVE);
  twin[1] = 'T';
  printf("duplicated: %c%c\n", twin[0], s[1]);
}

static void sharing(void) {
  char *s = mmap(0, 2 * P, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0), *p = map(4);
  strcpy(s, "before");
  strcpy(p, "private");
  p[P] = 'w';
  p[2 * P] = 'k';
  madvise(p + P, P, MADV_WIPEONFORK);
  madvise(p + 3 * P, P, MADV_DONTFORK);
  fflush(stdout);
  pid_t child = fork();
  if (child == 0) {
    strcpy(s, "child was here");
    printf("child: %s, wiped %d, kept %c, %d mappings left\n", p, p[P], p[2 * P], lines(p + 3 * P, 1));
    strcpy(p, "changed");
    fflush(stdout);
    _exit(0);
  }
  waitpid(child, 0, 0);
  printf("parent: %s, %s\n", s, p);
  SAY("wipeonfork of shared", madvise(s, P, MADV_WIPEONFORK));
  SAY("free of shared", madvise(s, P, MADV_FREE));
  SAY("dontneed", madvise(p, P, MADV_DONTNEED));
  printf("after dontneed: %d\n", p[0]);
  SAY("unknown advice", madvise(p, P, 77));
  SAY("advice unaligned", madvise(p + 1, P, MADV_NORMAL));
  SAY("populate read-only for writing", (mprotect(p, P, PROT_READ), madvise(p, P, 23)));
}

static void files(void) {
  char name[] = "/tmp/mmapsXXXXXX", buffer[16] = {0};
  int fd = mkstemp(name);
  if (ftruncate(fd, 3 * P) || pwrite(fd, "hello", 5, P) != 5) puts("file");
  int ro = open(name, O_RDONLY), wo = open(name, O_WRONLY);
  SAY("write shared from read-only", (long)mmap(0, P, RW, MAP_SHARED, ro, 0));
  SAY("write private from read-only", (long)mmap(0, P, RW, MAP_PRIVATE, ro, 0));
  SAY("read from write-only", (long)mmap(0, P, PROT_READ, MAP_SHARED, wo, 0));
  char *r = mmap(0, P, PROT_READ, MAP_SHARED, ro, 0);
  SAY("mprotect it writable", mprotect(r, P, RW));
  SAY("a directory", (long)mmap(0, P, PROT_READ, MAP_PRIVATE, open("/tmp", O_RDONLY), 0));
  char *a = mmap(0, P, RW, MAP_SHARED, fd, P), *b = mmap(0, P, RW, MAP_SHARED, fd, P);
  close(fd);
  strcpy(a, "HELLO");
  printf("both see %s; ", b);
  if (pread(ro, buffer, 5, P) == 5) printf("read gives %s\n", buffer);
  SAY("msync", msync(a, P, MS_SYNC));
  SAY("msync async and sync", msync(a, P, MS_SYNC | MS_ASYNC));
  SAY("msync of nothing", (munmap(b, P), msync(b, P, MS_SYNC)));
  char *own = mmap(0, P, RW, MAP_PRIVATE, ro, P);
  own[0] = 'J';
  if (pread(ro, buffer, 5, P) == 5) printf("private %s, file %s\n", own, buffer);
  unlink(name);
}

static void residency(void) {
  unsigned char vec[4];
  char *m = map(4);
  m[0] = m[2 * P] = 1;
  mincore(m, 4 * P, vec);
  printf("resident: %d%d%d%d\n", vec[0] & 1, vec[1] & 1, vec[2] & 1, vec[3] & 1);
  char *full = mmap(0, 4 * P, RW, ANON | MAP_POPULATE, -1, 0);
  mincore(full, 4 * P, vec);
  printf("populated: %d%d%d%d\n", vec[0] & 1, vec[1] & 1, vec[2] & 1, vec[3] & 1);
  SAY("mincore of nothing", (munmap(full + P, P), mincore(full, 4 * P, vec)));
  SAY("mincore unaligned", mincore(m + 1, P, vec));
  SAY("mlock of nothing", mlock(full + P, P));
  SAY("mlock", mlock(m, P));
  SAY("dontneed of locked", madvise(m, P, MADV_DONTNEED));
  SAY("munlock", munlock(m, P));
  SAY("mlockall without flags", mlockall(0));
  SAY("munlockall", munlockall());
}

static void limits(void) {
  char *heap = sbrk(0);
  SAY("brk up", brk(heap + 10 * P));
  memset(heap, 3, 10 * P);
  SAY("brk down", brk(heap + P));
  SAY("brk up again", brk(heap + 4 * P));
  printf("kept %d, fresh %d\n", heap[10], heap[2 * P]);
  struct rlimit old, small = {1 << 20, RLIM_INFINITY};
  getrlimit(RLIMIT_DATA, &old);
  setrlimit(RLIMIT_DATA, &small);
  SAY("2 MiB beyond RLIMIT_DATA", (long)mmap(0, 2 << 20, RW, ANON, -1, 0));
  SAY("2 MiB read-only", (long)mmap(0, 2 << 20, PROT_READ, ANON, -1, 0));
  SAY("2 MiB shared", (long)mmap(0, 2 << 20, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
  setrlimit(RLIMIT_DATA, &old);
  struct rlimit space = {1 << 20, RLIM_INFINITY};
  setrlimit(RLIMIT_AS, &space);
  SAY("beyond RLIMIT_AS", (long)mmap(0, 2 << 20, PROT_NONE, ANON, -1, 0));
}

static void growing(void) {
  char *area = mmap(0, 600 * P, PROT_NONE, ANON, -1, 0);
  munmap(area, 600 * P);
  char *top = mmap(area + 599 * P, P, RW, ANON | MAP_FIXED | MAP_GROWSDOWN, -1, 0);
  for (int i = 0; i < 20; i++) top[-i * 4096 + 8] = (char)i;
  printf("grew down: %d\n", top[-19 * 4096 + 8]);
  SAY("growsdown of a file", (long)mmap(0, P, RW, MAP_PRIVATE | MAP_GROWSDOWN, 0, 0) == -1 ? -1 : 0);
  char here = 'x', *page = (char *)((uintptr_t)&here & ~(P - 1)) - 40 * P;
  char *over = mmap(page, P, RW, ANON | MAP_FIXED, -1, 0);
  over[5] = 'y';
  printf("mapped over my own stack: %d %c\n", over == page, here);
}

int main(void) {
  setvbuf(stdout, 0, _IONBF, 0);
  splitting();
  moving();
  sharing();
  files();
  residency();
  growing();
  limits();
  return 0;
}
