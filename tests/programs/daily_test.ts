/** What people have on their screens and in their scripts: editors, terminal multiplexers, expect, rsync, parallel, packages, small inits, network tools. */
import { program } from "./harness.ts";

const text = (
  name: string,
  packages: readonly string[],
  script: string,
  expected: string,
  more: { seconds?: number; files?: Readonly<Record<string, string>>; env?: readonly string[]; status?: number } = {},
): void =>
  program({
    name,
    packages: ["bash", "coreutils", ...packages],
    command: ["bash", "-c", script],
    expect: { text: expected },
    ...more,
  });

text(
  "vim -es and emacs --batch edit",
  ["vim-tiny", "emacs-nox"],
  `printf 'one\\ntwo\\n' >f; vim.tiny -es -c '%s/o/0/g' -c '$put =strlen(\\"x\\")' -c wq f; vim.tiny -es -c '1,$sort!' -c wq f; cat f
   emacs-nox --batch --eval '(progn (princ (* 6 7)) (terpri) (princ (shell-command-to-string "echo sub")))' 2>/dev/null`,
  "tw0\n0ne\n42\nsub\n",
  { seconds: 120 },
);
text(
  "tmux: a session without a terminal, keys sent, the screen read, a window split",
  ["tmux", "dash"],
  `tmux -f /dev/null new-session -d -x 80 -y 24 sh; sleep 1; tmux send-keys 'echo he$((1+1))llo' Enter; sleep 1; tmux capture-pane -p | grep -c '^he2llo'
   tmux split-window -h "sleep 100"; tmux list-panes | cut -d' ' -f1,2; tmux kill-server; sleep 0.5; tmux ls 2>&1 | cut -d' ' -f1-2`,
  "1\n0: [40x24]\n1: [39x24]\nno server\n",
  { env: ["TERM=xterm", "TMUX_TMPDIR=/tmp"] },
);
text(
  "expect drives a shell, script records one, less reads a pipe",
  ["expect", "bsdutils", "less", "dash"],
  `expect -c 'log_user 0; spawn sh; expect "#"; send "echo he\\$((1+1))llo\\r"; expect "he2llo"; send "exit 3\\r"; expect eof; puts [lindex [wait] 3]'
   script -qec 'echo in script; exit 4' typescript | tr -d '\\r'; echo $?; grep -c 'in script' typescript; seq 3 | less`,
  "3\nin script\n0\n2\n1\n2\n3\n",
);
text(
  "rsync: copies, finds nothing left to do, sends what changed, deletes",
  ["rsync", "diffutils"],
  `mkdir a; seq 1000 >a/x; ln -s x a/l; mkdir a/d; echo y >a/d/y; rsync -a a/ b/; diff -r a b && echo same; rsync -ai a/ b/; echo more >>a/x; rm a/d/y; rsync -ai --delete a/ b/; diff -r a b && echo same`,
  "same\n>f.st...... x\n*deleting   d/y\n.d..t...... d/\nsame\n",
);
text(
  "parallel, xargs -P, socat, nc, memcached",
  ["parallel", "findutils", "socat", "netcat-openbsd", "memcached", "dash"],
  `parallel -k -j3 'echo {}; sleep 0.1' ::: a b c 2>/dev/null; seq 1 20 | xargs -P4 -n1 sh -c 'echo $0' | sort -n | tail -1
   (printf 'over tcp\\n' | socat - TCP-LISTEN:5000,reuseaddr) & sleep 0.5; nc 127.0.0.1 5000 </dev/null; wait
   memcached -u root -p 11211 -l 127.0.0.1 & p=$!; sleep 1; printf 'set a 0 0 2\\r\\nhi\\r\\nget a\\r\\nquit\\r\\n' | nc 127.0.0.1 11211 | tr -d '\\r'; kill $p`,
  "a\nb\nc\n20\nover tcp\nSTORED\nVALUE a 0 2\nhi\nEND\n",
);
text(
  "dumb-init and tini -s pass the status on and reap",
  ["dumb-init", "tini", "dash"],
  `dumb-init sh -c 'exit 5'; echo $?; tini -s -- sh -c '(sleep 0.1 &); exit 6'; echo $?; dumb-init sh -c 'trap "exit 7" TERM; kill -TERM $PPID; sleep 5 & wait'; echo $?`,
  "5\n6\n7\n",
);
text(
  "dpkg builds a package, installs it into a root, removes it",
  ["dpkg", "tar", "findutils", "dash", "sed"],
  `mkdir -p x/DEBIAN x/usr/share/x; printf 'Package: x\\nVersion: 1\\nArchitecture: all\\nMaintainer: a <a@b.c>\\nDescription: d\\n' >x/DEBIAN/control
   printf '#!/bin/sh\\necho configured $1\\n' >x/DEBIAN/postinst; chmod 755 x/DEBIAN/postinst; echo data >x/usr/share/x/f; dpkg-deb -b x x.deb >/dev/null; dpkg-deb -c x.deb | grep -c '^[d-]rw'
   mkdir -p r/var/lib/dpkg/info r/var/lib/dpkg/updates; : >r/var/lib/dpkg/status; dpkg --root=$PWD/r --force-not-root --force-script-chrootless -i x.deb | tail -2
   dpkg --root=$PWD/r -l x | tail -1 | tr -s ' '; cat r/usr/share/x/f; dpkg --root=$PWD/r --force-script-chrootless -r x | tail -1; test -e r/usr/share/x || echo gone`,
  "5\nSetting up x (1) ...\nconfigured configure\nii x 1 all d\ndata\nRemoving x (1) ...\ngone\n",
);
text(
  "cmake, ninja and ctest",
  ["cmake", "ninja-build", "gcc", "libc6-dev"],
  `cmake -G Ninja -B b . >/dev/null && ninja -C b | tail -1 && b/p && cd b && ctest | grep passed`,
  "[4/4] Linking C executable p\n42\n100% tests passed, 0 tests failed out of 1\n",
  {
    seconds: 240,
    files: {
      "CMakeLists.txt":
        "cmake_minimum_required(VERSION 3.20)\nproject(p C)\nadd_library(a STATIC a.c)\nadd_executable(p main.c)\ntarget_link_libraries(p a)\nenable_testing()\nadd_test(NAME runs COMMAND p)\n",
      "a.c": "int a(void) { return 42; }\n",
      "main.c": '#include <stdio.h>\nint a(void);\nint main(void) { printf("%d\\n", a()); return 0; }\n',
    },
  },
);
text(
  "busybox httpd with wget and curl",
  ["busybox-static", "curl"],
  `mkdir h; echo page >h/index.html; busybox httpd -p 127.0.0.1:8080 -h h; sleep 0.5; busybox wget -q -O - http://127.0.0.1:8080/; curl -s http://127.0.0.1:8080/index.html`,
  "page\npage\n",
);
text(
  "ip, ss, ping, lsof, ps, top see the machine",
  ["iproute2", "iputils-ping", "lsof", "procps"],
  `ip -br addr; sleep 100 & ping -q -c 1 127.0.0.1 | grep -o '1 received'; exec 7<>f; lsof -p $$ -a -d 7 -F n | tail -1 | grep -c '/f$'
   ps -o comm= -p $!; top -b -n1 | grep -c ' sleep$'; kill $!; (exec 5<>/dev/tcp/127.0.0.1/9) 2>/dev/null; echo $?; ss -tln | wc -l`,
  "lo               UNKNOWN        127.0.0.1/8 ::1/128 \n1 received\n1\nsleep\n1\n1\n1\n",
);
