/*
 * Runs ./p in a pid namespace of its own, again and again, and prints a line per run: wait status, then the words of the shared page. The process with number 1
 * is this program, which takes in orphans as the kernel's first process would; the program under test is a session leader with no descriptor open.
 * usage: native_runner RUNS WORDS MS     (in the directory of p and shared)
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sys/time.h>
#include <unistd.h>

static int *page;

static void time_up(int sig) { (void)sig; }

/* The first process of the namespace: 0 all ended, 1 the time was up. page[1023] gets p's status. */
static int first_process(int ms) {
    pid_t p = fork();
    if (p == 0) {
        struct rlimit none = { 0, 0 };
        setrlimit(RLIMIT_CORE, &none);
        setsid();
        syscall(SYS_close_range, 0, ~0u, 0);
        char *nothing[] = { "p", NULL };
        execve("p", nothing, nothing + 1);
        _exit(127);
    }
    struct itimerval limit = { { 0, 0 }, { ms / 1000, ms % 1000 * 1000 } };
    struct sigaction alarm_action = { .sa_handler = time_up };
    sigaction(SIGALRM, &alarm_action, NULL);
    setitimer(ITIMER_REAL, &limit, NULL);
    /* Orphans and p itself are taken in at once. */
    for (;;) {
        int status;
        pid_t got = waitpid(-1, &status, __WALL);
        if (got == p) page[1023] = status;
        if (got < 0) return errno == ECHILD ? 0 : 1;
    }
}

int main(int argc, char **argv) {
    if (argc < 4) return 2;
    int runs = atoi(argv[1]), words = atoi(argv[2]), ms = atoi(argv[3]);
    int fd = open("shared", O_RDWR);
    page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (page == MAP_FAILED) return 2;
    for (int run = 0; run < runs; run++) {
        memset(page, 0, 4096);
        for (int i = 128; i < 1024; i++) page[i] = 0x7fffffff;
        pid_t child = syscall(SYS_clone, CLONE_NEWPID | SIGCHLD, 0, 0, 0, 0);
        if (child < 0) return 3;
        if (child == 0) _exit(first_process(ms));
        int status;
        waitpid(child, &status, 0);
        printf("%d %d", WEXITSTATUS(status), page[1023]);
        for (int i = 0; i < 128 + words; i++) printf(" %d", page[i]);
        printf("\n");
        fflush(stdout);
        if (status != 0 && run >= 4) break;
    }
    return 0;
}
