/**
 * The debugger's connection. While the guest is stopped nothing else happens, so the kernel waits for packets where it stands: a worker holds the socket, and the two
 * threads pass one packet at a time through shared memory. The worker speaks the framing of gdb's remote serial protocol (checksums, acknowledgements, the break byte).
 */

/** Most bytes of a packet, and what gdb is told. */
export const PACKET_BYTES = 0x8000;

/** Words of the shared control block. */
const TO_KERNEL = 0, TO_DEBUGGER = 1, BREAK = 2, GONE = 3;

/** What the kernel needs of a debugger's connection. */
export interface GdbDoor {
  /** The next packet; undefined once the debugger has gone. Blocks. */
  receive(): Uint8Array | undefined;
  send(packet: Uint8Array): void;
  /** The debugger asked for a stop (Ctrl-C) since the last call. */
  takeBreak(): boolean;
  readonly gone: boolean;
  /** Called when a break or the end comes while the kernel is idle. */
  onEvent: () => void;
  close(): void;
}

/** Runs in the worker; plain JavaScript, because a bundle has no file to point at. */
const WORKER = `
const TO_KERNEL = 0, TO_DEBUGGER = 1, BREAK = 2, GONE = 3;
self.onmessage = async ({ data: { control, inbox, outbox, port } }) => {
  const empty = async (word) => {
    for (;;) {
      const filled = Atomics.load(control, word);
      if (filled === 0) return;
      await Atomics.waitAsync(control, word, filled).value;
    }
  };
  const filled = async (word) => {
    for (;;) {
      const n = Atomics.load(control, word);
      if (n !== 0) return n;
      await Atomics.waitAsync(control, word, 0).value;
    }
  };
  const put = (word, value) => {
    Atomics.store(control, word, value);
    Atomics.notify(control, word);
  };
  let connection, acks = true;
  const write = async (bytes) => {
    for (let at = 0; at < bytes.length;) at += await connection.write(bytes.subarray(at));
  };
  const replies = async () => {
    for (;;) {
      const n = await filled(TO_DEBUGGER) - 1;
      const bytes = new Uint8Array(n + 4);
      bytes[0] = 36;
      bytes.set(outbox.subarray(0, n), 1);
      put(TO_DEBUGGER, 0);
      let sum = 0;
      for (let i = 1; i <= n; i++) sum = sum + bytes[i] & 255;
      bytes.set(new TextEncoder().encode("#" + sum.toString(16).padStart(2, "0")), n + 1);
      await write(bytes);
    }
  };
  let listener;
  try {
    listener = Deno.listen({ hostname: "127.0.0.1", port });
    self.postMessage({ port: listener.addr.port });
  } catch (error) {
    self.postMessage({ error: String(error.message) });
    return;
  }
  try {
    connection = await listener.accept();
    listener.close();
    replies().catch(() => {});
    const chunk = new Uint8Array(65536);
    let packet, sum = 0, tail = "";
    for (;;) {
      const n = await connection.read(chunk);
      if (n === null) break;
      for (const byte of chunk.subarray(0, n)) {
        if (packet === undefined) {
          if (byte === 36) packet = [], sum = 0, tail = undefined;
          else if (byte === 3) {
            put(BREAK, 1);
            self.postMessage("event");
          }
        } else if (tail !== undefined) {
          tail += String.fromCharCode(byte);
          if (tail.length < 2) continue;
          const good = parseInt(tail, 16) === sum;
          if (acks) await write(new Uint8Array([good ? 43 : 45]));
          if (good) {
            const bytes = new Uint8Array(packet);
            await empty(TO_KERNEL);
            inbox.set(bytes.subarray(0, inbox.length));
            if (new TextDecoder().decode(bytes) === "QStartNoAckMode") acks = false;
            put(TO_KERNEL, bytes.length + 1);
          }
          packet = undefined;
        } else if (byte === 35) tail = "";
        else {
          packet.push(byte);
          sum = sum + byte & 255;
        }
      }
    }
  } catch {
    // The connection broke: as if it had been closed.
  }
  Atomics.store(control, GONE, 1);
  await empty(TO_KERNEL);
  put(TO_KERNEL, 1);
  self.postMessage("event");
};
`;

class WorkerDoor implements GdbDoor {
  onEvent = () => {};
  readonly #control = new Int32Array(new SharedArrayBuffer(16));
  readonly #inbox = new Uint8Array(new SharedArrayBuffer(2 * PACKET_BYTES));
  readonly #outbox = new Uint8Array(new SharedArrayBuffer(4 * PACKET_BYTES));

  constructor(readonly worker: Worker) {}

  /** Listens; the port it got. Throws why it cannot. */
  async listen(port: number): Promise<number> {
    const answer = await new Promise<{ port?: number; error?: string }>((resolve) => {
      this.worker.onmessage = ({ data }) => resolve(data);
      this.worker.onerror = (event) => {
        event.preventDefault();
        resolve({ error: event.message });
      };
      this.worker.postMessage({ control: this.#control, inbox: this.#inbox, outbox: this.#outbox, port });
    });
    if (answer.port === undefined) throw new Error(answer.error);
    this.worker.onmessage = () => this.onEvent();
    return answer.port;
  }

  receive(): Uint8Array | undefined {
    let filled: number;
    while ((filled = Atomics.load(this.#control, TO_KERNEL)) === 0) {
      if (this.gone) return undefined;
      Atomics.wait(this.#control, TO_KERNEL, 0);
    }
    if (this.gone) return undefined;
    const packet = this.#inbox.slice(0, filled - 1);
    Atomics.store(this.#control, TO_KERNEL, 0);
    Atomics.notify(this.#control, TO_KERNEL);
    return packet;
  }

  send(packet: Uint8Array): void {
    while (Atomics.load(this.#control, TO_DEBUGGER) !== 0) {
      if (this.gone) return;
      Atomics.wait(this.#control, TO_DEBUGGER, Atomics.load(this.#control, TO_DEBUGGER), 100);
    }
    this.#outbox.set(packet.subarray(0, this.#outbox.length));
    Atomics.store(this.#control, TO_DEBUGGER, packet.length + 1);
    Atomics.notify(this.#control, TO_DEBUGGER);
  }

  takeBreak(): boolean {
    return Atomics.load(this.#control, BREAK) !== 0 && Atomics.exchange(this.#control, BREAK, 0) !== 0;
  }

  get gone(): boolean {
    return Atomics.load(this.#control, GONE) !== 0;
  }

  close(): void {
    // The last reply leaves first; a debugger that does not read is not waited for.
    for (let tries = 0; tries < 20 && Atomics.load(this.#control, TO_DEBUGGER) !== 0 && !this.gone; tries++) {
      Atomics.wait(this.#control, TO_DEBUGGER, Atomics.load(this.#control, TO_DEBUGGER), 50);
    }
    Atomics.wait(this.#control, 3, 0, 20);
    this.worker.terminate();
  }
}

/** Listens for a debugger on a port of the host's loopback (0: any). Throws an Error that says why it cannot. */
export const openGdbDoor = async (port: number): Promise<{ door: GdbDoor; port: number }> => {
  const worker = new Worker(`data:text/javascript,${encodeURIComponent(WORKER)}`, { type: "module" });
  const door = new WorkerDoor(worker);
  try {
    return { door, port: await door.listen(port) };
  } catch (error) {
    worker.terminate();
    throw error;
  }
};
