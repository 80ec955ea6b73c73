/** Runs this command line again in a process with flags of V8 that can only be given at its start. */
const MARK = "DOLLY_OWN_PROCESS";
const ALL = ["read", "write", "env", "run", "net", "sys", "ffi"] as const;
/** What ends us ends it. */
const PASSED_ON = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Its exit status; undefined when it cannot be had, or is what runs already: without all permissions no process is made, for it would have more than this one.
 * @param flags as for `deno run --v8-flags`
 */
export const inOwnProcess = async (flags: string): Promise<number | undefined> => {
  if (!ALL.every((name) => Deno.permissions.querySync({ name }).state === "granted")) return undefined;
  if (Deno.env.get(MARK) !== undefined) return undefined;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", `--v8-flags=${flags}`, Deno.mainModule, ...Deno.args],
    env: { [MARK]: "1" },
    stdin: "inherit",
    stdout: "inherit",
    stderr: "inherit",
  }).spawn();
  const passOn = PASSED_ON.map((signal) => [signal, () => child.kill(signal)] as const);
  for (const [signal, listener] of passOn) Deno.addSignalListener(signal, listener);
  const { code } = await child.status;
  for (const [signal, listener] of passOn) Deno.removeSignalListener(signal, listener);
  return code;
};

/** Whether the process that made this one has ended without a word (SIGKILL). Asked with the parent's number at the start. */
export const isOrphan = (parent: number): boolean => Deno.env.get(MARK) !== undefined && Deno.ppid !== parent;
