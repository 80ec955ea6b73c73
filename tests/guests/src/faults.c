/* Precise faults: which signal, which code, which address, for every kind of access; what a handler can do about them. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static sigjmp_buf back;
static volatile int signo, code;
static char *volatile where;
static char *area;
static char altstack[65536];

static void handler(int sig, siginfo_t *info, void *context) {
  (void)context;
  signo = sig;
  code = info->si_code;
  where = info->si_addr;
  siglongjmp(back, 1);
}

static const char *code_name(void) {
  if (signo == SIGSEGV) return code == SEGV_MAPERR ? "MAPERR" : code == SEGV_ACCERR ? "ACCERR" : "?";
  if (signo == SIGBUS) return code == BUS_ADRERR ? "ADRERR" : code == BUS_ADRALN ? "ADRALN" : "?";
  return "?";
}

#define TRY(what, base, access)                                                                    \
  do {                                                                                             \
    signo = 0;                                                                                     \
    if (sigsetjmp(back, 1) == 0) {                                                                 \
      access;                                                                                      \
      printf("%s: nothing\n", what);                                                               \
    } else                                                                                         \
      printf("%s: %s %s at %+ld\n", what, signo == SIGSEGV ? "SEGV" : "BUS", code_name(),           \
             (long)(where - (char *)(base)));                                                      \
  } while (0)

static volatile uint64_t sink;
static void jump(void *to) { ((void (*)(void))to)(); }

static void accesses(void) {
  char *none = area, *ro = area + 0x2000, *rw = area + 0x4000;
  mprotect(none, 0x1000, PROT_NONE);
  mprotect(ro, 0x1000, PROT_READ);
  munmap(area + 0x1000, 0x1000);
  munmap(area + 0x3000, 0x1000);
  munmap(area + 0x5000, 0x1000);
  rw[0] = 1;
  TRY("load from nothing", area, sink = *(volatile uint64_t *)(area + 0x1008));
  TRY("store to nothing", area, *(volatile uint32_t *)(area + 0x1004) = 1);
  TRY("load of PROT_NONE", area, sink = *(volatile uint8_t *)(none + 5));
  TRY("store to PROT_NONE", area, *(volatile uint16_t *)(none + 6) = 1);
  TRY("load of read-only", area, sink = *(volatile uint64_t *)(ro + 8));
  TRY("store to read-only", area, *(volatile uint64_t *)(ro + 16) = 1);
  TRY("atomic add to read-only", area, __atomic_fetch_add((uint32_t *)(ro + 20), 1, __ATOMIC_SEQ_CST));
  TRY("atomic add to nothing", area, __atomic_fetch_add((uint64_t *)(area + 0x1010), 1, __ATOMIC_SEQ_CST));
  TRY("compare-exchange on read-only", area, {
    uint32_t zero = 0;
    __atomic_compare_exchange_n((uint32_t *)(ro + 24), &zero, 1, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
  });
  TRY("float load from nothing", area, sink = (uint64_t) * (volatile double *)(area + 0x1018));
  TRY("null", 0, sink = *(volatile int *)0);
  TRY("null plus 8", 0, *(volatile int *)8 = 1);
  TRY("last address", (char *)-8, sink = *(volatile uint64_t *)-8);
  TRY("high address", (char *)(1ul << 40), sink = *(volatile uint64_t *)(1ul << 40));
}

static void code_pages(void) {
  char *rw = area + 0x4000;
  uint32_t ret = 0x00008067;
  memcpy(rw, &ret, 4);
#ifdef __riscv
  TRY("jump to data", area, jump(rw));
  TRY("jump to nothing", area, jump(area + 0x5000));
  mprotect(rw, 0x1000, PROT_READ | PROT_EXEC);
  TRY("jump to code", area, jump(rw));
  TRY("store to code", area, *(volatile char *)(rw + 1) = 0);
  mprotect(rw, 0x1000, PROT_READ | PROT_WRITE);
  TRY("jump to what was code", area, jump(rw));
#else
  puts("jump to data: SEGV ACCERR at +16384\njump to nothing: SEGV MAPERR at +20480\njump to code: nothing");
  puts("store to code: SEGV ACCERR at +16385\njump to what was code: SEGV ACCERR at +16384");
#endif
}

static void files(void) {
  char name[] = "/tmp/faultsXXXXXX";
  int fd = mkstemp(name);
  unlink(name);
  if (ftruncate(fd, 6000)) puts("ftruncate");
  char *shared = mmap(0, 0x4000, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  char *own = mmap(0, 0x4000, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
  TRY("shared, inside", shared, shared[5999] = 1);
  TRY("shared, in the tail of the last page", shared, sink = shared[8191]);
  TRY("shared, load beyond", shared, sink = shared[8192]);
  TRY("shared, store beyond", shared, shared[8200] = 1);
  TRY("private, inside", own, own[100] = 1);
  TRY("private, load beyond", own, sink = own[8192]);
  TRY("private, store beyond", own, own[12300] = 1);
  if (ftruncate(fd, 100)) puts("ftruncate");
  TRY("shared, cut off", shared, sink = shared[4100]);
  if (ftruncate(fd, 8192)) puts("ftruncate");
  TRY("shared, grown again", shared, sink = shared[4100]);
  printf("grown page is %d\n", shared[5999]);
  munmap(shared, 0x4000);
  munmap(own, 0x4000);
  close(fd);
}

static void kernel_side(void) {
  char *two = mmap(0, 0x2000, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  munmap(two + 0x1000, 0x1000);
  int p[2];
  if (pipe(p)) return;
  errno = 0;
  if (write(p[1], "hello", 5) != 5) return;
  ssize_t wrote = write(p[1], two + 0x1000, 20);
  printf("write from nothing: %zd %s\n", wrote, strerror(errno));
  printf("read into read-only: %s\n",
         mprotect(two, 0x1000, PROT_READ) == 0 && read(p[0], two, 5) == -1 ? strerror(errno) : "worked");
  munmap(two, 0x1000);
}

static int depth(int n) {
  volatile char frame[4096];
  frame[0] = (char)n;
  return depth(n + 1) + frame[0];
}

static void overflow(void) {
  struct rlimit limit = {256 << 10, RLIM_INFINITY};
  setrlimit(RLIMIT_STACK, &limit);
  stack_t alt = {.ss_sp = altstack, .ss_size = sizeof altstack};
  sigaltstack(&alt, 0);
  char here;
  signo = 0;
  if (sigsetjmp(back, 1) == 0) depth(0);
  printf("stack overflow: %s %s, %s the stack\n", signo == SIGSEGV ? "SEGV" : "?", code_name(),
         where < &here - (64 << 10) && where > &here - (1 << 20) ? "below" : "not near");
  stack_t now;
  sigaltstack(0, &now);
  printf("altstack left: %d\n", now.ss_flags);
}

static void repaired(int sig, siginfo_t *info, void *context) {
  (void)sig;
  (void)context;
  mprotect((void *)((uintptr_t)info->si_addr & ~0xffful), 0x1000, PROT_READ | PROT_WRITE);
}

/* What garbage collectors do: the handler makes the page accessible and the access goes on. */
static void repair(void) {
  struct sigaction act = {.sa_sigaction = repaired, .sa_flags = SA_SIGINFO};
  sigaction(SIGSEGV, &act, 0);
  char *pages = mmap(0, 0x3000, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  for (int i = 0; i < 3; i++) pages[i * 0x1000 + 7] = 'a' + i;
  printf("repaired: %c%c%c\n", pages[7], pages[0x1007], pages[0x2007]);
}

static void die(const char *what, void (*how)(void)) {
  fflush(stdout);
  pid_t child = fork();
  if (child == 0) {
    signal(SIGSEGV, SIG_DFL);
    signal(SIGBUS, SIG_DFL);
    struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
    how();
    _exit(0);
  }
  int status;
  waitpid(child, &status, 0);
  printf("%s: %s %d\n", what, WIFSIGNALED(status) ? "signal" : "exit", WIFSIGNALED(status) ? WTERMSIG(status) : status);
}
static void blocked(void) {
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_BLOCK, &all, 0);
  *(volatile int *)8 = 1;
}
static void ignored(void) {
  signal(SIGSEGV, SIG_IGN);
  *(volatile int *)8 = 1;
}
static void no_stack(void) {
  struct sigaction act = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO};
  sigaction(SIGSEGV, &act, 0);
  struct rlimit limit = {128 << 10, 128 << 10};
  setrlimit(RLIMIT_STACK, &limit);
  depth(0);
}

int main(void) {
  setvbuf(stdout, 0, _IONBF, 0);
  struct sigaction act = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | SA_ONSTACK};
  sigaction(SIGSEGV, &act, 0);
  sigaction(SIGBUS, &act, 0);
  area = mmap(0, 0x6000, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  accesses();
  code_pages();
  files();
  kernel_side();
  die("blocked SIGSEGV", blocked);
  die("ignored SIGSEGV", ignored);
  die("no stack for the handler", no_stack);
  overflow();
  repair();
  return 0;
}
