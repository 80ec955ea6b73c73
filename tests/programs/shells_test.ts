/** Shells: busybox, dash, bash. */
import { program } from "./harness.ts";

program({
  name: "busybox sh: pipelines, background jobs, here-documents",
  packages: ["busybox-static"],
  command: [
    "busybox",
    "sh",
    "-c",
    `echo one two | tr a-z A-Z | rev
     (sleep 0.1; echo later) & echo first; wait; echo job $?
     x=inner; cat <<A; cat <<'B'
$x $((6 * 7)) $(echo nested | wc -c)
A
$x stays
B
     for i in 1 2 3; do echo $i; done | while read n; do echo $((n * n)); done
     (exit 7); echo $?; false || echo recovered; seq 1 1000 | sort -rn | head -2`,
  ],
  expect: {
    text: "OWT ENO\nfirst\nlater\njob 0\ninner 42 7\n$x stays\n1\n4\n9\n7\nrecovered\n1000\n999\n",
  },
});

const SCRIPT = `set -u
echo "args: $# $*"
trap 'echo "exit trap $?"' EXIT
trap 'echo usr1' USR1
trap 'echo "err at $BASH_COMMAND"' ERR
declare -A map=([a]=1 [b]=2)
list=(x "y z" w)
for k in a b; do echo "$k=\${map[$k]}"; done
echo "\${#list[@]} \${list[1]} \${list[@]:1}"
f() { local v=$1; echo "f($v)"; return 3; }
f deep || echo "returned $?"
( cd /; x=sub; echo "$PWD $x" )
x=outer
( x=changed; exit 4 ) || echo "subshell $?"
echo "$x"
out=$(echo a; (echo b; echo c | tr c d))
echo "[$out]"
diff <(seq 1 5) <(seq 2 6)
paste <(echo l) <(echo r)
cat <(echo first) <(echo second) > >(tr a-z A-Z > both); sleep 0.2
cat both
while read -r a b; do echo "$b-$a"; done <<'X'
1 one
2 two
X
mapfile -t lines < <(printf '%s\\n' p q r)
echo "\${#lines[@]}:\${lines[2]}"
kill -USR1 $$
sleep 0.01
sleep 5 & pid=$!
sleep 0.2
kill $pid; wait $pid; echo "killed $?"
{ echo to1; echo to2 >&2; } 2>&1 | sort -r
exec 5>five; echo via5 >&5; exec 5>&-; cat five
echo {a..e} $((2 ** 40)) \${x^^} \${x/out/in} \${#x}
printf '%05d|%-5s|%x\\n' 42 ab 255
case hello in h*o) echo glob;; *) echo no;; esac
[[ "abc123" =~ ([a-z]+)([0-9]+) ]] && echo "\${BASH_REMATCH[2]}"
i=0; until (( i >= 3 )); do ((++i)); done; echo $i
set -o pipefail; false | true; echo "pipefail $?"; set +o pipefail
seq 100 | (read a; read b; echo "$a $b")
echo "\${PIPESTATUS[@]}"
coproc CAT { cat; }
echo through >&"\${CAT[1]}"; read -r back <&"\${CAT[0]}"; echo "$back"
eval "exec \${CAT[1]}>&-"; wait
(sleep 0.05 & sleep 0.05 & wait; echo waited)
read -t 0.05 nothing < <(sleep 0.3) ; echo "read $?"
select_fd() { exec {fd}<<<"here string"; cat <&$fd; exec {fd}<&-; }
select_fd
echo *.none; shopt -s nullglob; echo [*.none]
ls -d /usr/bi? | cat
type -t f; type -t cd; hash -r
time_out=$( { sleep 0.01; echo done; } )
echo "$time_out"
printf '%s\\n' "\${list[@]}" | sort | uniq -c | awk '{print $1}' | paste -sd+
exit 5
`;

program({
  name: "bash: a script with subshells, traps, command and process substitution",
  packages: ["bash", "coreutils", "diffutils", "gawk"],
  files: { "script.sh": SCRIPT },
  command: ["bash", "script.sh", "a b", "c"],
  expect: "native",
  status: 5,
});

program({
  name: "dash: functions, traps, redirections",
  packages: ["dash", "coreutils"],
  command: [
    "dash",
    "-c",
    `f() { echo "f $1"; }; f x; trap 'echo bye' 0; trap 'echo int' INT; kill -INT $$
     echo a >t; cat <t >>u; cat u; set -- 1 2 3; shift; echo $# $1; (umask 077; : >v; ls -l v | cut -c1-10)
     sleep 3 & kill -9 $!; wait $!; echo $?; x=\`echo back\`; echo $x; echo a:b | (IFS=: read l r; echo $r)`,
  ],
  expect: "native",
});
