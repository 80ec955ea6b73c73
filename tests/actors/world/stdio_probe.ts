/** Run with streams of a test's choice: says on standard error, as JSON, what the host's door shows of them. */
import { HostStdio } from "../../../actors/world/host_stdio.ts";

const door = new HostStdio();
const kinds = ([0, 1, 2] as const).map((stream) => door.facts(stream).kind);
const { position, append } = door.facts(1);
const reads: string[] = [];
if (kinds[0] === "file") {
  const into = new Uint8Array(4);
  const start = door.facts(0).position;
  for (const at of [start, start + 4, start, 0, start + 8]) {
    const n = door.readAt(0, into, at);
    reads.push(new TextDecoder().decode(into.subarray(0, n)));
  }
}
const encode = (text: string) => new TextEncoder().encode(text);
const writes = [
  door.write(1, encode("abc")),
  kinds[1] === "file" ? door.write(1, encode("X"), position + 1) : 0,
  door.write(1, encode("def")),
];
console.error(JSON.stringify({ kinds, append, reads, writes, sizes: [door.size(0), door.size(1)] }));
door.close();
