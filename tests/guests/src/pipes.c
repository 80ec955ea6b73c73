// Pipes and fifos: capacity, atomic writes, ends that go away, waiting, signals, sizes.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define SHOW(e) do { errno = 0; long r_ = (long)(e); printf("%s: %ld %s\n", #e, r_, r_ < 0 ? strerrorname_np(errno) : ""); } while (0)

static char big[200000];
static volatile int pipes, alarms, limits;
static void on(int sig) { if (sig == SIGPIPE) pipes++; else if (sig == SIGXFSZ) limits++; else alarms++; }

static void basics(void) {
  int p[2], n;
  char b[100] = { 0 };
  SHOW(pipe2(p, 0x1234567));
  SHOW(pipe((int *)8));
  SHOW(pipe2(p, O_NONBLOCK | O_CLOEXEC));
  printf("%d %d %o %o\n", fcntl(p[0], F_GETFD), fcntl(p[1], F_GETFD), fcntl(p[0], F_GETFL), fcntl(p[1], F_GETFL));
  SHOW(read(p[0], b, 10));
  SHOW(read(p[1], b, 10));
  SHOW(write(p[0], b, 10));
  SHOW(lseek(p[0], 0, SEEK_SET));
  SHOW(pread(p[0], b, 1, 0));
  SHOW(write(p[1], "abc", 3));
  SHOW(ioctl(p[0], FIONREAD, &n));
  printf("%d\n", n);
  SHOW(read(p[0], b, 2));
  SHOW(read(p[0], b, 20));
  SHOW(fcntl(p[0], F_GETPIPE_SZ));
  SHOW(write(p[1], big, sizeof big));
  SHOW(write(p[1], big, 1));
  SHOW(read(p[0], big, 4095));
  SHOW(read(p[0], big, 4097));
  SHOW(fcntl(p[0], F_SETPIPE_SZ, 4096));
  SHOW(fcntl(p[0], F_SETPIPE_SZ, 100000));
  SHOW(fcntl(p[0], F_SETPIPE_SZ, 0));
  SHOW(read(p[0], big, sizeof big));
  SHOW(fcntl(p[0], F_SETPIPE_SZ, 1));
  SHOW(write(p[1], big, 4096));
  SHOW(write(p[1], big, 1));
  struct pollfd f[2] = { { p[0], POLLIN | POLLOUT }, { p[1], POLLIN | POLLOUT } };
  SHOW(poll(f, 2, 0));
  printf("%x %x\n", f[0].revents, f[1].revents);
  read(p[0], big, 4096);
  SHOW(poll(f, 2, 0));
  printf("%x %x\n", f[0].revents, f[1].revents);
  struct iovec v[2] = { { "one ", 4 }, { "two", 3 } };
  SHOW(writev(p[1], v, 2));
  close(p[1]);
  SHOW(poll(f, 1, 0));
  printf("%x\n", f[0].revents);
  SHOW(read(p[0], b, 100));
  SHOW(read(p[0], b, 100));
  SHOW(poll(f, 1, 0));
  printf("%x\n", f[0].revents);
  close(p[0]);
  pipe(p);
  close(p[0]);
  f[0].fd = p[1];
  SHOW(poll(f, 1, 0));
  printf("%x\n", f[0].revents);
  SHOW(write(p[1], "x", 1));
  printf("SIGPIPE %d\n", pipes);
  close(p[1]);
}

static void waiting(void) {
  int p[2];
  char b[100];
  pipe(p);
  fflush(stdout);
  pid_t child = fork();
  if (child == 0) {
    close(p[0]);
    for (int i = 0; i < 5; i++) { usleep(2000); write(p[1], "tick", 4); }
    memset(big, 'z', sizeof big);
    _exit(write(p[1], big, sizeof big) == sizeof big ? 7 : 8);
  }
  close(p[1]);
  long total = 0, n;
  while ((n = read(p[0], big, 1000)) > 0) total += n;
  printf("total %ld last %ld\n", total, n);
  int s;
  wait(&s);
  printf("child %d\n", WEXITSTATUS(s));
  close(p[0]);

  // A signal ends a wait; with SA_RESTART it goes on.
  pipe(p);
  struct sigaction a = { .sa_handler = on };
  sigaction(SIGALRM, &a, 0);
  ualarm(5000, 0);
  SHOW(read(p[0], b, 1));
  a.sa_flags = SA_RESTART;
  sigaction(SIGALRM, &a, 0);
  fflush(stdout);
  if (fork() == 0) { usleep(20000); write(p[1], "late", 4); _exit(0); }
  ualarm(5000, 0);
  SHOW(read(p[0], b, 10));
  wait(0);
  printf("alarms %d\n", alarms);
  // A write that was partly done when the signal came gives the part.
  a.sa_flags = 0;
  sigaction(SIGALRM, &a, 0);
  ualarm(5000, 0);
  SHOW(write(p[1], big, 100000));
  close(p[0]);
  close(p[1]);
  // Many small writers: nothing is torn.
  pipe(p);
  fflush(stdout);
  for (int w = 0; w < 4; w++) {
    if (fork() == 0) {
      char line[512];
      memset(line, 'a' + w, 512);
      for (int i = 0; i < 200; i++) write(p[1], line, 512);
      _exit(0);
    }
  }
  close(p[1]);
  int torn = 0, lines = 0;
  char line[512];
  for (;;) {
    int got = 0;
    while (got < 512 && (n = read(p[0], line + got, 512 - got)) > 0) got += n;
    if (got == 0) break;
    for (int i = 1; i < got; i++) torn += line[i] != line[0];
    lines++;
  }
  while (wait(0) > 0) ;
  printf("lines %d torn %d\n", lines, torn);
  close(p[0]);
}

static void fifos(void) {
  char b[20] = { 0 };
  char dir[] = "/tmp/pipes-XXXXXX";
  mkdtemp(dir);
  chdir(dir);
  SHOW(mkfifo("f", 0644));
  SHOW(mkfifo("f", 0644));
  fflush(stdout);
  if (fork() == 0) {
    usleep(5000);
    int w = open("f", O_WRONLY);
    write(w, "through", 7);
    _exit(0);
  }
  int r;
  SHOW(r = open("f", O_RDONLY));
  SHOW(read(r, b, 20));
  puts(b);
  SHOW(read(r, b, 20));
  wait(0);
  close(r);
  fflush(stdout);
  if (fork() == 0) {
    usleep(5000);
    int x = open("f", O_RDONLY);
    read(x, b, 20);
    _exit(b[0]);
  }
  SHOW(r = open("f", O_WRONLY));
  SHOW(write(r, "W", 1));
  int s;
  wait(&s);
  printf("read %c\n", WEXITSTATUS(s));
  SHOW(write(r, "W", 1));
  printf("SIGPIPE %d\n", pipes);
  close(r);
  SHOW(r = open("f", O_RDONLY | O_NONBLOCK));
  SHOW(read(r, b, 1));
  int w;
  SHOW(w = open("f", O_WRONLY | O_NONBLOCK));
  SHOW(read(r, b, 1));
  close(w);
  SHOW(read(r, b, 1));
  close(r);
  struct sigaction a = { .sa_handler = on };
  sigaction(SIGALRM, &a, 0);
  ualarm(5000, 0);
  SHOW(open("f", O_RDONLY));
  // RLIMIT_FSIZE.
  fflush(stdout);
  struct rlimit old, l;
  getrlimit(RLIMIT_FSIZE, &old);
  l = old;
  l.rlim_cur = 10;
  setrlimit(RLIMIT_FSIZE, &l);
  w = open("limited", O_WRONLY | O_CREAT, 0600);
  SHOW(write(w, "0123456789abc", 13));
  SHOW(write(w, "x", 1));
  printf("SIGXFSZ %d\n", limits);
  SHOW(ftruncate(w, 11));
  SHOW(fallocate(w, 0, 0, 20));
  SHOW(ftruncate(w, 5));
  printf("SIGXFSZ %d\n", limits);
  setrlimit(RLIMIT_FSIZE, &old);
  close(w);
  unlink("f");
  unlink("limited");
  chdir("/");
  rmdir(dir);
}

int main(void) {
  setvbuf(stdout, 0, _IOFBF, 1 << 16);
  signal(SIGPIPE, on);
  signal(SIGXFSZ, on);
  basics();
  waiting();
  fifos();
  return 0;
}
