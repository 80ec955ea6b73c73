/* inotify: every kind of event with its order, names and cookies, watches of files and directories, flags of add_watch, removal, overflow, polling, small buffers. Run as root. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define SAY(...) do { printf(__VA_ARGS__); fflush(stdout); } while (0)
#define ERR(call) ((call) < 0 ? errno : 0)
static const char *name(int e) { return e == 0 ? "ok" : strerrorname_np(e); }
static int in;
static unsigned cookies[64];
static int ncookies;

static void mask_text(unsigned m) {
  static const struct { unsigned bit; const char *text; } names[] = {
    {IN_ACCESS, "ACCESS"}, {IN_MODIFY, "MODIFY"}, {IN_ATTRIB, "ATTRIB"}, {IN_CLOSE_WRITE, "CLOSE_WRITE"},
    {IN_CLOSE_NOWRITE, "CLOSE_NOWRITE"}, {IN_OPEN, "OPEN"}, {IN_MOVED_FROM, "MOVED_FROM"}, {IN_MOVED_TO, "MOVED_TO"},
    {IN_CREATE, "CREATE"}, {IN_DELETE, "DELETE"}, {IN_DELETE_SELF, "DELETE_SELF"}, {IN_MOVE_SELF, "MOVE_SELF"},
    {IN_UNMOUNT, "UNMOUNT"}, {IN_Q_OVERFLOW, "Q_OVERFLOW"}, {IN_IGNORED, "IGNORED"}, {IN_ISDIR, "ISDIR"}};
  for (unsigned i = 0; i < sizeof names / sizeof *names; i++) if (m & names[i].bit) { SAY(" %s", names[i].text); m &= ~names[i].bit; }
  if (m) SAY(" +%x", m);
}
/* All events that are there; cookies as numbers from 1. */
static void events(const char *what) {
  char b[65536];
  SAY("%s:\n", what);
  for (;;) {
    ssize_t n = read(in, b, sizeof b);
    if (n <= 0) { if (n == 0 || errno != EAGAIN) SAY("  read %zd %s\n", n, name(errno)); return; }
    for (char *p = b; p < b + n;) {
      struct inotify_event *e = (void *)p;
      SAY("  %d", e->wd);
      mask_text(e->mask);
      if (e->len) SAY(" \"%s\" (%u)", e->name, e->len);
      if (e->cookie) {
        int i = 0;
        while (i < ncookies && cookies[i] != e->cookie) i++;
        if (i == ncookies) cookies[ncookies++] = e->cookie;
        SAY(" cookie %d", i + 1);
      }
      SAY("\n");
      p += sizeof *e + e->len;
    }
  }
}
static void put(const char *path, const char *text) {
  int fd = open(path, O_CREAT | O_WRONLY | O_TRUNC, 0644);
  if (write(fd, text, strlen(text)) < 0) SAY("write %s\n", name(errno));
  close(fd);
}

static void directory(void) {
  int wd = inotify_add_watch(in, "d", IN_ALL_EVENTS);
  SAY("watch %d\n", wd);
  put("d/a", "text"); events("create and write");
  put("d/a", "again"); events("write again");
  int fd = open("d/a", O_RDWR);
  char b[16];
  SAY("read %d %d\n", (int)read(fd, b, 2), (int)read(fd, b, 2)); events("open, read twice");
  if (read(fd, b, 16) < 0 || read(fd, b, 16) != 0) SAY("?\n");
  events("read to the end");
  if (pwrite(fd, "x", 1, 0) != 1 || pwrite(fd, "", 0, 0) != 0) SAY("?\n");
  events("pwrite, of nothing");
  ftruncate(fd, 2); events("ftruncate");
  fchmod(fd, 0600); events("fchmod");
  fchown(fd, 3, 4); events("fchown");
  futimens(fd, NULL); events("futimens");
  close(fd); events("close");
  truncate("d/a", 1); chmod("d/a", 0644); chown("d/a", 0, 0); utimensat(AT_FDCWD, "d/a", NULL, 0); events("by path");
  struct stat s; stat("d/a", &s); access("d/a", R_OK); events("looking");
  int p = open("d/a", O_PATH); close(p); events("O_PATH");
  mkdir("d/sub", 0755); rmdir("d/sub"); events("mkdir, rmdir");
  symlink("a", "d/s"); mknod("d/fifo", S_IFIFO | 0600, 0); link("d/a", "d/b"); events("symlink, mknod, link");
  unlink("d/b"); unlink("d/s"); unlink("d/fifo"); events("unlink");
  int sock = socket(AF_UNIX, SOCK_STREAM, 0);
  struct sockaddr_un un = {AF_UNIX, "d/sock"};
  bind(sock, (void *)&un, sizeof un); close(sock); unlink("d/sock"); events("bind");
  rename("d/a", "d/a2"); events("rename inside");
  put("o/new", "n"); rename("o/new", "d/new"); rename("d/a2", "o/a"); events("in and out");
  put("d/x", "x"); events("x"); rename("d/new", "d/x"); events("over another");
  put("d/y", "y"); events("y"); renameat2(AT_FDCWD, "d/x", AT_FDCWD, "d/y", RENAME_EXCHANGE); events("exchange");
  DIR *dir = opendir("d"); while (readdir(dir)) {} closedir(dir); events("listing");
  chmod("d", 0700); events("chmod of the directory");
  fd = open("d/x", O_RDWR); int to = open("d/y", O_WRONLY); events("open both");
  sendfile(to, fd, NULL, 1); events("sendfile");
  char *m = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0); m[0] = 1; munmap(m, 4096); events("mapping");
  close(fd); close(to); events("close both");
  unlink("d/x"); unlink("d/y"); unlink("o/a"); events("clean");
  put("d/a_name_of_many_letters", ""); events("long name");
  unlink("d/a_name_of_many_letters"); events("gone");
  SAY("remove %s", name(ERR(inotify_rm_watch(in, wd)))); SAY(" again %s\n", name(ERR(inotify_rm_watch(in, wd))));
  put("d/z", "z"); unlink("d/z"); events("removed");
}

static void files(void) {
  put("o/f", "f");
  int wd = inotify_add_watch(in, "o/f", IN_ALL_EVENTS);
  SAY("watch %d\n", wd);
  link("o/f", "o/g"); events("link");
  rename("o/f", "o/h"); events("moved");
  unlink("o/g"); events("one name gone");
  unlink("o/h"); events("last name gone");
  put("o/f", "f"); inotify_add_watch(in, "o/f", IN_ALL_EVENTS);
  int fd = open("o/f", O_RDONLY); unlink("o/f"); events("gone while open");
  close(fd); events("closed");
  put("o/f", "f"); put("o/g", "g"); inotify_add_watch(in, "o/g", IN_ALL_EVENTS); rename("o/f", "o/g"); events("replaced");
  unlink("o/g");
  mkdir("o/dir", 0755); inotify_add_watch(in, "o/dir", IN_ALL_EVENTS); rmdir("o/dir"); events("directory gone");
  mkdir("o/dir", 0755); inotify_add_watch(in, "o", IN_ALL_EVENTS); inotify_add_watch(in, "o/dir", IN_ALL_EVENTS);
  put("o/dir/x", "x"); events("below");
  chmod("o/dir", 0700); events("both see");
  rename("o/dir", "o/dir2"); put("o/dir2/y", "y"); events("moved directory");
  unlink("o/dir2/x"); unlink("o/dir2/y"); rmdir("o/dir2"); events("removed directory");
}

static void rules(void) {
  SAY("init: %s\n", name(ERR(inotify_init1(1))));
  SAY("no mask: %s\n", name(ERR(inotify_add_watch(in, "d", 0))));
  SAY("unknown: %s\n", name(ERR(inotify_add_watch(in, "d", IN_OPEN | 0x1000))));
  SAY("no file: %s\n", name(ERR(inotify_add_watch(in, "d/none", IN_OPEN))));
  SAY("bad fd: %s %s\n", name(ERR(inotify_add_watch(99, "d", IN_OPEN))), name(ERR(inotify_add_watch(0, "d", IN_OPEN))));
  SAY("bad path: %s\n", name(ERR(inotify_add_watch(in, (char *)8, IN_OPEN))));
  SAY("rm: %s %s\n", name(ERR(inotify_rm_watch(in, 99))), name(ERR(inotify_rm_watch(0, 1))));
  put("d/f", "f");
  SAY("only directories: %s\n", name(ERR(inotify_add_watch(in, "d/f", IN_OPEN | IN_ONLYDIR))));
  symlink("f", "d/l");
  int a = inotify_add_watch(in, "d/l", IN_OPEN), b = inotify_add_watch(in, "d/f", IN_MODIFY);
  SAY("through a link the same: %d\n", a == b);
  put("d/f", "g"); events("the mask was replaced");
  SAY("add: %d\n", inotify_add_watch(in, "d/f", IN_OPEN | IN_MASK_ADD) == a);
  put("d/f", "g"); events("the mask was added to");
  SAY("create: %s\n", name(ERR(inotify_add_watch(in, "d/f", IN_OPEN | IN_MASK_CREATE))));
  SAY("both: %s\n", name(ERR(inotify_add_watch(in, "d/f", IN_OPEN | IN_MASK_CREATE | IN_MASK_ADD))));
  int l = inotify_add_watch(in, "d/l", IN_ALL_EVENTS | IN_DONT_FOLLOW);
  SAY("the link itself: %d\n", l != a);
  lchown("d/l", 5, 5); events("lchown");
  inotify_rm_watch(in, a); inotify_rm_watch(in, l); events("removed");
  inotify_add_watch(in, "d/f", IN_OPEN | IN_ONESHOT); put("d/f", "x"); put("d/f", "y"); events("once");
  int w = inotify_add_watch(in, "d", IN_ALL_EVENTS | IN_EXCL_UNLINK);
  int fd = open("d/f", O_RDWR); unlink("d/f"); events("unlinked");
  if (write(fd, "x", 1) != 1) SAY("?\n");
  close(fd); events("without unlinked");
  inotify_rm_watch(in, w); unlink("d/l"); events("end");
}

static void waiting(void) {
  int w = inotify_add_watch(in, "d", IN_CREATE | IN_DELETE);
  struct pollfd p = {in, POLLIN, 0};
  SAY("poll empty: %d\n", poll(&p, 1, 0));
  int ep = epoll_create1(0);
  struct epoll_event ev = {EPOLLIN, {0}};
  epoll_ctl(ep, EPOLL_CTL_ADD, in, &ev);
  put("d/a", ""); put("d/bb", "");
  int ready = poll(&p, 1, 0);
  SAY("poll: %d %x epoll: %d\n", ready, p.revents, epoll_wait(ep, &ev, 1, 0));
  int n = -1;
  ioctl(in, FIONREAD, &n);
  SAY("bytes: %d\n", n);
  char b[100];
  SAY("small: %s", name(ERR(read(in, b, 16)))); SAY(" one: %d\n", (int)read(in, b, 40));
  events("the rest");
  unlink("d/a"); unlink("d/bb"); events("unlinked");
  int fl = fcntl(in, F_GETFL);
  fcntl(in, F_SETFL, fl & ~O_NONBLOCK);
  pid_t child = fork();
  if (child == 0) { usleep(20000); put("d/late", ""); _exit(0); }
  SAY("waited: %d\n", (int)read(in, b, 100));
  waitpid(child, NULL, 0);
  fcntl(in, F_SETFL, fl);
  unlink("d/late"); events("late");
  for (int i = 0; i < 20000; i++) { if (i % 2) unlink("d/q"); else put("d/q", ""); }
  int total = 0, over = 0, last = 0;
  static char big[1 << 20];
  ssize_t got;
  while ((got = read(in, big, sizeof big)) > 0) for (char *q = big; q < big + got;) {
    struct inotify_event *e = (void *)q;
    total++;
    last = e->mask == IN_Q_OVERFLOW && e->wd == -1;
    over += last;
    q += sizeof *e + e->len;
  }
  SAY("overflow: %d events, %d overflow, last %d\n", total, over, last);
  put("d/q", ""); unlink("d/q"); events("after");
  SAY("write: %s lseek: %s\n", name(ERR(write(in, "x", 1))), name(ERR(lseek(in, 0, SEEK_SET))));
  inotify_rm_watch(in, w); events("end");
  close(ep);
}

int main(void) {
  umask(022);
  char base[] = "/tmp/inotifyXXXXXX";
  if (!mkdtemp(base) || chdir(base) < 0) return 1;
  mkdir("d", 0755); mkdir("o", 0755);
  in = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  SAY("flags %o %d\n", fcntl(in, F_GETFL) & ~0100000, fcntl(in, F_GETFD));
  events("nothing");
  directory(); files(); rules(); waiting();
  close(in);
  rmdir("d"); rmdir("o");
  if (chdir("/") < 0) return 1;
  SAY("clean %s\n", name(ERR(rmdir(base))));
  return 0;
}
