/* Uses up the machine's memory in the way argv[1] names and says what the kernel answered. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define MB (1ul << 20)

static char block[1 << 16], line[100];

/* Writes until it fails or enough is written: MiB written. */
static int fill(int fd, size_t most) {
  size_t done = 0;
  ssize_t n;
  errno = 0;
  while (done < most && (n = write(fd, block, sizeof block)) > 0) done += n;
  return done / MB;
}

static int unix_pair(int *fds, int flags) {
  return socketpair(AF_UNIX, SOCK_STREAM | flags, 0, fds);
}

static int tcp_pair(int *fds, int flags) {
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof at;
  int s = socket(AF_INET, SOCK_STREAM, 0);
  bind(s, (void *)&at, size);
  listen(s, 1);
  getsockname(s, (void *)&at, &size);
  fds[1] = socket(AF_INET, SOCK_STREAM, 0);
  connect(fds[1], (void *)&at, size);
  fcntl(fds[1], F_SETFL, flags);
  fds[0] = accept(s, 0, 0);
  return close(s);
}

/* Fills pairs of ends that nobody reads until the kernel has no memory for more; then all are closed and one can be filled again. */
static void many(const char *what, int (*make)(int *, int)) {
  int fds[800][2], n = 0, why = 0;
  for (; n < 400 && make(fds[n], O_NONBLOCK) == 0; n++) {
    fill(fds[n][1], 64 * MB);
    if ((why = errno) != EAGAIN) break;
  }
  printf("%s: %s, %s\n", what, strerror(why), n > 2 && n < 400 ? "after some" : "at the wrong time");
  for (int i = 0; i <= n; i++) close(fds[i][0]), close(fds[i][1]);
  make(fds[0], O_NONBLOCK);
  fill(fds[0][1], 64 * MB);
  printf("and again: %s\n", strerror(errno));
}

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
  } else if (!strcmp(how, "memfd")) {
    for (int i = 0; i < 3; i++) {
      int fd = memfd_create("hog", 0), n = fill(fd, 64 * MB);
      printf("memfd: %s, %s\n", strerror(errno), n > 8 && n < 64 ? "after some" : "at the wrong time");
      close(fd);
    }
  } else if (!strcmp(how, "shm")) {
    for (int i = 0; i < 3; i++) {
      int id = shmget(IPC_PRIVATE, 16 * MB, 0600);
      char *p = shmat(id, 0, 0);
      for (size_t at = 0; at < 16 * MB; at += 4096) p[at] = 1;
      shmdt(p);
      shmctl(id, IPC_RMID, 0);
    }
    puts("given back");
  } else if (!strcmp(how, "zero")) {
    int fd = open("/dev/zero", O_RDWR);
    for (int i = 0; i < 3; i++) {
      char *p = mmap(0, 16 * MB, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
      for (size_t at = 0; at < 16 * MB; at += 4096) p[at] = 1;
      munmap(p, 16 * MB);
    }
    puts("given back");
  } else if (!strcmp(how, "bus")) {
    int fd = memfd_create("hog", 0);
    ftruncate(fd, 64 * MB);
    char *p = mmap(0, 64 * MB, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    for (size_t at = 0; at < 64 * MB; at += 4096) p[at] = 1;
    puts("touched all");
  } else if (!strcmp(how, "pipe")) {
    many("pipe", pipe2);
  } else if (!strcmp(how, "unix")) {
    many("unix", unix_pair);
  } else if (!strcmp(how, "tcp")) {
    many("tcp", tcp_pair);
  } else if (!strcmp(how, "udp")) {
    /* Datagrams that find no memory are dropped: nothing to see but that it goes on. */
    static char data[1400];
    for (int i = 0; i < 400; i++) {
      struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
      socklen_t size = sizeof at;
      int fd = socket(AF_INET, SOCK_DGRAM, 0);
      bind(fd, (void *)&at, size);
      getsockname(fd, (void *)&at, &size);
      for (int n = 0; n < 200; n++) sendto(fd, data, sizeof data, 0, (void *)&at, size);
    }
    puts("sent");
  } else if (!strcmp(how, "msg")) {
    static struct { long type; char text[8192]; } m = {1};
    int ids[4096], n = 0;
    do ids[n] = msgget(IPC_PRIVATE, 0600);
    while (!msgsnd(ids[n], &m, sizeof m.text, IPC_NOWAIT) && !msgsnd(ids[n], &m, sizeof m.text, IPC_NOWAIT) && ++n < 4096);
    printf("msg: %s, %s\n", strerror(errno), n > 500 && n < 4096 ? "after some" : "at the wrong time");
    for (int i = 0; i <= n; i++) msgctl(ids[i], IPC_RMID, 0);
    int id = msgget(IPC_PRIVATE, 0600);
    printf("and again: %d\n", msgsnd(id, &m, sizeof m.text, IPC_NOWAIT));
  } else if (!strcmp(how, "files")) {
    /* Every process has descriptors to spare, the machine has not; what shares a description costs nothing. */
    fflush(stdout);
    if (fork() == 0) {
      int n = 0, fd;
      while (n < 900 && (fd = open("/dev/null", O_RDONLY)) >= 0) n++;
      printf("open: %s, after %d\n", strerror(errno), n);
      printf("pipe %d %s\n", pipe((int[2]){0}), strerror(errno));
      printf("dup %d\n", dup(0) > 0);
      printf("socket %d %s\n", socket(AF_UNIX, SOCK_STREAM, 0), strerror(errno));
      int made = open("/dev/shm/hog", O_CREAT | O_RDWR, 0600);
      printf("create %d %s, there %d\n", made, strerror(errno), access("/dev/shm/hog", F_OK));
      _exit(0);
    }
    wait(0);
    int fd = open("/proc/sys/fs/file-max", O_RDONLY), n = read(fd, line, sizeof line);
    printf("file-max %.*s", n, line);
    close(fd);
    fd = open("/proc/sys/fs/file-nr", O_RDONLY), n = read(fd, line, sizeof line);
    printf("file-nr %.*s", n, line);
  }
  return 0;
}
