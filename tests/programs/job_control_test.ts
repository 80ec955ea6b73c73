/** Job control: bash on a pseudo terminal inside, driven by a python3 inside as a person would. */
import { program } from "./harness.ts";

/** Types a line or a key, waits for what bash answers, and prints one word for each answer that came. */
const DRIVER = String.raw`
import os, pty, re, select, time
pid, fd = pty.fork()
if pid == 0:
    os.execvp("bash", ["bash", "--norc"])

def await_(pattern):
    got, end = b"", time.time() + 30
    while time.time() < end:
        if not select.select([fd], [], [], 0.2)[0]:
            continue
        got += os.read(fd, 4096)
        if re.search(pattern, got):
            return
    raise SystemExit(f"waiting for {pattern}, got {got}")

def step(name, keys, *patterns):
    os.write(fd, keys)
    for p in patterns:
        await_(p)
    print(name, flush=True)

PROMPT = rb"ready> $"
await_(rb"[$#] $")
step("prompt", b'PS1="ready"; PS1="$PS1> "\n', rb"\n" + PROMPT)
step("job", b"sleep 100\n", rb"sleep 100\r\n")
time.sleep(0.5)
step("stopped", b"\x1a", rb"Stopped +sleep 100\r\n" + PROMPT)
step("listed", b"jobs\n", rb"\[1\]\+  Stopped +sleep 100\r\n" + PROMPT)
step("background", b"bg\n", rb"sleep 100 &\r\n" + PROMPT)
step("running", b"jobs\n", rb"Running +sleep 100 &\r\n" + PROMPT)
step("foreground", b"fg\n", rb"sleep 100\r\n")
time.sleep(0.5)
step("interrupted", b"\x03", rb"\^C\r\n" + PROMPT)
step("status", b"echo $?\n", rb"130\r\n" + PROMPT)
step("cat", b"cat\n", rb"cat\r\n")
time.sleep(0.5)
step("echoed", b"hello\n", rb"hello\r\nhello\r\n")
step("cat stopped", b"\x1a", rb"Stopped +cat\r\n" + PROMPT)
step("cat again", b"fg\n", rb"cat\r\n")
step("echoed again", b"again\n", rb"again\r\nagain\r\n")
step("end of file", b"\x04", PROMPT)
step("background output", b"cat &\n", rb"\[1\] \d+\r\n" + PROMPT)
time.sleep(0.5)
step("stopped at input", b"jobs\n", rb"Stopped +cat\r\n" + PROMPT)
step("killed", b"kill %1; wait\n", PROMPT)
step("pipeline", b"sleep 50 | sleep 60\n", rb"60\r\n")
time.sleep(0.5)
step("pipeline stopped", b"\x1a", rb"Stopped +sleep 50 \| sleep 60\r\n" + PROMPT)
step("pipeline killed", b"kill %+; fg\n", rb"Terminated[^\n]*\n" + PROMPT)
os.write(fd, b"exit 7\n")
print("exit", os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
`;

program({
  name: "bash job control on a pseudo terminal: fg, bg, Ctrl-Z, Ctrl-C, background reads",
  packages: ["bash", "coreutils", "python3"],
  command: ["python3", "-c", DRIVER],
  seconds: 120,
  expect: {
    text:
      "prompt\njob\nstopped\nlisted\nbackground\nrunning\nforeground\ninterrupted\nstatus\ncat\nechoed\ncat stopped\n" +
      "cat again\nechoed again\nend of file\nbackground output\nstopped at input\nkilled\npipeline\npipeline stopped\n" +
      "pipeline killed\nexit 7\n",
  },
});
