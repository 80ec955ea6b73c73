/* Errors of the smaller families: memory, prctl, scheduling, limits, identity, system. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <errno.h>
#include <unistd.h>
#include <signal.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/random.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <sys/fsuid.h>
#include <grp.h>
#include <fcntl.h>
#include <linux/membarrier.h>
#define R(n, e) \
  do { \
    errno = 0; \
    long r_ = (long)(e); \
    printf("%s: %ld %s\n", n, r_, errno ? strerrorname_np(errno) : "0"); \
  } while (0)
#define RE(n, e) \
  do { \
    errno = 0; \
    long r_ = (long)(e); \
    printf("%s: %s %s\n", n, r_ == -1 ? "-1" : "ok", errno ? strerrorname_np(errno) : "0"); \
  } while (0)

int main() {
  setvbuf(stdout, 0, _IOLBF, 0);
  char *p = mmap(0, 16384, 3, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  RE("mmap 0", mmap(0, 0, 3, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  RE("mmap notype", mmap(0, 4096, 3, MAP_ANONYMOUS, -1, 0));
  RE("mmap badfd", mmap(0, 4096, 3, MAP_PRIVATE, 99, 0));
  RE("mmap val anon", mmap(0, 4096, 3, MAP_SHARED_VALIDATE | MAP_ANONYMOUS, -1, 0));
  RE("mmap fixed mis", mmap(p + 1, 4096, 3, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
  RE("noreplace", mmap(p, 4096, 3, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0));
  RE("dirfd", mmap(0, 4096, 1, MAP_PRIVATE, open("/", 0), 0));
  R("munmap mis", munmap(p + 1, 4096));
  R("munmap 0", munmap(p, 0));
  R("mprotect mis", mprotect(p + 1, 1, 1));
  R("mprotect 0", mprotect(p, 0, 1));
  R("mprotect bits", mprotect(p, 4096, 0x100));
  R("mprotect hole", (munmap(p + 8192, 4096), mprotect(p, 16384, 3)));
  RE("mremap hole", mremap(p, 16384, 32768, MREMAP_MAYMOVE));
  RE("mremap 0", mremap(p, 4096, 0, 0));
  RE("mremap fixed", mremap(p, 4096, 4096, MREMAP_FIXED, p + 65536));
  RE("mremap grow nomove", mremap(p, 4096, 8192, 0));
  R("madv mis", madvise(p + 1, 4096, 4));
  R("madv bad", madvise(p, 4096, 77));
  R("madv hole", madvise(p, 16384, MADV_DONTNEED));
  R("madv 0", madvise(p, 0, MADV_DONTNEED));
  R("msync flags", msync(p, 4096, MS_ASYNC | MS_SYNC));
  R("msync hole", msync(p, 16384, MS_SYNC));
  unsigned char v[8];
  R("mincore hole", mincore(p, 16384, v));
  R("mincore mis", mincore(p + 1, 4096, v));
  p[0] = 1;
  R("mincore", mincore(p, 4096, v));
  printf("%d\n", v[0] & 1);
  R("mlock hole", mlock(p, 16384));
  R("mlock", mlock(p, 4096));
  R("munlock", munlock(p, 4096));
  R("mlockall 0", mlockall(0));
  R("mlockall onfault", mlockall(4));
  R("membarrier bad", syscall(SYS_membarrier, 3, 0, 0));
  R("mb flags", syscall(SYS_membarrier, 0, 1, 0));
  R("mb priv", syscall(SYS_membarrier, 8, 0, 0));
  R("mb reg", syscall(SYS_membarrier, 16, 0, 0));
  R("mb priv", syscall(SYS_membarrier, 8, 0, 0));
  R("mb get", syscall(SYS_membarrier, 512, 0, 0));
  R("pdeathsig", prctl(PR_SET_PDEATHSIG, 65));
  R("dumpable", prctl(PR_SET_DUMPABLE, 2));
  R("nnp", prctl(PR_SET_NO_NEW_PRIVS, 1, 1, 0, 0));
  R("unknown", prctl(99999));
  R("ambient", prctl(PR_CAP_AMBIENT, 2, 3, 0, 0));
  R("bset", prctl(PR_CAPBSET_READ, 99));
  R("thp", prctl(PR_SET_THP_DISABLE, 1, 1, 0, 0));
  R("slack", prctl(PR_GET_TIMERSLACK));
  R("timing", prctl(PR_SET_TIMING, 1));
  R("keepcaps", prctl(PR_SET_KEEPCAPS, 2));
  R("sub", prctl(PR_SET_CHILD_SUBREAPER, 5));
  int o = -1;
  prctl(PR_GET_CHILD_SUBREAPER, &o);
  printf("%d\n", o);
  char nm[16];
  prctl(PR_SET_NAME, "abcdefghijklmnopqrstuvwxyz");
  prctl(PR_GET_NAME, nm);
  puts(nm);
  R("getrandom flags", getrandom(nm, 4, 8));
  R("getrandom both", getrandom(nm, 4, 6));
  R("getrandom fault", syscall(SYS_getrandom, 0, 4, 0));
  R("getrandom", getrandom(nm, 4, 0));
  R("affinity small", syscall(SYS_sched_getaffinity, 0, 4, nm));
  R("setaff none", syscall(SYS_sched_setaffinity, 0, 8, "\0\0\0\0\0\0\0\0"));
  R("setsched bad", sched_setscheduler(0, 4, &(struct sched_param){0}));
  R("fifo 0", sched_setscheduler(0, SCHED_FIFO, &(struct sched_param){0}));
  R("other 1", sched_setscheduler(0, 0, &(struct sched_param){1}));
  R("null", sched_setscheduler(0, 0, 0));
  R("max", sched_get_priority_max(SCHED_RR));
  R("max bad", sched_get_priority_max(99));
  R("getsched neg", sched_getscheduler(-1));
  R("getsched none", sched_getscheduler(999999));
  R("batch", sched_setscheduler(0, SCHED_BATCH, &(struct sched_param){0}));
  R("get", sched_getscheduler(0));
  unsigned at[32] = {48};
  R("getattr small", syscall(SYS_sched_getattr, 0, at, 40, 0));
  R("getattr", syscall(SYS_sched_getattr, 0, at, 48, 0));
  printf("size %u policy %u\n", at[0], at[1]);
  at[0] = 10;
  R("setattr small", syscall(SYS_sched_setattr, 0, at, 0));
  at[0] = 4097;
  R("setattr big", syscall(SYS_sched_setattr, 0, at, 0));
  R("setprio", setpriority(PRIO_PROCESS, 0, 5));
  R("getprio raw", syscall(SYS_getpriority, 0, 0));
  R("setprio which", setpriority(9, 0, 1));
  R("setprio who", setpriority(0, 999999, 1));
  R("ioprio", syscall(SYS_ioprio_get, 1, 0));
  R("ioprio_set", syscall(SYS_ioprio_set, 1, 0, (2 << 13) | 3));
  R("ioprio", syscall(SYS_ioprio_get, 1, 0));
  R("ioprio bad", syscall(SYS_ioprio_set, 1, 0, 5 << 13));
  R("ioprio none lvl", syscall(SYS_ioprio_set, 1, 0, 3));
  R("ioprio which", syscall(SYS_ioprio_get, 4, 0));
  struct rlimit rl = {10, 5};
  R("rl inv", setrlimit(RLIMIT_CORE, &rl));
  R("rl res", getrlimit(77, &rl));
  rl = (struct rlimit){0, 2000000000};
  R("rl nofile", setrlimit(RLIMIT_NOFILE, &rl));
  R("prlimit none", prlimit(999999, 0, 0, &rl));
  struct rusage ru;
  R("rusage", getrusage(5, &ru));
  R("personality", syscall(SYS_personality, 0xffffffffu));
  R("kcmp bad", syscall(SYS_kcmp, getpid(), getpid(), 8, 0, 0));
  R("kcmp vm", syscall(SYS_kcmp, getpid(), getpid(), 1, 0, 0));
  R("kcmp fd", syscall(SYS_kcmp, getpid(), getpid(), 0, 1, 77));
  R("kcmp none", syscall(SYS_kcmp, getpid(), 999999, 0, 1, 77));
  struct iovec l = {nm, 4}, r = {"abc", 4};
  R("vm_readv", process_vm_readv(getpid(), &l, 1, &r, 1, 0));
  puts(nm);
  r.iov_base = 0;
  R("fault", process_vm_readv(getpid(), &l, 1, &r, 1, 0));
  R("none", process_vm_readv(999999, &l, 1, &r, 1, 0));
  R("flags", process_vm_readv(getpid(), &l, 1, &r, 1, 1));
  struct { unsigned v;
    int pid;
  } hd = {1, 0};
  unsigned cd[6];
  R("capget", syscall(SYS_capget, &hd, cd));
  printf("%x\n", hd.v);
  hd.v = 1;
  R("capget null", syscall(SYS_capget, &hd, 0));
  hd.v = 0x20080522;
  hd.pid = -1;
  R("capget -1", syscall(SYS_capget, &hd, cd));
  hd.pid = 1;
  R("capset 1", syscall(SYS_capset, &hd, cd));
  R("setpgid neg", setpgid(0, -1));
  R("setpgid none", setpgid(999999, 0));
  R("getsid none", getsid(999999));
  R("getpgid neg", getpgid(-1));
  int c = fork();
  if (c == 0) {
    R("setsid", setsid() == getpid());
    R("setsid again", setsid());
    R("setpgid leader", setpgid(0, 0));
    _exit(0);
  }
  wait(0);
  sched_yield();
  struct utsname un;
  uname(&un);
  puts(un.sysname);
  return 0;
}

