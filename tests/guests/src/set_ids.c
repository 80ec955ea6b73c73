/* execve of set-user-ID and set-group-ID programs: ids, capabilities, AT_SECURE, dumpable, and what makes the bits have no effect. Run as root. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/fsuid.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define SAY(...) do { printf(__VA_ARGS__); fflush(stdout); } while (0)
static char path[128];

static int show(void) {
  uid_t r, e, s; gid_t rg, eg, sg;
  getresuid(&r, &e, &s); getresgid(&rg, &eg, &sg);
  int sig = -1;
  prctl(PR_GET_PDEATHSIG, &sig);
  SAY("  uid %d %d %d %d gid %d %d %d %d secure %ld dumpable %d pdeath %d", r, e, s, setfsuid(-1), rg, eg, sg, setfsgid(-1),
      getauxval(AT_SECURE), prctl(PR_GET_DUMPABLE), sig);
  FILE *f = fopen("/proc/self/status", "r");
  char line[256];
  unsigned long long v;
  while (f && fgets(line, 256, f)) if (!strncmp(line, "Cap", 3) && strncmp(line, "CapBnd", 6) && sscanf(line + 7, "%llx", &v) == 1) SAY(" %.3s %s", line + 3, v == 0 ? "none" : v > 1000000 ? "all" : "some");
  SAY("\n");
  return 0;
}
static void as(int uid, int gid) { setgroups(0, NULL); if (setresgid(gid, gid, gid) < 0 || setresuid(uid, uid, uid) < 0) _exit(9); }
static void file(int uid, int gid, int mode) { chown(path, uid, gid); chmod(path, mode); }
static void run(const char *what, void (*before)(void)) {
  SAY("%s:\n", what);
  pid_t p = fork();
  if (p == 0) {
    prctl(PR_SET_PDEATHSIG, SIGUSR1);
    before();
    execl(path, path, "show", NULL);
    SAY("  %s\n", strerrorname_np(errno));
    _exit(1);
  }
  waitpid(p, NULL, 0);
}
static void user(void) { as(1000, 1000); prctl(PR_SET_PDEATHSIG, SIGUSR1); }
static void root(void) {}
static void nothing_new(void) { user(); prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); }
static void root_nothing_new(void) { prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); }
static void effective(void) { if (setresuid(1000, 2000, 1000) < 0) _exit(9); }
static void noroot(void) { prctl(PR_SET_SECUREBITS, 1); }
static int sleeper(void *x) { (void)x; usleep(300000); return 0; }
static char stack[16384];
static pid_t other;
static void sharing(void) { other = clone(sleeper, stack + sizeof stack, CLONE_FS | SIGCHLD, NULL); user(); }
static void keep(void) { prctl(PR_SET_KEEPCAPS, 1); if (setresuid(1000, 1000, 1000) < 0) _exit(9); }

int main(int argc, char **argv) {
  if (argc > 1) return show();
  if (unshare(CLONE_NEWNS) < 0) return 1;
  mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL);
  char base[] = "/tmp/set_idsXXXXXX";
  if (!mkdtemp(base) || chmod(base, 0755) < 0 || mount("t", base, "tmpfs", 0, "mode=755") < 0) return 1;
  snprintf(path, 128, "%s/program", base);
  int in = open("/proc/self/exe", O_RDONLY), out = open(path, O_CREAT | O_WRONLY, 0755);
  struct stat s;
  fstat(in, &s);
  while (sendfile(out, in, NULL, s.st_size) > 0) {}
  close(in); close(out);
  file(0, 0, 0755); run("plain by root", root); run("plain by a user", user); run("plain, effective user", effective); run("plain, securebits noroot", noroot); run("plain, kept capabilities", keep);
  file(0, 0, 04755); run("suid root by a user", user); run("suid root by root", root); run("no new privileges", nothing_new); run("suid root, noroot", noroot); run("suid root, kept capabilities", keep);
  file(2000, 3000, 04755); run("suid 2000 by a user", user); run("suid 2000 by root", root); run("no new privileges, root", root_nothing_new);
  file(2000, 3000, 02755); run("sgid by a user", user);
  file(2000, 3000, 02745); run("sgid without x", user);
  file(2000, 3000, 06755); run("both by a user", user); run("both by root", root);
  file(1000, 1000, 06755); run("one's own", user);
  file(0, 0, 06755); run("place shared with another process", sharing);
  mount(NULL, base, NULL, MS_REMOUNT | MS_BIND | MS_NOSUID, NULL); run("nosuid", user);
  mount(NULL, base, NULL, MS_REMOUNT | MS_BIND, NULL); run("suid again", user);
  chmod(path, 0755); chown(path, 5, 5); chmod(path, 06755);
  int fd = open(path, O_WRONLY | O_APPEND);
  if (write(fd, "", 1) != 1) return 1;
  close(fd);
  stat(path, &s); SAY("written by root: %o\n", s.st_mode);
  umount2(base, MNT_DETACH);
  rmdir(base);
  return 0;
}
