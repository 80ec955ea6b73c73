/* User namespaces: ids without and with a map, who may write maps, capabilities inside and outside, files, signals, exec. Run as root. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define SAY(...) do { printf(__VA_ARGS__); fflush(stdout); } while (0)
#define ERR(call) ((call) < 0 ? errno : 0)
static const char *name(int e) { return e == 0 ? "ok" : strerrorname_np(e); }
static int raw_clone(unsigned long flags) { return syscall(SYS_clone, flags | SIGCHLD, 0, 0, 0, 0); }
static int status_of(int pid) { int s = -1; waitpid(pid, &s, 0); return WIFEXITED(s) ? WEXITSTATUS(s) : -WTERMSIG(s); }

static const char *put(int pid, const char *file, const char *text) {
  char path[64];
  if (pid) snprintf(path, 64, "/proc/%d/%s", pid, file); else snprintf(path, 64, "/proc/self/%s", file);
  int fd = open(path, O_WRONLY);
  if (fd < 0) { static char e[32]; snprintf(e, 32, "open %s", name(errno)); return e; }
  int r = write(fd, text, strlen(text)) < 0 ? errno : 0;
  close(fd);
  return name(r);
}
static void cat(const char *file) {
  char text[1024];
  int fd = open(file, O_RDONLY), n = read(fd, text, 1023);
  close(fd);
  text[n < 0 ? 0 : n] = 0;
  SAY("%s", text);
}
struct header { unsigned version; int pid; };
struct data { unsigned e, p, i; } ;
static void caps(const char *what) {
  struct header h = {0x20080522, 0};
  struct data d[2];
  syscall(SYS_capget, &h, d);
  SAY("%s: effective %s permitted %s inheritable %x\n", what, d[0].e == ~0u ? "all" : d[0].e ? "some" : "none", d[0].p == ~0u ? "all" : d[0].p ? "some" : "none", d[0].i);
}
static int go, ready;
static int pipes[4];
static void child_ready(void) { write(pipes[1], "x", 1); char c; read(pipes[2], &c, 1); }
static void wait_ready(void) { char c; read(pipes[0], &c, 1); }
static void let_go(void) { write(pipes[3], "x", 1); }

static void unmapped(void) {
  int pid = fork();
  if (pid == 0) {
    SAY("unshare user: %s\n", name(ERR(unshare(CLONE_NEWUSER))));
    SAY("ids: %d %d %d %d\n", getuid(), geteuid(), getgid(), getegid());
    caps("unmapped");
    struct stat s;
    stat("/", &s);
    SAY("owner of /: %d %d\n", s.st_uid, s.st_gid);
    SAY("setuid 0: %s\n", name(ERR(setuid(0))));
    SAY("setgroups: %s\n", name(ERR(setgroups(0, 0))));
    SAY("hostname: %s\n", name(ERR(sethostname("x", 1))));
    SAY("unshare uts: %s\n", name(ERR(unshare(CLONE_NEWUTS))));
    SAY("hostname: %s\n", name(ERR(sethostname("x", 1))));
    SAY("unshare user again: %s\n", name(ERR(unshare(CLONE_NEWUSER))));
    cat("/proc/self/setgroups");
    _exit(0);
  }
  status_of(pid);
}

static void maps(void) {
  pipe(pipes); pipe(pipes + 2);
  int pid = raw_clone(CLONE_NEWUSER);
  if (pid == 0) {
    child_ready();
    SAY("inside: %d %d\n", getuid(), getgid());
    cat("/proc/self/uid_map");
    cat("/proc/self/gid_map");
    struct stat s;
    stat("/", &s);
    SAY("owner of /: %d %d\n", s.st_uid, s.st_gid);
    SAY("setresuid 5: %s", name(ERR(setresuid(5, 5, 5))));
    SAY(" now %d\n", getuid());
    caps("as 5");
    SAY("setuid 500: %s\n", name(ERR(setuid(500))));
    _exit(0);
  }
  wait_ready();
  SAY("garbage: %s\n", put(pid, "uid_map", "a b c\n"));
  SAY("nothing: %s\n", put(pid, "uid_map", "0 0\n"));
  SAY("count 0: %s\n", put(pid, "uid_map", "0 0 0\n"));
  SAY("overlap: %s\n", put(pid, "uid_map", "0 1000 10\n5 2000 10\n"));
  SAY("overflow: %s\n", put(pid, "uid_map", "0 4294967290 10\n"));
  SAY("good: %s\n", put(pid, "uid_map", "0 0 10\n100 100000 50\n"));
  SAY("again: %s\n", put(pid, "uid_map", "0 0 10\n"));
  SAY("gid: %s\n", put(pid, "gid_map", "0 0 10\n"));
  SAY("deny after map: %s\n", put(pid, "setgroups", "deny"));
  SAY("first: %s\n", put(0, "uid_map", "0 0 1\n"));
  let_go();
  status_of(pid);
}

/* A plain user maps itself. */
static void plain(void) {
  int pid = fork();
  if (pid == 0) {
    setgroups(0, 0);
    setresgid(1000, 1000, 1000);
    setresuid(1000, 1000, 1000);
    prctl(PR_SET_DUMPABLE, 1);
    SAY("plain uts: %s\n", name(ERR(unshare(CLONE_NEWUTS))));
    SAY("plain user+uts: %s\n", name(ERR(unshare(CLONE_NEWUSER | CLONE_NEWUTS))));
    SAY("others: %s\n", put(0, "uid_map", "0 0 1\n"));
    SAY("two: %s\n", put(0, "uid_map", "0 1000 2\n"));
    SAY("self: %s\n", put(0, "uid_map", "0 1000 1\n"));
    SAY("gid with groups: %s\n", put(0, "gid_map", "0 1000 1\n"));
    SAY("deny: %s\n", put(0, "setgroups", "deny"));
    SAY("allow: %s\n", put(0, "setgroups", "allow"));
    SAY("gid: %s\n", put(0, "gid_map", "0 1000 1\n"));
    SAY("am: %d %d\n", getuid(), getgid());
    SAY("setgroups: %s\n", name(ERR(setgroups(0, 0))));
    caps("root inside");
    SAY("read shadow: %s\n", name(ERR(open("/etc/shadow", O_RDONLY))));
    SAY("chown to mapped: %s\n", name(ERR(({ int f = open("/tmp/users_test", O_CREAT | O_RDWR, 0600); fchown(f, 0, 0); }))));
    SAY("chown to other: %s\n", name(ERR(chown("/tmp/users_test", 1, 1))));
    struct stat s;
    stat("/tmp/users_test", &s);
    SAY("mine: %d %d\n", s.st_uid, s.st_gid);
    unlink("/tmp/users_test");
    stat("/etc", &s);
    SAY("theirs: %d %d\n", s.st_uid, s.st_gid);
    SAY("kill 1: %s\n", name(ERR(kill(getppid(), 0))));
    struct rlimit r;
    getrlimit(RLIMIT_NOFILE, &r);
    r.rlim_max++;
    SAY("raise limit: %s\n", name(ERR(setrlimit(RLIMIT_NOFILE, &r))));
    SAY("nice: %s\n", name(ERR(setpriority(PRIO_PROCESS, 0, -5))));
    SAY("mknod: %s\n", name(ERR(mknod("/tmp/users_dev", S_IFCHR | 0600, 0x103))));
    SAY("chroot: %s\n", name(ERR(chroot("/"))));
    SAY("host: %s\n", name(ERR(sethostname("in", 2))));
    int sv[2];
    socketpair(AF_UNIX, SOCK_STREAM, 0, sv);
    struct ucred u;
    socklen_t n = sizeof u;
    getsockopt(sv[0], SOL_SOCKET, SO_PEERCRED, &u, &n);
    SAY("peer: %d %d\n", u.uid, u.gid);
    /* Exec keeps what root has; an unmapped id loses it. */
    fflush(stdout);
    execl("/proc/self/exe", "users", "after exec", (char *)0);
    _exit(1);
  }
  status_of(pid);
  pid = fork();
  if (pid == 0) {
    unshare(CLONE_NEWUSER);
    caps("before exec");
    fflush(stdout);
    execl("/proc/self/exe", "users", "unmapped after exec", (char *)0);
    _exit(1);
  }
  status_of(pid);
}

/* The maker's other tasks have every capability in it; its children none outside. */
static void levels(void) {
  pipe(pipes); pipe(pipes + 2);
  int pid = raw_clone(CLONE_NEWUSER | CLONE_NEWUTS);
  if (pid == 0) {
    child_ready();
    setresuid(1, 1, 1);
    SAY("as 1: %d\n", getuid());
    SAY("kill parent as 1: %s\n", name(ERR(kill(getppid(), 0))));
    _exit(0);
  }
  wait_ready();
  put(pid, "uid_map", "0 0 5\n");
  put(pid, "gid_map", "0 0 5\n");
  char path[64];
  int joiner = fork();
  if (joiner == 0) {
    snprintf(path, 64, "/proc/%d/ns/user", pid);
    int fd = open(path, O_RDONLY);
    SAY("join: %s\n", name(ERR(setns(fd, CLONE_NEWUSER))));
    caps("joined");
    SAY("join again: %s\n", name(ERR(setns(fd, CLONE_NEWUSER))));
    SAY("joined as %d\n", getuid());
    snprintf(path, 64, "/proc/%d/ns/uts", pid);
    SAY("its uts: %s\n", name(ERR(setns(open(path, O_RDONLY), 0))));
    SAY("outer net admin: %s\n", name(ERR(setns(open("/proc/1/ns/uts", O_RDONLY), 0))));
    _exit(0);
  }
  status_of(joiner);
  let_go();
  status_of(pid);
}

static int deeper(int level) {
  int pid = raw_clone(CLONE_NEWUSER);
  if (pid < 0) { SAY("level %d: %s\n", level, name(errno)); return 0; }
  if (pid == 0) {
    put(0, "setgroups", "deny");
    put(0, "uid_map", "0 0 1\n");
    put(0, "gid_map", "0 0 1\n");
    _exit(deeper(level + 1));
  }
  return status_of(pid) + 1;
}

int main(int argc, char **argv) {
  if (argc > 1) { caps(argv[1]); return 0; }
  unmapped();
  maps();
  plain();
  levels();
  SAY("levels: %d\n", deeper(1));
  return 0;
}
