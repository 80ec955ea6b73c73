/** coreutils, findutils, grep, sed, gawk, diffutils, bc, jq: what they print for the same input. */
import { program } from "./harness.ts";

const sh = (name: string, packages: readonly string[], script: string): void =>
  program({ name, packages: ["dash", "coreutils", ...packages], command: ["sh", "-ec", script], expect: "native" });

sh(
  "coreutils: files, sorting, sums, text",
  [],
  `seq 1 3000 | sort -r | head -3; seq 1 2000 | sha256sum; seq 1 2000 | md5sum; seq 1 10 | shuf --random-source=/dev/zero | wc -l
   mkdir -p d/e; echo x >d/e/f; ln -s e/f d/l; ln d/e/f d/h; chmod 640 d/h; ls -ln d | awk '{print $1,$2,$5,$9,$10,$11}' 2>/dev/null || true
   stat -c '%A %h %s %F %n' d/e/f d/l d; readlink -f d/l | sed 's/.*tmp//' | tr -d '/' | cut -c1; cp -a d c; diff -r d c && echo equal
   mv c/e c/g; ls c/g; rm -r c; ls; du -s --apparent-size -b d/h | cut -f1; truncate -s 10000 big; stat -c %s big; split -b 3000 big part; ls part*; cat part* | cmp - big && echo same
   echo "a b c" | tr ' ' '\\n' | paste -s -d,; printf 'b 2\\na 1\\n' | sort | join - d/e/f || true; echo hello | base64 | base64 -d; date -u -d @86400 +%F; expr 6 '*' 7
   printf '3\\n1\\n2\\n' | sort -n | tac | nl; yes | head -5 | uniq -c; seq 5 | factor | tail -1; od -An -tx1 -N4 big; test -e d && echo there; basename /x/y.c .c; numfmt --to=iec 1048576
   seq 1 100000 | sort -n --parallel=2 -S 1M | tail -1; comm -12 d/h d/e/f; (sleep 5 & timeout 0.1 sleep 5) || echo "timed out $?"; mkfifo p; (echo through >p &) ; cat p; touch -d @1000 t; stat -c %Y t`,
);
sh(
  "find and xargs walk a tree",
  ["findutils"],
  `mkdir -p a/b/c a/d; touch a/1.c a/b/2.c a/b/c/3.h a/d/4.c; find a -name '*.c' | sort; find a -type d | sort; find a -type f -print0 | sort -z | xargs -0 -n2 echo
   find a -name '*.h' -exec echo found {} ';' -delete; find a -empty | sort; find . -maxdepth 1 -newer a/1.c | head -1; find a -type f | sort | xargs -I% -P2 sh -c 'echo %' | sort`,
);
sh(
  "grep and sed",
  ["grep", "sed"],
  `seq 1 500 | grep -E '^(1|2).*5$' | sed -e 's/\\([0-9]\\)5/<\\1>/;3,5d' -e '$!N;P;D' | tail -5; seq 1 20 | grep -c 1; echo aXbXc | sed 'y/abc/ABC/;s/X/-/2'; printf 'one\\ntwo\\n' >f; sed -i 's/o/0/g' f; cat f
   grep -n -A1 -i N f || true; grep -rl 0 . ; printf 'k=v\\n' | sed -nE 's/(.*)=(.*)/\\2=\\1/p'; echo 'a.b' | grep -oF . ; seq 3 | sed '2i\\
inserted'`,
);
program({
  name: "gawk: arrays, functions, floating point, pipes",
  packages: ["gawk", "dash", "coreutils"],
  command: [
    "gawk",
    `function fib(n) { return n < 2 ? n : fib(n-1) + fib(n-2) }
     BEGIN { print fib(18); for (i = 0; i < 100000; i++) s += i % 7; print s; printf "%.10f %e %5.2f\\n", atan2(0,-1), exp(1), sqrt(2);
       split("c a b", x); n = asort(x); for (i = 1; i <= n; i++) printf "%s ", x[i]; print ""; "echo piped" | getline y; print y; print toupper(substr("hello", 2, 3));
       print gensub(/(.)(.)/, "\\\\2\\\\1", "g", "abcd"); print strftime("%Y-%m-%d", 0, 1); print "b\\na" | "sort" }`,
  ],
  expect: {
    text: "2584\n299995\n3.1415926536 2.718282e+00  1.41\na b c \npiped\nELL\nbadc\n1970-01-01\na\nb\n",
  },
});
program({
  name: "bc: fifty digits of pi",
  packages: ["bc"],
  command: ["bc", "-lq"],
  stdin: "scale=50\n4*a(1)\n2^200\n",
  expect: {
    text:
      "3.14159265358979323846264338327950288419716939937508\n1606938044258990275541962092341162602522202993782792835301376\n",
  },
});
program({
  name: "jq: a program over JSON",
  packages: ["jq"],
  command: ["jq", "-c", "[.[] | select(.n > 1) | {n: (.n * 2), s: (.s | ascii_upcase)}] | sort_by(-.n)"],
  stdin: `[{"n":1,"s":"a"},{"n":2,"s":"é"},{"n":3.5,"s":"c"}]`,
  expect: { text: `[{"n":7,"s":"C"},{"n":4,"s":"é"}]\n` },
});
