/** Python, Perl, Lua, SQLite. */
import { program } from "./harness.ts";

const PYTHON = `
import threading, subprocess, json, re, os, sys, hashlib, tempfile, struct, decimal, zlib
results = []
lock = threading.Lock()
def work(n):
    with lock: results.append(n * n)
threads = [threading.Thread(target=work, args=(i,)) for i in range(16)]
[t.start() for t in threads]; [t.join() for t in threads]
print(sorted(results))
print(subprocess.run(["sh", "-c", "echo out; echo err >&2; exit 3"], capture_output=True))
p = subprocess.Popen(["tr", "a-z", "A-Z"], stdin=subprocess.PIPE, stdout=subprocess.PIPE); print(p.communicate(b"piped"))
print(json.loads(json.dumps({"a": [1.5, None, True, "\\u00e9"], "b": {"c": 1e300}})))
print(re.findall(r"(\\w+)@(\\w+)\\.com", "joe@home.com, ann@work.com"))
s = 0
for i in range(100000): s += i * i % 7
print(s)
pid = os.fork()
if pid == 0: os._exit(9)
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
print(hashlib.sha256(b"x" * 1000).hexdigest()[:16], zlib.crc32(b"abc"), struct.pack(">If", 7, 1.5).hex(), decimal.Decimal(2).sqrt())
with tempfile.TemporaryDirectory() as d:
    open(d + "/f", "w").write("text"); print(os.listdir(d), os.stat(d + "/f").st_size)
e = threading.Event(); threading.Timer(0.05, e.set).start(); print(e.wait(5))
try: 1 / 0
except ZeroDivisionError as x: print("caught", x)
print(sys.byteorder, 0.1 + 0.2, 2 ** 100, float("inf"), round(2.675, 2))
`;

program({
  name: "python3: threading, subprocess, json, re, fork, a loop of 1e5 steps",
  packages: ["python3", "dash", "coreutils"],
  command: ["python3", "-c", PYTHON],
  expect: "native",
});
program({
  name: "python3: multiprocessing, asyncio, sqlite3, ctypes",
  packages: ["python3", "coreutils"],
  command: [
    "python3",
    "-c",
    `import multiprocessing as m, asyncio, sqlite3, ctypes, concurrent.futures as cf
if __name__ == "__main__":
  c = m.get_context("fork")
  with c.Pool(3) as p: print(p.map(abs, range(-5, 5)))
  q = c.Queue(); x = c.Process(target=q.put, args=("from child",)); x.start(); print(q.get()); x.join()
  async def f():
    p = await asyncio.create_subprocess_exec("echo", "x", stdout=asyncio.subprocess.PIPE)
    return [await p.communicate(), await asyncio.gather(*[asyncio.sleep(0.01, i) for i in range(5)])]
  print(asyncio.run(f()))
  d = sqlite3.connect(":memory:"); d.execute("create table t(a)"); d.executemany("insert into t values(?)", [(i,) for i in range(1000)])
  print(d.execute("select sum(a), max(a) from t").fetchone(), ctypes.CDLL(None).abs(-5))
  with cf.ThreadPoolExecutor(4) as e: print(sum(e.map(lambda i: i * i, range(100))))`,
  ],
  expect: {
    text: "[5, 4, 3, 2, 1, 0, 1, 2, 3, 4]\nfrom child\n[(b'x\\n', None), [0, 1, 2, 3, 4]]\n(499500, 999) 5\n328350\n",
  },
});
program({
  name: "perl: hashes, fork, alarm, threads, regular expressions",
  packages: ["perl", "dash", "coreutils"],
  command: [
    "perl",
    "-e",
    `use strict; use List::Util "sum"; use Digest::SHA "sha256_hex"; use POSIX; my %h; $h{$_ % 7} += $_ for 1..100000;
     print join(",", map { "$_=$h{$_}" } sort keys %h), "\\n"; print \`echo hi\`; my $pid = fork; if (!$pid) { exit 3 } waitpid $pid, 0; print $? >> 8, "\\n";
     $SIG{ALRM} = sub { print "alarm\\n" }; alarm 1; sleep 3; printf "%.17g %s\\n", exp(1), sha256_hex("x" x 100000);
     (my $t = "the cat sat") =~ s/(\\w)at/$1ot/g; print "$t ", scalar(reverse "abc"), "\\n"; print strftime("%F", gmtime 0), "\\n"; open my $p, "|-", "tr a-z A-Z"; print $p "upper\\n"; close $p;`,
  ],
  expect: "native",
});
program({
  name: "lua: closures, coroutines, strings, popen",
  packages: ["lua5.4", "coreutils", "dash"],
  command: [
    "lua5.4",
    "-e",
    `local s = 0 for i = 1, 1e6 do s = s + i % 7 end print(s)
     local co = coroutine.wrap(function() for i = 1, 3 do coroutine.yield(i * i) end end) print(co(), co(), co())
     print(string.format("%5.2f %q %x", 1 / 3, "a\\nb", 255), ("x"):rep(3, "-"), #("héllo"), utf8.len("héllo"))
     local f = io.popen("echo piped") print(f:read("a")) print(pcall(error, "boom")) print(3 // 2, 3.0 // 2, 2 ^ 10, 7 & 3, math.type(1))`,
  ],
  expect: {
    text: '2999998\n1\t4\t9\n 0.33 "a\\\nb" ff\tx-x-x\t6\t5\npiped\n\nfalse\tboom\n1\t1.0\t1024.0\t3\tinteger\n',
  },
});
program({
  name: "sqlite3: a transaction of 1e5 rows",
  packages: ["sqlite3"],
  seconds: 120,
  command: ["sqlite3", "x.db"],
  stdin: `create table t(a integer primary key, b text); begin;
with recursive c(x) as (select 1 union all select x + 1 from c where x < 100000) insert into t select x, hex(x * 7) from c; commit;
select count(*), sum(length(b)) from t; create index i on t(b); select a from t where b = '37303030'; delete from t where a % 2; vacuum; select count(*) from t; pragma integrity_check;
`,
  expect: { text: "100000|1168260\n1000\n50000\nok\n" },
});
program({
  name: "sqlite3: write-ahead log with two processes",
  packages: ["sqlite3", "dash", "coreutils"],
  seconds: 120,
  command: [
    "sh",
    "-ec",
    `sqlite3 w.db 'pragma journal_mode=wal; create table t(a);'
     for p in 1 2; do (for i in 1 2 3 4 5; do sqlite3 -cmd '.timeout 20000' w.db "begin immediate; insert into t values($p * 100 + $i); commit;"; done) & done; wait
     sqlite3 w.db 'select count(*), sum(a) from t; pragma integrity_check; pragma wal_checkpoint(truncate);'`,
  ],
  expect: { text: "wal\n10|1530\nok\n0|0|0\n" },
});
