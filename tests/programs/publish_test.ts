/**
 * Servers inside whose clients are outside: `--publish` opens a port of the host's loopback, and this process speaks to the guest through it. redis is spoken to in
 * RESP by hand, nginx with fetch and curl, sshd with the host's ssh where there is one.
 */
import assert from "node:assert/strict";
import { ignore, note, type Served, served, sysroot } from "./harness.ts";

const connected = async (port: number, use: (c: Deno.TcpConn, read: () => Promise<string>) => Promise<void>) => {
  const c = await Deno.connect({ hostname: "127.0.0.1", port });
  const buffer = new Uint8Array(1 << 16), text = new TextDecoder();
  try {
    await use(c, async () => {
      const n = await c.read(buffer);
      if (n === null) throw new Error("the guest closed the connection");
      return text.decode(buffer.subarray(0, n));
    });
  } finally {
    c.close();
  }
};

/** Asks until what came back ends as the whole answer does. */
const ask = async (c: Deno.TcpConn, read: () => Promise<string>, line: string, end: string): Promise<string> => {
  await c.write(new TextEncoder().encode(line));
  let got = "";
  while (!got.endsWith(end)) got += await read();
  return got;
};

const test = (name: string, packages: readonly string[], use: (root: string) => Promise<void>): void =>
  Deno.test({ name, ignore }, async () => {
    const found = sysroot(packages);
    if ("reason" in found) return console.log(`skipped: ${found.reason}`);
    const started = performance.now();
    await use(found.root);
    note({ name, dolly: Math.round(performance.now() - started) });
  });

const redis: Served = {
  command: ["redis-server", "--port", "7777", "--save", "", "--dir", "."],
  port: 7777,
  ready: /Ready to accept/,
};
test(
  "redis-server answers the host: commands, a pipeline of 5,000, pub/sub, ten clients",
  ["redis-server"],
  (root) =>
    served(root, redis, async (port) => {
      await connected(port, async (c, read) => {
        assert.equal(await ask(c, read, "PING\r\n", "\r\n"), "+PONG\r\n");
        assert.equal(await ask(c, read, "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$5\r\nvalue\r\n", "\r\n"), "+OK\r\n");
        assert.equal(await ask(c, read, "GET k\r\n", "value\r\n"), "$5\r\nvalue\r\n");
        const all = await ask(c, read, "INCR n\r\n".repeat(5000), ":5000\r\n");
        assert.equal(all.split("\r\n").length, 5001);
        const big = "x".repeat(1 << 20);
        assert.equal(
          await ask(c, read, `*3\r\n$3\r\nSET\r\n$3\r\nbig\r\n$${big.length}\r\n${big}\r\n`, "\r\n"),
          "+OK\r\n",
        );
        assert.equal(await ask(c, read, "GET big\r\n", "x\r\n"), `$${big.length}\r\n${big}\r\n`);
        await connected(port, async (sub, hear) => {
          assert.match(await ask(sub, hear, "SUBSCRIBE news\r\n", ":1\r\n"), /subscribe/);
          assert.equal(await ask(c, read, "PUBLISH news now\r\n", "\r\n"), ":1\r\n");
          assert.match(await hear(), /message[^]*news[^]*now/);
        });
      });
      await Promise.all(Array.from({ length: 10 }, () =>
        connected(port, async (c, read) => {
          for (let i = 0; i < 50; i++) await ask(c, read, "INCR shared\r\n", "\r\n");
        })));
      await connected(port, async (c, read) => {
        assert.equal(await ask(c, read, "GET shared\r\n", "500\r\n"), "$3\r\n500\r\n");
        await c.write(new TextEncoder().encode("SHUTDOWN NOSAVE\r\n"));
      });
    }),
);

const nginx: Served = {
  files: {
    "nginx.conf": `worker_processes 4; pid nginx.pid; daemon off; user root; error_log stderr notice;
events { worker_connections 64; }
http { access_log access; client_body_temp_path tmp; server { listen 127.0.0.1:8099; root html;
  location / { sendfile on; } location /who { add_header X-Worker $pid; return 200 ok; } } }
`,
    "html/index.html": "hello\n",
    "html/big": "x".repeat(3_000_000),
  },
  command: ["sh", "-c", "exec nginx -c $PWD/nginx.conf -p $PWD/ "],
  port: 8099,
  ready: /start worker process [^]*start worker process/,
};
test(
  "nginx with 4 workers serves the host's clients",
  ["nginx-light", "dash"],
  (root) =>
    served(root, nginx, async (port) => {
      const url = `http://127.0.0.1:${port}`;
      const get = async (path: string, init?: RequestInit) => {
        const r = await fetch(url + path, init);
        return { status: r.status, text: await r.text(), worker: r.headers.get("x-worker") };
      };
      assert.deepEqual(await get("/"), { status: 200, text: "hello\n", worker: null });
      assert.equal((await get("/none")).status, 404);
      assert.equal((await get("/big")).text.length, 3_000_000);
      assert.equal((await get("/big", { headers: { range: "bytes=5-9" } })).text, "xxxxx");
      const many = await Promise.all(Array.from({ length: 40 }, () => get("/big")));
      assert.ok(many.every((m) => m.text.length === 3_000_000));
      const workers = new Set<string | null>();
      for (let i = 0; i < 60; i++) workers.add((await get("/who", { headers: { connection: "close" } })).worker);
      assert.ok(workers.size >= 1 && workers.size <= 4, [...workers].join());
      const curl = await new Deno.Command("curl", { args: ["-s", `${url}/`, "-o", "-", "-w", "%{http_code}"] })
        .output();
      assert.equal(new TextDecoder().decode(curl.stdout), "hello\n200");
    }),
);

/** Runs the host's ssh with a key made for the occasion. */
const ssh = async (dir: string, port: number, ...args: string[]) => {
  const options = [
    "-i",
    `${dir}/k`,
    "-p",
    String(port),
    "-o",
    "StrictHostKeyChecking=no",
    "-o",
    "UserKnownHostsFile=/dev/null",
  ];
  // Its standard input stays open: dropbear gives a terminal up when the client's input ends, perhaps before the shell has it.
  const child = new Deno.Command("ssh", {
    args: ["-q", "-F", "none", ...options, "-o", "IdentitiesOnly=yes", "root@127.0.0.1", ...args],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const { stdout, stderr, code } = await child.output();
  await child.stdin.close().catch(() => {});
  const text = new TextDecoder();
  return `${text.decode(stdout)}${text.decode(stderr)}${code}`;
};
const makeKey = (dir: string): void => {
  const { success } = new Deno.Command("ssh-keygen", { args: ["-q", "-t", "ed25519", "-N", "", "-f", `${dir}/k`] })
    .outputSync();
  assert.ok(success);
};
const hasSsh = (): boolean => {
  try {
    return new Deno.Command("ssh", { args: ["-V"], stderr: "null" }).outputSync().success;
  } catch {
    return false;
  }
};

for (
  const [name, packages, server, ready] of [
    [
      "OpenSSH's sshd, seccomp sandbox and all",
      ["openssh-server", "openssh-client", "bash", "coreutils"],
      `ssh-keygen -q -t ed25519 -N '' -f hk; while [ ! -e k.pub ]; do sleep 0.1; done
       exec /usr/sbin/sshd -f /dev/null -D -e -p 2222 -h $PWD/hk -o AuthorizedKeysFile=$PWD/k.pub -o StrictModes=no -o UsePAM=no -o PidFile=none`,
      /Server listening on :: port/,
    ],
    [
      "dropbear",
      ["dropbear-bin", "bash", "coreutils"],
      `while [ ! -e k.pub ]; do sleep 0.1; done; a=/root/.dropbear; mkdir -p -m 700 $a; cp k.pub $a/authorized_keys; chmod 600 $a/authorized_keys
       dropbearkey -t ed25519 -f hk >/dev/null 2>&1; exec dropbear -F -E -p 2222 -r hk -D $a -P $PWD/pid`,
      /Not backgrounding/,
    ],
  ] as const
) {
  test(
    `the host's ssh logs into ${name}`,
    packages,
    (root) =>
      hasSsh()
        ? served(root, { command: ["bash", "-c", server], port: 2222, ready, begin: makeKey }, async (port, cwd) => {
          assert.equal(await ssh(root + cwd, port, "uname -m; seq 1 2; exit 3"), "riscv64\n1\n2\n3");
          assert.match(await ssh(root + cwd, port, "-tt", "tty; echo $0"), /^\/dev\/pts\/\d+\r\n[^]*0$/);
        })
        : Promise.resolve(console.log("skipped: ssh is not here")),
  );
}
