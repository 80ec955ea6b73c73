/** Reading `run`'s arguments by hand: the option library takes longer to load than hello world to run. Options before the guest are ours, all after it the guest's. */
import { RUN_OPTIONS, type RunOption } from "./run_options.ts";

/** A mistake on the command line: one line for the user. */
export class UsageError extends Error {}

export interface RunArguments {
  readonly guest: string;
  readonly args: readonly string[];
  readonly root?: string;
  readonly sysroot?: string;
  /** "" for memory. */
  readonly overlay?: string;
  readonly binds: readonly { readonly host: string; readonly guest: string; readonly readOnly: boolean }[];
  readonly cwd?: string;
  readonly env: readonly string[];
  readonly clearEnv: boolean;
  /** "" for stderr. */
  readonly strace?: string;
  readonly stats?: string;
  readonly trace?: string;
  readonly record?: string;
  readonly seed?: number;
  readonly schedule?: "fair" | "random" | "pct";
  readonly jit: "auto" | "off" | "always";
  readonly maxTasks?: number;
  readonly maxMemory?: number;
  readonly maxFiles?: number;
  /** ns */
  readonly timeout?: number;
  readonly mmapBase?: number;
  /** Port of the host's loopback; 0: any. */
  readonly gdb?: number;
  readonly publish: readonly { readonly hostname: string; readonly hostPort: number; readonly guestPort: number }[];
}

/** "--help" anywhere before the guest is not an error but a wish. */
export class HelpWanted extends Error {}

const find = (name: string): RunOption => {
  const option = RUN_OPTIONS.find((o) => o.name === name);
  if (option === undefined) throw new UsageError(`unknown option --${name}`);
  return option;
};

/** Splits at the first word that is no option of ours. */
const collect = (words: readonly string[]): { given: Map<string, string[]>; rest: readonly string[] } => {
  const given = new Map<string, string[]>();
  let i = 0;
  for (; i < words.length; i++) {
    const word = words[i];
    if (word === "--") {
      i++;
      break;
    }
    if (!word.startsWith("-") || word === "-") break;
    if (word === "--help" || word === "-h") throw new HelpWanted();
    if (!word.startsWith("--")) throw new UsageError(`unknown option ${word}`);
    const equals = word.indexOf("=");
    const option = find(equals < 0 ? word.slice(2) : word.slice(2, equals));
    let value = equals < 0 ? "" : word.slice(equals + 1);
    if (option.takes === "nothing" && equals >= 0) throw new UsageError(`--${option.name} takes no value`);
    if (option.takes === "value" && equals < 0) {
      if (i + 1 >= words.length) throw new UsageError(`--${option.name} needs a value: ${option.value}`);
      value = words[++i];
    }
    if (option.choices !== undefined && !option.choices.includes(value)) {
      throw new UsageError(`--${option.name}: ${value} is none of ${option.choices.join(", ")}`);
    }
    const before = given.get(option.name);
    if (before === undefined || !option.repeat) given.set(option.name, [value]);
    else before.push(value);
  }
  return { given, rest: words.slice(i) };
};

const UNITS: Readonly<Record<string, number>> = { "": 1, K: 1024, M: 1024 ** 2, G: 1024 ** 3, T: 1024 ** 4 };

const size = (name: string, text: string): number => {
  const m = /^(\d+(?:\.\d+)?)([KMGT]?)i?B?$/i.exec(text);
  if (m === null) throw new UsageError(`--${name}: ${text} is not a size such as 512M or 2G`);
  return Math.floor(Number(m[1]) * UNITS[m[2].toUpperCase()]);
};

const SECONDS: Readonly<Record<string, number>> = { ms: 0.001, "": 1, s: 1, m: 60, h: 3600, d: 86400 };

/** ns of a time as timeout(1) takes it. */
const duration = (name: string, text: string): number => {
  const m = /^(\d+(?:\.\d*)?|\.\d+)(ms|[smhd]?)$/.exec(text);
  const ns = m === null ? 0 : Math.round(Number(m[1]) * SECONDS[m[2]] * 1e9);
  if (ns <= 0) throw new UsageError(`--${name}: ${text} is not a time such as 500ms, 10s or 5m`);
  return ns;
};

/** A page address with room above it. */
const lowest = (name: string, text: string): number => {
  const at = size(name, text);
  if (at % 4096 !== 0 || at > 3 * UNITS.G) throw new UsageError(`--${name}: ${text} is not a multiple of 4K up to 3G`);
  return at;
};

const whole = (name: string, text: string, least: number): number => {
  const n = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(n) || n < least) {
    throw new UsageError(`--${name}: ${text} is not a whole number${least > 0 ? ` from ${least} up` : ""}`);
  }
  return n;
};

/** [ADDR:]HOSTPORT:GUESTPORT, an IPv6 address in brackets. */
const published = (text: string): RunArguments["publish"][number] => {
  const m = /^(?:(\[[0-9a-fA-F:]+\]|[^:[\]]+):)?(\d+):(\d+)$/.exec(text);
  const hostPort = Number(m?.[2]), guestPort = Number(m?.[3]);
  if (m === null || hostPort > 65535 || guestPort > 65535 || hostPort === 0 || guestPort === 0) {
    throw new UsageError(`--publish: ${text} is not of the form [ADDR:]HOSTPORT:GUESTPORT`);
  }
  return { hostname: m[1]?.replace(/[[\]]/g, "") ?? "127.0.0.1", hostPort, guestPort };
};

/** HOSTDIR:GUESTDIR[:ro|:rw] */
const bound = (text: string): RunArguments["binds"][number] => {
  const m = /^([^:]+):(\/[^:]*)(?::(ro|rw))?$/.exec(text);
  if (m === null) throw new UsageError(`--bind: ${text} is not of the form HOSTDIR:/GUESTDIR[:ro]`);
  return { host: m[1], guest: m[2], readOnly: m[3] === "ro" };
};

/** The arguments after the word `run`. */
export const parseRun = (words: readonly string[]): RunArguments => {
  const { given, rest } = collect(words);
  if (rest.length === 0 || rest[0] === "") throw new UsageError("no program given");
  const one = (name: string): string | undefined => given.get(name)?.[0];
  const env = given.get("env") ?? [];
  for (const e of env) if (!/^[^=]+=/.test(e)) throw new UsageError(`--env: ${e} is not of the form K=V`);
  const read = <T>(name: string, as: (name: string, text: string) => T): T | undefined => {
    const text = one(name);
    return text === undefined ? undefined : as(name, text);
  };
  return {
    guest: rest[0],
    args: rest.slice(1),
    root: one("root"),
    sysroot: one("sysroot"),
    overlay: one("overlay"),
    binds: (given.get("bind") ?? []).map(bound),
    cwd: one("cwd"),
    env,
    clearEnv: given.has("clear-env"),
    strace: one("strace"),
    stats: one("stats"),
    trace: one("trace"),
    record: one("record"),
    seed: read("seed", (n, t) => whole(n, t, 0)),
    schedule: one("schedule") as RunArguments["schedule"],
    jit: (one("jit") ?? "auto") as RunArguments["jit"],
    maxTasks: read("max-tasks", (n, t) => whole(n, t, 1)),
    maxMemory: read("max-memory", size),
    maxFiles: read("max-files", (n, t) => whole(n, t, 1)),
    timeout: read("timeout", duration),
    mmapBase: read("mmap-base", lowest),
    gdb: read("gdb", (n, t) => {
      const port = whole(n, t, 0);
      if (port > 65535) throw new UsageError(`--${n}: ${t} is no port`);
      return port;
    }),
    publish: (given.get("publish") ?? []).map(published),
  };
};
