/** `run --record FILE` and `replay FILE`. */
import { boot, type BootOptions, type ExitReport, type World } from "../boot.ts";
import {
  DamagedRecording,
  decodeRecording,
  encodeRecording,
  type Header,
  hostHeader,
  recordingWorld,
  replayingWorld,
} from "../actors/world/journal/recording.ts";
import { tell } from "./run.ts";
import type { StdioDoor } from "../actors/world/stdio.ts";

/** Options of a run without what a replay chooses anew. */
type Recorded = Omit<Header, "entropySeed" | "identity">;

/** Runs and records; the recording's bytes with the report. */
export const recordRun = async (
  what: Recorded,
  options: Partial<BootOptions> = {},
): Promise<{ report: ExitReport; recording: Uint8Array<ArrayBuffer> }> => {
  const { guest, args, env, root, sysroot, overlay, binds, cwd, seed, schedule } = what;
  const { maxTasks, maxMemory, maxFiles, timeout, mmapBase } = what;
  const files = { root, sysroot, overlay, binds, cwd }, limits = { maxTasks, maxMemory, maxFiles, timeout };
  const header: Header = { guest, args, env, ...files, seed, schedule, ...limits, mmapBase, ...hostHeader() };
  const { recorder, doors } = recordingWorld(header);
  const world: World = {
    ...doors,
    end(report) {
      recorder.end({ status: report.status, traceHash: report.stats.traceHash });
      return report;
    },
  };
  const report = await boot({ ...options, ...header, world });
  return { report, recording: await encodeRecording(header, recorder.writer.bytes) };
};

/** What a replay came to: the run's own report, and why it is not the recorded run, if it is not. */
export interface Replay {
  readonly report?: ExitReport;
  readonly problem?: string;
}

/** Replays a recording. Throws DamagedRecording when the bytes are none. */
export const replayRun = async (
  bytes: Uint8Array<ArrayBuffer>,
  options: { stdio?: StdioDoor; jit?: BootOptions["jit"]; observe?: BootOptions["observe"] } = {},
): Promise<Replay> => {
  const recording = await decodeRecording(bytes);
  const { replayer, doors } = replayingWorld(recording);
  let problem: string | undefined;
  const world: World = {
    ...doors,
    end(report) {
      if (replayer.failure !== undefined) return report;
      const { status, traceHash } = replayer.ending();
      if (traceHash !== report.stats.traceHash || status !== report.status) {
        problem = `the replay went another way: trace ${report.stats.traceHash}, status ${report.status}; ` +
          `recorded: trace ${traceHash}, status ${status}`;
      }
      return report;
    },
  };
  try {
    const report = await boot({ ...options, ...recording.header, world });
    problem ??= replayer.failure && failureText(replayer.failure);
    return { report, problem };
  } catch (error) {
    if (replayer.failure === undefined) throw error;
    return { problem: failureText(replayer.failure) };
  }
};

const failureText = (error: Error): string =>
  error instanceof DamagedRecording ? error.message : `the replay left the recording: ${error.message}`;

/** The `replay` command: exit status of the recorded guest, 125 when the replay differs, 2 for what is no recording. */
export const replayCommand = async (file: string): Promise<number> => {
  let replay: Replay;
  try {
    replay = await replayRun(Deno.readFileSync(file), { jit: "auto" });
  } catch (error) {
    const known = error instanceof DamagedRecording || error instanceof Deno.errors.NotFound ||
      error instanceof Deno.errors.PermissionDenied || (error as Error).name === "IsADirectory";
    if (!known) throw error;
    console.error(`dolly replay: ${file}: ${(error as Error).message}`);
    return 2;
  }
  if (replay.problem !== undefined) {
    console.error(`dolly replay: ${file}: ${replay.problem}`);
    return 125;
  }
  const report = replay.report!;
  tell(report);
  return report.status;
};
