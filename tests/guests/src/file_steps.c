/* Small steps on files, as arguments say: write PATH TEXT, read PATH, remove PATH, list PATH, make PATH (directory), owner PATH UID. For tests of roots and overlays. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void result(const char *step, const char *path, int r) { printf("%s %s: %s\n", step, path, r < 0 ? strerror(errno) : "ok"); }
static int by_name(const struct dirent **a, const struct dirent **b) { return strcmp((*a)->d_name, (*b)->d_name); }

int main(int argc, char **argv) {
  for (int i = 1; i + 1 < argc;) {
    const char *step = argv[i], *path = argv[i + 1];
    i += 2;
    if (!strcmp(step, "write")) {
      int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
      const char *text = argv[i++];
      result(step, path, fd < 0 ? fd : (int)write(fd, text, strlen(text)));
      if (fd >= 0) close(fd);
    } else if (!strcmp(step, "read")) {
      char text[256];
      int fd = open(path, O_RDONLY), n = fd < 0 ? fd : (int)read(fd, text, 255);
      if (n < 0) result(step, path, n);
      else printf("%s: %.*s\n", path, n, text);
      if (fd >= 0) close(fd);
    } else if (!strcmp(step, "list")) {
      struct dirent **all;
      int n = scandir(path, &all, NULL, by_name);
      printf("%s:", path);
      for (int k = 0; k < n; k++) if (all[k]->d_name[0] != '.') printf(" %s", all[k]->d_name);
      printf("\n");
    } else if (!strcmp(step, "remove")) result(step, path, remove(path));
    else if (!strcmp(step, "make")) result(step, path, mkdir(path, 0755));
    else if (!strcmp(step, "owner")) {
      struct stat s;
      result(step, path, chown(path, atoi(argv[i++]), -1));
      stat(path, &s);
      printf("%s: uid %d\n", path, s.st_uid);
    }
  }
  return 0;
}
