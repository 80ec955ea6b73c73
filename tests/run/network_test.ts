/** Guests on the host's network: published ports, connections out, what permissions and seeds forbid. */
import assert from "node:assert/strict";
import { boot, MemoryStdio } from "../../mod.ts";
import { guestPath, runGuest } from "./harness.ts";

/** A free port of the host's loopback. */
const freePort = (): number => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  return port;
};

/** Starts a guest that publishes its port 7000; resolves once it has said "ready". */
const serving = (args: readonly string[], hostPort: number) => {
  const ready = Promise.withResolvers<void>();
  const stdio = new MemoryStdio({ stdin: new Uint8Array(0), stdout: () => ready.resolve(), stderr: () => {} });
  const publish = [{ hostname: "127.0.0.1", hostPort, guestPort: 7000 }];
  const ended = boot({ guest: guestPath("serve"), args, env: [], stdio, publish });
  return { ready: ready.promise, ended };
};

const readAll = async (conn: Deno.TcpConn): Promise<string> => {
  let text = "";
  for await (const part of conn.readable) text += new TextDecoder().decode(part);
  return text;
};

Deno.test("a published port leads to the guest's listener, both ways and to the end of each direction", async () => {
  const port = freePort(), { ready, ended } = serving(["serve", "7000", "3"], port);
  await ready;
  const ask = async (text: string): Promise<string> => {
    const conn = await Deno.connect({ hostname: "127.0.0.1", port });
    const bytes = new TextEncoder().encode(text);
    const sent = (async () => {
      for (let done = 0; done < bytes.length;) done += await conn.write(bytes.subarray(done));
      await conn.closeWrite();
    })();
    const answer = await readAll(conn);
    await sent;
    return answer;
  };
  assert.equal(await ask("hello"), "HELLO");
  const long = "abcdefghij".repeat(300_000);
  const [one, two] = await Promise.all([ask(long), ask("short")]);
  assert.equal(one, long.toUpperCase());
  assert.equal(two, "SHORT");
  const report = await ended;
  assert.equal(report.status, 0, report.message);
});

Deno.test("what a guest has sent arrives although it exits at once", async () => {
  const port = freePort(), { ready, ended } = serving(["lost", "7000"], port);
  await ready;
  const conn = await Deno.connect({ hostname: "127.0.0.1", port });
  assert.equal((await readAll(conn)).length, 1 << 20);
  assert.equal((await ended).status, 0);
});

Deno.test("a port that is taken is one clear line", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { ended } = serving(["serve", "7000", "0"], listener.addr.port);
  const { status, message } = await ended;
  listener.close();
  assert.equal(status, 125);
  assert.match(message!, /cannot publish 127\.0\.0\.1:\d+: Address already in use/);
});

/** The first address of this host that is not of the loopback. */
const outside = (): string | undefined =>
  Deno.networkInterfaces().find((i) => i.family === "IPv4" && !i.address.startsWith("127."))?.address;

Deno.test({
  name: "a guest connects to the host's network, unless the run has a seed",
  ignore: outside() === undefined,
  async fn() {
    const hostname = outside()!;
    const listener = Deno.listen({ hostname, port: 0 });
    const answering = (async () => {
      const conn = await listener.accept();
      const got = new Uint8Array(100), n = await conn.read(got);
      await conn.write(new TextEncoder().encode(new TextDecoder().decode(got.subarray(0, n!)) + " too"));
      conn.close();
    })();
    const { port } = listener.addr;
    const run = await runGuest("serve", ["ask", hostname, String(port), "hi"]);
    await answering;
    assert.equal(run.stdout, "hi too\n");
    listener.close();
    const refused = await runGuest("serve", ["ask", hostname, String(port), "hi"]);
    assert.equal(refused.stdout, "connect: Connection refused\n");
    const seeded = await runGuest("serve", ["ask", hostname, String(port), "hi"], { seed: 1 });
    assert.equal(seeded.stdout, "connect: Network is unreachable\n");
  },
});

Deno.test("ports of the host's loopback are not the guest's", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const run = await runGuest("serve", ["ask", "127.0.0.1", String(listener.addr.port), "hi"]);
  listener.close();
  assert.equal(run.stdout, "connect: Connection refused\n");
});

Deno.test("a run without permission for the network gives EACCES to connect", async () => {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-prompt",
      "--allow-read",
      "--allow-env",
      "--allow-sys",
      new URL("../../mod.ts", import.meta.url).pathname,
      "run",
      guestPath("serve"),
      "ask",
      "192.0.2.1",
      "9",
      "hi",
    ],
  }).output();
  assert.equal(new TextDecoder().decode(stdout), "connect: Permission denied\n");
});
