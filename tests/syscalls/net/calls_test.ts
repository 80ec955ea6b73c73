/** The socket calls with whatever arguments: errors are numbers, memory that is not there is EFAULT, and no descriptor is left over. */
import assert from "node:assert/strict";
import fc from "fast-check";
import type { Task } from "../../../actors/mod.ts";
import { portsOf } from "../../../actors/net/ports.ts";
import { unixSockets } from "../../../actors/net/unix.ts";
import { BLOCKED } from "../../../actors/blocking.ts";
import { endWait } from "../../../actors/task/waiting.ts";
import { E } from "../../../syscalls/abi/errno.ts";
import { calls } from "../../../syscalls/net/calls.ts";
import { net } from "../../../syscalls/net/declare.ts";
import { BUFFER, fileKernel } from "../../fakes/files.ts";
import { call } from "../../fakes/kernel.ts";

type Any = (t: Task, ...args: number[]) => number;
const names = Object.keys(net) as (keyof typeof net)[];

/** Makes a call; one that waits is ended as by a signal. */
const make = (t: Task, name: keyof typeof net, args: number[]): number => {
  const result = call(t, () => (calls[name] as Any)(t, ...args));
  if (result === BLOCKED) {
    endWait(t);
    t.state = "running";
  }
  return result;
};

const NOWHERE = 0x10;

Deno.test("every pointer that leads nowhere is EFAULT, and nothing is made", () => {
  const { t } = fileKernel();
  const int = (at: number, value: number) => (t.mem.setU32(at, value), at);
  const length = int(BUFFER, 16), empty = BUFFER + 64;
  const s = make(t, "socket", [1, 1, 0]);
  const open = t.files.descriptors().length;
  const rows: [keyof typeof net, number[]][] = [
    ["socketpair", [1, 1, 0, NOWHERE]],
    ["bind", [s, NOWHERE, 10]],
    ["connect", [s, NOWHERE, 10]],
    ["getsockname", [s, NOWHERE, length]],
    ["getsockname", [s, empty, NOWHERE]],
    ["sendto", [s, NOWHERE, 10, 0, 0, 0]],
    ["sendto", [s, empty, 10, 0, NOWHERE, 10]],
    ["recvfrom", [s, 2 ** 60, 10, 0, 0, 0]],
    ["setsockopt", [s, 1, 2, NOWHERE, 4]],
    ["getsockopt", [s, 1, 2, NOWHERE, length]],
    ["getsockopt", [s, 1, 2, empty, NOWHERE]],
    ["sendmsg", [s, NOWHERE, 0]],
    ["recvmsg", [s, NOWHERE, 0]],
    ["sendmmsg", [s, NOWHERE, 1, 0]],
    ["recvmmsg", [s, NOWHERE, 1, 0, 0]],
    ["recvmmsg", [s, NOWHERE, 1, 0, NOWHERE]],
  ];
  for (const [name, args] of rows) {
    int(BUFFER, 16);
    assert.equal(make(t, name, args), -E.FAULT, `${name}(${args})`);
    assert.equal(t.files.descriptors().length, open);
  }
});

Deno.test("no arguments make a socket call fail other than with an errno, and closing everything leaves no socket", () => {
  const odd = fc.oneof(
    { weight: 4, arbitrary: fc.integer({ min: 0, max: 12 }) },
    { weight: 4, arbitrary: fc.integer({ min: 0, max: 200 }).map((n) => BUFFER + 8 * n) },
    { weight: 1, arbitrary: fc.constantFrom(NOWHERE, -1, 0x7fffffff, 0x80000000, 0xffffffffffff, 2 ** 53 - 1) },
    { weight: 1, arbitrary: fc.nat(0xffff) },
  );
  const step = fc.record({
    name: fc.constantFrom(...names),
    args: fc.array(odd, { minLength: 6, maxLength: 6 }),
    // What the memory the pointers lead to holds.
    fill: fc.array(fc.tuple(fc.nat(300), odd), { maxLength: 10 }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40, size: "max" }), (steps) => {
      const { t, machine } = fileKernel();
      for (const [domain, type] of [[1, 1], [1, 2], [1, 5], [2, 1], [2, 2], [10, 1], [10, 2], [16, 3]]) {
        assert.ok(make(t, "socket", [domain, type, 0]) >= 0);
      }
      make(t, "socketpair", [1, 1, 0, BUFFER]);
      for (const { name, args, fill } of steps) {
        for (const [at, value] of fill) t.mem.setU64(BUFFER + 8 * at, value);
        const declared = net[name].args;
        const cut = args.slice(0, declared.length).map((value, i) =>
          declared[i].reg === "i32" ? value | 0 : declared[i].reg === "u32" ? value >>> 0 : Math.max(0, value)
        );
        const result = make(t, name, cut);
        assert.ok(result === BLOCKED || (Number.isInteger(result) && result > -200), `${name} gave ${result}`);
      }
      t.files.release();
      assert.equal(unixSockets(machine.namespaces.of.net).size, 0);
      const { tcp, udp } = portsOf(machine.namespaces.of.net);
      assert.deepEqual([...tcp.all(), ...udp.all()], [], "a port is left");
    }),
    { numRuns: 200 },
  );
});
