/* Sleeps, interval timers and POSIX timers: results, errors, overrun, interruption. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <errno.h>
#include <unistd.h>
#include <signal.h>
#include <time.h>
#include <sys/time.h>
#include <sys/times.h>
#include <sys/timex.h>
#include <sys/syscall.h>
#include <sys/resource.h>
#include <sys/wait.h>
#define R(n, e) \
  do { \
    errno = 0; \
    long r_ = (long)(e); \
    printf("%s: %ld %s\n", n, r_, errno ? strerrorname_np(errno) : "0"); \
  } while (0)

static volatile int hits, code, val, over;

static void h(int s, siginfo_t *i, void *u) {
  hits++;
  code = i->si_code;
  val = i->si_value.sival_int;
  over = i->si_overrun;
}

static long ms(struct timespec a, struct timespec b) {
  return (b.tv_sec - a.tv_sec) * 1000 + (b.tv_nsec - a.tv_nsec) / 1000000;
}

int main() {
  setvbuf(stdout, 0, _IOLBF, 0);
  struct sigaction sa = {.sa_sigaction = h, .sa_flags = SA_SIGINFO};
  sigaction(SIGALRM, &sa, 0);
  sigaction(SIGUSR1, &sa, 0);
  sigaction(SIGVTALRM, &sa, 0);
  sigaction(SIGPROF, &sa, 0);
  sigaction(SIGRTMIN, &sa, 0);
  struct timespec t0, t1, req = {0, 50000000}, rem = {9, 9};
  clock_gettime(CLOCK_MONOTONIC, &t0);
  R("nanosleep", nanosleep(&req, &rem));
  clock_gettime(CLOCK_MONOTONIC, &t1);
  long d = ms(t0, t1);
  printf("slept %d\n", d >= 50);
  struct itimerval it = {{0, 0}, {0, 30000}};
  setitimer(ITIMER_REAL, &it, 0);
  req.tv_sec = 1;
  req.tv_nsec = 0;
  R("nanosleep intr", nanosleep(&req, &rem));
  printf("hits %d code %x rem %d\n", hits, code, rem.tv_sec == 0 && rem.tv_nsec > 0);
  clock_gettime(CLOCK_MONOTONIC, &t1);
  t1.tv_sec += 1;
  it.it_value.tv_usec = 20000;
  setitimer(ITIMER_REAL, &it, 0);
  printf("abs intr %s\n", strerrorname_np(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t1, 0)));
  printf("raw %d\n", clock_nanosleep(CLOCK_MONOTONIC_RAW, 0, &req, 0));
  printf("coarse %d\n", clock_nanosleep(CLOCK_REALTIME_COARSE, 0, &req, 0));
  R("raw thread cpu", syscall(SYS_clock_nanosleep, CLOCK_THREAD_CPUTIME_ID, 0, &req, 0));
  printf("bad clock %d\n", clock_nanosleep(77, 0, &req, 0));
  R("gettime 10", clock_gettime(10, &t0));
  R("gettime -1", clock_gettime(-1, &t0));
  clockid_t c;
  printf("cpuclockid %d\n", clock_getcpuclockid(0, &c));
  R("cpu gettime", clock_gettime(c, &t0));
  timer_t tm;
  struct sigevent ev = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN, .sigev_value.sival_int = 77};
  sigset_t m;
  sigemptyset(&m);
  sigaddset(&m, SIGRTMIN);
  sigprocmask(SIG_BLOCK, &m, 0);
  R("timer_create", timer_create(CLOCK_MONOTONIC, &ev, &tm));
  struct itimerspec its = {{0, 10000000}, {0, 10000000}};
  R("settime", timer_settime(tm, 0, &its, 0));
  req.tv_sec = 0;
  req.tv_nsec = 55000000;
  nanosleep(&req, 0);
  hits = 0;
  sigprocmask(SIG_UNBLOCK, &m, 0);
  printf("hits %d code %d val %d over %d\n", hits >= 1, code, val, over >= 2);
  R("delete", timer_delete(tm));
  ev.sigev_signo = 65;
  R("create bad sig", timer_create(CLOCK_MONOTONIC, &ev, &tm));
  ev.sigev_signo = SIGRTMIN;
  ev.sigev_notify = 9;
  R("create bad notify", timer_create(CLOCK_MONOTONIC, &ev, &tm));
  ev.sigev_notify = SIGEV_NONE;
  R("create raw", timer_create(CLOCK_MONOTONIC_RAW, &ev, &tm));
  R("create none", timer_create(CLOCK_REALTIME, &ev, &tm));
  its.it_value.tv_sec = 5;
  timer_settime(tm, 0, &its, 0);
  timer_gettime(tm, &its);
  printf("none left %d int %ld\n", its.it_value.tv_sec >= 4, its.it_interval.tv_nsec);
  its.it_value.tv_nsec = 1000000000;
  R("settime bad", timer_settime(tm, 0, &its, 0));
  hits = 0;
  struct itimerval vt = {{0, 10000}, {0, 10000}};
  setitimer(ITIMER_VIRTUAL, &vt, 0);
  volatile long x = 0;
  while (hits < 3) x++;
  printf("virtual ok\n");
  memset(&vt, 0, sizeof vt);
  setitimer(ITIMER_VIRTUAL, &vt, &it);
  printf("interval %ld\n", it.it_interval.tv_usec);
  R("setitimer bad", setitimer(5, &vt, 0));
  vt.it_value.tv_usec = 1000000;
  R("setitimer usec", setitimer(0, &vt, 0));
  alarm(1);
  int left = alarm(0);
  printf("alarm %d\n", left);
  struct sigevent tev = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGUSR1};
  tev._sigev_un._tid = gettid();
  R("thread id", timer_create(CLOCK_MONOTONIC, &tev, &tm));
  tev._sigev_un._tid = 1;
  R("thread id bad", timer_create(CLOCK_MONOTONIC, &tev, &tm));
  struct timespec rs;
  R("getres", clock_getres(CLOCK_MONOTONIC, &rs));
  R("settime -1", clock_settime(CLOCK_MONOTONIC, &rs));
  R("gettimer null", syscall(SYS_timer_settime, 12345, 0, 0, 0));
  R("overrun bad", timer_getoverrun((timer_t)9999));
  return 0;
}

