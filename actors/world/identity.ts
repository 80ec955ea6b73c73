/** Who runs us and with what: the host's user, group, environment and working directory, as far as the permissions allow to know. */
import { hostFs } from "./host_fs.ts";

const allowed = <T>(ask: () => T, otherwise: T): T => {
  try {
    return ask();
  } catch {
    return otherwise;
  }
};

export const hostIdentity = () => ({
  uid: allowed(() => Deno.uid(), null) ?? 0,
  gid: allowed(() => Deno.gid(), null) ?? 0,
  hostname: allowed(() => Deno.hostname(), "dolly"),
});

/** The host's environment as K=V strings; empty without permission. */
export const hostEnvironment = (): string[] =>
  Object.entries(allowed(() => Deno.env.toObject(), {})).map(([k, v]) => `${k}=${v}`);

/** "/" when it may not be known. */
export const hostDirectory = (): string => allowed(() => hostFs.cwd(), "/");
