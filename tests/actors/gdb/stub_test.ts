/** The debugger stub over its own protocol, by a small client; what gdb itself makes of it was tried by hand and with `gdb-multiarch` where there is one. */
import assert from "node:assert/strict";
import { gdbSignal, linuxSignal } from "../../../actors/gdb/signals.ts";
import { escaped, unescaped } from "../../../actors/gdb/text.ts";
import { guestPath } from "../../run/harness.ts";

const MOD = new URL("../../../mod.ts", import.meta.url).pathname;
const text = new TextDecoder("latin1");

class Client {
  #connection!: Deno.TcpConn;
  #rest = "";
  #errors = "";
  #process: Deno.ChildProcess;
  readonly ended: Promise<{ code: number; stdout: string; stderr: string }>;

  constructor(args: readonly string[]) {
    this.#process = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", MOD, "run", "--gdb", "0", ...args],
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.ended = Promise.all([this.#process.status, new Response(this.#process.stdout).text()])
      .then(async ([{ code }, stdout]) => ({ code, stdout, stderr: this.#errors + await this.#remaining() }));
  }
  #reader!: ReadableStreamDefaultReader<Uint8Array>;
  async #remaining(): Promise<string> {
    let all = "";
    for (;;) {
      const { value, done } = await this.#reader.read();
      if (done) return all;
      all += text.decode(value);
    }
  }
  async connect(): Promise<void> {
    this.#reader = this.#process.stderr.getReader();
    let port: string | undefined;
    while (port === undefined) {
      const { value, done } = await this.#reader.read();
      if (done) throw new Error(`ended before it listened: ${this.#errors}`);
      this.#errors += text.decode(value);
      port = /127\.0\.0\.1:(\d+)/.exec(this.#errors)?.[1];
    }
    this.#connection = await Deno.connect({ hostname: "127.0.0.1", port: Number(port) });
    assert.match(await this.ask("qSupported:swbreak+;exec-events+"), /QStartNoAckMode\+/);
    assert.equal(await this.ask("QStartNoAckMode"), "OK");
  }
  async send(packet: string): Promise<void> {
    let sum = 0;
    for (const c of packet) sum = sum + c.charCodeAt(0) & 255;
    await this.#connection.write(new TextEncoder().encode(`$${packet}#${sum.toString(16).padStart(2, "0")}`));
  }
  async reply(): Promise<string> {
    for (;;) {
      const found = /\$([^#]*)#[0-9a-f]{2}/.exec(this.#rest);
      if (found !== null) {
        this.#rest = this.#rest.slice(found.index + found[0].length);
        return found[1];
      }
      const chunk = new Uint8Array(65536);
      const n = await this.#connection.read(chunk);
      if (n === null) throw new Error("closed");
      this.#rest += text.decode(chunk.subarray(0, n));
    }
  }
  async ask(packet: string): Promise<string> {
    await this.send(packet);
    return await this.reply();
  }
  async break(): Promise<void> {
    await this.#connection.write(new Uint8Array([3]));
  }
  close(): void {
    this.#connection.close();
  }
  /** Register 32 is the pc. */
  async pc(): Promise<number> {
    const digits = await this.ask("p20");
    return Number(BigInt("0x" + digits.match(/../g)!.reverse().join("")));
  }
}

const hexText = (digits: string): string => text.decode(Uint8Array.fromHex(digits));
const traceHash = (stderr: string): string => /"traceHash": "(\w+)"/.exec(stderr)![1];

Deno.test("stops at breakpoints, steps, reads and writes, and leaves a seeded run as it was", async () => {
  const seeded = ["--seed", "3", "--stats", guestPath("threads")];
  const plain = new Deno.Command(Deno.execPath(), { args: ["run", "-A", MOD, "run", ...seeded] }).outputSync();
  const client = new Client(seeded);
  await client.connect();
  assert.match(await client.ask("?"), /^T05thread:3e8;$/);
  const entry = await client.pc();
  const code = await client.ask(`m${entry.toString(16)},8`);
  assert.match(code, /^[0-9a-f]{16}$/);
  assert.match(await client.ask("vCont;s:3e8;c"), /^T05thread:3e8;$/);
  const second = await client.pc();
  assert.notEqual(second, entry);
  // A breakpoint further on is hit, and nobody who reads memory sees it.
  await client.ask("vCont;s:3e8;c");
  const third = await client.pc();
  assert.equal(await client.ask(`Z0,${third.toString(16)},2`), "OK");
  assert.equal(await client.ask(`m${entry.toString(16)},8`), code);
  assert.equal(await client.ask(`P20=${"0".repeat(16)}`), "OK");
  const back = new Uint8Array(8);
  new DataView(back.buffer).setBigUint64(0, BigInt(third), true);
  assert.equal(await client.ask(`P20=${back.toHex()}`), "OK");
  assert.match(await client.ask("vCont;c"), /^T05swbreak:;thread:3e8;$/);
  assert.equal(await client.pc(), third);
  assert.equal(await client.ask(`z0,${third.toString(16)},2`), "OK");
  assert.equal(await client.ask("m0,8"), "E0e");
  assert.equal(await client.ask("qfThreadInfo"), "m3e8");
  assert.equal(await client.ask("vMustReplyEmpty"), "");
  await client.send("vCont;c");
  // Signals the guest sends itself stop it; it goes on with each.
  let answer = await client.reply();
  while (answer[0] === "T") {
    answer = await client.ask(`vCont;C${answer.slice(1, 3)}:${/thread:(\w+)/.exec(answer)![1]};c`);
  }
  assert.equal(answer, "W00");
  client.close();
  const { code: status, stdout, stderr } = await client.ended;
  assert.equal(status, 0);
  assert.equal(stdout, new TextDecoder().decode(plain.stdout));
  assert.equal(traceHash(stderr), traceHash(new TextDecoder().decode(plain.stderr)));
});

Deno.test("a watched word stops the guest when it changes; a debugger that goes away leaves it running", async () => {
  const client = new Client([guestPath("hello")]);
  await client.connect();
  const sp = Number(BigInt("0x" + (await client.ask("p2")).match(/../g)!.reverse().join("")));
  const place = (sp - 64).toString(16);
  assert.equal(await client.ask(`Z2,${place},40`), "OK");
  const before = await client.ask(`m${place},40`);
  assert.equal(await client.ask("vCont;c"), `T05watch:${place};thread:3e8;`);
  assert.notEqual(await client.ask(`m${place},40`), before);
  client.close();
  const { code, stdout } = await client.ended;
  assert.equal(code, 0);
  assert.equal(stdout, "hello, world\n");
});

Deno.test("a child that inherited a breakpoint goes on when the debugger has gone", async () => {
  const guest = guestPath("found_by_programs");
  // li a7, 94; ecall: exit_group, in a file whose first segment is mapped from its first byte.
  const image = Deno.readFileSync(guest), call = "9308e00573000000";
  const base = Number(new DataView(image.buffer).getBigUint64(64 + 56 + 16, true)) & ~0xfff;
  const place = (base + image.toHex().indexOf(call) / 2).toString(16);
  const client = new Client(["--strace", guest, "late child"]);
  await client.connect();
  assert.equal(await client.ask(`m${place},8`), call);
  assert.equal(await client.ask(`Z0,${place},4`), "OK");
  // The parent is there first; its child has a copy.
  assert.match(await client.ask("vCont;c"), /^T05swbreak:;thread:3e8;$/);
  assert.equal(await client.ask("D"), "OK");
  client.close();
  const { code, stdout, stderr } = await client.ended;
  assert.equal(stdout, "first\nlate\n");
  assert.equal(code, 3);
  assert.match(stderr, /^\+\+\+ exited with 0 \+\+\+$/m);
  assert.doesNotMatch(stderr, /SIGTRAP/);
});

Deno.test("Ctrl-C stops a guest that waits, and kill ends it", async () => {
  const client = new Client([guestPath("serve"), "serve", "0", "1"]);
  await client.connect();
  await client.send("vCont;c");
  await new Promise((r) => setTimeout(r, 300));
  await client.break();
  const answer = await client.reply();
  assert.equal(answer, "T02thread:3e8;");
  assert.match(hexText(await client.ask("qThreadExtraInfo,3e8")), /^serve, in accept/);
  assert.equal(await client.ask("vKill;3e8"), "OK");
  client.close();
  assert.equal((await client.ended).code, 137);
});

Deno.test("signal numbers and escapes go there and back", () => {
  for (let signo = 1; signo <= 64; signo++) {
    if (gdbSignal(signo) !== 143) assert.equal(linuxSignal(gdbSignal(signo)), signo);
  }
  const all = Uint8Array.from({ length: 256 }, (_, i) => i);
  assert.deepEqual(unescaped(escaped(all)), all);
});
