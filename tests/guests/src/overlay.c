/* overlayfs: layers, copy-up with descriptors open, whiteouts and opaque directories as the upper layer shows them, renames, hard links, read-only overlays, wrong options. Run as root. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <sys/mman.h>
#include <unistd.h>

#define SAY(...) do { printf(__VA_ARGS__); fflush(stdout); } while (0)
#define ERR(call) ((call) < 0 ? errno : 0)
static const char *name(int e) { return e == 0 ? "ok" : strerrorname_np(e); }

static void put(const char *path, const char *text) {
  int fd = open(path, O_CREAT | O_WRONLY | O_TRUNC, 0644);
  if (fd < 0) { SAY("  put %s: %s\n", path, name(errno)); return; }
  if (write(fd, text, strlen(text)) < 0) SAY("  write: %s\n", name(errno));
  close(fd);
}
static void show(const char *path) {
  char b[64] = "";
  int fd = open(path, O_RDONLY);
  if (fd < 0) { SAY("  %s: %s\n", path, name(errno)); return; }
  ssize_t n = read(fd, b, 63);
  if (n < 0) n = 0;
  b[n] = 0;
  close(fd);
  SAY("  %s: \"%s\"\n", path, b);
}
static int by_name(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }
static void list(const char *path) {
  char *names[64];
  int n = 0;
  DIR *d = opendir(path);
  struct dirent *e;
  while (d && (e = readdir(d)) != NULL) if (e->d_name[0] != '.') {
    char b[300];
    struct stat s;
    fstatat(dirfd(d), e->d_name, &s, AT_SYMLINK_NOFOLLOW);
    snprintf(b, 300, "%s(%o%s)", e->d_name, s.st_mode, s.st_ino == e->d_ino ? "" : " other d_ino");
    names[n++] = strdup(b);
  }
  if (d) closedir(d);
  qsort(names, n, sizeof *names, by_name);
  SAY("  %s:", path);
  for (int i = 0; i < n; i++) SAY(" %s", names[i]);
  SAY("\n");
}
static ino_t ino(const char *path) { struct stat s; return lstat(path, &s) < 0 ? 0 : s.st_ino; }
static int links(const char *path) { struct stat s; return lstat(path, &s) < 0 ? -1 : (int)s.st_nlink; }

static void lower(void) {
  mkdir("l1", 0755); mkdir("l2", 0755); mkdir("u", 0755); mkdir("w", 0755); mkdir("m", 0755);
  put("l1/one", "one of l1"); put("l2/one", "one of l2"); put("l2/two", "two of l2");
  mkdir("l1/d", 0755); mkdir("l2/d", 0750); put("l1/d/x", "x"); put("l2/d/y", "y"); put("l2/d/x", "other x");
  mkdir("l2/e", 0755); put("l2/e/z", "z");
  put("l1/f", "file"); mkdir("l2/f", 0755); put("l2/f/hidden", "h");
  symlink("one", "l1/s"); put("l1/h1", "linked"); link("l1/h1", "l1/h2");
  put("l1/big", "big"); truncate("l1/big", 3000000); chmod("l1/big", 0640); chown("l1/big", 12, 34);
}

static void wrong(void) {
  SAY("no lower: %s\n", name(ERR(mount("o", "m", "overlay", 0, "upperdir=u,workdir=w"))));
  SAY("no work: %s\n", name(ERR(mount("o", "m", "overlay", 0, "lowerdir=l1,upperdir=u"))));
  SAY("unknown: %s\n", name(ERR(mount("o", "m", "overlay", 0, "lowerdir=l1,upperdir=u,workdir=w,what=1"))));
  SAY("absent lower: %s\n", name(ERR(mount("o", "m", "overlay", 0, "lowerdir=l9,upperdir=u,workdir=w"))));
  SAY("file lower: %s\n", name(ERR(mount("o", "m", "overlay", 0, "lowerdir=l1/one,upperdir=u,workdir=w"))));
}

static void reading(void) {
  list("m"); list("m/d"); show("m/one"); show("m/two"); show("m/d/x"); show("m/f");
  struct stat s;
  stat("m/d", &s);
  SAY("merged: mode %o links %d\n", s.st_mode, (int)s.st_nlink);
  struct statfs f;
  statfs("m", &f);
  SAY("type %lx\n", (long)f.f_type);
  struct stat a, b;
  stat("m", &a); stat("m/d", &b);
  SAY("one device for directories: %d\n", a.st_dev == b.st_dev);
}

static void copy_up(void) {
  ino_t before = ino("m/one");
  int r = open("m/one", O_RDONLY);
  char *map = mmap(0, 4096, PROT_READ, MAP_SHARED, r, 0);
  int w = open("m/one", O_RDWR);
  SAY("write %d\n", (int)pwrite(w, "ONE", 3, 0));
  char b[16] = "";
  SAY("read through the older descriptor %d", (int)pread(r, b, 15, 0));
  SAY(" %s; mapping %.3s\n", b, map);
  struct stat s1, s2;
  fstat(r, &s1); fstat(w, &s2);
  SAY("same file: %d, number stays: %d\n", s1.st_ino == s2.st_ino && s1.st_dev == s2.st_dev, before == s1.st_ino && before == ino("m/one"));
  show("l1/one"); show("u/one");
  munmap(map, 4096); close(r); close(w);
  chmod("m/big", 0600);
  struct stat s;
  stat("u/big", &s);
  SAY("big above: %o %d:%d %ld\n", s.st_mode, s.st_uid, s.st_gid, (long)s.st_size);
  SAY("truncate: %s\n", name(ERR(truncate("m/big", 5))));
  SAY("link: %s\n", name(ERR(lchown("m/s", 5, 6))));
  lstat("u/s", &s);
  SAY("link above: %o %d:%d\n", s.st_mode & S_IFMT, s.st_uid, s.st_gid);
  put("m/e/new", "new");
  list("u"); list("u/e"); list("m/e");
}

static void removing(void) {
  SAY("unlink: %s\n", name(ERR(unlink("m/two"))));
  struct stat s;
  SAY("whiteout: %s", name(ERR(lstat("u/two", &s))));
  SAY(" %o %u:%u\n", s.st_mode & S_IFMT, major(s.st_rdev), minor(s.st_rdev));
  show("m/two"); show("l2/two");
  SAY("rmdir full: %s\n", name(ERR(rmdir("m/e"))));
  unlink("m/e/new"); unlink("m/e/z");
  SAY("rmdir: %s\n", name(ERR(rmdir("m/e"))));
  lstat("u/e", &s);
  SAY("over a directory: %o\n", s.st_mode & S_IFMT);
  SAY("mkdir: %s\n", name(ERR(mkdir("m/e", 0700))));
  char v[8] = "";
  int n = getxattr("u/e", "trusted.overlay.opaque", v, 8);
  SAY("opaque: %d %s\n", n, v);
  list("m/e"); list("m");
  put("m/two", "again"); show("m/two");
  SAY("a whiteout by hand: %s\n", name(ERR(mknod("m/wh", S_IFCHR | 0600, 0))));
  int fd = open("m/d/y", O_RDONLY);
  unlink("m/d/y");
  fstat(fd, &s);
  char b[8] = "";
  SAY("removed while open:");
  SAY(" %d \"%s\"\n", (int)read(fd, b, 8), b);
  close(fd);
}

static void renaming(void) {
  SAY("directory of below: %s\n", name(ERR(rename("m/d", "m/d2"))));
  SAY("new directory: %s\n", name(ERR(rename("m/e", "m/e2"))));
  list("m");
  SAY("file: %s\n", name(ERR(rename("m/f", "m/f2"))));
  show("m/f"); show("m/f2");
  SAY("over: %s\n", name(ERR(rename("m/f2", "m/one"))));
  show("m/one");
  put("m/p", "p"); put("m/q", "q");
  SAY("exchange: %s\n", name(ERR(renameat2(AT_FDCWD, "m/p", AT_FDCWD, "m/q", RENAME_EXCHANGE))));
  show("m/p");
  SAY("noreplace: %s\n", name(ERR(renameat2(AT_FDCWD, "m/p", AT_FDCWD, "m/q", RENAME_NOREPLACE))));
  list("m");
}

static void linking(void) {
  SAY("links %d %d same %d\n", links("m/h1"), links("m/h2"), ino("m/h1") == ino("m/h2"));
  put("m/h1", "changed");
  show("m/h1"); show("m/h2");
  SAY("links %d %d same %d\n", links("m/h1"), links("m/h2"), ino("m/h1") == ino("m/h2"));
  SAY("link: %s\n", name(ERR(link("m/h2", "m/h3"))));
  SAY("links %d\n", links("m/h3"));
  unlink("m/h1");
  SAY("links %d %d\n", links("m/h2"), links("m/h3"));
  show("m/h2"); show("m/h3");
  SAY("to outside: %s\n", name(ERR(link("m/h2", "outside"))));
  int fd = open("m", O_TMPFILE | O_RDWR, 0600);
  SAY("unnamed: %s\n", name(fd < 0 ? errno : 0));
  if (fd >= 0 && write(fd, "tmp", 3) == 3) {
    char path[64];
    snprintf(path, 64, "/proc/self/fd/%d", fd);
    SAY("named: %s\n", name(ERR(linkat(AT_FDCWD, path, AT_FDCWD, "m/t", AT_SYMLINK_FOLLOW))));
    show("m/t");
    close(fd);
  }
  SAY("xattr: %s\n", name(ERR(setxattr("m/d/x", "user.k", "v", 1, 0))));
  char v[8] = "";
  SAY("xattr %d above %d below %s\n", (int)getxattr("m/d/x", "user.k", v, 8), (int)getxattr("u/d/x", "user.k", v, 8),
      name(ERR(getxattr("l1/d/x", "user.k", v, 8))));
}

/* statx's mount id is the one of mountinfo and fdinfo; its attribute and statfs's flags. */
static void mount_facts(void) {
  struct statx x, in;
  statx(AT_FDCWD, "m", 0, STATX_BASIC_STATS | STATX_MNT_ID, &x);
  statx(AT_FDCWD, "m/d", 0, STATX_BASIC_STATS | STATX_MNT_ID, &in);
  SAY("mount root %d %d, same mount %d, given %d\n", !!(x.stx_attributes & STATX_ATTR_MOUNT_ROOT),
      !!(in.stx_attributes & STATX_ATTR_MOUNT_ROOT), x.stx_mnt_id == in.stx_mnt_id, !!(x.stx_mask & STATX_MNT_ID));
  FILE *f = fopen("/proc/self/mountinfo", "r");
  char line[1024], info[64];
  unsigned long id = 0;
  while (f && fgets(line, 1024, f)) if (strstr(line, "/m ") && strstr(line, " overlay ")) id = strtoul(line, NULL, 10);
  if (f) fclose(f);
  SAY("as in mountinfo %d", id == x.stx_mnt_id);
  int fd = open("m/d/x", O_RDONLY);
  snprintf(info, 64, "/proc/self/fdinfo/%d", fd);
  f = fopen(info, "r");
  while (f && fgets(line, 1024, f)) if (!strncmp(line, "mnt_id:", 7)) id = strtoul(line + 7, NULL, 10);
  if (f) fclose(f);
  close(fd);
  SAY(" and in fdinfo %d\n", id == x.stx_mnt_id);
  struct statfs s;
  for (unsigned long flags = 0; flags < 16; flags += flags ? flags : 1) {
    mount(NULL, "m", NULL, MS_REMOUNT | MS_BIND | flags, NULL);
    statfs("m/d", &s);
    SAY("flags %lx: %lx\n", flags, (unsigned long)s.f_flags);
  }
  mount(NULL, "m", NULL, MS_REMOUNT | MS_BIND | MS_NOATIME, NULL);
  statfs("m", &s);
  SAY("noatime: %lx\n", (unsigned long)s.f_flags);
  mount(NULL, "m", NULL, MS_REMOUNT | MS_BIND, NULL);
}

static void read_only(void) {
  SAY("umount: %s\n", name(ERR(umount("m"))));
  SAY("no upper: %s\n", name(ERR(mount("o", "m", "overlay", 0, "lowerdir=u:l1:l2"))));
  list("m"); list("m/d"); show("m/one"); show("m/two");
  SAY("create: %s\n", name(ERR(open("m/new", O_CREAT | O_WRONLY, 0644))));
  SAY("write: %s\n", name(ERR(open("m/one", O_WRONLY))));
  SAY("unlink: %s\n", name(ERR(unlink("m/one"))));
  SAY("mkdir: %s there: %s\n", name(ERR(mkdir("m/n", 0755))), name(ERR(mkdir("m/d", 0755))));
  SAY("chmod: %s\n", name(ERR(chmod("m/one", 0600))));
  SAY("rename: %s\n", name(ERR(rename("m/one", "m/uno"))));
}

int main(void) {
  umask(022);
  if (unshare(CLONE_NEWNS) < 0) { SAY("unshare: %s\n", name(errno)); return 1; }
  mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL);
  char base[] = "/tmp/overlayXXXXXX";
  if (!mkdtemp(base)) return 1;
  if (mount("t", base, "tmpfs", 0, NULL) < 0 || chdir(base) < 0) return 1;
  lower();
  wrong();
  SAY("mount: %s\n", name(ERR(mount("o", "m", "overlay", 0, "lowerdir=l1:l2,upperdir=u,workdir=w,index=on"))));
  reading(); copy_up(); removing(); renaming(); linking(); mount_facts(); read_only();
  umount("m");
  if (chdir("/") < 0) return 1;
  umount(base);
  rmdir(base);
  return 0;
}
