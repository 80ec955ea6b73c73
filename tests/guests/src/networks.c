/* Network namespaces: a loopback of one's own, down at first; ports, abstract names and tables of one's own; sockets stay where they were made. Run as root. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <unistd.h>

#define SAY(...) do { printf(__VA_ARGS__); fflush(stdout); } while (0)
#define ERR(call) ((call) < 0 ? errno : 0)
static const char *name(int e) { return e == 0 ? "ok" : strerrorname_np(e); }
static int raw_clone(unsigned long flags) { return syscall(SYS_clone, flags | SIGCHLD, 0, 0, 0, 0); }
static int status_of(int pid) { int s = -1; waitpid(pid, &s, 0); return WIFEXITED(s) ? WEXITSTATUS(s) : -WTERMSIG(s); }
static struct sockaddr_in at(const char *ip, int port) {
  struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port)};
  inet_pton(AF_INET, ip, &a.sin_addr);
  return a;
}
static int bound(int type, const char *ip, int port) {
  int s = socket(AF_INET, type, 0);
  struct sockaddr_in a = at(ip, port);
  return bind(s, (void *)&a, sizeof a) < 0 ? -1 : s;
}
static int joined(int s, const char *ip, int port) {
  struct sockaddr_in a = at(ip, port);
  return connect(s, (void *)&a, sizeof a);
}
static int abstract(const char *n, int bind_it) {
  int s = socket(AF_UNIX, SOCK_STREAM, 0);
  struct sockaddr_un a = {.sun_family = AF_UNIX};
  memcpy(a.sun_path + 1, n, strlen(n));
  socklen_t l = 3 + strlen(n);
  if ((bind_it ? bind(s, (void *)&a, l) : connect(s, (void *)&a, l)) < 0) return -1;
  if (bind_it) listen(s, 5);
  return s;
}
static void lo(const char *what) {
  int s = socket(AF_INET, SOCK_DGRAM, 0);
  struct ifreq r = {.ifr_name = "lo"};
  ioctl(s, SIOCGIFFLAGS, &r);
  SAY("%s: flags %x", what, r.ifr_flags);
  struct ifaddrs *all, *i;
  int four = 0, six = 0;
  if (getifaddrs(&all) == 0) {
    for (i = all; i; i = i->ifa_next) if (i->ifa_addr && !strcmp(i->ifa_name, "lo")) { four += i->ifa_addr->sa_family == AF_INET; six += i->ifa_addr->sa_family == AF_INET6; }
    freeifaddrs(all);
  }
  SAY(" addresses %d %d index %d\n", four, six, if_nametoindex("lo"));
  close(s);
}
static int set_flags(int flags) {
  int s = socket(AF_INET, SOCK_DGRAM, 0);
  struct ifreq r = {.ifr_name = "lo", .ifr_flags = flags};
  int e = ERR(ioctl(s, SIOCSIFFLAGS, &r));
  close(s);
  return e;
}
static int link_up(int up) {
  struct { struct nlmsghdr h; struct ifinfomsg i; } q = {{sizeof q, RTM_NEWLINK, NLM_F_REQUEST | NLM_F_ACK, 7, 0}, {.ifi_index = 1, .ifi_flags = up ? IFF_UP : 0, .ifi_change = IFF_UP}};
  int s = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
  send(s, &q, sizeof q, 0);
  char b[4096];
  recv(s, b, sizeof b, 0);
  struct nlmsghdr *h = (void *)b;
  int e = h->nlmsg_type == NLMSG_ERROR ? -((struct nlmsgerr *)NLMSG_DATA(h))->error : -1;
  close(s);
  return e;
}
static int lines(const char *path) {
  FILE *f = fopen(path, "r");
  int n = 0;
  for (int c; f && (c = getc(f)) != EOF;) n += c == '\n';
  if (f) fclose(f);
  return n;
}

int main(void) {
  int outside = bound(SOCK_STREAM, "127.0.0.1", 45671);
  listen(outside, 5);
  int named = abstract("networks-guest", 1);
  int early = socket(AF_INET, SOCK_STREAM, 0);
  SAY("taken outside: %s\n", name(ERR(bound(SOCK_STREAM, "127.0.0.1", 45671))));
  int pid = raw_clone(CLONE_NEWNET);
  if (pid == 0) {
    lo("at first");
    SAY("connect while down: %s\n", name(ERR(joined(socket(AF_INET, SOCK_STREAM, 0), "127.0.0.1", 45671))));
    SAY("bind while down: %s\n", name(ERR(bound(SOCK_STREAM, "127.0.0.1", 45674))));
    SAY("bind any while down: %s\n", name(ERR(bound(SOCK_STREAM, "0.0.0.0", 45672))));
    int u = socket(AF_INET, SOCK_DGRAM, 0);
    SAY("udp while down: %s\n", name(ERR(joined(u, "127.0.0.1", 9))));
    SAY("elsewhere: %s\n", name(ERR(joined(socket(AF_INET, SOCK_STREAM, 0), "10.1.2.3", 9))));
    SAY("up: %s\n", name(link_up(1)));
    lo("up");
    SAY("nobody: %s\n", name(ERR(joined(socket(AF_INET, SOCK_STREAM, 0), "127.0.0.1", 45671))));
    int own = bound(SOCK_STREAM, "127.0.0.1", 45671);
    SAY("own port: %d\n", own >= 0);
    listen(own, 5);
    int c = socket(AF_INET, SOCK_STREAM, 0);
    SAY("own listener: %s\n", name(ERR(joined(c, "127.0.0.1", 45671))));
    SAY("tcp lines: %d\n", lines("/proc/net/tcp") > 1);
    SAY("outer's socket connects outside: %s\n", name(ERR(joined(early, "127.0.0.1", 45671))));
    SAY("outer accepts: %d\n", accept(outside, 0, 0) >= 0);
    SAY("abstract from inside: %s\n", name(ERR(abstract("networks-guest", 0))));
    SAY("abstract of its own: %d\n", abstract("networks-guest", 1) >= 0);
    SAY("found: %s\n", name(ERR(abstract("networks-guest", 0))));
    SAY("low port: %s\n", name(ERR(bound(SOCK_STREAM, "127.0.0.1", 80))));
    SAY("down: %s\n", name(set_flags(0)));
    lo("down");
    SAY("up again: %s\n", name(set_flags(IFF_UP)));
    SAY("connect: %s\n", name(ERR(joined(socket(AF_INET, SOCK_STREAM, 0), "127.0.0.1", 45671))));
    setresuid(1000, 1000, 1000);
    SAY("plain down: %s %s\n", name(set_flags(0)), name(link_up(0)));
    _exit(0);
  }
  status_of(pid);
  pid = fork();
  if (pid == 0) {
    setresgid(1000, 1000, 1000);
    setresuid(1000, 1000, 1000);
    SAY("plain: %s\n", name(ERR(unshare(CLONE_NEWNET))));
    SAY("with user: %s\n", name(ERR(unshare(CLONE_NEWUSER | CLONE_NEWNET))));
    SAY("up: %s\n", name(link_up(1)));
    SAY("low port: %s\n", name(ERR(bound(SOCK_STREAM, "127.0.0.1", 80))));
    SAY("tcp lines: %d\n", lines("/proc/self/net/tcp"));
    _exit(0);
  }
  status_of(pid);
  int p[2];
  pipe(p);
  pid = raw_clone(CLONE_NEWNET);
  char x;
  if (pid == 0) { link_up(1); int s = bound(SOCK_STREAM, "127.0.0.1", 45673); listen(s, 5); write(p[1], "x", 1); pause(); }
  read(p[0], &x, 1);
  char path[64];
  snprintf(path, 64, "/proc/%d/ns/net", pid);
  int guest = fork();
  if (guest == 0) {
    int own = open("/proc/self/ns/net", O_RDONLY);
    SAY("before: %s\n", name(ERR(joined(socket(AF_INET, SOCK_STREAM, 0), "127.0.0.1", 45673))));
    SAY("setns: %s\n", name(ERR(setns(open(path, O_RDONLY), CLONE_NEWNET))));
    SAY("inside: %s\n", name(ERR(joined(socket(AF_INET, SOCK_STREAM, 0), "127.0.0.1", 45673))));
    SAY("back: %s\n", name(ERR(setns(own, 0))));
    SAY("outside: %s\n", name(ERR(joined(socket(AF_INET, SOCK_STREAM, 0), "127.0.0.1", 45673))));
    _exit(0);
  }
  status_of(guest);
  kill(pid, SIGKILL);
  status_of(pid);
  (void)named;
  return 0;
}
