// AF_UNIX: streams, datagrams, packets, names, passing of descriptors and credentials, ends, waiting, options.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define SHOW(e) do { errno = 0; long r_ = (long)(e); printf("%s: %ld %s\n", #e, r_, r_ < 0 ? strerrorname_np(errno) : ""); } while (0)
#define EVENTS(fd) show_events(#fd, fd)

static char big[1 << 20];
static volatile int pipes, alarms;
static int *volatile nowhere = (int *)8;
static void on(int sig) { if (sig == SIGPIPE) pipes++; else alarms++; }

static void show_events(const char *name, int fd) {
  struct pollfd p = { fd, POLLIN | POLLOUT | POLLPRI | POLLRDHUP | POLLRDNORM | POLLWRNORM, 0 };
  poll(&p, 1, 0);
  printf("poll %s: %x\n", name, p.revents);
}
static socklen_t name(struct sockaddr_un *a, const char *path, int abstract) {
  memset(a, 0, sizeof *a);
  a->sun_family = AF_UNIX;
  strcpy(a->sun_path + abstract, path);
  return offsetof(struct sockaddr_un, sun_path) + abstract + strlen(path) + !abstract;
}
static void show_name(const char *what, int fd, int peer) {
  struct sockaddr_un a;
  socklen_t l = sizeof a;
  memset(&a, 'x', sizeof a);
  errno = 0;
  int r = peer ? getpeername(fd, (void *)&a, &l) : getsockname(fd, (void *)&a, &l);
  printf("%s: %d %s len %u family %d", what, r, r < 0 ? strerrorname_np(errno) : "", r < 0 ? 0 : l, r < 0 ? 0 : a.sun_family);
  if (r == 0 && l > 2) printf(" %c%s", a.sun_path[0] ? a.sun_path[0] : '@', a.sun_path[0] ? a.sun_path + 1 : strndup(a.sun_path + 1, l - 3));
  puts("");
}

static void making(void) {
  int s, sv[2];
  SHOW(socket(AF_UNIX, 77, 0));
  SHOW(socket(AF_UNIX, SOCK_RDM, 0));
  SHOW(socket(AF_UNIX, SOCK_STREAM, 5));
  SHOW(socket(99, SOCK_STREAM, 0));
  SHOW(socket(AF_UNIX, SOCK_STREAM | 0x100000, 0));
  SHOW(socketpair(AF_UNIX, SOCK_STREAM, 0, nowhere));
  SHOW(socketpair(AF_INET, SOCK_STREAM, 0, sv));
  SHOW(s = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  printf("%d %o\n", fcntl(s, F_GETFD), fcntl(s, F_GETFL));
  struct stat st;
  SHOW(fstat(s, &st));
  printf("%o\n", st.st_mode);
  SHOW(lseek(s, 0, SEEK_CUR));
  SHOW(pread(s, big, 1, 0));
  SHOW(read(s, big, 1));
  SHOW(write(s, big, 1));
  SHOW(recv(s, big, 1, 0));
  SHOW(send(s, big, 1, 0));
  SHOW(listen(s, 1));
  SHOW(accept(s, 0, 0));
  SHOW(shutdown(s, 7));
  EVENTS(s);
  SHOW(shutdown(s, SHUT_RDWR));
  show_name("unnamed", s, 0);
  show_name("unnamed", s, 1);
  close(s);
  SHOW(send(0, "x", 1, 0));
  SHOW(send(99, "x", 1, 0));
  SHOW(getsockname(1, 0, 0));
  for (int type = SOCK_STREAM; type <= SOCK_SEQPACKET; type++) {
    if (type == SOCK_RDM || type == SOCK_RAW) continue;
    int t, l;
    socklen_t n = sizeof t;
    socketpair(AF_UNIX, type, 0, sv);
    getsockopt(sv[0], SOL_SOCKET, SO_TYPE, &t, &n);
    getsockopt(sv[0], SOL_SOCKET, SO_ACCEPTCONN, &l, &n);
    printf("type %d accepts %d\n", t, l);
    EVENTS(sv[0]);
    close(sv[0]);
    EVENTS(sv[1]);
    close(sv[1]);
  }
}

static void streams(void) {
  int sv[2], n;
  char b[100] = { 0 };
  socketpair(AF_UNIX, SOCK_STREAM, 0, sv);
  SHOW(write(sv[0], "one", 3));
  SHOW(send(sv[0], "two", 3, 0));
  SHOW(ioctl(sv[1], FIONREAD, &n));
  printf("%d\n", n);
  SHOW(recv(sv[1], b, 4, MSG_PEEK));
  SHOW(recv(sv[1], b, 99, 0));
  puts(b);
  SHOW(recv(sv[1], b, 99, MSG_DONTWAIT));
  SHOW(recv(sv[1], b, 0, MSG_DONTWAIT));
  SHOW(send(sv[0], "", 0, 0));
  SHOW(recv(sv[1], b, 99, MSG_DONTWAIT));
  struct iovec v[3] = { { "ab", 2 }, { "", 0 }, { "cde", 3 } }, w[2] = { { b, 3 }, { b + 50, 9 } };
  struct msghdr m = { .msg_iov = v, .msg_iovlen = 3 };
  SHOW(sendmsg(sv[0], &m, 0));
  memset(b, 0, sizeof b);
  m = (struct msghdr){ .msg_iov = w, .msg_iovlen = 2 };
  SHOW(recvmsg(sv[1], &m, 0));
  printf("%s %s %x\n", b, b + 50, m.msg_flags);
  // Connected: an address is an error.
  struct sockaddr_un a;
  socklen_t l = name(&a, "x", 0);
  SHOW(sendto(sv[0], "x", 1, 0, (void *)&a, l));
  SHOW(connect(sv[0], (void *)&a, l));
  // Memory that is not there.
  SHOW(send(sv[0], (void *)8, 5, 0));
  SHOW(send(sv[0], "x", 1, 0));
  SHOW(recv(sv[1], (void *)8, 5, 0));
  SHOW(recv(sv[1], b, 5, 0));
  // Half close.
  SHOW(shutdown(sv[0], SHUT_WR));
  EVENTS(sv[0]);
  EVENTS(sv[1]);
  SHOW(recv(sv[1], b, 5, 0));
  SHOW(send(sv[0], "x", 1, 0));
  SHOW(send(sv[0], "x", 1, MSG_NOSIGNAL));
  SHOW(write(sv[0], "x", 1));
  printf("SIGPIPE %d\n", pipes);
  SHOW(send(sv[1], "back", 4, 0));
  SHOW(recv(sv[0], b, 5, 0));
  SHOW(shutdown(sv[0], SHUT_RD));
  EVENTS(sv[0]);
  SHOW(send(sv[1], "back", 4, MSG_NOSIGNAL));
  close(sv[0]);
  close(sv[1]);
  // Closed with and without unread data.
  for (int unread = 0; unread < 2; unread++) {
    socketpair(AF_UNIX, SOCK_STREAM, 0, sv);
    if (unread) send(sv[1], "unread", 6, 0);
    send(sv[0], "last", 4, 0);
    close(sv[0]);
    EVENTS(sv[1]);
    SHOW(recv(sv[1], b, 99, 0));
    SHOW(recv(sv[1], b, 99, 0));
    SHOW(recv(sv[1], b, 99, 0));
    SHOW(send(sv[1], b, 1, MSG_NOSIGNAL));
    close(sv[1]);
  }
  // A full queue.
  socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, sv);
  long total = 0, r, back = 0;
  while ((r = write(sv[0], big, 50000)) > 0) total += r;
  printf("full %s, much %d\n", strerrorname_np(errno), total > 100000 && total < 1000000);
  show_events("full", sv[0]);
  while ((r = read(sv[1], big, sizeof big)) > 0) back += r;
  printf("all back %d\n", back == total);
  show_events("empty", sv[0]);
  close(sv[0]);
  close(sv[1]);
}

static void packets(void) {
  int sv[2], n;
  char b[100] = { 0 };
  for (int type = SOCK_DGRAM; type <= SOCK_SEQPACKET; type += 3) {
    printf("type %d\n", type);
    socketpair(AF_UNIX, type, 0, sv);
    SHOW(send(sv[0], "first", 5, 0));
    SHOW(send(sv[0], "second one", 10, 0));
    SHOW(send(sv[0], "", 0, 0));
    SHOW(send(sv[0], "end", 3, MSG_EOR));
    SHOW(ioctl(sv[1], FIONREAD, &n));
    printf("%d\n", n);
    SHOW(recv(sv[1], b, 99, MSG_PEEK));
    SHOW(recv(sv[1], b, 99, 0));
    SHOW(recv(sv[1], b, 3, MSG_PEEK | MSG_TRUNC));
    struct iovec w = { b, 4 };
    struct msghdr m = { .msg_iov = &w, .msg_iovlen = 1 };
    SHOW(recvmsg(sv[1], &m, 0));
    printf("%.4s %x\n", b, m.msg_flags);
    SHOW(recv(sv[1], b, 99, 0));
    m.msg_flags = 0;
    SHOW(recvmsg(sv[1], &m, 0));
    printf("%.3s %x\n", b, m.msg_flags);
    SHOW(recv(sv[1], b, 99, MSG_DONTWAIT));
    SHOW(send(sv[0], big, sizeof big, 0));
    SHOW(send(sv[0], big, 100000, 0));
    SHOW(recv(sv[1], big, sizeof big, 0));
    SHOW(shutdown(sv[1], SHUT_RD));
    SHOW(send(sv[0], "x", 1, 0));
    printf("SIGPIPE %d\n", pipes);
    SHOW(recv(sv[1], b, 9, MSG_DONTWAIT));
    SHOW(recv(sv[1], b, 9, 0));
    close(sv[1]);
    SHOW(send(sv[0], "x", 1, MSG_NOSIGNAL));
    SHOW(send(sv[0], "x", 1, MSG_NOSIGNAL));
    SHOW(recv(sv[0], b, 9, MSG_DONTWAIT));
    close(sv[0]);
  }
}

static void names(void) {
  struct sockaddr_un a, from;
  socklen_t l, fl;
  int s, c, d, e;
  char b[100] = { 0 };
  s = socket(AF_UNIX, SOCK_STREAM, 0);
  l = name(&a, "server", 0);
  SHOW(connect(s, (void *)&a, l));
  SHOW(bind(s, (void *)&a, 1));
  SHOW(bind(s, (void *)&a, 200));
  a.sun_family = AF_INET;
  SHOW(bind(s, (void *)&a, l));
  a.sun_family = AF_UNIX;
  SHOW(bind(s, (void *)&a, l));
  SHOW(bind(s, (void *)&a, l));
  struct stat st;
  SHOW(lstat("server", &st));
  printf("%o %ld\n", st.st_mode, (long)st.st_size);
  SHOW(open("server", O_RDWR));
  show_name("bound", s, 0);
  c = socket(AF_UNIX, SOCK_STREAM, 0);
  SHOW(bind(c, (void *)&a, l));
  SHOW(connect(c, (void *)&a, l));
  SHOW(listen(s, 1));
  int v;
  socklen_t vl = sizeof v;
  getsockopt(s, SOL_SOCKET, SO_ACCEPTCONN, &v, &vl);
  printf("accepts %d\n", v);
  EVENTS(s);
  fcntl(s, F_SETFL, O_NONBLOCK);
  SHOW(accept(s, 0, 0));
  SHOW(connect(c, (void *)&a, l));
  SHOW(connect(c, (void *)&a, l));
  EVENTS(s);
  EVENTS(c);
  show_name("client's peer", c, 1);
  SHOW(send(c, "before accept", 13, 0));
  fl = sizeof from;
  SHOW(d = accept4(s, (void *)&from, &fl, SOCK_CLOEXEC));
  printf("from length %u family %d, %o %d\n", fl, from.sun_family, fcntl(d, F_GETFL), fcntl(d, F_GETFD));
  show_name("server end", d, 0);
  show_name("server end's peer", d, 1);
  SHOW(recv(d, b, 99, 0));
  puts(b);
  SHOW(listen(c, 1));
  SHOW(accept(c, 0, 0));
  close(c);
  close(d);
  // The queue of connections fills.
  int many[8], i;
  for (i = 0; i < 8; i++) {
    many[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
    errno = 0;
    int r = connect(many[i], (void *)&a, l);
    if (i < 4) printf("connect %d: %d %s\n", i, r, r < 0 ? strerrorname_np(errno) : "");
  }
  // The listener goes away: who was not accepted is reset.
  close(s);
  EVENTS(many[0]);
  SHOW(recv(many[0], b, 9, 0));
  SHOW(recv(many[0], b, 9, 0));
  for (i = 0; i < 8; i++) close(many[i]);
  c = socket(AF_UNIX, SOCK_STREAM, 0);
  SHOW(connect(c, (void *)&a, l));
  close(c);
  SHOW(unlink("server"));
  c = socket(AF_UNIX, SOCK_STREAM, 0);
  SHOW(connect(c, (void *)&a, l));
  // A plain file is no server; another type is another protocol.
  close(open("plain", O_CREAT | O_WRONLY, 0644));
  l = name(&a, "plain", 0);
  SHOW(connect(c, (void *)&a, l));
  SHOW(bind(c, (void *)&a, l));
  unlink("plain");
  d = socket(AF_UNIX, SOCK_DGRAM, 0);
  l = name(&a, "datagrams", 0);
  SHOW(bind(d, (void *)&a, l));
  SHOW(connect(c, (void *)&a, l));
  close(c);
  // Datagrams by name, with and without a name of the sender.
  c = socket(AF_UNIX, SOCK_DGRAM, 0);
  EVENTS(c);
  SHOW(send(c, "x", 1, 0));
  SHOW(sendto(c, "nameless", 8, 0, (void *)&a, l));
  fl = sizeof from;
  SHOW(recvfrom(d, b, 99, 0, (void *)&from, &fl));
  printf("sender's length %u\n", fl);
  struct sockaddr_un mine;
  socklen_t ml = name(&mine, "dolly sockets test", 1);
  SHOW(bind(c, (void *)&mine, ml));
  show_name("abstract", c, 0);
  SHOW(connect(c, (void *)&a, l));
  SHOW(send(c, "named", 5, 0));
  memset(&from, 0, sizeof from);
  fl = sizeof from;
  SHOW(recvfrom(d, b, 99, 0, (void *)&from, &fl));
  printf("sender's length %u %s\n", fl, from.sun_path + 1);
  SHOW(sendto(d, "answer", 6, 0, (void *)&from, fl));
  SHOW(recv(c, b, 99, 0));
  e = socket(AF_UNIX, SOCK_DGRAM, 0);
  SHOW(bind(e, (void *)&mine, ml));
  // Connected sockets take datagrams only from their peer.
  SHOW(sendto(e, "no", 2, 0, (void *)&mine, ml));
  SHOW(connect(e, (void *)&mine, ml));
  close(c);
  SHOW(bind(e, (void *)&mine, ml));
  // Ten or so datagrams fit a queue.
  fcntl(e, F_SETFL, O_NONBLOCK);
  connect(e, (void *)&a, l);
  int n = 0;
  while (send(e, "x", 1, 0) == 1) n++;
  printf("datagrams %d %s\n", n, strerrorname_np(errno));
  EVENTS(e);
  recv(d, b, 1, 0);
  EVENTS(e);
  struct sockaddr none = { AF_UNSPEC };
  SHOW(connect(e, &none, sizeof none));
  SHOW(send(e, "x", 1, 0));
  connect(e, (void *)&a, l);
  close(d);
  SHOW(send(e, "x", 1, 0));
  SHOW(send(e, "x", 1, 0));
  close(e);
  unlink("datagrams");
  // Autobind.
  e = socket(AF_UNIX, SOCK_STREAM, 0);
  none.sa_family = AF_UNIX;
  SHOW(bind(e, &none, 2));
  fl = sizeof from;
  getsockname(e, (void *)&from, &fl);
  printf("autobound length %u, digits %zu\n", fl, strspn(from.sun_path + 1, "0123456789abcdef"));
  close(e);
}

static int send_files(int to, const int *fds, int n, const char *text) {
  char control[CMSG_SPACE(sizeof(int) * 300)] = { 0 };
  struct iovec v = { (void *)text, strlen(text) };
  struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1, .msg_control = control, .msg_controllen = CMSG_SPACE(sizeof(int) * n) };
  struct cmsghdr *c = CMSG_FIRSTHDR(&m);
  c->cmsg_level = SOL_SOCKET;
  c->cmsg_type = SCM_RIGHTS;
  c->cmsg_len = CMSG_LEN(sizeof(int) * n);
  memcpy(CMSG_DATA(c), fds, sizeof(int) * n);
  return sendmsg(to, &m, 0);
}
static int receive_files(int from, int *fds, int room, int size, int flags) {
  char control[CMSG_SPACE(sizeof(int) * 300)] = { 0 }, b[100] = { 0 };
  struct iovec v = { b, size };
  struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1, .msg_control = room ? control : 0, .msg_controllen = room };
  errno = 0;
  int r = recvmsg(from, &m, flags), got = 0;
  printf("received %d %s \"%s\" flags %x control %zu:", r, r < 0 ? strerrorname_np(errno) : "", b, m.msg_flags, (size_t)m.msg_controllen);
  for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); r >= 0 && c; c = CMSG_NXTHDR(&m, c)) {
    printf(" level %d type %d length %zu", c->cmsg_level, c->cmsg_type, (size_t)c->cmsg_len);
    if (c->cmsg_type == SCM_RIGHTS) {
      got = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
      memcpy(fds, CMSG_DATA(c), got * sizeof(int));
    } else if (c->cmsg_type == SCM_CREDENTIALS) {
      struct ucred *u = (void *)CMSG_DATA(c);
      printf(" [pid %s uid %s gid %s]", u->pid == getpid() ? "own" : u->pid == 0 ? "none" : "other", u->uid == getuid() ? "own" : "other", u->gid == getgid() ? "own" : "other");
    }
  }
  puts("");
  return got;
}

static void rights(void) {
  int sv[2], p[2], got[300], n;
  char b[20] = { 0 };
  socketpair(AF_UNIX, SOCK_STREAM, 0, sv);
  pipe(p);
  SHOW(send_files(sv[0], p, 2, "both"));
  n = receive_files(sv[1], got, 400, 50, 0);
  printf("%d, new numbers %d\n", n, got[0] != p[0] && got[1] != p[1]);
  SHOW(write(got[1], "through", 7));
  SHOW(read(p[0], b, 20));
  close(got[0]);
  close(got[1]);
  // The description is shared: offset and flags.
  int f = open("shared", O_RDWR | O_CREAT, 0600);
  write(f, "0123456789", 10);
  lseek(f, 3, SEEK_SET);
  SHOW(send_files(sv[0], &f, 1, "file"));
  close(f);
  receive_files(sv[1], got, 400, 50, MSG_CMSG_CLOEXEC);
  SHOW(read(got[0], b, 3));
  printf("%.3s cloexec %d\n", b, fcntl(got[0], F_GETFD));
  close(got[0]);
  unlink("shared");
  // Too little room: what does not fit is closed, and the guest is told.
  SHOW(send_files(sv[0], p, 2, "tight"));
  n = receive_files(sv[1], got, CMSG_LEN(sizeof(int)), 50, 0);
  close(got[0]);
  SHOW(send_files(sv[0], p, 2, "none"));
  receive_files(sv[1], got, 0, 50, 0);
  SHOW(send_files(sv[0], p, 2, "plain"));
  SHOW(recv(sv[1], b, 20, 0));
  SHOW(send_files(sv[0], p, 1, "peeked"));
  n = receive_files(sv[1], got, 400, 50, MSG_PEEK);
  close(got[0]);
  n = receive_files(sv[1], got, 400, 50, 0);
  close(got[0]);
  // Bytes before, with and after descriptors: reads stop at them.
  write(sv[0], "before", 6);
  send_files(sv[0], p, 1, "with");
  write(sv[0], "after", 5);
  n = receive_files(sv[1], got, 400, 50, 0);
  n = receive_files(sv[1], got, 400, 2, 0);
  close(got[0]);
  n = receive_files(sv[1], got, 400, 50, 0);
  n = receive_files(sv[1], got, 400, 50, MSG_DONTWAIT);
  int bad = 99;
  SHOW(send_files(sv[0], &bad, 1, "bad"));
  int many[254];
  for (int i = 0; i < 254; i++) many[i] = p[0];
  SHOW(send_files(sv[0], many, 254, "many"));
  SHOW(send_files(sv[0], many, 253, "many"));
  n = receive_files(sv[1], got, CMSG_SPACE(sizeof(int) * 253), 50, 0);
  printf("%d\n", n);
  for (int i = 0; i < n; i++) close(got[i]);
  // A writer in flight keeps a pipe open; it ends when the message is lost.
  send_files(sv[0], &p[1], 1, "writer");
  close(p[1]);
  fcntl(p[0], F_SETFL, O_NONBLOCK);
  SHOW(read(p[0], b, 1));
  close(sv[1]);
  SHOW(read(p[0], b, 1));
  close(sv[0]);
  close(p[0]);
  // A cycle: a socket inside itself, with the only writer of a pipe beside it.
  socketpair(AF_UNIX, SOCK_STREAM, 0, sv);
  pipe2(p, O_NONBLOCK);
  int three[3] = { sv[0], sv[1], p[1] };
  SHOW(send_files(sv[0], three, 3, "cycle"));
  SHOW(send_files(sv[1], three, 3, "cycle"));
  close(p[1]);
  SHOW(read(p[0], b, 1));
  close(sv[0]);
  close(sv[1]);
  // Linux collects such garbage in the background.
  int spins = 0;
  while (read(p[0], b, 1) != 0 && spins++ < 1000) {
    usleep(1000);
    close(socket(AF_UNIX, SOCK_STREAM, 0));
    if (spins % 10 == 0) { int x[2]; socketpair(AF_UNIX, SOCK_STREAM, 0, x); send_files(x[0], x, 1, "kick"); close(x[0]); close(x[1]); }
  }
  printf("collected %d\n", spins < 1000);
  close(p[0]);
}

static void credentials(void) {
  int sv[2], one = 1, got[4];
  struct ucred u;
  socklen_t l = sizeof u;
  socketpair(AF_UNIX, SOCK_STREAM, 0, sv);
  SHOW(getsockopt(sv[0], SOL_SOCKET, SO_PEERCRED, &u, &l));
  printf("%d %d %d length %u\n", u.pid == getpid(), u.uid == getuid(), u.gid == getgid(), l);
  SHOW(send(sv[0], "early", 5, 0));
  SHOW(setsockopt(sv[1], SOL_SOCKET, SO_PASSCRED, &one, sizeof one));
  receive_files(sv[1], got, 400, 50, 0);
  SHOW(send(sv[0], "late", 4, 0));
  receive_files(sv[1], got, 400, 50, 0);
  int p[2];
  pipe(p);
  send_files(sv[0], p, 2, "files too");
  receive_files(sv[1], got, 400, 50, 0);
  // Reads do not join what different processes sent.
  fflush(stdout);
  if (fork() == 0) { write(sv[0], "child", 5); _exit(0); }
  wait(0);
  write(sv[0], "parent", 6);
  receive_files(sv[1], got, 400, 50, 0);
  receive_files(sv[1], got, 400, 50, 0);
  // Claimed credentials.
  char control[CMSG_SPACE(sizeof u)] = { 0 };
  struct iovec v = { "x", 1 };
  struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control };
  struct cmsghdr *c = CMSG_FIRSTHDR(&m);
  c->cmsg_level = SOL_SOCKET;
  c->cmsg_type = SCM_CREDENTIALS;
  c->cmsg_len = CMSG_LEN(sizeof u);
  u = (struct ucred){ getpid(), getuid(), getgid() };
  memcpy(CMSG_DATA(c), &u, sizeof u);
  SHOW(sendmsg(sv[0], &m, 0));
  receive_files(sv[1], got, 400, 50, 0);
  c->cmsg_type = 77;
  SHOW(sendmsg(sv[0], &m, 0));
  c->cmsg_type = SCM_CREDENTIALS;
  c->cmsg_len = 5;
  SHOW(sendmsg(sv[0], &m, 0));
  c->cmsg_len = CMSG_LEN(4);
  SHOW(sendmsg(sv[0], &m, 0));
  // Who connected, and who listens.
  struct sockaddr_un a;
  l = name(&a, "cred", 0);
  int s = socket(AF_UNIX, SOCK_SEQPACKET, 0);
  bind(s, (void *)&a, l);
  listen(s, 5);
  fflush(stdout);
  pid_t child = fork();
  if (child == 0) {
    int k = socket(AF_UNIX, SOCK_SEQPACKET, 0);
    connect(k, (void *)&a, l);
    socklen_t ul = sizeof u;
    getsockopt(k, SOL_SOCKET, SO_PEERCRED, &u, &ul);
    write(k, u.pid == getppid() ? "parent listens" : "?", 14);
    _exit(0);
  }
  int k = accept(s, 0, 0);
  l = sizeof u;
  getsockopt(k, SOL_SOCKET, SO_PEERCRED, &u, &l);
  char b[20] = { 0 };
  recv(k, b, 20, 0);
  printf("%d %s\n", u.pid == child, b);
  wait(0);
  unlink("cred");
}

static void *late_writer(void *p) {
  int fd = *(int *)p;
  for (int i = 0; i < 5; i++) { usleep(2000); write(fd, "12345", 5); }
  return 0;
}
static void *drain(void *p) {
  int fd = *(int *)p;
  long n, total = 0;
  usleep(3000);
  while ((n = read(fd, big, 10000)) > 0) total += n;
  return (void *)total;
}

static void waiting(void) {
  int sv[2];
  char b[100] = { 0 };
  pthread_t th;
  socketpair(AF_UNIX, SOCK_STREAM, 0, sv);
  pthread_create(&th, 0, late_writer, &sv[0]);
  SHOW(recv(sv[1], b, 25, MSG_WAITALL));
  pthread_join(th, 0);
  // A writer waits for its reader.
  pthread_create(&th, 0, drain, &sv[1]);
  static char huge[700000];
  SHOW(write(sv[0], huge, sizeof huge));
  shutdown(sv[0], SHUT_WR);
  void *total;
  pthread_join(th, &total);
  printf("drained %ld\n", (long)total);
  close(sv[0]);
  close(sv[1]);
  // Timeouts.
  socketpair(AF_UNIX, SOCK_STREAM, 0, sv);
  struct timeval tv = { 0, 20000 };
  socklen_t l = sizeof tv;
  SHOW(setsockopt(sv[0], SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof tv));
  SHOW(setsockopt(sv[0], SOL_SOCKET, SO_RCVTIMEO, &tv, 4));
  tv.tv_usec = 1000000;
  SHOW(setsockopt(sv[0], SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof tv));
  SHOW(getsockopt(sv[0], SOL_SOCKET, SO_RCVTIMEO, &tv, &l));
  printf("%ld %ld %u\n", (long)tv.tv_sec, (long)tv.tv_usec, l);
  SHOW(recv(sv[0], b, 10, 0));
  SHOW(read(sv[0], b, 10));
  setsockopt(sv[0], SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof tv);
  SHOW(send(sv[0], huge, sizeof huge, 0) < (long)sizeof huge);
  SHOW(send(sv[0], huge, 10000, 0));
  close(sv[0]);
  close(sv[1]);
  // Signals.
  socketpair(AF_UNIX, SOCK_STREAM, 0, sv);
  struct sigaction a = { .sa_handler = on };
  sigaction(SIGALRM, &a, 0);
  ualarm(5000, 0);
  SHOW(recv(sv[0], b, 1, 0));
  write(sv[1], "abc", 3);
  ualarm(5000, 0);
  SHOW(recv(sv[0], b, 9, MSG_WAITALL));
  a.sa_flags = SA_RESTART;
  sigaction(SIGALRM, &a, 0);
  pthread_create(&th, 0, late_writer, &sv[1]);
  ualarm(1000, 0);
  SHOW(recv(sv[0], b, 25, MSG_WAITALL));
  pthread_join(th, 0);
  printf("alarms %d\n", alarms);
  // epoll.
  int ep = epoll_create1(0);
  struct epoll_event ev = { EPOLLIN | EPOLLOUT | EPOLLET | EPOLLRDHUP, { .fd = 5 } };
  SHOW(epoll_ctl(ep, EPOLL_CTL_ADD, sv[0], &ev));
  SHOW(epoll_wait(ep, &ev, 1, 0));
  printf("%x\n", ev.events);
  SHOW(epoll_wait(ep, &ev, 1, 0));
  write(sv[1], "x", 1);
  SHOW(epoll_wait(ep, &ev, 1, 0));
  printf("%x\n", ev.events);
  close(sv[1]);
  SHOW(epoll_wait(ep, &ev, 1, 0));
  printf("%x\n", ev.events);
  close(sv[0]);
  SHOW(epoll_wait(ep, &ev, 1, 0));
  // Several messages at once.
  socketpair(AF_UNIX, SOCK_DGRAM, 0, sv);
  struct iovec v[4] = { { "a", 1 }, { "bb", 2 }, { "ccc", 3 }, { "dddd", 4 } }, w[4];
  struct mmsghdr mm[4] = { 0 };
  for (int i = 0; i < 4; i++) mm[i].msg_hdr = (struct msghdr){ .msg_iov = &v[i], .msg_iovlen = 1 };
  SHOW(sendmmsg(sv[0], mm, 4, 0));
  printf("%u %u %u %u\n", mm[0].msg_len, mm[1].msg_len, mm[2].msg_len, mm[3].msg_len);
  for (int i = 0; i < 4; i++) {
    w[i] = (struct iovec){ b + 10 * i, 10 };
    mm[i].msg_hdr = (struct msghdr){ .msg_iov = &w[i], .msg_iovlen = 1 };
  }
  SHOW(recvmmsg(sv[1], mm, 3, 0, 0));
  SHOW(recvmmsg(sv[1], mm + 1, 3, MSG_WAITFORONE, 0));
  SHOW(recvmmsg(sv[1], mm, 3, MSG_DONTWAIT, 0));
  printf("%u %u\n", mm[0].msg_len, mm[1].msg_len);
}

static void show_option(int s, const char *what, int name) {
  int v[4] = { -7, -7, -7, -7 };
  socklen_t l = sizeof v;
  errno = 0;
  int r = getsockopt(s, SOL_SOCKET, name, v, &l);
  printf("%s: %d %s length %u value %d\n", what, r, r < 0 ? strerrorname_np(errno) : "", l, v[0]);
}
#define OPTION(s, o) show_option(s, #o, o)

static void options(void) {
  int s = socket(AF_UNIX, SOCK_STREAM, 0), v = 1;
  OPTION(s, SO_TYPE);
  OPTION(s, SO_DOMAIN);
  OPTION(s, SO_PROTOCOL);
  OPTION(s, SO_ERROR);
  OPTION(s, SO_REUSEADDR);
  OPTION(s, SO_KEEPALIVE);
  OPTION(s, SO_BROADCAST);
  OPTION(s, SO_RCVLOWAT);
  OPTION(s, SO_SNDLOWAT);
  OPTION(s, SO_LINGER);
  OPTION(s, SO_PRIORITY);
  OPTION(s, SO_PASSCRED);
  OPTION(s, SO_PEERCRED);
  OPTION(s, SO_PEEK_OFF);
  OPTION(s, 250);
  v = 100;
  SHOW(setsockopt(s, SOL_SOCKET, SO_SNDBUF, &v, 4));
  OPTION(s, SO_SNDBUF);
  v = 30000;
  SHOW(setsockopt(s, SOL_SOCKET, SO_RCVBUF, &v, 4));
  OPTION(s, SO_RCVBUF);
  v = 5;
  SHOW(setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &v, 4));
  OPTION(s, SO_REUSEADDR);
  SHOW(setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &v, 3));
  SHOW(setsockopt(s, SOL_SOCKET, SO_REUSEADDR, (void *)8, 4));
  SHOW(setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &v, -1));
  SHOW(setsockopt(s, SOL_SOCKET, SO_TYPE, &v, 4));
  SHOW(setsockopt(s, SOL_SOCKET, SO_REUSEPORT, &v, 4));
  SHOW(setsockopt(s, SOL_SOCKET, 250, &v, 4));
  SHOW(setsockopt(s, 6, 1, &v, 4));
  socklen_t l = 2;
  v = -1;
  SHOW(getsockopt(s, SOL_SOCKET, SO_TYPE, &v, &l));
  printf("%x %u\n", v, l);
  l = -1;
  SHOW(getsockopt(s, SOL_SOCKET, SO_TYPE, &v, &l));
  SHOW(getsockopt(s, 6, 1, &v, &l));
  close(s);
}

int main(void) {
  setvbuf(stdout, 0, _IOFBF, 1 << 16);
  signal(SIGPIPE, on);
  char dir[] = "/tmp/sockets-XXXXXX";
  mkdtemp(dir);
  chdir(dir);
  making();
  streams();
  packets();
  names();
  rights();
  credentials();
  waiting();
  options();
  chdir("/");
  rmdir(dir);
  return 0;
}
