/** stress-ng's stressors with --verify: each ends with bogo operations above zero and no failure. */
import assert from "node:assert/strict";
import { dolly, ignore, note, sysroot } from "./harness.ts";

const STRESSORS = (
  "clone fork vfork exec pthread futex signal sigq sigrt pipe mmap shm shm-sysv sem sem-sysv msg epoll eventfd timer timerfd switch zombie wait kcmp " +
  "sigsuspend sigpending sigabrt sigsegv sigchld sigfd sigio sigtrap itimer poll nanosleep sleep dup fifo flock lockf lockofd mutex daemon session " +
  "mremap madvise mprotect brk stack malloc munmap getrandom get set prctl personality schedmix yield affinity nice rename link symlink dir dirdeep " +
  "chmod chown fstat open close access utime readahead seek fallocate copy-file sendfile splice tee vm memfd msyncmany filename hdd iomix inotify " +
  "mq sock sockpair sockfd udp rawsock unshare ptrace xattr memcpy qsort bsearch cpu matrix str wcs zlib crypt context longjmp tsc vdso userfaultfd " +
  "rlimit resources waitcpu pidfd set hrtimers clock procfs sysinfo kill exit-group vforkmany cacheline"
).split(" ");

/** Sizes at which two seconds are enough for an operation. */
const SMALLER: Readonly<Record<string, readonly string[]>> = {
  mremap: ["--mremap-bytes", "4M"],
  qsort: ["--qsort-size", "16384"],
};
/** stress-ng refuses to run these as root: they run as nobody. */
const NOT_AS_ROOT = new Set(["exec"]);
const NOBODY = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"];
/** What is known to fail, and why; tried all the same. */
const KNOWN: Readonly<Record<string, string>> = {
  rawsock: "no raw sockets",
  resources: "a child of a process with mappings near 4 GiB takes long to make",
};

for (const name of new Set(STRESSORS)) {
  Deno.test({ name: `stress-ng --${name} --verify`, ignore }, async () => {
    const found = sysroot(["stress-ng", "util-linux"]);
    if ("reason" in found) return console.log(`skipped: ${found.reason}`);
    const { stdout, stderr, status, ms } = await dolly(
      found.root,
      [
        ...NOT_AS_ROOT.has(name) ? NOBODY : [],
        "stress-ng",
        `--${name}`,
        "1",
        "-t",
        "2",
        "--verify",
        "--metrics",
        "--temp-path",
        "/tmp",
        ...SMALLER[name] ?? [],
      ],
      { seconds: 40 },
    );
    const said = stdout + stderr;
    const row = said.split("\n").find((l) => l.includes("metrc:") && l.includes(`] ${name} `));
    const operations = Number(row?.split(`] ${name}`)[1].trim().split(/\s+/)[0] ?? NaN);
    note({ name: `stress-ng ${name}`, dolly: Math.round(ms), operations, status });
    if (/skipped: 1/.test(said)) {
      return console.log(`skipped: ${/stressor .*|.*skipping.*/.exec(said)?.[0] ?? "by itself"}`);
    }
    if (status !== 0 && name in KNOWN) return console.log(`known: ${KNOWN[name]}`);
    assert.equal(status, 0, said);
    assert.match(said, /failed: 0/, said);
    assert.ok(operations > 0, said);
  });
}
