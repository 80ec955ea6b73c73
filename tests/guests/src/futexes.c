/* Futex operations and their errors, locks with priority inheritance, robust mutexes within and across processes, condition variables. */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <errno.h>
#include <unistd.h>
#include <sys/syscall.h>
#include <linux/futex.h>
#include <time.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <stdint.h>
#define OK(n, e) \
  do { \
    errno = 0; \
    long r_ = (long)(e); \
    printf("%s: %ld %s\n", n, r_, errno ? strerrorname_np(errno) : "0"); \
  } while (0)

static long fx(uint32_t *a, int op, uint32_t v, void *to, uint32_t *b, uint32_t v3) {
  errno = 0;
  return syscall(SYS_futex, a, op, v, to, b, v3);
}

static uint32_t w[64];

static pthread_mutex_t pi;

static int counter;

static void *incr(void *p) {
  for (int i = 0; i < 2000; i++) {
    pthread_mutex_lock(&pi);
    int c = counter;
    if (i % 64 == 0) sched_yield();
    counter = c + 1;
    pthread_mutex_unlock(&pi);
  }
  return 0;
}

static pthread_mutex_t robust;

static void *dier(void *p) {
  pthread_mutex_lock(&robust);
  return 0;
}

static uint32_t tidw;

static void *holder(void *p) {
  tidw = 0;
  fx(&w[10], FUTEX_LOCK_PI_PRIVATE, 0, 0, 0, 0);
  *(volatile int*)p = 1;
  usleep(30000);
  syscall(SYS_exit, 0);
  return 0;
}

static pthread_cond_t cv = PTHREAD_COND_INITIALIZER;

static pthread_mutex_t cm = PTHREAD_MUTEX_INITIALIZER;

static int turn;

static void *pong(void *p) {
  for (int i = 0; i < 500; i++) {
    pthread_mutex_lock(&cm);
    while (turn != 1) pthread_cond_wait(&cv, &cm);
    turn = 0;
    pthread_cond_broadcast(&cv);
    pthread_mutex_unlock(&cm);
  }
  return 0;
}

int main() {
  setvbuf(stdout, 0, _IOLBF, 0);
  struct timespec ts = {0, 1000000}, bad = {0, 1000000000}, neg = {-1, 0};
  OK("misaligned", fx((void*)((char*)w + 2), FUTEX_WAKE, 1, 0, 0, 0));
  OK("wait mismatch", fx(w, FUTEX_WAIT, 5, 0, 0, 0));
  OK("wait bad ts", fx(w, FUTEX_WAIT, 5, &bad, 0, 0));
  OK("wait neg ts", fx(w, FUTEX_WAIT, 5, &neg, 0, 0));
  OK("wait timeout", fx(w, FUTEX_WAIT, 0, &ts, 0, 0));
  OK("wait bitset past", fx(w, FUTEX_WAIT_BITSET, 0, &ts, 0, 1));
  OK("wait bitset 0", fx(w, FUTEX_WAIT_BITSET, 0, &ts, 0, 0));
  OK("requeue neg", fx(w, FUTEX_REQUEUE, -1, 0, w + 1, 0));
  OK("cmp mismatch", fx(w, FUTEX_CMP_REQUEUE, 1, (void*)1, w + 1, 9));
  OK("null priv wake", fx(0, FUTEX_WAKE_PRIVATE, 1, 0, 0, 0));
  OK("null shared wake", fx(0, FUTEX_WAKE, 1, 0, 0, 0));
  OK("realtime on wait", fx(w, FUTEX_WAIT | FUTEX_CLOCK_REALTIME, 5, 0, 0, 0));
  OK("wake_op bad cmp", fx(w, FUTEX_WAKE_OP, 1, 0, w + 1, (1 << 28) | (9 << 24) | (1 << 12)));
  printf("word %d\n", w[1]);
  OK("wake_op bad op", fx(w, FUTEX_WAKE_OP, 1, 0, w + 1, (6 << 28) | (1 << 12)));
  OK("wake_op shift", fx(w, FUTEX_WAKE_OP, 1, 0, w + 1, (8u | 2) << 28 | (5 << 12)));
  printf("word %d\n", w[1]);
  uint32_t me = syscall(SYS_gettid);
  OK("lock_pi", fx(w + 4, FUTEX_LOCK_PI_PRIVATE, 0, 0, 0, 0));
  printf("mine %d\n", w[4] == me);
  OK("lock_pi again", fx(w + 4, FUTEX_LOCK_PI_PRIVATE, 0, 0, 0, 0));
  OK("unlock_pi", fx(w + 4, FUTEX_UNLOCK_PI_PRIVATE, 0, 0, 0, 0));
  printf("free %x\n", w[4]);
  OK("unlock_pi free", fx(w + 4, FUTEX_UNLOCK_PI_PRIVATE, 0, 0, 0, 0));
  w[5] = 0x3ffffff0;
  OK("lock_pi dead", fx(w + 5, FUTEX_LOCK_PI_PRIVATE, 0, 0, 0, 0));
  printf("word %x\n", w[5]);
  w[5] = 0x40000000;
  OK("lock_pi died", fx(w + 5, FUTEX_LOCK_PI_PRIVATE, 0, 0, 0, 0));
  printf("bits %x\n", w[5] & ~me);
  w[5] = 0x3ffffff0;
  OK("trylock_pi dead", fx(w + 5, FUTEX_TRYLOCK_PI_PRIVATE, 0, 0, 0, 0));
  printf("word %x\n", w[5]);
  pthread_t th;
  volatile int up = 0;
  pthread_create(&th, 0, holder, (void*)&up);
  while (!up) usleep(100);
  errno = 0;
  OK("lock_pi of dying", fx(w + 10, FUTEX_LOCK_PI_PRIVATE, 0, 0, 0, 0));
  printf("after death: mine %d bits %x\n", (w[10] & 0x3fffffff) == me, w[10] & 0xc0000000);
  OK("wait_requeue same", fx(w, FUTEX_WAIT_REQUEUE_PI, 0, 0, w, 0));
  OK("cmp_requeue_pi 2", fx(w, FUTEX_CMP_REQUEUE_PI, 2, (void*)1, w + 1, 0));
  OK("cmp_requeue_pi none", fx(w, FUTEX_CMP_REQUEUE_PI, 1, (void*)1, w + 6, 0));
  pthread_mutexattr_t at;
  pthread_mutexattr_init(&at);
  pthread_mutexattr_setprotocol(&at, PTHREAD_PRIO_INHERIT);
  printf("pi init %d\n", pthread_mutex_init(&pi, &at));
  pthread_t t4[4];
  for (int i = 0; i < 4; i++) pthread_create(&t4[i], 0, incr, 0);
  for (int i = 0; i < 4; i++) pthread_join(t4[i], 0);
  printf("counter %d\n", counter);
  pthread_mutexattr_init(&at);
  pthread_mutexattr_setrobust(&at, PTHREAD_MUTEX_ROBUST);
  pthread_mutex_init(&robust, &at);
  pthread_create(&th, 0, dier, 0);
  pthread_join(th, 0);
  printf("robust lock %s\n", strerrorname_np(pthread_mutex_lock(&robust)));
  printf("consistent %d\n", pthread_mutex_consistent(&robust));
  pthread_mutex_unlock(&robust);
  pthread_mutexattr_setprotocol(&at, PTHREAD_PRIO_INHERIT);
  pthread_mutex_init(&robust, &at);
  pthread_create(&th, 0, dier, 0);
  pthread_join(th, 0);
  printf("robust pi lock %s\n", strerrorname_np(pthread_mutex_lock(&robust)));
  /* process shared robust */
  pthread_mutex_t *sm = mmap(0, 4096, 3, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  pthread_mutexattr_init(&at);
  pthread_mutexattr_setrobust(&at, PTHREAD_MUTEX_ROBUST);
  pthread_mutexattr_setpshared(&at, 1);
  pthread_mutex_init(sm, &at);
  if (fork() == 0) {
    pthread_mutex_lock(sm);
    usleep(20000);
    _exit(0);
  }
  usleep(5000);
  printf("shared robust %s\n", strerrorname_np(pthread_mutex_lock(sm)));
  wait(0);
  pthread_create(&th, 0, pong, 0);
  for (int i = 0; i < 500; i++) {
    pthread_mutex_lock(&cm);
    while (turn != 0) pthread_cond_wait(&cv, &cm);
    turn = 1;
    pthread_cond_broadcast(&cv);
    pthread_mutex_unlock(&cm);
  }
  pthread_join(th, 0);
  printf("pingpong done\n");
  struct { uint64_t val, addr;
    uint32_t flags, res;
  } v[2] = {{0, (uintptr_t)&w[20], 2 | 128, 0}, {0, (uintptr_t)&w[21], 2 | 128, 0}};
  OK("waitv 0", syscall(449, v, 0, 0, 0, 0));
  struct timespec past = {0, 1};
  OK("waitv past", syscall(449, v, 2, 0, &past, 1));
  OK("waitv clock", syscall(449, v, 2, 0, &past, 7));
  v[1].val = 9;
  OK("waitv mismatch", syscall(449, v, 2, 0, 0, 7));
  v[1].flags = 0;
  OK("waitv size", syscall(449, v, 2, 0, 0, 1));
  OK("futex_wake strict", syscall(454, w, 1ul, 0, 2));
  OK("futex_wake mask", syscall(454, w, 0ul, 1, 2));
  OK("futex_wait mism", syscall(455, w, 77ul, 1ul, 2, 0, 0));
  uint32_t *ro = mmap(0, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  OK("ro private wait", fx(ro, FUTEX_WAIT_PRIVATE, 0, &ts, 0, 0));
  OK("ro shared wake", fx(ro, FUTEX_WAKE, 1, 0, 0, 0));
  OK("trylock ro", fx(ro, FUTEX_TRYLOCK_PI_PRIVATE, 1, 0, 0, 0));
  return 0;
}

