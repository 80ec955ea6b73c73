/* Every way in which a task in a time namespace says or is told a time: all take the offsets into account. Run as root. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x80
#endif
#define SAY(...) do { printf(__VA_ARGS__); fflush(stdout); } while (0)
static const char *name(int e) { return e == 0 ? "ok" : strerrorname_np(e); }
static long ms(clockid_t id) { struct timespec t; clock_gettime(id, &t); return t.tv_sec * 1000 + t.tv_nsec / 1000000; }
static struct timespec in(clockid_t id, long more) {
  struct timespec t;
  clock_gettime(id, &t);
  long n = t.tv_nsec + more * 1000000;
  t.tv_sec += n / 1000000000;
  t.tv_nsec = n % 1000000000;
  return t;
}
static const char *took(long begun) { long n = ms(CLOCK_REALTIME) - begun; return n < 25 ? "too short" : n > 2000 ? "too long" : "right"; }
static int set(const char *text) {
  int fd = open("/proc/self/timens_offsets", O_WRONLY), n = write(fd, text, strlen(text)), e = n < 0 ? errno : 0;
  close(fd);
  return e;
}
static void shown(void) {
  char text[256] = "";
  int fd = open("/proc/self/timens_offsets", O_RDONLY);
  read(fd, text, 255);
  close(fd);
  SAY("%s", text);
}

static const struct { const char *name; clockid_t id; } CLOCKS[] = {
  {"monotonic", CLOCK_MONOTONIC}, {"boottime", CLOCK_BOOTTIME}, {"realtime", CLOCK_REALTIME}};

static void sleeps(void) {
  for (int i = 0; i < 3; i++) {
    clockid_t id = CLOCKS[i].id;
    long begun = ms(CLOCK_REALTIME);
    struct timespec t = in(id, 40);
    SAY("%s: nanosleep %s", CLOCKS[i].name, name(clock_nanosleep(id, TIMER_ABSTIME, &t, 0)));
    SAY(" %s,", took(begun));
    begun = ms(CLOCK_REALTIME);
    int fd = timerfd_create(id, 0);
    struct itimerspec s = {.it_value = in(id, 40)};
    timerfd_settime(fd, TFD_TIMER_ABSTIME, &s, 0);
    timerfd_gettime(fd, &s);
    SAY(" timerfd left %s", s.it_value.tv_sec == 0 && s.it_value.tv_nsec > 0 ? "right" : "wrong");
    struct pollfd p = {fd, POLLIN, 0};
    poll(&p, 1, 3000);
    SAY(" %s,", took(begun));
    close(fd);
    begun = ms(CLOCK_REALTIME);
    sigset_t mask;
    sigemptyset(&mask); sigaddset(&mask, SIGUSR1); sigprocmask(SIG_BLOCK, &mask, 0);
    struct sigevent ev = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};
    timer_t timer;
    timer_create(id, &ev, &timer);
    s = (struct itimerspec){.it_value = in(id, 40)};
    timer_settime(timer, TIMER_ABSTIME, &s, 0);
    timer_gettime(timer, &s);
    SAY(" timer left %s", s.it_value.tv_sec == 0 && s.it_value.tv_nsec > 0 ? "right" : "wrong");
    struct timespec three = {3, 0};
    sigtimedwait(&mask, 0, &three);
    SAY(" %s\n", took(begun));
    timer_delete(timer);
  }
  static int word;
  long begun = ms(CLOCK_REALTIME);
  struct timespec t = in(CLOCK_MONOTONIC, 40);
  syscall(SYS_futex, &word, FUTEX_WAIT_BITSET_PRIVATE, 0, &t, 0, -1);
  SAY("futex: %s %s\n", name(errno), took(begun));
  pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
  pthread_condattr_t ca;
  pthread_cond_t c;
  pthread_condattr_init(&ca);
  pthread_condattr_setclock(&ca, CLOCK_MONOTONIC);
  pthread_cond_init(&c, &ca);
  begun = ms(CLOCK_REALTIME);
  t = in(CLOCK_MONOTONIC, 40);
  pthread_mutex_lock(&m);
  int e = pthread_cond_timedwait(&c, &m, &t);
  SAY("condition: %s %s\n", name(e), took(begun));
}

static long mono, boot, up;
static const char *moved(long now, long before, long by) { long d = (now - before) / 1000 - by; return d >= -2 && d < 60 ? "moved" : "not moved"; }
static long uptime_file(void) { char text[64] = ""; int fd = open("/proc/uptime", O_RDONLY); read(fd, text, 63); close(fd); return atof(text) * 1000; }
static void clocks(void) {
  SAY("clocks: monotonic %s", moved(ms(CLOCK_MONOTONIC), mono, 1000));
  SAY(" raw %s", moved(ms(CLOCK_MONOTONIC_RAW), mono, 1000));
  SAY(" coarse %s", moved(ms(CLOCK_MONOTONIC_COARSE), mono, 1000));
  SAY(" boottime %s", moved(ms(CLOCK_BOOTTIME), boot, 5000));
  struct sysinfo si;
  sysinfo(&si);
  SAY(" sysinfo %s", moved(si.uptime * 1000, up, 5000));
  SAY(" /proc/uptime %s\n", moved(uptime_file(), up, 5000));
  char text[1024] = "";
  int fd = open("/proc/self/stat", O_RDONLY);
  read(fd, text, 1023);
  close(fd);
  char *p = strrchr(text, ')') + 2;
  for (int i = 3; i < 22; i++) p = strchr(p, ' ') + 1;
  SAY("start time: %s\n", moved(atol(p) * 10, boot, 5000));
}

int main(int argc, char **argv) {
  if (argc > 4) {
    mono = atol(argv[2]); boot = atol(argv[3]); up = atol(argv[4]);
    clocks();
    shown();
    return 0;
  }
  mono = ms(CLOCK_MONOTONIC); boot = ms(CLOCK_BOOTTIME); up = uptime_file();
  shown();
  SAY("in the first: %s\n", name(set("monotonic 5 0\n")));
  unshare(CLONE_NEWTIME);
  SAY("garbage: %s %s %s %s\n", name(set("nonsense 1 0\n")), name(set("monotonic 1\n")), name(set("monotonic 1 1000000000\n")), name(set("realtime 1 0\n")));
  SAY("before the beginning: %s\n", name(set("monotonic -99999999 0\n")));
  SAY("too far: %s\n", name(set("monotonic 9223372036 0\n")));
  SAY("set: %s\n", name(set("monotonic 1000 0\nboottime 5000 0\n")));
  shown();
  int pid = fork();
  if (pid == 0) {
    clocks();
    sleeps();
    /* A namespace in it begins with its offsets. */
    unshare(CLONE_NEWTIME);
    shown();
    SAY("once more: %s\n", name(set("7 2000 0\n")));
    shown();
    _exit(0);
  }
  waitpid(pid, 0, 0);
  SAY("settled: %s\n", name(set("monotonic 1 0\n")));
  SAY("own monotonic %s\n", moved(ms(CLOCK_MONOTONIC), mono, 0));
  pid = vfork();
  if (pid == 0) { SAY("vfork child: monotonic %s\n", moved(ms(CLOCK_MONOTONIC), mono, 0)); _exit(0); }
  waitpid(pid, 0, 0);
  char a[32], b[32], c[32];
  sprintf(a, "%ld", mono); sprintf(b, "%ld", boot); sprintf(c, "%ld", up);
  execl("/proc/self/exe", argv[0], "again", a, b, c, NULL);
  return 1;
}
