/* Mount namespaces and mount(2): what one does is not seen by others, tmpfs, bind, read-only, move, stacks, unmounting, pivot_root, /proc of a pid namespace. Run as root. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define SAY(...) do { printf(__VA_ARGS__); fflush(stdout); } while (0)
#define ERR(call) ((call) < 0 ? errno : 0)
static const char *name(int e) { return e == 0 ? "ok" : strerrorname_np(e); }
static int raw_clone(unsigned long flags) { return syscall(SYS_clone, flags | SIGCHLD, 0, 0, 0, 0); }
static int status_of(int pid) { int s = -1; waitpid(pid, &s, 0); return WIFEXITED(s) ? WEXITSTATUS(s) : -WTERMSIG(s); }
static char base[64];
static const char *at(const char *rest) { static char b[4][256]; static int n; n = (n + 1) % 4; snprintf(b[n], 256, "%s%s", base, rest); return b[n]; }
static int make(const char *path) { int fd = open(path, O_CREAT | O_RDWR, 0644); if (fd >= 0) close(fd); return fd; }
static int there(const char *path) { struct stat s; return stat(path, &s) == 0; }
/* Lines of mountinfo about paths under base, without numbers. */
static void info(void) {
  FILE *f = fopen("/proc/self/mountinfo", "r");
  char line[1024];
  while (f && fgets(line, 1024, f)) {
    char root[256], where[256], opts[256], rest[512] = "";
    if (sscanf(line, "%*d %*d %*s %255s %255s %255s", root, where, opts) != 3) continue;
    if (strncmp(where, base, strlen(base))) continue;
    char *dash = strstr(line, " - ");
    char type[64], src[64];
    sscanf(dash + 3, "%63s %63s", type, src);
    /* a bind mount's root is a path of the host's disk */
    char *shown = strncmp(root, base, strlen(base)) == 0 ? root + strlen(base) : strcmp(type, "tmpfs") ? "..." : root;
    (void)rest;
    SAY("  %s %s %s %s\n", shown, where + strlen(base), opts, strcmp(type, "tmpfs") ? "disk" : src);
  }
  if (f) fclose(f);
}

static void tree(void) {
  SAY("tmpfs: %s\n", name(ERR(mount("none", at("/m"), "tmpfs", MS_NOSUID | MS_NODEV, "size=64k,mode=755"))));
  SAY("hidden: %d\n", there(at("/m/below")));
  struct stat s;
  stat(at("/m"), &s);
  SAY("mode %o\n", s.st_mode);
  struct statfs f;
  statfs(at("/m"), &f);
  SAY("type %lx blocks %ld\n", (long)f.f_type, (long)f.f_blocks);
  make(at("/m/inside"));
  int fd = open(at("/m/inside"), O_WRONLY);
  char block[4096] = {1};
  int n = 0;
  while (write(fd, block, 4096) == 4096) n++;
  SAY("full after %d: %s\n", n, name(errno));
  close(fd);
  SAY("bad option: %s\n", name(ERR(mount("none", at("/n"), "tmpfs", 0, "size=64k,bad"))));
  SAY("bad type: %s\n", name(ERR(mount("none", at("/n"), "nofs", 0, 0))));
  SAY("no type: %s\n", name(ERR(mount("none", at("/n"), 0, 0, 0))));
  SAY("on a file: %s\n", name(ERR(mount("none", at("/file"), "tmpfs", 0, 0))));
  SAY("nowhere: %s\n", name(ERR(mount("none", at("/nowhere"), "tmpfs", 0, 0))));
  SAY("rmdir: %s\n", name(ERR(rmdir(at("/m")))));
  SAY("rename: %s\n", name(ERR(rename(at("/m"), at("/k")))));
  SAY("across: %s\n", name(ERR(rename(at("/m/inside"), at("/n/inside")))));
  SAY("link across: %s\n", name(ERR(link(at("/m/inside"), at("/n/inside")))));
  SAY("bind: %s\n", name(ERR(mount(at("/m"), at("/n"), 0, MS_BIND, 0))));
  SAY("same: %d\n", there(at("/n/inside")));
  SAY("read-only: %s\n", name(ERR(mount(0, at("/n"), 0, MS_REMOUNT | MS_BIND | MS_RDONLY, 0))));
  SAY("create: %s\n", name(ERR(make(at("/n/new")))));
  SAY("write: %s\n", name(ERR(open(at("/n/inside"), O_WRONLY))));
  SAY("chmod: %s\n", name(ERR(chmod(at("/n/inside"), 0600))));
  SAY("unlink: %s\n", name(ERR(unlink(at("/n/inside")))));
  SAY("mkdir: %s\n", name(ERR(mkdir(at("/n/d"), 0755))));
  SAY("access: %s\n", name(ERR(access(at("/n/inside"), W_OK))));
  SAY("read: %s\n", name(ERR(open(at("/n/inside"), O_RDONLY))));
  SAY("other side: %s\n", name(ERR(chmod(at("/m/inside"), 0600))));
  SAY("bind file: %s\n", name(ERR(mount(at("/m/inside"), at("/file"), 0, MS_BIND, 0))));
  stat(at("/file"), &s);
  SAY("file size %ld\n", (long)s.st_size);
  SAY("bind dir on file: %s\n", name(ERR(mount(at("/m"), at("/file2"), 0, MS_BIND, 0))));
  SAY("stack: %s\n", name(ERR(mount("second", at("/m"), "tmpfs", 0, 0))));
  SAY("hides: %d\n", !there(at("/m/inside")));
  mkdir(at("/m/sub"), 0755);
  SAY("sub: %s\n", name(ERR(mount("third", at("/m/sub"), "tmpfs", MS_NOEXEC, 0))));
  info();
  SAY("busy below: %s\n", name(ERR(umount2(at("/m"), 0))));
  SAY("move: %s\n", name(ERR(mount(at("/m/sub"), at("/k"), 0, MS_MOVE, 0))));
  SAY("move what is none: %s\n", name(ERR(mount(at("/m/sub"), at("/k"), 0, MS_MOVE, 0))));
  chdir(at("/m"));
  SAY("busy cwd: %s\n", name(ERR(umount2(at("/m"), 0))));
  chdir("/");
  SAY("unmount: %s\n", name(ERR(umount2(at("/m"), 0))));
  SAY("uncovered: %d\n", there(at("/m/inside")));
  SAY("unmount none: %s\n", name(ERR(umount2(at("/m/inside"), 0))));
  SAY("unmount flags: %s\n", name(ERR(umount2(at("/m"), 0x100))));
  fd = open(at("/m/inside"), O_RDONLY);
  SAY("busy file: %s\n", name(ERR(umount2(at("/m"), 0))));
  SAY("lazy: %s\n", name(ERR(umount2(at("/m"), MNT_DETACH))));
  SAY("still readable: %zd\n", read(fd, block, 10));
  SAY("gone: %d\n", there(at("/m/inside")));
  info();
  umount2(at("/file"), 0); umount2(at("/n"), 0); umount2(at("/k"), 0);
}

static void pivot(void) {
  mount("newroot", at("/m"), "tmpfs", 0, 0);
  mkdir(at("/m/old"), 0755);
  mkdir(at("/m/proc"), 0755);
  mkdir(at("/m/mnt"), 0755);
  make(at("/m/marker"));
  mount("more", at("/m/mnt"), "tmpfs", 0, 0);
  make(at("/m/mnt/deep"));
  SAY("pivot elsewhere: %s\n", name(ERR(syscall(SYS_pivot_root, at("/m"), at("/n")))));
  SAY("pivot no mount: %s\n", name(ERR(syscall(SYS_pivot_root, at("/m/old"), at("/m/old")))));
  chdir(at("/m"));
  SAY("pivot: %s\n", name(ERR(syscall(SYS_pivot_root, ".", "old"))));
  char cwd[256];
  SAY("cwd: %s\n", getcwd(cwd, 256));
  SAY("marker: %d %d\n", there("/marker"), there("marker"));
  SAY("deep: %d\n", there("/mnt/deep"));
  char old[128];
  snprintf(old, 128, "/old%s/file", base);
  SAY("old: %d\n", there(old));
  SAY("proc: %s\n", name(ERR(mount("proc", "/proc", "proc", 0, 0))));
  char self[32] = "";
  readlink("/proc/self", self, 31);
  SAY("self: %d\n", atoi(self) == getpid());
  DIR *d = opendir("/proc");
  int pids = 0;
  for (struct dirent *e; (e = readdir(d));) if (atoi(e->d_name) > 0) pids++;
  closedir(d);
  SAY("processes: %d\n", pids);
  SAY("detach old: %s\n", name(ERR(umount2("/old", MNT_DETACH))));
  SAY("nothing left: %d\n", there(old));
  SAY("up: %d\n", there("/../../marker"));
}

int main(void) {
  snprintf(base, 64, "/tmp/mounts.%d", getpid());
  mkdir(base, 0755);
  mkdir(at("/m"), 0755); mkdir(at("/n"), 0755); mkdir(at("/k"), 0755);
  make(at("/m/below")); make(at("/file")); make(at("/file2"));
  int pid = raw_clone(CLONE_NEWNS);
  if (pid == 0) {
    SAY("private: %s\n", name(ERR(mount("none", "/", 0, MS_REC | MS_PRIVATE, 0))));
    tree();
    _exit(0);
  }
  SAY("tree: %d\n", status_of(pid));
  SAY("outside: %d %d\n", there(at("/m/below")), there(at("/m/inside")));
  SAY("with FS: %s\n", name(ERR(raw_clone(CLONE_NEWNS | CLONE_FS))));
  pid = raw_clone(CLONE_NEWNS | CLONE_NEWPID);
  if (pid == 0) {
    mount("none", "/", 0, MS_REC | MS_PRIVATE, 0);
    pivot();
    _exit(0);
  }
  SAY("pivot: %d\n", status_of(pid));
  SAY("outside: %d\n", there(at("/m/below")));
  pid = fork();
  if (pid == 0) {
    setresuid(1000, 1000, 1000);
    SAY("plain: %s\n", name(ERR(mount("none", at("/m"), "tmpfs", 0, 0))));
    SAY("plain unmount: %s\n", name(ERR(umount2(at("/m"), 0))));
    unshare(CLONE_NEWUSER | CLONE_NEWNS);
    SAY("own namespace: %s\n", name(ERR(mount("none", at("/m"), "tmpfs", 0, 0))));
    SAY("hidden: %d\n", there(at("/m/below")));
    SAY("devtmpfs: %s\n", name(ERR(mount("none", at("/n"), "devtmpfs", 0, 0))));
    _exit(0);
  }
  status_of(pid);
  char command[80];
  unlink(at("/m/below")); unlink(at("/file")); unlink(at("/file2"));
  rmdir(at("/m")); rmdir(at("/n")); rmdir(at("/k"));
  SAY("cleaned: %s\n", name(ERR(rmdir(base))));
  (void)command;
  return 0;
}
