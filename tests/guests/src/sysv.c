/* System V shared memory, semaphores (with undo) and message queues between processes. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <errno.h>
#include <unistd.h>
#include <signal.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <sys/sem.h>
#include <sys/msg.h>
#include <sys/wait.h>
#include <time.h>
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
union argument { int val;
  unsigned short *a;
  struct semid_ds *d;
};

int main() {
  setvbuf(stdout, 0, _IOLBF, 0);
  R("shmget 0", shmget(IPC_PRIVATE, 0, 0600));
  RE("shmget noent", shmget(0x7777abcd, 10, 0));
  int id = shmget(IPC_PRIVATE, 5000, IPC_CREAT | 0600);
  printf("id %d\n", id >= 0);
  char *p = shmat(id, 0, 0);
  strcpy(p, "parent");
  struct shmid_ds ds;
  if (fork() == 0) {
    shmctl(id, IPC_STAT, &ds);
    printf("nattch %ld\n", (long)ds.shm_nattch);
    strcpy(p + 4096, "child");
    _exit(0);
  }
  wait(0);
  printf("%s\n", p + 4096);
  shmctl(id, IPC_STAT, &ds);
  printf("nattch %ld segsz %ld mode %o\n", (long)ds.shm_nattch, (long)ds.shm_segsz, ds.shm_perm.mode);
  RE("shmat bad addr", shmat(id, p + 1, 0));
  RE("shmat overlap", shmat(id, p, 0));
  RE("shmat remap null", shmat(id, 0, SHM_REMAP));
  RE("rmid", shmctl(id, IPC_RMID, 0));
  shmctl(id, IPC_STAT, &ds);
  printf("mode %o\n", ds.shm_perm.mode);
  char *q = shmat(id, 0, SHM_RDONLY);
  printf("again %s\n", q == (void*)-1 ? "no" : q);
  R("dt", shmdt(p));
  R("dt", shmdt(q));
  R("dt again", shmdt(q));
  RE("stat gone", shmctl(id, IPC_STAT, &ds));
  int s = semget(IPC_PRIVATE, 3, 0600);
  union argument u;
  unsigned short arr[3] = {1, 2, 3};
  u.a = arr;
  R("setall", semctl(s, 0, SETALL, u));
  struct sembuf b[2] = {{0, -1, 0}, {1, -2, 0}};
  R("semop", semop(s, b, 2));
  memset(arr, 9, 6);
  semctl(s, 0, GETALL, u);
  printf("%d %d %d\n", arr[0], arr[1], arr[2]);
  b[0].sem_flg = IPC_NOWAIT;
  R("nowait", semop(s, b, 1));
  b[0].sem_num = 3;
  R("fbig", semop(s, b, 1));
  R("0 ops", semop(s, b, 0));
  R("501", semop(s, b, 501));
  u.val = 40000;
  R("setval range", semctl(s, 0, SETVAL, u));
  b[0].sem_num = 2;
  b[0].sem_op = 32767;
  R("erange", semop(s, b, 1));
  struct timespec ts = {0, 10000000};
  b[0] = (struct sembuf){0, -1, 0};
  R("timed", semtimedop(s, b, 1, &ts));
  int c = fork();
  if (!c) {
    struct sembuf x[2] = {{0, 5, SEM_UNDO}, {2, -1, SEM_UNDO}};
    semop(s, x, 2);
    semctl(s, 0, GETALL, (union argument){.a = arr});
    printf("in child %d %d %d\n", arr[0], arr[1], arr[2]);
    _exit(0);
  }
  wait(0);
  u.a = arr;
  semctl(s, 0, GETALL, u);
  printf("undone %d %d %d\n", arr[0], arr[1], arr[2]);
  c = fork();
  if (!c) {
    struct sembuf x = {0, -1, 0};
    int r = semop(s, &x, 1);
    printf("woken %d %s\n", r, r ? strerrorname_np(errno) : "");
    _exit(0);
  }
  usleep(20000);
  printf("ncnt %d\n", semctl(s, 0, GETNCNT));
  struct sembuf y = {0, 1, 0};
  semop(s, &y, 1);
  wait(0);
  c = fork();
  if (!c) {
    struct sembuf x = {0, -1, 0};
    int r = semop(s, &x, 1);
    printf("removed %d %s\n", r, r ? strerrorname_np(errno) : "");
    _exit(0);
  }
  usleep(20000);
  semctl(s, 0, IPC_RMID);
  wait(0);
  RE("gone", semctl(s, 0, GETVAL));
  int m = msgget(IPC_PRIVATE, 0600);
  struct { long t;
    char b[100];
  } g = {3, "three"};
  R("snd", msgsnd(m, &g, 6, 0));
  g.t = 2;
  strcpy(g.b, "two");
  R("snd", msgsnd(m, &g, 4, 0));
  g.t = 0;
  R("snd 0", msgsnd(m, &g, 4, 0));
  R("snd big", msgsnd(m, &g, 9000, 0));
  R("rcv 2big", msgrcv(m, &g, 2, 3, 0));
  R("rcv -5", msgrcv(m, &g, 100, -5, 0));
  printf("%ld %s\n", g.t, g.b);
  R("rcv nomsg", msgrcv(m, &g, 100, 9, IPC_NOWAIT));
  R("noerr", msgrcv(m, &g, 2, 0, MSG_NOERROR));
  printf("%.2s\n", g.b);
  c = fork();
  if (!c) {
    int r = msgrcv(m, &g, 100, 7, 0);
    printf("got %d %s\n", r, g.b);
    r = msgrcv(m, &g, 100, 7, 0);
    printf("then %d %s\n", r, strerrorname_np(errno));
    _exit(0);
  }
  usleep(20000);
  g.t = 7;
  strcpy(g.b, "seven");
  msgsnd(m, &g, 6, 0);
  usleep(20000);
  struct msqid_ds md;
  msgctl(m, IPC_STAT, &md);
  printf("qnum %ld lrpid %d\n", (long)md.msg_qnum, md.msg_lrpid == c);
  msgctl(m, IPC_RMID, 0);
  wait(0);
  return 0;
}

