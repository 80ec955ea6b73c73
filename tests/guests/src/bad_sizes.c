/* Lengths, counts and offsets that overflow, wrap or are absurd: what each call answers, and that nothing is written where it should not. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static char page[3 * 4096] __attribute__((aligned(4096)));

static void tell(const char *what, long r) {
  if (r == -1) printf("%s: %s\n", what, strerrorname_np(errno));
  else printf("%s: %ld\n", what, r);
}
/* All arguments whole: -1 is as long on every machine. */
#define L1(a) (long)(a)
#define L2(a, ...) (long)(a), L1(__VA_ARGS__)
#define L3(a, ...) (long)(a), L2(__VA_ARGS__)
#define L4(a, ...) (long)(a), L3(__VA_ARGS__)
#define L5(a, ...) (long)(a), L4(__VA_ARGS__)
#define L6(a, ...) (long)(a), L5(__VA_ARGS__)
#define CHOOSE(a, b, c, d, e, f, name, ...) name
#define LONGS(...) CHOOSE(__VA_ARGS__, L6, L5, L4, L3, L2, L1)(__VA_ARGS__)
#define S(name, ...) tell(#name "(" #__VA_ARGS__ ")", syscall(SYS_##name, LONGS(__VA_ARGS__)))
#define Q(name, ...) tell(#name, syscall(SYS_##name, LONGS(__VA_ARGS__)))

static void vectors(int zero, int null, int file) {
  static struct iovec v[2000];
  for (int i = 0; i < 2000; i++) v[i] = (struct iovec){page, 1};
  S(readv, zero, v, 1024);
  S(readv, zero, v, 1025);
  S(readv, zero, v, -1);
  S(readv, zero, v, INT_MAX);
  S(readv, zero, v, 1L << 32);
  S(readv, zero, v, 0);
  S(writev, null, v, 1024);
  S(writev, null, v, 1L << 40);
  v[0].iov_len = -1;
  S(readv, zero, v, 1);
  S(writev, null, v, 2);
  v[0].iov_len = LONG_MAX;
  S(writev, null, v, 2);
  S(readv, zero, v, 2);
  v[0].iov_len = 1L << 62, v[1].iov_len = 1L << 62;
  S(writev, null, v, 2);
  v[0].iov_len = 4096, v[1] = (struct iovec){(void *)8, 4096};
  S(readv, zero, v, 2);
  S(writev, file, v, 2);
  S(preadv, zero, v, 1, -1, -1);
  S(pwritev, file, v, 1, 0x8000000000000000, 0x80000000);
  S(preadv2, zero, v, 1, 0, 0, 0x1000);
  S(process_vm_readv, getpid(), v, 1025, v, 1, 0);
  S(process_vm_readv, getpid(), v, 1, v, 1, 1);
  S(vmsplice, null, v, 1025, 0);
}

static void lengths(int zero, int null, int file) {
  S(read, zero, page, -1);
  S(read, zero, page, LONG_MAX);
  S(write, null, page, -1);
  S(write, null, page, LONG_MAX);
  S(pread64, zero, page, 8, -1);
  S(pread64, zero, page, -1, 0);
  S(pread64, file, page, 8, LONG_MAX);
  S(pwrite64, file, page, 8, LONG_MAX);
  S(pwrite64, file, page, 8, LONG_MIN);
  S(lseek, file, 1, SEEK_END);
  S(lseek, file, -100, SEEK_SET);
  S(lseek, file, 0, 99);
  S(lseek, file, 0, SEEK_SET);
  S(ftruncate, file, -1);
  S(ftruncate, file, LONG_MIN);
  S(fallocate, file, 0, -1, 10);
  S(fallocate, file, 0, 0, -1);
  S(fallocate, file, 0, 0, 0);
  S(fallocate, file, 0, LONG_MAX, 1);
  S(fallocate, file, 0x100, 0, 1);
  S(fallocate, file, 2, 0, 1);
  S(getdents64, zero, page, 4096);
  S(getcwd, page, 0);
  S(getcwd, page, 1);
  S(readlinkat, AT_FDCWD, "/proc/self/exe", page, 0);
  S(readlinkat, AT_FDCWD, "/proc/self/exe", page, -1);
  S(sendfile, null, file, 0, -1);
  S(copy_file_range, file, 0, file, 0, -1, 0);
  S(copy_file_range, file, 0, file, 0, 1, 1);
  S(splice, file, 0, null, 0, 1, 0);
  S(getrandom, page, 4096, 8);
  S(getrandom, page, 0, 0);
  S(memfd_create, "x", -1);
  S(pipe2, page, -1);
  S(dup3, 0, -1, 0);
  S(dup3, 0, 1 << 30, 0);
  S(dup3, 0, 0, 0);
  S(dup3, 0, 9, -1);
  S(fcntl, 0, F_DUPFD, -1);
  S(fcntl, 0, F_DUPFD, 1 << 30);
  S(fcntl, 0, F_DUPFD, LONG_MAX);
  S(fcntl, 0, 9999, 0);
  S(close_range, 5, 4, 0);
  S(close_range, 1000, -1, -1);
  S(ioctl, zero, -1, -1);
  S(ioctl, file, 0x541b, 8);
}

static void names(void) {
  static char long_name[8192];
  memset(long_name, 'n', 8191);
  S(openat, AT_FDCWD, long_name, O_RDONLY, 0);
  long_name[4095] = 0;
  S(openat, AT_FDCWD, long_name, O_RDONLY, 0);
  S(symlinkat, long_name, AT_FDCWD, "link");
  long_name[255] = 0;
  S(openat, AT_FDCWD, long_name, O_RDONLY, 0);
  long_name[255] = 'n', long_name[256] = 0;
  S(openat, AT_FDCWD, long_name, O_RDONLY, 0);
  S(mkdirat, AT_FDCWD, long_name, 0);
  S(openat, AT_FDCWD, "", O_RDONLY, 0);
  S(openat, AT_FDCWD, "file", -1, 0);
  S(openat, 9999, "file", 0, 0);
  S(openat, -1, "file", 0, 0);
  S(openat2, AT_FDCWD, "file", page, 23);
  S(openat2, AT_FDCWD, "file", page, 4097);
  S(openat2, AT_FDCWD, "file", page, -1);
  S(statx, AT_FDCWD, "file", -1, 0, page);
  S(statx, AT_FDCWD, "file", 0, 0x80000000, page);
  S(faccessat, AT_FDCWD, "file", 8);
  S(unlinkat, AT_FDCWD, "file", -1);
  S(linkat, AT_FDCWD, "file", AT_FDCWD, "other", -1);
  S(renameat2, AT_FDCWD, "file", AT_FDCWD, "other", 3);
  S(renameat2, AT_FDCWD, "file", AT_FDCWD, "other", -1);
  S(mknodat, AT_FDCWD, "node", 0170000, 0);
  S(setxattr, "file", "user.x", page, 65537, 0);
  S(setxattr, "file", "user.x", page, -1, 0);
  S(setxattr, "file", "", page, 1, 0);
  S(setxattr, "file", long_name, page, 1, 0);
  S(setxattr, "file", "user.x", page, 1, 3);
  S(inotify_init1, -1);
}

static void memory(int file) {
  S(mmap, 0, 0, 3, 0x22, -1, 0);
  S(mmap, 0, -1, 3, 0x22, -1, 0);
  S(mmap, 0, LONG_MAX, 3, 0x22, -1, 0);
  S(mmap, 0, 4096, 3, 0x22, -1, 1);
  S(mmap, 0, 4096, 3, 0, -1, 0);
  S(mmap, 0, 4096, 3, 0x23, -1, 0);
  S(mmap, 0, 4096, 3, 2, 9999, 0);
  S(mmap, 0, 8192, 3, 2, file, 0xfffffffffffff000);
  S(mmap, 1, 4096, 3, 0x32, -1, 0);
  S(mmap, (1L << 56), 4096, 3, 0x32, -1, 0);
  S(munmap, page + 1, 4096);
  S(munmap, page, 0);
  S(munmap, page, -1);
  S(munmap, page, LONG_MAX);
  S(mprotect, page, -1, 3);
  S(mprotect, page, 4096, -1);
  S(mprotect, page, 0, 3);
  S(mremap, page, 4096, 0, 0, 0);
  S(mremap, page, 4096, -1, 1, 0);
  S(mremap, page, -1, 4096, 1, 0);
  S(mremap, page + 1, 4096, 4096, 1, 0);
  S(mremap, page, 4096, 4096, 8, 0);
  S(mremap, page, 4096, 4096, 2, page + 4096);
  S(madvise, page, -1, 4);
  S(madvise, page, 4096, 999);
  S(madvise, page, 0, 4);
  S(msync, page, -1, 1);
  S(msync, page, 4096, 5);
  S(mincore, page, -1, page);
  S(mlock2, page, 4096, 2);
  S(membarrier, 999, 0, 0);
  S(shmget, IPC_PRIVATE, -1, 0600);
  S(shmget, IPC_PRIVATE, 0, 0600);
  S(shmat, -1, 0, 0);
  S(semget, IPC_PRIVATE, -1, 0600);
  S(semget, IPC_PRIVATE, 32001, 0600);
  S(msgget, 0x1234567, 0);
  int sems = syscall(SYS_semget, IPC_PRIVATE, 1, 0600), queue = syscall(SYS_msgget, IPC_PRIVATE, 0600);
  static struct sembuf ops[600];
  tell("semop 501", semop(sems, ops, 501));
  tell("semop 0", semop(sems, ops, 0));
  ops[0].sem_num = 9;
  tell("semop of a ninth", semop(sems, ops, 1));
  tell("semctl of a ninth", semctl(sems, 9, GETVAL));
  tell("SETVAL -1", semctl(sems, 0, SETVAL, -1));
  tell("SETVAL 32768", semctl(sems, 0, SETVAL, 32768));
  struct { long type; char text[8]; } m = {0};
  tell("msgsnd of type 0", msgsnd(queue, &m, 8, 0));
  m.type = 1;
  tell("msgsnd of -1", syscall(SYS_msgsnd, queue, &m, -1L, 0));
  tell("msgsnd of 8193", syscall(SYS_msgsnd, queue, page, 8193, 0));
  tell("msgrcv of -1", syscall(SYS_msgrcv, queue, &m, -1L, 0L, 0));
  semctl(sems, 0, IPC_RMID), msgctl(queue, IPC_RMID, 0);
}

static void waiting(void) {
  struct timespec t = {0, 1000000000};
  S(nanosleep, &t, 0);
  t.tv_nsec = -1;
  S(nanosleep, &t, 0);
  t = (struct timespec){-1, 0};
  S(nanosleep, &t, 0);
  S(clock_nanosleep, 99, 0, &t, 0);
  S(clock_nanosleep, 2, 0, page, 0);
  S(clock_nanosleep, 3, 0, page, 0);
  S(clock_gettime, 99, page);
  S(clock_gettime, -1, page);
  S(timer_create, 99, 0, page);
  S(timer_settime, 999, 0, page, 0);
  S(timerfd_create, 1, -1);
  S(timerfd_create, 2, 0);
  S(eventfd2, 0, -1);
  S(ppoll, page, -1, 0, 0, 8);
  S(ppoll, page, 1 << 24, 0, 0, 8);
  S(ppoll, 0, 0, &t, 0, 8);
  S(pselect6, -1, 0, 0, 0, 0, 0);
  S(pselect6, INT_MAX, 0, 0, 0, page, 0);
  S(epoll_create1, -1);
  int s = socket(AF_UNIX, SOCK_STREAM, 0), epoll = syscall(SYS_epoll_create1, 0);
  tell("epoll of none", syscall(SYS_epoll_pwait, epoll, page, 0, 0, 0, 8));
  tell("epoll of -1", syscall(SYS_epoll_pwait, epoll, page, -1, 0, 0, 8));
  tell("epoll of too many", syscall(SYS_epoll_pwait, epoll, page, INT_MAX, 0, 0, 8));
  tell("epoll mask of 4", syscall(SYS_epoll_pwait, epoll, page, 1, 0, page, 4));
  tell("epoll operation 9", syscall(SYS_epoll_ctl, epoll, 9, s, page));
  tell("epoll of itself", syscall(SYS_epoll_ctl, epoll, 1, epoll, page));
  S(futex, page + 1, 0, 0, 0);
  S(futex, page, 99, 0, 0);
  S(futex, page, 0, 1, 0);
  S(futex, page, 9, 0, 0, 0, 0);
  S(futex, page, 3, -1, 1, page);
  S(futex_waitv, page, 129, 0, 0, 0);
  S(futex_waitv, page, 0, 0, 0, 0);
  S(rt_sigaction, 65, 0, 0, 8);
  S(rt_sigaction, 9, page, 0, 8);
  S(rt_sigaction, 10, 0, 0, 9);
  S(rt_sigprocmask, 99, page, 0, 8);
  S(rt_sigprocmask, 0, page, 0, 16);
  S(rt_sigpending, page, 9);
  S(rt_sigtimedwait, page, 0, &t, 8);
  S(signalfd4, -1, page, 4, 0);
  S(kill, 0x7fffffff, 0);
  S(kill, getpid(), 65);
  S(kill, getpid(), -1);
  S(tgkill, -1, 1, 0);
  S(wait4, 0x7ffffff, 0, 0, 0);
  S(wait4, -1, 0, 0x80, 0);
  S(waitid, 9, 0, page, 4, 0);
  S(waitid, 0, 0, page, 0, 0);
  S(setitimer, 9, page, 0);
}

static void processes(void) {
  S(clone3, page, 0);
  S(clone3, page, 63);
  S(clone3, page, 4097);
  S(clone, 0x10000, 0, 0, 0, 0);
  S(unshare, 0x100000000);
  S(unshare, 0x11);
  S(setns, 0, 0);
  S(sched_setaffinity, 0, 0, page);
  S(sched_getaffinity, 0, 1, page);
  S(sched_setscheduler, 0, 99, page);
  S(sched_getscheduler, -1);
  S(sched_setattr, 0, page, 1);
  S(sched_getattr, 0, page, 47, 0);
  S(setpriority, 9, 0, 0);
  S(getpriority, 0, 0x7ffffff);
  S(prlimit64, 0, 99, 0, 0);
  S(getrusage, 99, page);
  S(prctl, 9999, 0, 0, 0, 0);
  S(prctl, 1, 65, 0, 0, 0);
  S(prctl, 38, 2, 0, 0, 0);
  S(set_robust_list, page, 23);
  S(setpgid, -1, 0);
  S(setpgid, 0, -1);
  S(getpgid, -1);
  S(getsid, 0x7ffffff);
  S(kcmp, getpid(), getpid(), 99, 0, 0);
  S(pidfd_open, 0, 0);
  S(pidfd_open, getpid(), -1);
  S(seccomp, 99, 0, 0);
  S(getgroups, -1, page);
  S(personality, 0xffffffff);
  S(ptrace, 999, 0x7ffffff, 0, 0);
  S(execveat, AT_FDCWD, "file", 0, 0, -1);
}

static void sockets(void) {
  S(socket, 99, 1, 0);
  S(socket, 1, 99, 0);
  S(socket, 1, 1, 99);
  S(socket, 2, 1, 17);
  S(socket, 1, 0x10000001, 0);
  S(socketpair, 2, 1, 0, page);
  int s = socket(AF_UNIX, SOCK_STREAM, 0), d[2];
  socketpair(AF_UNIX, SOCK_DGRAM, 0, d);
  struct sockaddr_un name = {.sun_family = AF_UNIX};
  memset(name.sun_path, 'x', sizeof name.sun_path);
  Q(bind, s, &name, 0);
  Q(bind, s, &name, 1);
  Q(bind, s, &name, -1);
  Q(bind, s, &name, 129);
  Q(connect, s, &name, 1);
  Q(connect, s, &name, 111);
  Q(listen, s, -1);
  Q(accept4, s, 0, 0, -1);
  Q(accept4, s, 0, 0, 0);
  Q(shutdown, s, 9);
  Q(setsockopt, s, 1, 2, page, -1);
  Q(setsockopt, s, 1, 2, page, 3);
  Q(setsockopt, s, 1, 9999, page, 4);
  Q(setsockopt, s, 9999, 1, page, 4);
  int length = -1;
  Q(getsockopt, s, 1, 2, page, &length);
  Q(getsockname, s, page, &length);
  Q(sendto, d[0], page, -1, MSG_DONTWAIT, 0, 0);
  Q(sendto, d[0], page, 1 << 30, MSG_DONTWAIT, 0, 0);
  Q(recvfrom, d[0], page, -1, MSG_DONTWAIT, 0, 0);
  struct msghdr m = {0};
  static struct iovec v[1025];
  m.msg_iov = v, m.msg_iovlen = 1025;
  Q(sendmsg, d[0], &m, MSG_DONTWAIT);
  Q(recvmsg, d[0], &m, MSG_DONTWAIT);
  m.msg_iovlen = -1;
  Q(sendmsg, d[0], &m, MSG_DONTWAIT);
  m.msg_iovlen = 0, m.msg_name = &name, m.msg_namelen = -1;
  Q(sendmsg, d[0], &m, MSG_DONTWAIT);
  m.msg_name = 0, m.msg_namelen = 0;
  union { struct cmsghdr h; char room[4096]; } c = {.h = {.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS}};
  m.msg_control = &c;
  size_t lens[] = {0, 1, 15, 16, 17, 20, 1000, 4096, 5000, -1, 1ul << 63};
  for (int i = 0; i < 11; i++)
    for (int whole = 24; whole <= 4096; whole += 4072) {
      c.h.cmsg_len = lens[i], m.msg_controllen = whole;
      printf("control %zu in %d, ", lens[i], whole);
      Q(sendmsg, d[0], &m, MSG_DONTWAIT);
    }
  m.msg_controllen = -1;
  Q(sendmsg, d[0], &m, MSG_DONTWAIT);
  Q(sendmmsg, d[0], page, 0, 0);
  Q(recvmmsg, d[0], page, -1, 0x80000000 | MSG_DONTWAIT, 0);
}

static void own_memory(void) {
  int fd = open("/proc/self/mem", O_RDWR);
  static const char constant[] = "constant";
  char got[16] = "";
  tell("mem read at 0", pread(fd, got, 8, 0));
  tell("mem read", pread(fd, got, 8, (long)constant));
  puts(got);
  tell("mem read at -1", syscall(SYS_pread64, fd, got, 8, -1L));
  tell("mem read beyond", pread(fd, got, 8, 1L << 56));
  tell("mem write at 8", pwrite(fd, "x", 1, 8));
  tell("mem write beyond", pwrite(fd, "x", 1, 1L << 56));
  tell("mem write of what may only be read", pwrite(fd, "C", 1, (long)constant));
  puts((const char *)(uintptr_t)constant);
  tell("mem write of code", pwrite(fd, (void *)own_memory, 4, (long)own_memory));
  tell("mem read from a bad place", syscall(SYS_pread64, fd, 8, 8, constant));
  tell("mem mmap", (long)mmap(0, 4096, 1, 1, fd, 0));
  tell("mem truncate", ftruncate(fd, 0));
  close(fd);
}

int main(void) {
  char dir[] = "/dev/shm/sizesXXXXXX";
  if (mkdtemp(dir) == 0 || chdir(dir) != 0) return 1;
  setvbuf(stdout, 0, _IOLBF, 0);
  int zero = open("/dev/zero", O_RDWR), null = open("/dev/null", O_RDWR), file = open("file", O_RDWR | O_CREAT, 0600);
  if (write(file, "some text", 9) != 9) return 1;
  vectors(zero, null, file);
  lengths(zero, null, file);
  names();
  memory(file);
  waiting();
  processes();
  sockets();
  own_memory();
  unlink("file"), unlink("link");
  for (const char *left = "other"; left; left = 0) unlink(left);
  return chdir("/") || rmdir(dir);
}
