// TCP and UDP on the loopback: names, ports, connecting, ends, resets, waiting, options.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#define SHOW(e) do { errno = 0; long r_ = (long)(e); printf("%s: %ld %s\n", #e, r_, r_ < 0 ? strerrorname_np(errno) : ""); } while (0)
#define EVENTS(fd) show_events(#fd, fd)
#define ADDR(a) (struct sockaddr *)&a, sizeof a

static volatile int pipes, alarms;
static void on(int sig) { if (sig == SIGPIPE) pipes++; else alarms++; }
static void show_events(const char *name, int fd) {
  struct pollfd p = { fd, POLLIN | POLLOUT | POLLPRI | POLLRDHUP | POLLRDNORM | POLLWRNORM, 0 };
  poll(&p, 1, 0);
  printf("poll %s: %x\n", name, p.revents);
}
static struct sockaddr_in at(const char *ip, int port) {
  struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(port) };
  inet_pton(AF_INET, ip, &a.sin_addr);
  return a;
}
static int port_of(int fd) {
  struct sockaddr_in6 a;
  socklen_t l = sizeof a;
  getsockname(fd, (void *)&a, &l);
  return ntohs(a.sin6_port);
}
static void show_name(const char *what, int fd, int peer, int port1, int port2) {
  struct sockaddr_storage a;
  socklen_t l = sizeof a;
  char text[100] = "";
  errno = 0;
  int r = peer ? getpeername(fd, (void *)&a, &l) : getsockname(fd, (void *)&a, &l);
  if (r < 0) { printf("%s: %s\n", what, strerrorname_np(errno)); return; }
  int port = ntohs(((struct sockaddr_in *)&a)->sin_port);
  if (a.ss_family == AF_INET) inet_ntop(AF_INET, &((struct sockaddr_in *)&a)->sin_addr, text, sizeof text);
  else inet_ntop(AF_INET6, &((struct sockaddr_in6 *)&a)->sin6_addr, text, sizeof text);
  printf("%s: length %u family %d %s port %s\n", what, l, a.ss_family, text, port == 0 ? "0" : port == port1 ? "first" : port == port2 ? "second" : port > 32767 && port < 61000 ? "ephemeral" : "other");
}
static void show_option(int s, const char *what, int level, int name) {
  int v[4] = { -7, -7, -7, -7 };
  socklen_t l = sizeof v;
  errno = 0;
  int r = getsockopt(s, level, name, v, &l);
  printf("%s: %d %s length %u value %d\n", what, r, r < 0 ? strerrorname_np(errno) : "", l, v[0]);
}
#define OPTION(s, level, o) show_option(s, #o, level, o)

static int listener(int *port) {
  int s = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in a = at("127.0.0.1", 0);
  bind(s, ADDR(a));
  listen(s, 10);
  *port = port_of(s);
  return s;
}
static void pair(int sv[2]) {
  int port, s = listener(&port);
  struct sockaddr_in a = at("127.0.0.1", port);
  sv[0] = socket(AF_INET, SOCK_STREAM, 0);
  connect(sv[0], ADDR(a));
  sv[1] = accept(s, 0, 0);
  close(s);
}

static void making(void) {
  SHOW(socket(AF_INET, SOCK_SEQPACKET, 0));
  SHOW(socket(AF_INET, SOCK_STREAM, IPPROTO_UDP));
  SHOW(socket(AF_INET, SOCK_DGRAM, IPPROTO_TCP));
  SHOW(socket(AF_INET, SOCK_STREAM, -1));
  int s = socket(AF_INET, SOCK_STREAM, 0), u = socket(AF_INET, SOCK_DGRAM, 0), x = socket(AF_INET6, SOCK_STREAM, 0);
  char b[10];
  EVENTS(s);
  EVENTS(u);
  show_name("fresh", s, 0, -1, -1);
  show_name("fresh", s, 1, -1, -1);
  show_name("fresh", x, 0, -1, -1);
  show_name("fresh", u, 1, -1, -1);
  SHOW(read(s, b, 1));
  SHOW(send(s, b, 1, MSG_NOSIGNAL));
  SHOW(write(s, b, 1));
  printf("SIGPIPE %d\n", pipes);
  SHOW(shutdown(s, SHUT_WR));
  SHOW(shutdown(s, 9));
  SHOW(accept(s, 0, 0));
  SHOW(send(u, b, 1, 0));
  SHOW(shutdown(u, SHUT_RDWR));
  SHOW(listen(u, 1));
  SHOW(accept(u, 0, 0));
  SHOW(recv(u, b, 1, MSG_DONTWAIT));
  SHOW(recv(u, b, 1, MSG_DONTWAIT | MSG_ERRQUEUE));
  close(s);
  close(u);
  close(x);
}

static void binding(void) {
  int s = socket(AF_INET, SOCK_STREAM, 0), r = socket(AF_INET, SOCK_STREAM, 0), one = 1;
  struct sockaddr_in a = at("127.0.0.1", 0);
  SHOW(bind(s, (void *)&a, 8));
  a.sin_family = AF_UNIX;
  SHOW(bind(s, ADDR(a)));
  a = at("192.0.2.1", 0);
  SHOW(bind(s, ADDR(a)));
  a = at("127.0.0.5", 0);
  SHOW(bind(s, ADDR(a)));
  int port = port_of(s);
  show_name("bound", s, 0, -1, -1);
  SHOW(bind(s, ADDR(a)));
  a.sin_port = htons(port);
  SHOW(bind(r, ADDR(a)));
  a = at("127.0.0.6", port);
  SHOW(bind(r, ADDR(a)));
  close(r);
  r = socket(AF_INET, SOCK_STREAM, 0);
  a = at("0.0.0.0", port);
  SHOW(bind(r, ADDR(a)));
  setsockopt(r, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  SHOW(bind(r, ADDR(a)));
  setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  SHOW(bind(r, ADDR(a)));
  SHOW(listen(s, 5));
  SHOW(listen(r, 5));
  int third = socket(AF_INET, SOCK_STREAM, 0);
  setsockopt(third, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  SHOW(bind(third, ADDR(a)));
  close(third);
  close(r);
  close(s);
  // Sharing by SO_REUSEPORT.
  s = socket(AF_INET, SOCK_STREAM, 0);
  r = socket(AF_INET, SOCK_STREAM, 0);
  setsockopt(s, SOL_SOCKET, SO_REUSEPORT, &one, sizeof one);
  a = at("127.0.0.1", 0);
  bind(s, ADDR(a));
  listen(s, 5);
  a.sin_port = htons(port_of(s));
  SHOW(bind(r, ADDR(a)));
  setsockopt(r, SOL_SOCKET, SO_REUSEPORT, &one, sizeof one);
  SHOW(bind(r, ADDR(a)));
  SHOW(listen(r, 5));
  close(r);
  close(s);
  // TCP and UDP have ports of their own.
  s = socket(AF_INET, SOCK_STREAM, 0);
  a = at("127.0.0.1", 0);
  bind(s, ADDR(a));
  a.sin_port = htons(port_of(s));
  r = socket(AF_INET, SOCK_DGRAM, 0);
  SHOW(bind(r, ADDR(a)));
  third = socket(AF_INET, SOCK_DGRAM, 0);
  SHOW(bind(third, ADDR(a)));
  close(third);
  close(r);
  close(s);
  // Listening without a bind takes a port.
  s = socket(AF_INET, SOCK_STREAM, 0);
  SHOW(listen(s, 5));
  show_name("listening", s, 0, -1, -1);
  SHOW(listen(s, 7));
  a = at("127.0.0.1", 0);
  SHOW(connect(s, ADDR(a)));
  SHOW(recv(s, &a, 1, MSG_DONTWAIT));
  EVENTS(s);
  close(s);
  // IPv6 with IPv4 in it.
  struct sockaddr_in6 a6 = { .sin6_family = AF_INET6 };
  s = socket(AF_INET6, SOCK_STREAM, 0);
  SHOW(bind(s, (void *)&a6, 20));
  SHOW(bind(s, ADDR(a6)));
  port = port_of(s);
  r = socket(AF_INET, SOCK_STREAM, 0);
  a = at("0.0.0.0", port);
  SHOW(bind(r, ADDR(a)));
  SHOW(setsockopt(s, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one));
  close(s);
  s = socket(AF_INET6, SOCK_STREAM, 0);
  SHOW(setsockopt(s, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one));
  SHOW(bind(r, ADDR(a)));
  a6.sin6_port = htons(port);
  SHOW(bind(s, ADDR(a6)));
  close(s);
  close(r);
}

static void connecting(void) {
  int port, s = listener(&port), c = socket(AF_INET, SOCK_STREAM, 0), d;
  char b[100] = { 0 };
  struct sockaddr_in a = at("127.0.0.1", port), from;
  socklen_t fl = sizeof from;
  SHOW(connect(c, (void *)&a, 4));
  SHOW(connect(c, ADDR(a)));
  SHOW(connect(c, ADDR(a)));
  EVENTS(s);
  EVENTS(c);
  SHOW(send(c, "early", 5, 0));
  SHOW((d = accept4(s, (void *)&from, &fl, SOCK_NONBLOCK)) >= 0);
  printf("from length %u family %d own port %d\n", fl, from.sin_family, ntohs(from.sin_port) == port_of(c));
  show_name("client", c, 0, port, -1);
  show_name("client's peer", c, 1, port, -1);
  show_name("server", d, 0, port, port_of(c));
  show_name("server's peer", d, 1, port, port_of(c));
  SHOW(recv(d, b, 99, 0));
  SHOW(recv(d, b, 99, 0));
  fl = sizeof from;
  SHOW(recvfrom(c, b, 0, MSG_DONTWAIT, (void *)&from, &fl));
  printf("%u\n", fl);
  EVENTS(d);
  close(d);
  close(c);
  // Nobody listens.
  int unused;
  close(listener(&unused));
  c = socket(AF_INET, SOCK_STREAM, 0);
  a = at("127.0.0.1", unused);
  SHOW(connect(c, ADDR(a)));
  EVENTS(c);
  SHOW(connect(c, ADDR(a)));
  close(c);
  c = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  SHOW(connect(c, ADDR(a)));
  EVENTS(c);
  OPTION(c, SOL_SOCKET, SO_ERROR);
  OPTION(c, SOL_SOCKET, SO_ERROR);
  SHOW(connect(c, ADDR(a)));
  SHOW(connect(c, ADDR(a)));
  close(c);
  // Not waiting.
  a = at("127.0.0.1", port);
  c = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  SHOW(connect(c, ADDR(a)));
  struct pollfd p = { c, POLLOUT, 0 };
  SHOW(poll(&p, 1, 1000));
  OPTION(c, SOL_SOCKET, SO_ERROR);
  SHOW(connect(c, ADDR(a)));
  SHOW(connect(c, ADDR(a)));
  close(c);
  SHOW((d = accept(s, 0, 0)) >= 0);
  SHOW(recv(d, b, 99, 0));
  close(d);
  // By the unspecified address, by another loopback address.
  c = socket(AF_INET, SOCK_STREAM, 0);
  a = at("0.0.0.0", port);
  SHOW(connect(c, ADDR(a)));
  show_name("peer", c, 1, port, -1);
  close(c);
  close(accept(s, 0, 0));
  c = socket(AF_INET, SOCK_STREAM, 0);
  a = at("127.0.0.2", port);
  SHOW(connect(c, ADDR(a)));
  close(c);
  close(s);
  // IPv4 to a listener of IPv6.
  struct sockaddr_in6 a6 = { .sin6_family = AF_INET6 };
  s = socket(AF_INET6, SOCK_STREAM, 0);
  bind(s, ADDR(a6));
  listen(s, 5);
  port = port_of(s);
  a = at("127.0.0.1", port);
  c = socket(AF_INET, SOCK_STREAM, 0);
  SHOW(connect(c, ADDR(a)));
  d = accept(s, 0, 0);
  show_name("mapped server", d, 0, port, -1);
  show_name("mapped peer", d, 1, port, port_of(c));
  close(c);
  close(d);
  c = socket(AF_INET6, SOCK_STREAM, 0);
  a6.sin6_port = htons(port);
  a6.sin6_addr = in6addr_loopback;
  SHOW(connect(c, ADDR(a6)));
  d = accept(s, 0, 0);
  show_name("client", c, 0, port, -1);
  show_name("server's peer", d, 1, port, port_of(c));
  close(c);
  close(d);
  close(s);
}

static void ends(void) {
  int sv[2], n;
  char b[100] = { 0 };
  pair(sv);
  EVENTS(sv[0]);
  SHOW(write(sv[0], "some bytes", 10));
  SHOW(ioctl(sv[1], FIONREAD, &n));
  printf("%d\n", n);
  SHOW(recv(sv[1], b, 4, MSG_PEEK));
  SHOW(recv(sv[1], b, 4, MSG_TRUNC));
  SHOW(recv(sv[1], b, 99, 0));
  printf("%.6s\n", b);
  SHOW(shutdown(sv[0], SHUT_WR));
  usleep(1000);
  EVENTS(sv[0]);
  EVENTS(sv[1]);
  SHOW(recv(sv[1], b, 9, 0));
  SHOW(send(sv[0], "x", 1, MSG_NOSIGNAL));
  SHOW(send(sv[1], "still", 5, 0));
  SHOW(recv(sv[0], b, 9, 0));
  show_name("peer", sv[0], 1, -1, -1);
  SHOW(shutdown(sv[1], SHUT_WR));
  usleep(1000);
  EVENTS(sv[0]);
  EVENTS(sv[1]);
  show_name("peer", sv[0], 1, -1, -1);
  SHOW(shutdown(sv[0], SHUT_RDWR));
  SHOW(recv(sv[0], b, 9, 0));
  close(sv[0]);
  close(sv[1]);
  // Reading is shut down, bytes still come.
  pair(sv);
  SHOW(shutdown(sv[1], SHUT_RD));
  EVENTS(sv[1]);
  SHOW(recv(sv[1], b, 9, 0));
  SHOW(send(sv[0], "late", 4, 0));
  usleep(1000);
  SHOW(recv(sv[1], b, 9, 0));
  SHOW(recv(sv[1], b, 9, 0));
  close(sv[0]);
  close(sv[1]);
  // The other end has closed: the first bytes are answered by a reset.
  pair(sv);
  close(sv[1]);
  usleep(1000);
  EVENTS(sv[0]);
  SHOW(send(sv[0], "x", 1, MSG_NOSIGNAL));
  usleep(1000);
  EVENTS(sv[0]);
  SHOW(send(sv[0], "x", 1, MSG_NOSIGNAL));
  SHOW(recv(sv[0], b, 9, 0));
  EVENTS(sv[0]);
  close(sv[0]);
  // Closed with bytes unread: a reset at once.
  pair(sv);
  send(sv[0], "unread", 6, 0);
  send(sv[1], "sent before", 11, 0);
  usleep(1000);
  close(sv[1]);
  usleep(1000);
  EVENTS(sv[0]);
  SHOW(recv(sv[0], b, 4, 0));
  SHOW(recv(sv[0], b, 99, 0));
  SHOW(recv(sv[0], b, 9, 0));
  SHOW(recv(sv[0], b, 9, 0));
  SHOW(send(sv[0], "x", 1, 0));
  printf("SIGPIPE %d\n", pipes);
  close(sv[0]);
  // No lingering.
  pair(sv);
  struct linger l = { 1, 0 };
  SHOW(setsockopt(sv[1], SOL_SOCKET, SO_LINGER, &l, sizeof l));
  close(sv[1]);
  usleep(1000);
  EVENTS(sv[0]);
  SHOW(send(sv[0], "x", 1, MSG_NOSIGNAL));
  SHOW(send(sv[0], "x", 1, MSG_NOSIGNAL));
  close(sv[0]);
  pair(sv);
  setsockopt(sv[1], SOL_SOCKET, SO_LINGER, &l, sizeof l);
  close(sv[1]);
  usleep(1000);
  OPTION(sv[0], SOL_SOCKET, SO_ERROR);
  SHOW(recv(sv[0], b, 9, 0));
  show_name("after a reset", sv[0], 1, -1, -1);
  close(sv[0]);
  // A listener that goes away with connections waiting.
  int port, s = listener(&port), c = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in a = at("127.0.0.1", port);
  connect(c, ADDR(a));
  close(s);
  usleep(1000);
  SHOW(recv(c, b, 9, 0));
  close(c);
  // Dissolving.
  pair(sv);
  struct sockaddr none = { AF_UNSPEC };
  SHOW(connect(sv[0], &none, sizeof none));
  show_name("dissolved", sv[0], 1, -1, -1);
  usleep(1000);
  SHOW(recv(sv[1], b, 9, MSG_DONTWAIT));
  EVENTS(sv[1]);
  EVENTS(sv[0]);
  close(sv[0]);
  close(sv[1]);
}

static void datagrams(void) {
  int u = socket(AF_INET, SOCK_DGRAM, 0), v = socket(AF_INET, SOCK_DGRAM, 0), n;
  char b[100] = { 0 };
  struct sockaddr_in a = at("127.0.0.1", 0), from;
  socklen_t fl = sizeof from;
  bind(u, ADDR(a));
  int port = port_of(u);
  a = at("127.0.0.1", port);
  SHOW(sendto(v, "first", 5, 0, ADDR(a)));
  SHOW(sendto(v, "", 0, 0, ADDR(a)));
  SHOW(sendto(v, "third one", 9, 0, ADDR(a)));
  show_name("autobound", v, 0, port, -1);
  SHOW(ioctl(u, FIONREAD, &n));
  printf("%d\n", n);
  EVENTS(u);
  SHOW(recvfrom(u, b, 99, 0, (void *)&from, &fl));
  printf("%u %d\n", fl, ntohs(from.sin_port) == port_of(v));
  SHOW(recv(u, b, 99, 0));
  SHOW(recv(u, b, 4, MSG_PEEK | MSG_TRUNC));
  struct iovec w = { b, 4 };
  struct msghdr m = { .msg_iov = &w, .msg_iovlen = 1 };
  SHOW(recvmsg(u, &m, 0));
  printf("%.4s %x\n", b, m.msg_flags);
  SHOW(recv(u, b, 4, MSG_DONTWAIT));
  SHOW(sendto(u, "back", 4, 0, (void *)&from, fl));
  SHOW(recv(v, b, 99, 0));
  // Connected.
  SHOW(connect(v, ADDR(a)));
  show_name("connected", v, 0, port_of(v), port);
  show_name("connected", v, 1, port_of(v), port);
  SHOW(send(v, "hi", 2, 0));
  SHOW(recv(u, b, 99, 0));
  int x = socket(AF_INET, SOCK_DGRAM, 0);
  struct sockaddr_in to = at("127.0.0.1", port_of(v));
  SHOW(sendto(x, "stranger", 8, 0, ADDR(to)));
  SHOW(recv(v, b, 99, MSG_DONTWAIT));
  SHOW(sendto(v, "elsewhere", 9, 0, ADDR(to)));
  SHOW(recv(v, b, 99, MSG_DONTWAIT));
  // Nobody there.
  close(u);
  SHOW(send(v, "lost", 4, 0));
  EVENTS(v);
  SHOW(recv(v, b, 9, MSG_DONTWAIT));
  SHOW(send(v, "lost", 4, 0));
  SHOW(send(v, "lost", 4, 0));
  SHOW(sendto(x, "lost", 4, 0, ADDR(a)));
  SHOW(sendto(x, "lost", 4, 0, ADDR(a)));
  struct sockaddr none = { AF_UNSPEC };
  SHOW(connect(v, &none, sizeof none));
  show_name("dissolved", v, 1, -1, -1);
  SHOW(send(v, "x", 1, 0));
  static char huge[70000];
  SHOW(sendto(x, huge, sizeof huge, 0, ADDR(a)));
  a.sin_port = 0;
  SHOW(sendto(x, "x", 1, 0, ADDR(a)));
  a = at("255.255.255.255", 9);
  SHOW(sendto(x, "x", 1, 0, ADDR(a)));
  SHOW(sendto(x, "x", 1, 0, (void *)&a, 8));
  close(v);
  close(x);
  // A socket of IPv6 that asks for its address towards both (as getaddrinfo does).
  int six = socket(AF_INET6, SOCK_DGRAM, 0);
  struct sockaddr_in6 a6 = { .sin6_family = AF_INET6, .sin6_port = htons(80), .sin6_addr = in6addr_loopback };
  SHOW(connect(six, ADDR(a6)));
  show_name("towards IPv6", six, 0, -1, -1);
  SHOW(connect(six, &none, sizeof none));
  show_name("dissolved", six, 0, -1, -1);
  a = at("127.0.0.1", 80);
  SHOW(connect(six, ADDR(a)));
  show_name("towards IPv4", six, 0, -1, -1);
  show_name("towards IPv4", six, 1, -1, -1);
  close(six);
  u = socket(AF_INET, SOCK_DGRAM, 0);
  a = at("127.0.0.1", 0);
  bind(u, ADDR(a));
  connect(u, ADDR(a));
  SHOW(connect(u, &none, sizeof none));
  show_name("bound and dissolved", u, 0, -1, -1);
  close(u);
  // What does not fit is dropped.
  u = socket(AF_INET, SOCK_DGRAM, 0);
  v = socket(AF_INET, SOCK_DGRAM, 0);
  a = at("127.0.0.1", 0);
  bind(u, ADDR(a));
  a.sin_port = htons(port_of(u));
  int small = 5000, sent = 0, got = 0;
  setsockopt(u, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
  for (int i = 0; i < 100; i++) sent += sendto(v, huge, 1000, 0, ADDR(a)) == 1000;
  while (recv(u, huge, sizeof huge, MSG_DONTWAIT) > 0) got++;
  printf("sent %d, some lost %d\n", sent, got > 0 && got < 100);
  // Shut down.
  connect(v, ADDR(a));
  SHOW(shutdown(v, SHUT_WR));
  SHOW(send(v, "x", 1, 0));
  SHOW(write(v, "x", 1));
  SHOW(shutdown(v, SHUT_RD));
  SHOW(recv(v, b, 1, 0));
  EVENTS(v);
  printf("SIGPIPE %d\n", pipes);
  close(u);
  close(v);
}

static void *drain(void *p) {
  int fd = *(int *)p;
  char b[3000];
  long n, total = 0;
  usleep(3000);
  while ((n = read(fd, b, sizeof b)) > 0) total += n;
  return (void *)total;
}
static void *late(void *p) {
  struct sockaddr_in a = at("127.0.0.1", *(int *)p);
  usleep(3000);
  int c = socket(AF_INET, SOCK_STREAM, 0);
  connect(c, ADDR(a));
  for (int i = 0; i < 5; i++) { usleep(1000); write(c, "12345", 5); }
  close(c);
  return 0;
}

static void waiting(void) {
  int sv[2], port, s = listener(&port);
  char b[100];
  pthread_t th;
  pthread_create(&th, 0, late, &port);
  int d;
  SHOW((d = accept(s, 0, 0)) >= 0);
  SHOW(recv(d, b, 22, MSG_WAITALL));
  SHOW(recv(d, b, 99, MSG_WAITALL));
  pthread_join(th, 0);
  close(d);
  struct timeval tv = { 0, 20000 };
  setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof tv);
  SHOW(accept(s, 0, 0));
  close(s);
  pair(sv);
  pthread_create(&th, 0, drain, &sv[1]);
  size_t size = 12 << 20;
  char *huge = malloc(size);
  SHOW(write(sv[0], huge, size) == (long)size);
  // From a file.
  char path[] = "/tmp/inet-XXXXXX";
  int f = mkstemp(path);
  ftruncate(f, 1000000);
  SHOW(sendfile(sv[0], f, 0, 1000000));
  unlink(path);
  shutdown(sv[0], SHUT_WR);
  void *total;
  pthread_join(th, &total);
  printf("drained %ld\n", (long)total);
  close(sv[0]);
  close(sv[1]);
  pair(sv);
  setsockopt(sv[0], SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof tv);
  SHOW(recv(sv[0], b, 10, 0));
  fcntl(sv[0], F_SETFL, O_NONBLOCK);
  long n, sent = 0;
  while ((n = write(sv[0], huge, 100000)) > 0) sent += n;
  printf("full %d %s\n", sent > 100000, strerrorname_np(errno));
  EVENTS(sv[0]);
  struct sigaction a = { .sa_handler = on };
  sigaction(SIGALRM, &a, 0);
  SHOW(recv(sv[1], huge, sent, MSG_WAITALL) == sent);
  usleep(1000);
  EVENTS(sv[0]);
  ualarm(5000, 0);
  SHOW(recv(sv[1], b, 1, 0));
  // Urgent bytes.
  SHOW(send(sv[1], "ab!", 3, MSG_OOB));
  usleep(1000);
  EVENTS(sv[0]);
  SHOW(recv(sv[0], b, 9, MSG_OOB));
  printf("%c\n", b[0]);
  SHOW(recv(sv[0], b, 9, MSG_OOB));
  SHOW(recv(sv[0], b, 9, 0));
  // epoll tells of changes.
  int ep = epoll_create1(0);
  struct epoll_event ev = { EPOLLIN | EPOLLOUT | EPOLLET | EPOLLRDHUP, { .fd = 5 } };
  epoll_ctl(ep, EPOLL_CTL_ADD, sv[0], &ev);
  SHOW(epoll_wait(ep, &ev, 1, 0));
  printf("%x\n", ev.events);
  SHOW(epoll_wait(ep, &ev, 1, 0));
  write(sv[1], "x", 1);
  SHOW(epoll_wait(ep, &ev, 1, 100));
  printf("%x\n", ev.events);
  close(sv[1]);
  SHOW(epoll_wait(ep, &ev, 1, 100));
  printf("%x\n", ev.events);
  close(sv[0]);
  free(huge);
  // A full house: who comes later gets in when there is room.
  s = listener(&port);
  listen(s, 1);
  struct sockaddr_in to = at("127.0.0.1", port);
  int many[2];
  for (int i = 0; i < 2; i++) {
    many[i] = socket(AF_INET, SOCK_STREAM, 0);
    SHOW(connect(many[i], ADDR(to)));
  }
  for (int i = 0; i < 2; i++) close(accept(s, 0, 0));
  close(many[0]);
  close(many[1]);
  close(s);
}

static void options(void) {
  int s = socket(AF_INET, SOCK_STREAM, 0), u = socket(AF_INET6, SOCK_DGRAM, 0), v = 1;
  OPTION(s, SOL_SOCKET, SO_TYPE);
  OPTION(s, SOL_SOCKET, SO_DOMAIN);
  OPTION(s, SOL_SOCKET, SO_PROTOCOL);
  OPTION(s, SOL_SOCKET, SO_ACCEPTCONN);
  OPTION(u, SOL_SOCKET, SO_DOMAIN);
  OPTION(u, SOL_SOCKET, SO_PROTOCOL);
  OPTION(s, SOL_SOCKET, SO_SNDBUF);
  OPTION(s, SOL_SOCKET, SO_RCVBUF);
  OPTION(u, SOL_SOCKET, SO_SNDBUF);
  SHOW(setsockopt(s, SOL_SOCKET, SO_REUSEPORT, &v, 4));
  OPTION(s, SOL_SOCKET, SO_REUSEPORT);
  SHOW(setsockopt(s, SOL_SOCKET, SO_KEEPALIVE, &v, 4));
  OPTION(s, IPPROTO_TCP, TCP_NODELAY);
  SHOW(setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &v, 4));
  OPTION(s, IPPROTO_TCP, TCP_NODELAY);
  OPTION(s, IPPROTO_TCP, TCP_MAXSEG);
  OPTION(s, IPPROTO_TCP, TCP_KEEPIDLE);
  OPTION(s, IPPROTO_TCP, TCP_KEEPINTVL);
  OPTION(s, IPPROTO_TCP, TCP_KEEPCNT);
  v = 0;
  SHOW(setsockopt(s, IPPROTO_TCP, TCP_KEEPIDLE, &v, 4));
  v = 30;
  SHOW(setsockopt(s, IPPROTO_TCP, TCP_KEEPIDLE, &v, 4));
  OPTION(s, IPPROTO_TCP, TCP_KEEPIDLE);
  OPTION(s, IPPROTO_TCP, TCP_QUICKACK);
  OPTION(s, IPPROTO_TCP, TCP_USER_TIMEOUT);
  SHOW(setsockopt(s, IPPROTO_TCP, 200, &v, 4));
  OPTION(s, IPPROTO_TCP, 200);
  OPTION(s, IPPROTO_IP, IP_TOS);
  OPTION(s, IPPROTO_IP, IP_TTL);
  OPTION(s, IPPROTO_IP, IP_MTU);
  OPTION(u, IPPROTO_IPV6, IPV6_V6ONLY);
  OPTION(u, IPPROTO_IPV6, IPV6_UNICAST_HOPS);
  OPTION(u, IPPROTO_IPV6, IPV6_MULTICAST_LOOP);
  v = 300;
  SHOW(setsockopt(s, IPPROTO_IP, IP_TTL, &v, 4));
  SHOW(setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &v, 2));
  close(u);
  close(s);
}

int main(void) {
  setvbuf(stdout, 0, _IOFBF, 1 << 16);
  signal(SIGPIPE, on);
  making();
  binding();
  connecting();
  ends();
  datagrams();
  waiting();
  options();
  return 0;
}
