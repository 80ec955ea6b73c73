// Paths, metadata, directories, positions, locks: what each call answers, printed without anything that differs between machines.
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/sendfile.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <linux/openat2.h>
#include <unistd.h>

#define SHOW(e) do { errno = 0; long r_ = (long)(e); printf("%s: %ld %s\n", #e, r_, r_ < 0 ? strerrorname_np(errno) : ""); } while (0)
#define OK(e) do { errno = 0; long r_ = (long)(e); printf("%s: %s\n", #e, r_ < 0 ? strerrorname_np(errno) : "ok"); } while (0)

static void put(const char *path, const char *text) {
  int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
  if (fd < 0 || write(fd, text, strlen(text)) < 0) perror(path);
  close(fd);
}
static void cat(const char *path) {
  char b[200];
  int fd = open(path, O_RDONLY);
  int n = fd < 0 ? -1 : read(fd, b, sizeof b - 1);
  printf("%s = %.*s (%d)\n", path, n < 0 ? 0 : n, b, n);
  if (fd >= 0) close(fd);
}
static void info(const char *path) {
  struct stat s;
  if (lstat(path, &s) < 0) { printf("%s: %s\n", path, strerrorname_np(errno)); return; }
  printf("%s: mode %o nlink %d size %ld\n", path, s.st_mode, (int)s.st_nlink, S_ISDIR(s.st_mode) ? 0 : (long)s.st_size);
}
static int byname(const struct dirent **a, const struct dirent **b) { return strcmp((*a)->d_name, (*b)->d_name); }
static void list(const char *path) {
  struct dirent **e;
  int n = scandir(path, &e, 0, byname);
  printf("%s:", path);
  for (int i = 0; i < n; i++) printf(" %s/%d", e[i]->d_name, e[i]->d_type);
  printf(n < 0 ? " %s\n" : "\n", strerrorname_np(errno));
}

static void opening(void) {
  int fd;
  SHOW(open("none", O_RDONLY));
  SHOW(open("", O_RDONLY));
  SHOW(open((char *)8, O_RDONLY));
  SHOW(fd = open("a", O_RDWR | O_CREAT | O_EXCL, 0640));
  printf("flags %o\n", fcntl(fd, F_GETFL) & ~0100000);
  SHOW(open("a", O_RDWR | O_CREAT | O_EXCL, 0640));
  SHOW(write(fd, "hello world", 11));
  SHOW(lseek(fd, -5, SEEK_END));
  char b[64] = { 0 };
  SHOW(read(fd, b, 64));
  printf("%s\n", b);
  SHOW(read(fd, b, 64));
  SHOW(lseek(fd, -1, SEEK_SET));
  SHOW(lseek(fd, 0, 9));
  SHOW(pwrite(fd, "HE", 2, 0));
  SHOW(pread(fd, b, 5, 0));
  printf("%.5s\n", b);
  SHOW(pread(fd, b, 5, -1));
  SHOW(read(fd, (void *)8, 5));
  SHOW(lseek(fd, 0, SEEK_SET));
  SHOW(read(fd, (void *)8, 5));
  SHOW(write(fd, (void *)8, 5));
  SHOW(ftruncate(fd, 4));
  SHOW(ftruncate(fd, -1));
  SHOW(lseek(fd, 100, SEEK_SET));
  SHOW(write(fd, "x", 1));
  SHOW(pread(fd, b, 8, 95));
  printf("%d %d %c\n", b[0], b[4], b[5]);
  SHOW(close(fd));
  SHOW(close(fd));
  SHOW(read(fd, b, 1));
  SHOW(open("a/", O_RDONLY));
  SHOW(open("a/b", O_RDONLY));
  SHOW(open("d/", O_RDWR | O_CREAT, 0600));
  SHOW(open(".", O_RDWR));
  SHOW(open(".", O_RDONLY | O_CREAT, 0600));
  SHOW(open("a", O_RDONLY | O_DIRECTORY));
  SHOW(fd = open("a", O_WRONLY | O_APPEND));
  SHOW(write(fd, "end", 3));
  SHOW(lseek(fd, 0, SEEK_CUR));
  SHOW(pwrite(fd, "!", 1, 0));
  SHOW(read(fd, b, 1));
  close(fd);
  info("a");
  SHOW(fd = open("a", O_RDONLY | O_TRUNC));
  close(fd);
  info("a");
  char longname[300];
  memset(longname, 'n', 299);
  longname[299] = 0;
  SHOW(open(longname, O_RDONLY));
  SHOW(fd = open(".", O_RDONLY));
  SHOW(read(fd, b, 1));
  SHOW(write(fd, b, 1));
  close(fd);
}

static void links(void) {
  char b[64] = { 0 };
  put("target", "content");
  SHOW(symlink("target", "link"));
  SHOW(symlink("target", "link"));
  SHOW(symlink("", "empty"));
  SHOW(readlink("link", b, 3));
  printf("%s\n", b);
  SHOW(readlink("link", b, 0));
  SHOW(readlink("target", b, 10));
  cat("link");
  SHOW(symlink("loop", "loop"));
  SHOW(open("loop", O_RDONLY));
  SHOW(open("link", O_RDONLY | O_NOFOLLOW));
  SHOW(symlink("nowhere", "dangling"));
  SHOW(open("dangling", O_RDONLY));
  SHOW(access("dangling", F_OK));
  SHOW(close(open("dangling", O_CREAT | O_WRONLY, 0600)));
  info("nowhere");
  SHOW(open("dangling", O_CREAT | O_EXCL | O_WRONLY, 0600));
  SHOW(link("target", "hard"));
  SHOW(link("target", "hard"));
  SHOW(link("link", "hardlink"));
  info("hard");
  info("hardlink");
  SHOW(unlink("target"));
  info("hard");
  cat("hard");
  SHOW(link(".", "dirlink"));
  SHOW(unlink("none"));
  SHOW(unlink("."));
  SHOW(mkdir("dir", 0755));
  SHOW(symlink("dir", "todir"));
  SHOW(rmdir("todir"));
  SHOW(unlink("todir/"));
  SHOW(unlink("dir"));
  info("todir");
  OK(chdir("todir"));
  getcwd(b, sizeof b);
  printf("%s\n", strrchr(b, '/'));
  SHOW(chdir(".."));
  list(".");
}

static void directories(void) {
  SHOW(mkdir("d", 0777));
  SHOW(mkdir("d", 0777));
  SHOW(mkdir("d/e/", 02755));
  SHOW(mkdir("no/e", 0777));
  SHOW(mkdir("hard/e", 0777));
  SHOW(rmdir("d"));
  SHOW(rmdir("hard"));
  SHOW(rmdir("d/e/."));
  SHOW(rmdir("d/e/.."));
  SHOW(rename("d", "d/e/f"));
  SHOW(rename("hard", "d/e/hard"));
  SHOW(rename("d/e", "moved"));
  list("moved");
  list("d");
  put("p", "p");
  put("q", "qq");
  SHOW(rename("p", "q"));
  info("p");
  cat("q");
  SHOW(rename("q", "moved"));
  SHOW(rename("moved", "q"));
  SHOW(rename("d", "moved"));
  SHOW(rename("none", "x"));
  SHOW(rename("q", "q/"));
  SHOW(rename("moved/hard", "moved/hard"));
  SHOW(renameat2(AT_FDCWD, "q", AT_FDCWD, "moved/hard", RENAME_NOREPLACE));
  put("r", "rrr");
  SHOW(renameat2(AT_FDCWD, "q", AT_FDCWD, "r", RENAME_EXCHANGE));
  cat("q");
  cat("r");
  SHOW(rename(".", "x"));
  int fd = open("moved", O_RDONLY | O_DIRECTORY);
  SHOW(faccessat(fd, "hard", R_OK, 0));
  SHOW(openat(fd, "none", O_RDONLY));
  SHOW(mkdirat(fd, "in", 0700));
  SHOW(unlinkat(fd, "in", 0));
  SHOW(unlinkat(fd, "in", AT_REMOVEDIR));
  SHOW(unlinkat(fd, "hard", 4096));
  SHOW(fchdir(fd));
  SHOW(rename("../moved", "../again"));
  char b[200];
  printf("%s\n", strrchr(getcwd(b, sizeof b), '/'));
  info("hard");
  list("..");
  SHOW(chdir(".."));
  SHOW(syscall(SYS_getcwd, b, 2));
  close(fd);
  fd = open("gone", O_RDWR | O_CREAT, 0600);
  SHOW(unlink("gone"));
  struct stat s;
  SHOW(write(fd, "still here", 10));
  SHOW(fstat(fd, &s));
  printf("nlink %d size %ld\n", (int)s.st_nlink, (long)s.st_size);
  SHOW(pread(fd, b, 20, 0));
  close(fd);
  SHOW(mkdir("tmp", 0700));
  SHOW(chdir("tmp"));
  SHOW(rmdir("../tmp"));
  SHOW(syscall(SYS_getcwd, b, 200));
  SHOW(open("new", O_CREAT | O_RDWR, 0600));
  SHOW(stat(".", &s));
  SHOW(chdir(".."));
}

static void metadata(const char *base) {
  struct stat s;
  struct statx x;
  put("m", "12345");
  SHOW(chmod("m", 0604));
  info("m");
  umask(027);
  put("n", "");
  info("n");
  umask(022);
  struct timespec t[2] = { { 1000000000, 123000000 }, { 1100000000, 456000000 } };
  SHOW(utimensat(AT_FDCWD, "m", t, 0));
  stat("m", &s);
  printf("%ld.%09ld %ld.%09ld\n", s.st_atim.tv_sec, s.st_atim.tv_nsec, s.st_mtim.tv_sec, s.st_mtim.tv_nsec);
  t[0].tv_nsec = UTIME_OMIT;
  t[1].tv_sec = 5;
  t[1].tv_nsec = 7;
  SHOW(utimensat(AT_FDCWD, "m", t, 0));
  stat("m", &s);
  printf("%ld.%09ld %ld.%09ld\n", s.st_atim.tv_sec, s.st_atim.tv_nsec, s.st_mtim.tv_sec, s.st_mtim.tv_nsec);
  t[0].tv_nsec = 1000000000;
  SHOW(utimensat(AT_FDCWD, "m", t, 0));
  SHOW(statx(AT_FDCWD, "m", 0, STATX_BASIC_STATS, &x));
  printf("%o %d %d\n", x.stx_mode, (int)x.stx_nlink, (int)x.stx_size);
  SHOW(statx(AT_FDCWD, "", AT_EMPTY_PATH, STATX_MODE, &x));
  SHOW(fstatat(AT_FDCWD, "m", &s, 0x8000));
  SHOW(fstatat(99, "m", &s, 0));
  SHOW(fstatat(99, "/", &s, 0));
  SHOW(truncate("m", 3));
  cat("m");
  SHOW(truncate(".", 3));
  SHOW(truncate("none", 3));
  SHOW(access("m", R_OK | W_OK));
  SHOW(access("m", X_OK));
  SHOW(access("m", 64));
  SHOW(mkfifo("fifo", 0600));
  info("fifo");
  SHOW(open("fifo", O_WRONLY | O_NONBLOCK));
  int fd;
  SHOW(fd = open("fifo", O_RDWR | O_NONBLOCK));
  SHOW(write(fd, "ab", 2));
  char b[10];
  SHOW(read(fd, b, 10));
  SHOW(read(fd, b, 10));
  SHOW(lseek(fd, 0, SEEK_CUR));
  close(fd);
  struct statfs f;
  SHOW(statfs(".", &f));
  SHOW(statfs("none", &f));
  int p;
  SHOW(p = open("m", O_PATH));
  SHOW(read(p, b, 1));
  SHOW(fchmod(p, 0600));
  SHOW(fstat(p, &s));
  sprintf(b, "%d", p);
  char proc[40];
  sprintf(proc, "/proc/self/fd/%d", p);
  SHOW(fd = open(proc, O_RDONLY));
  SHOW(read(fd, b, 2));
  close(fd);
  char full[400];
  int n = readlink(proc, full, 399);
  full[n] = 0;
  printf("%s\n", full + strlen(base));
  close(p);
}

static void rules(void) {
  struct open_how how = { .flags = O_RDONLY };
  mkdir("jail", 0755);
  mkdir("jail/sub", 0755);
  put("jail/file", "inside");
  symlink("../m", "jail/out");
  symlink("/file", "jail/abs");
  symlink("file", "jail/rel");
  symlink("../file", "jail/sub/up");
  int d = open("jail", O_PATH | O_DIRECTORY);
#define TRY(p, r) do { how.resolve = r; errno = 0; int f = syscall(SYS_openat2, d, p, &how, sizeof how); \
    printf("openat2 %s %s: %s\n", p, #r, f < 0 ? strerrorname_np(errno) : "ok"); if (f >= 0) close(f); } while (0)
  TRY("file", RESOLVE_BENEATH);
  TRY("rel", RESOLVE_BENEATH);
  TRY("out", RESOLVE_BENEATH);
  TRY("abs", RESOLVE_BENEATH);
  TRY("sub/up", RESOLVE_BENEATH);
  TRY("sub/../file", RESOLVE_BENEATH);
  TRY("sub/../../m", RESOLVE_BENEATH);
  TRY("abs", RESOLVE_IN_ROOT);
  TRY("../../file", RESOLVE_IN_ROOT);
  TRY("/file", RESOLVE_IN_ROOT);
  TRY("out", RESOLVE_IN_ROOT);
  TRY("rel", RESOLVE_NO_SYMLINKS);
  TRY("rel", 0x1000);
  TRY("/proc/self/exe", RESOLVE_NO_MAGICLINKS);
  TRY("/proc/self/status", RESOLVE_NO_XDEV);
  SHOW(syscall(SYS_openat2, d, "file", &how, 8));
  close(d);
}

static void descriptors(void) {
  int a = open("m", O_RDWR), b, c;
  SHOW(b = dup(a));
  SHOW(dup2(a, a));
  SHOW(dup3(a, a, 0));
  SHOW(dup2(a, -1));
  SHOW(dup2(99, 20));
  SHOW(c = dup3(a, 30, O_CLOEXEC));
  SHOW(fcntl(c, F_GETFD));
  SHOW(fcntl(b, F_GETFD));
  SHOW(fcntl(b, F_SETFD, 1));
  SHOW(fcntl(b, F_GETFD));
  SHOW(fcntl(a, F_DUPFD, 40));
  SHOW(fcntl(a, F_DUPFD, -1));
  SHOW(fcntl(a, F_DUPFD, 100000));
  SHOW(fcntl(a, F_DUPFD_CLOEXEC, 40));
  SHOW(fcntl(a, 12345));
  SHOW(lseek(a, 2, SEEK_SET));
  SHOW(lseek(b, 0, SEEK_CUR));
  SHOW(fcntl(a, F_SETFL, O_APPEND | O_NONBLOCK | O_WRONLY));
  printf("%o\n", fcntl(b, F_GETFL) & ~0100000);
  SHOW(fcntl(a, F_GETPIPE_SZ));
  SHOW(syscall(SYS_close_range, 30, 50, 0));
  SHOW(fcntl(41, F_GETFD));
  SHOW(syscall(SYS_close_range, 3, 2, 0));
  fcntl(a, F_SETFL, 0);
  lseek(a, 0, SEEK_SET);
  char x[4], y[4];
  struct iovec v[3] = { { x, 2 }, { y, 4 }, { (void *)8, 1 } };
  SHOW(readv(a, v, 2));
  SHOW(readv(a, v, -1));
  SHOW(readv(a, v, 2000));
  SHOW(writev(a, v, 3));
  v[0].iov_base = (void *)8;
  SHOW(writev(a, v, 3));
  v[1].iov_len = -1;
  SHOW(writev(a, v, 2));
  close(a);
  close(b);
}

static void locks(void) {
  put("lock", "0123456789");
  int fd = open("lock", O_RDWR);
  struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 2, .l_len = 4 };
  SHOW(fcntl(fd, F_SETLK, &l));
  fflush(stdout);
  if (fork() == 0) {
    int g = open("lock", O_RDWR);
    struct flock m = { .l_type = F_RDLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = 0 };
    SHOW(fcntl(g, F_SETLK, &m));
    SHOW(fcntl(g, F_GETLK, &m));
    printf("type %d start %ld len %ld parent %d\n", m.l_type, (long)m.l_start, (long)m.l_len, m.l_pid == getppid());
    m = (struct flock){ .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 6, .l_len = 1 };
    SHOW(fcntl(g, F_SETLK, &m));
    SHOW(flock(g, LOCK_EX | LOCK_NB));
    fflush(stdout);
    m.l_start = 2;
    SHOW(fcntl(g, F_SETLKW, &m));
    fflush(stdout);
    _exit(0);
  }
  usleep(50000);
  l.l_type = F_UNLCK;
  fcntl(fd, F_SETLK, &l);
  wait(0);
  SHOW(flock(fd, LOCK_EX));
  fflush(stdout);
  if (fork() == 0) {
    int g = open("lock", O_RDWR);
    SHOW(flock(g, LOCK_SH | LOCK_NB));
    SHOW(flock(fd, LOCK_SH | LOCK_NB));
    SHOW(flock(g, LOCK_SH | LOCK_NB));
    SHOW(flock(g, 77));
    fflush(stdout);
    _exit(0);
  }
  wait(0);
  close(fd);
}

static void memory(void) {
  int fd;
  char b[100] = { 0 };
  SHOW(fd = memfd_create("mine", MFD_ALLOW_SEALING));
  SHOW(write(fd, "seal me", 7));
  SHOW(fcntl(fd, F_GET_SEALS));
  char *p = mmap(0, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  printf("%s\n", p);
  memcpy(p, "SEAL", 4);
  SHOW(pread(fd, b, 10, 0));
  printf("%s\n", b);
  SHOW(pwrite(fd, "there", 5, 5));
  printf("%s\n", p);
  SHOW(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
  munmap(p, 8192);
  SHOW(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW));
  SHOW(write(fd, "x", 1));
  SHOW(ftruncate(fd, 1));
  SHOW(ftruncate(fd, 100));
  SHOW(fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL));
  SHOW(fcntl(fd, F_ADD_SEALS, F_SEAL_GROW));
  close(fd);
  SHOW(memfd_create("x", 0x8000));
  SHOW(fd = open("/dev/shm", O_TMPFILE | O_RDWR, 0600));
  SHOW(ftruncate(fd, 20000));
  SHOW(pwrite(fd, "data", 4, 9000));
  SHOW(lseek(fd, 0, SEEK_DATA));
  SHOW(lseek(fd, 0, SEEK_HOLE));
  SHOW(lseek(fd, 8192, SEEK_HOLE));
  SHOW(lseek(fd, 15000, SEEK_DATA));
  SHOW(lseek(fd, 30000, SEEK_DATA));
  SHOW(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 8192, 4096));
  SHOW(lseek(fd, 0, SEEK_DATA));
  struct stat s;
  fstat(fd, &s);
  printf("size %ld blocks %ld nlink %d\n", (long)s.st_size, (long)s.st_blocks, (int)s.st_nlink);
  close(fd);
  // A host file mapped shared: writes of both sides agree.
  put("map", "0123456789");
  fd = open("map", O_RDWR);
  p = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  memcpy(p + 2, "MAP", 3);
  SHOW(pread(fd, b, 10, 0));
  printf("%.10s\n", b);
  SHOW(pwrite(fd, "wr", 2, 6));
  printf("%s\n", p);
  fflush(stdout);
  if (fork() == 0) { memcpy(p, "C", 1); _exit(0); }
  wait(0);
  printf("%s\n", p);
  munmap(p, 4096);
  close(fd);
  cat("map");
}

static void copying(void) {
  put("from", "abcdefghijklmnopqrstuvwxyz");
  int a = open("from", O_RDONLY), b = open("to", O_RDWR | O_CREAT, 0600), p[2];
  off_t at = 3;
  SHOW(sendfile(b, a, &at, 5));
  printf("%ld\n", (long)at);
  SHOW(sendfile(b, a, 0, 100));
  SHOW(sendfile(b, a, 0, 100));
  cat("to");
  loff_t in = 1, out = 0;
  SHOW(copy_file_range(a, &in, b, &out, 4, 0));
  printf("%ld %ld\n", (long)in, (long)out);
  cat("to");
  SHOW(copy_file_range(a, &in, b, &out, 4, 1));
  in = 0, out = 2;
  SHOW(copy_file_range(b, &in, b, &out, 5, 0));
  pipe(p);
  in = 20;
  SHOW(splice(a, &in, p[1], 0, 100, 0));
  int q[2];
  pipe2(q, O_NONBLOCK);
  SHOW(tee(p[0], q[1], 3, 0));
  char x[40] = { 0 };
  SHOW(read(q[0], x, 40));
  printf("%s\n", x);
  SHOW(read(q[0], x, 40));
  SHOW(splice(p[0], 0, b, 0, 100, 0));
  SHOW(splice(a, 0, b, 0, 100, 0));
  SHOW(splice(p[0], &in, b, 0, 100, 0));
  cat("to");
  struct iovec v[2] = { { "one", 3 }, { "two", 3 } };
  SHOW(vmsplice(p[1], v, 2, 0));
  SHOW(read(p[0], x, 40));
  printf("%s\n", x);
}

int main(void) {
  setvbuf(stdout, 0, _IOFBF, 1 << 16);
  char base[] = "/tmp/files-XXXXXX";
  umask(022);
  if (mkdtemp(base) == 0 || chdir(base) != 0) return 1;
  opening();
  links();
  directories();
  metadata(base);
  rules();
  descriptors();
  locks();
  memory();
  copying();
  fflush(stdout);
  chdir("/");
  char cmd[200];
  sprintf(cmd, "%s", base);
  // Everything goes: depth first.
  for (int pass = 0; pass < 4; pass++) {
    static const char *dirs[] = { "", "/jail", "/jail/sub", "/d", "/moved", "/again", "/dir", "/moved/e" };
    for (int i = 7; i >= 0; i--) {
      char path[300];
      sprintf(path, "%s%s", base, dirs[i]);
      DIR *d = opendir(path);
      struct dirent *e;
      while (d && (e = readdir(d))) {
        char child[600];
        sprintf(child, "%s/%s", path, e->d_name);
        unlink(child);
      }
      if (d) closedir(d);
      rmdir(path);
    }
  }
  printf("left: %d\n", access(base, F_OK) == 0);
  return 0;
}
