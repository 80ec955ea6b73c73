/** Building software inside: make with Debian's gcc, git, Go's compiler. */
import { program } from "./harness.ts";

const unit = (name: string): string =>
  `#include "p.h"\n#include <string.h>\nint ${name}(int x) { char b[64]; memset(b, x, 64); int s = 0; for (int i = 0; i < 64; i++) s += b[i]; return s + x; }\n`;

program({
  name: "make builds a C project with gcc: cc1, as, collect2, ld",
  packages: ["make", "gcc", "libc6-dev", "dash", "coreutils"],
  seconds: 240,
  files: {
    Makefile:
      "prog: main.o a.o b.o c.o\n\tgcc -o $@ $^ -lm\n%.o: %.c p.h\n\tgcc -O2 -c $< -o $@\nclean:\n\trm -f prog *.o\n",
    "p.h": "int a(int); int b(int); double c(double);\n",
    "a.c": unit("a"),
    "b.c": unit("b"),
    "c.c": '#include "p.h"\n#include <math.h>\ndouble c(double x) { return sqrt(x) + sin(x); }\n',
    "main.c":
      '#include <stdio.h>\n#include "p.h"\nint main(void) { printf("%d %d %.6f\\n", a(1), b(2), c(2.0)); return 0; }\n',
  },
  command: ["sh", "-ec", "make -s -j2 && ./prog && make -q && echo fresh; touch c.c; make -n; make clean"],
  expect: {
    text: "65 130 2.323511\nfresh\ngcc -O2 -c c.c -o c.o\ngcc -o prog main.o a.o b.o c.o -lm\nrm -f prog *.o\n",
  },
});

program({
  name: "git: init, commit, branch, merge, log, clone of a local repository, fsck",
  packages: ["git", "dash", "coreutils"],
  seconds: 120,
  env: [
    "GIT_AUTHOR_NAME=A",
    "GIT_AUTHOR_EMAIL=a@x",
    "GIT_COMMITTER_NAME=A",
    "GIT_COMMITTER_EMAIL=a@x",
    "GIT_AUTHOR_DATE=@1000000000 +0000",
    "GIT_COMMITTER_DATE=@1000000000 +0000",
    "GIT_CONFIG_GLOBAL=/dev/null",
  ],
  command: [
    "sh",
    "-ec",
    `git init -q -b main r; cd r; echo one >f; git add f; git commit -qm first; git checkout -q -b side; echo two >>f; git commit -qam second
     git checkout -q main; echo g >g; git add g; git commit -qm third; git merge -q --no-edit side; git log --format='%h %s' --date-order; git status --short --branch
     git clone -q . ../c; cd ../c; cat f; git log --oneline | wc -l; git fsck --strict 2>&1 | grep -v '^Checking' || true; git gc -q; git count-objects -v | grep in-pack; git diff HEAD~1 --stat; git archive HEAD | tar -t; git tag -a v1 -m v; git describe`,
  ],
  expect: "native",
});

program({
  name: "go: compile, link and run a program",
  packages: ["golang-go", "golang-src", "dash", "coreutils"],
  seconds: 1500,
  files: {
    "main.go":
      'package main\n\nimport (\n\t"fmt"\n\t"sync"\n)\n\nfunc main() {\n\tvar w sync.WaitGroup\n\tc := make(chan int, 8)\n\tfor i := range 8 {\n\t\tw.Add(1)\n\t\tgo func() { defer w.Done(); c <- i * i }()\n\t}\n\tw.Wait()\n\tclose(c)\n\ts := 0\n\tfor v := range c {\n\t\ts += v\n\t}\n\tfmt.Println("sum", s)\n}\n',
    "go.mod": "module example.org/sum\n",
  },
  command: ["sh", "-ec", "GOFLAGS=-p=1 GOCACHE=/root/.cache/go-build GOTOOLCHAIN=local go build -o sum . && ./sum"],
  expect: { text: "sum 140\n" },
});
