// For tests of the host's network: "serve PORT N" answers N connections in upper case; "ask IP PORT TEXT" prints the answer; "lost PORT" leaves right after sending a megabyte.
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int listener(int port) {
  int s = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(port) };
  if (bind(s, (void *)&a, sizeof a) || listen(s, 10)) { perror("listen"); exit(1); }
  puts("ready");
  fflush(stdout);
  return s;
}

int main(int argc, char **argv) {
  static char b[1 << 20];
  if (argc == 4 && !strcmp(argv[1], "serve")) {
    int s = listener(atoi(argv[2]));
    for (int i = atoi(argv[3]); i > 0; i--) {
      int c = accept(s, 0, 0);
      long n;
      while ((n = read(c, b, sizeof b)) > 0) {
        for (long k = 0; k < n; k++) b[k] = toupper(b[k]);
        if (write(c, b, n) != n) perror("write");
      }
      if (n < 0) perror("read");
      close(c);
    }
    return 0;
  }
  if (argc == 3 && !strcmp(argv[1], "lost")) {
    int c = accept(listener(atoi(argv[2])), 0, 0);
    memset(b, 'z', sizeof b);
    return write(c, b, sizeof b) == sizeof b ? 0 : 1;
  }
  if (argc == 5 && !strcmp(argv[1], "ask")) {
    struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(atoi(argv[3])) };
    inet_pton(AF_INET, argv[2], &a.sin_addr);
    int c = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(c, (void *)&a, sizeof a)) { printf("connect: %s\n", strerror(errno)); return 1; }
    write(c, argv[4], strlen(argv[4]));
    shutdown(c, SHUT_WR);
    long n, total = 0;
    while ((n = read(c, b + total, sizeof b - total)) > 0) total += n;
    printf("%.*s\n", (int)total, b);
    return n < 0;
  }
  return 2;
}
