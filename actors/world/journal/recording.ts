/**
 * A recording as a file: nine bytes that say what it is, then gzip of a header (what was run and how) and the journal. `recordingWorld` and `replayingWorld` are the doors a
 * boot goes through.
 */
import { HostClock } from "../clock.ts";
import { hostFs } from "../host_fs.ts";
import { hostIdentity } from "../identity.ts";
import type { StdioDoor } from "../stdio_door.ts";
import { DamagedRecording, Reader, Writer } from "./codec.ts";
import { journalClock, journalFiles, JournalStdio } from "./doors.ts";
import { type Journal, Recorder, Replayer } from "./journal.ts";

const MAGIC = "dollyrec", VERSION = 1;

/** What was run and how; all a replay needs besides the journal. */
export interface Header {
  readonly guest: string;
  readonly args: readonly string[];
  readonly env: readonly string[];
  readonly root?: string;
  readonly sysroot?: string;
  readonly overlay?: string;
  readonly binds?: readonly { readonly host: string; readonly guest: string; readonly readOnly: boolean }[];
  readonly cwd?: string;
  readonly seed?: number;
  readonly schedule?: "fair" | "random" | "pct";
  readonly maxTasks?: number;
  readonly maxMemory?: number;
  readonly maxFiles?: number;
  readonly timeout?: number;
  readonly mmapBase?: number;
  readonly entropySeed: number;
  readonly identity: { readonly uid: number; readonly gid: number; readonly hostname: string };
}

/** What `boot` takes as its world, short of the end. */
const doors = (j: Journal, { entropySeed, identity }: Header) => ({
  clock: journalClock(j, new HostClock()),
  files: journalFiles(j, hostFs),
  loop: j.loop,
  entropySeed,
  identity,
  stdio: (inner: StdioDoor): StdioDoor => new JournalStdio(j, inner),
});

/** Doors that write down what comes through them. */
export const recordingWorld = (header: Header) => {
  const recorder = new Recorder();
  return { recorder, doors: doors(recorder, header) };
};
/** Doors through which a recording comes. */
export const replayingWorld = ({ header, journal }: Recording) => {
  const replayer = new Replayer(new Reader(journal));
  return { replayer, doors: doors(replayer, header) };
};

/** The part of the header that comes from this host. */
export const hostHeader = () => ({
  entropySeed: crypto.getRandomValues(new Uint32Array(1))[0],
  identity: hostIdentity(),
});

export interface Recording {
  readonly header: Header;
  readonly journal: Uint8Array<ArrayBuffer>;
}

const through = async (bytes: Uint8Array<ArrayBuffer>, via: GenericTransformStream): Promise<Uint8Array<ArrayBuffer>> =>
  new Uint8Array(await new Response(new Blob([bytes]).stream().pipeThrough(via as TransformStream)).arrayBuffer());

/** The file's bytes. */
export const encodeRecording = async (header: Header, journal: Uint8Array): Promise<Uint8Array<ArrayBuffer>> => {
  const body = new Writer();
  body.value(header);
  body.raw(journal);
  const packed = await through(body.bytes, new CompressionStream("gzip"));
  const file = new Uint8Array(MAGIC.length + 1 + packed.length);
  file.set(new TextEncoder().encode(MAGIC));
  file[MAGIC.length] = VERSION;
  file.set(packed, MAGIC.length + 1);
  return file;
};

/** Throws DamagedRecording with a line for the user. */
export const decodeRecording = async (file: Uint8Array<ArrayBuffer>): Promise<Recording> => {
  if (new TextDecoder().decode(file.subarray(0, MAGIC.length)) !== MAGIC) {
    throw new DamagedRecording("this is no recording of dolly");
  }
  const version = file[MAGIC.length];
  if (version !== VERSION) {
    throw new DamagedRecording(`the recording has format ${version ?? "none"}, this dolly reads format ${VERSION}`);
  }
  let body: Uint8Array<ArrayBuffer>;
  try {
    body = await through(file.slice(MAGIC.length + 1), new DecompressionStream("gzip"));
  } catch {
    throw new DamagedRecording("the recording is damaged or breaks off");
  }
  const reader = new Reader(body);
  return { header: reader.value() as Header, journal: reader.raw() };
};

export { DamagedRecording };
