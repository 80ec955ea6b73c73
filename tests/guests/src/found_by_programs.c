// What real programs tripped over, each in small: see docs/PROGRAMS.md for who found what.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SHOW(e) do { errno = 0; long r_ = (long)(e); printf("%s: %ld %s\n", #e, r_, r_ < 0 ? strerrorname_np(errno) : ""); } while (0)

static volatile int got;
static void on(int sig) { got = sig; }

// bash's <(command): the writer may be gone before /dev/fd/N is opened.
static void pipe_by_name(void) {
  int p[2];
  char name[40], c[4] = { 0 };
  pipe(p);
  write(p[1], "ab", 2);
  close(p[1]);
  snprintf(name, sizeof name, "/dev/fd/%d", p[0]);
  int again = open(name, O_RDONLY);
  printf("opened %d\n", again >= 0);
  SHOW(read(again, c, 1));
  SHOW(read(p[0], c, 4));
  SHOW(read(again, c, 4));
  close(again);
  close(p[0]);
}

// Python's signal.pidfd_send_signal on /proc/PID.
static void process_directory(void) {
  char name[40];
  snprintf(name, sizeof name, "/proc/%d", getpid());
  int self = open(name, O_DIRECTORY), other = open("/proc", O_DIRECTORY);
  signal(SIGUSR1, on);
  SHOW(syscall(SYS_pidfd_send_signal, self, SIGUSR1, NULL, 0));
  printf("got %d\n", got == SIGUSR1);
  SHOW(syscall(SYS_pidfd_send_signal, other, SIGUSR1, NULL, 0));
  SHOW(syscall(SYS_pidfd_send_signal, 0, SIGUSR1, NULL, 0));
  close(self);
  close(other);
}

// Python's thread names: cut in the middle of a character.
static void name_of_bytes(void) {
  unsigned char name[17] = { 0 };
  prctl(PR_SET_NAME, "xxxxxxxxxxxxxx\xc3\xa9");
  prctl(PR_GET_NAME, name);
  printf("%02x %02x %02x\n", name[13], name[14], name[15]);
  int f = open("/proc/self/comm", O_RDWR);
  write(f, "a\xff" "b", 3);
  memset(name, 0, sizeof name);
  lseek(f, 0, SEEK_SET);
  printf("%zd", read(f, name, 16));
  for (int i = 0; name[i]; i++) printf(" %02x", name[i]);
  puts("");
  close(f);
}

// stress-ng --sigio: a pipe that signals its owner.
static volatile int events, code, from;
static volatile long band;
static void on_event(int sig, siginfo_t *i, void *c) { events++; code = i->si_code; band = i->si_band; from = i->si_fd; (void)sig; (void)c; }
static void signal_driven(void) {
  int p[2];
  char b[8];
  struct sigaction a = { .sa_sigaction = on_event, .sa_flags = SA_SIGINFO };
  sigaction(SIGIO, &a, NULL);
  sigaction(SIGRTMIN, &a, NULL);
  pipe(p);
  SHOW(fcntl(p[0], F_SETOWN, getpid()));
  SHOW(write(p[1], "a", 1));
  printf("events %d\n", events);
  SHOW(fcntl(p[0], F_SETFL, O_ASYNC));
  printf("%d\n", (fcntl(p[0], F_GETFL) & O_ASYNC) != 0);
  SHOW(write(p[1], "b", 1));
  printf("events %d %s\n", events, code == SI_KERNEL ? "from the kernel" : "?");
  SHOW(read(p[0], b, 8));
  SHOW(fcntl(p[0], F_SETSIG, SIGRTMIN));
  SHOW(write(p[1], "c", 1));
  printf("events %d code %d band %d fd %d\n", events, code == POLL_IN, (band & POLLIN) != 0, from == p[0]);
  SHOW(fcntl(p[0], F_SETFL, 0));
  SHOW(write(p[1], "d", 1));
  printf("events %d\n", events);
  close(p[0]);
  close(p[1]);
}

// rsync -a, cp -a: a symbolic link has times and an owner of its own.
static void times_of_a_link(void) {
  char dir[] = "/tmp/linkXXXXXX", target[64], link[64];
  struct timespec times[2] = { { 1000, 1 }, { 2000, 123456789 } };
  struct stat s;
  mkdtemp(dir);
  snprintf(target, sizeof target, "%s/target", dir);
  snprintf(link, sizeof link, "%s/link", dir);
  close(open(target, O_CREAT | O_WRONLY, 0644));
  symlink("target", link);
#define TIMES_SET utimensat(AT_FDCWD, link, times, AT_SYMLINK_NOFOLLOW)
  SHOW(TIMES_SET);
  lstat(link, &s);
  printf("link %ld.%09ld\n", (long)s.st_mtim.tv_sec, s.st_mtim.tv_nsec);
  stat(link, &s);
  printf("target is younger: %d\n", s.st_mtim.tv_sec > 2000);
  unlink(link);
  unlink(target);
  rmdir(dir);
}

// timeout(1) kills the first process; its busy child must not keep the run going (tests/run/left_behind_test.ts).
static void leave_busy_child(void) {
  if (fork() == 0) for (volatile int i = 0;; i++);
  kill(getpid(), SIGTERM);
}

// bash -c 'echo x > >(sleep 0.2; cat)': whoever reads the output waits for all who can write to it. A child that can no longer is not waited for.
static void leave_late_child(int holding) {
  if (fork() == 0) {
    if (!holding) {
      close(0), close(1), close(2);
      sleep(1000);
    }
    usleep(100000);
    puts("late");
    exit(0);
  }
  puts("first");
  exit(3);
}

int main(int argc, char **argv) {
  if (argc > 1 && !strcmp(argv[1], "late child")) leave_late_child(1);
  if (argc > 1 && !strcmp(argv[1], "silent child")) leave_late_child(0);
  if (argc > 1) leave_busy_child();
  setvbuf(stdout, NULL, _IOLBF, 0);
  pipe_by_name();
  process_directory();
  name_of_bytes();
  signal_driven();
  times_of_a_link();
  return 0;
}
