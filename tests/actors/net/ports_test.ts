/** Who may have which port, and who is meant by it. */
import assert from "node:assert/strict";
import { ANY4, ANY6, encodeAddress, Ip, LOOPBACK4, LOOPBACK6 } from "../../../actors/net/ip.ts";
import { portsOf } from "../../../actors/net/ports.ts";
import { TcpSocket } from "../../../actors/net/tcp.ts";
import type { Task } from "../../../actors/task/task.ts";
import { E, Errno } from "../../../syscalls/abi/errno.ts";
import { AF } from "../../../syscalls/abi/net.ts";
import { newMachine, newTask } from "../../fakes/kernel.ts";

const bound = (t: Task, ip: Ip, port: number, how: { only6?: boolean; reuse?: boolean; listen?: boolean } = {}) => {
  const s = new TcpSocket(t.namespaces.of.net, t.cred, ip.v4 ? AF.INET : AF.INET6);
  s.v6only = how.only6 ?? false;
  s.options.reuseAddress = how.reuse ?? false;
  let result: number;
  try {
    result = s.bind(t, encodeAddress({ ip, port }, s.domain));
  } catch (error) {
    result = -(error as Errno).no;
  }
  if (result === 0 && how.listen) result = s.listen(t, 1);
  return { s, result };
};

const OTHER = Ip.v4(127, 0, 0, 9);

Deno.test("two sockets share a port only if no address belongs to both", () => {
  // [one, other, clash]
  const rows: [Ip, Ip, boolean][] = [
    [ANY4, ANY4, true],
    [ANY4, LOOPBACK4, true],
    [LOOPBACK4, LOOPBACK4, true],
    [LOOPBACK4, OTHER, false],
    [ANY6, LOOPBACK6, true],
    [ANY6, ANY6, true],
    [ANY6, ANY4, true],
    [ANY6, LOOPBACK4, true],
    [LOOPBACK6, LOOPBACK4, false],
    [LOOPBACK6, ANY4, false],
  ];
  for (const [one, other, clash] of rows) {
    for (const [x, y] of [[one, other], [other, one]]) {
      const t = newTask(newMachine());
      assert.equal(bound(t, x, 5000).result, 0);
      assert.equal(bound(t, y, 5000).result, clash ? -E.ADDRINUSE : 0, `${x.text} and ${y.text}`);
    }
  }
  const t = newTask(newMachine());
  assert.equal(bound(t, ANY6, 5000, { only6: true }).result, 0);
  assert.equal(bound(t, ANY4, 5000).result, 0);
});

Deno.test("SO_REUSEADDR on both shares a port until one listens; closing frees it", () => {
  const t = newTask(newMachine());
  const first = bound(t, LOOPBACK4, 80, { reuse: true });
  assert.equal(bound(t, LOOPBACK4, 80).result, -E.ADDRINUSE);
  const second = bound(t, LOOPBACK4, 80, { reuse: true, listen: true });
  assert.equal(second.result, 0);
  assert.equal(bound(t, LOOPBACK4, 80, { reuse: true }).result, -E.ADDRINUSE);
  assert.equal(first.s.listen(t, 1), -E.ADDRINUSE);
  first.s.release();
  second.s.release();
  assert.equal(bound(t, LOOPBACK4, 80).result, 0);
});

Deno.test("a destination goes to the most specific listener", () => {
  const t = newTask(newMachine()), { tcp } = portsOf(t.namespaces.of.net);
  const six = bound(t, ANY6, 7000, { listen: true }).s;
  const find = (ip: Ip) => tcp.find<TcpSocket>(ip, 7000, (s) => s.listening ? 1 : 0);
  assert.equal(find(LOOPBACK4), six);
  assert.equal(find(LOOPBACK6), six);
  six.release();
  assert.equal(find(LOOPBACK6), undefined);
  const any = bound(t, ANY4, 7000, { listen: true }).s;
  assert.equal(find(LOOPBACK4), any);
  assert.equal(find(LOOPBACK6), undefined);
});

Deno.test("all ephemeral ports can be used, each once, and then there are none", () => {
  const t = newTask(newMachine()), taken = new Set<number>();
  for (let i = 32768; i <= 60999; i++) taken.add(bound(t, LOOPBACK4, 0).s.local.port);
  assert.equal(taken.size, 60999 - 32768 + 1);
  assert.equal(bound(t, LOOPBACK4, 0).result, -E.ADDRINUSE);
});

Deno.test("addresses survive their text", () => {
  for (
    const ip of [
      ANY4,
      LOOPBACK4,
      OTHER,
      ANY6,
      LOOPBACK6,
      new Ip(Uint8Array.from({ length: 16 }, (_, i) => 17 * i)),
    ]
  ) {
    assert.equal(Ip.parse(ip.text)?.key, ip.key);
  }
  assert.equal(Ip.parse("fe80::1%eth0")?.text, "fe80:0:0:0:0:0:0:1");
  assert.equal(Ip.parse("::ffff:10.0.0.1")?.text, "10.0.0.1");
  assert.equal(Ip.parse("host"), undefined);
});
