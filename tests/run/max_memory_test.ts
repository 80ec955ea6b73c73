/** --max-memory bounds what all processes of a machine hold together, in files in memory, pipes, sockets and queues too: ENOMEM where a call can say so, the end of the task where only a page can. */
import assert from "node:assert/strict";
import { runGuest } from "./harness.ts";

const LIMIT = { maxMemory: 32 << 20 };

for (
  const [how, says] of [
    ["mmap", "mmap: Cannot allocate memory, after some\n"],
    ["brk", "brk: Cannot allocate memory, after some\n"],
    ["malloc", "malloc of 1 GiB: Cannot allocate memory\n"],
    ["shared", "given back\n"],
    ["memfd", "memfd: No space left on device, after some\n".repeat(3)],
    ["shm", "given back\n"],
    ["zero", "given back\n"],
    ["pipe", "pipe: Cannot allocate memory, after some\nand again: Resource temporarily unavailable\n"],
    ["unix", "unix: No buffer space available, after some\nand again: Resource temporarily unavailable\n"],
    ["tcp", "tcp: No buffer space available, after some\nand again: Resource temporarily unavailable\n"],
    ["udp", "sent\n"],
    ["msg", "msg: Cannot allocate memory, after some\nand again: 0\n"],
    ["fork", "fork: Cannot allocate memory, after some\nand again: 1\n"],
  ]
) {
  Deno.test(`memory used up by ${how}: the guest is told and goes on`, async () => {
    const run = await runGuest("hog", [how], LIMIT);
    assert.equal(run.stdout, says);
    assert.equal(run.status, 0, run.report.message);
  });
}

Deno.test("a page that cannot be had ends the task with a line that says why", async () => {
  const run = await runGuest("hog", ["touch"], LIMIT);
  assert.equal(run.status, 128 + 9);
  assert.match(run.report.message!, /^[^\n]*32 MiB of --max-memory are used up$/);
});

Deno.test("a page of a file in memory that cannot be had is SIGBUS, as on a full tmpfs", async () => {
  const run = await runGuest("hog", ["bus"], LIMIT);
  assert.equal(run.status, 128 + 7);
  assert.equal(run.stdout, "");
});
