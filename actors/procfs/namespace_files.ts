/** Files under /proc/PID that describe and set up namespaces: the id maps and setgroups of a user namespace (user_namespaces(7)), clock offsets (time_namespaces(7)). */
import { E, fail } from "../../syscalls/abi/errno.ts";
import { CAP, nsCapable } from "../credentials.ts";
import { type Extent, toInside, toKernel, type UserNamespace } from "../namespaces/user.ts";
import type { Task } from "../task/task.ts";
import type { ProcTask } from "./subject.ts";
import { type Entry, text } from "./tree.ts";

const MOST_EXTENTS = 340;
const CAP_SETFCAP = 31;
/** Realtime kernels count seconds in 63 bits of nanoseconds; half of that is the most an offset may reach. */
const MOST_SECONDS = 9223372036 / 2;

interface IdMap {
  readonly of: (ns: UserNamespace) => readonly Extent[] | undefined;
  readonly set: (ns: UserNamespace, map: readonly Extent[]) => void;
  readonly cap: number;
}
const UIDS: IdMap = { of: (ns) => ns.uids, set: (ns, map) => ns.uids = map, cap: CAP.SETUID };
const GIDS: IdMap = { of: (ns) => ns.gids, set: (ns, map) => ns.gids = map, cap: CAP.SETGID };

const column = (n: number): string => String(n).padStart(10);

/** The lower ids as the reader's namespace calls them, or the outer one for who reads its own. */
const shown = ({ of }: IdMap) => ({ task }: ProcTask, t: Task): string => {
  const ns = task.cred.userNamespace, mine = t.cred.userNamespace;
  const lower = mine === ns && ns.owner !== undefined ? ns.owner : mine;
  return (of(ns) ?? []).map((e) => {
    const from = toInside(of(lower), e.kernel);
    return `${column(e.inside)} ${column(from < 0 ? 0xffffffff : from)} ${column(e.count)}\n`;
  }).join("");
};

/** Lines of three numbers: inside, outside, count. EINVAL. */
const parse = (written: string): { inside: number; lower: number; count: number }[] => {
  const lines = written.replace(/\n$/, "").split("\n");
  if (lines.length > MOST_EXTENTS) return fail(E.INVAL);
  const extents = lines.map((line) => {
    const m = /^\s*(\d+)\s+(\d+)\s+(\d+)\s*$/.exec(line);
    const [inside, lower, count] = m === null ? fail(E.INVAL) : m.slice(1).map(Number);
    const fits = (from: number) => from < 0xffffffff && from + count <= 0xffffffff;
    return count > 0 && fits(inside) && fits(lower) ? { inside, lower, count } : fail(E.INVAL);
  });
  const overlap = (a: number, b: number, n: number, m: number) => a < b + m && b < a + n;
  extents.forEach((a, i) =>
    extents.slice(i + 1).forEach((b) => {
      if (overlap(a.inside, b.inside, a.count, b.count) || overlap(a.lower, b.lower, a.count, b.count)) fail(E.INVAL);
    })
  );
  return extents;
};

/** Whether the writer may set this map (new_idmap_permitted). */
const permitted = (t: Task, ns: UserNamespace, map: IdMap, extents: ReturnType<typeof parse>): boolean => {
  const { cred } = t, outer = ns.owner!;
  if (map === UIDS && extents.some((e) => e.lower === 0)) {
    const may = cred.userNamespace === ns ? ns.outerSetfcap : nsCapable(cred, outer, CAP_SETFCAP);
    if (!may) return false;
  }
  if (extents.length === 1 && extents[0].count === 1 && ns.uid === cred.euid) {
    const own = toKernel(map.of(outer), extents[0].lower);
    if (map === UIDS ? own === cred.euid : own === cred.egid && !ns.setgroups) return true;
  }
  return nsCapable(cred, outer, map.cap);
};

const write = (map: IdMap) => ({ task }: ProcTask, t: Task, written: string): void => {
  const ns = task.cred.userNamespace, mine = t.cred.userNamespace, outer = ns.owner;
  if (outer === undefined || (mine !== ns && mine !== outer)) fail(E.PERM);
  if (map.of(ns) !== undefined || !nsCapable(t.cred, ns, CAP.SYS_ADMIN)) fail(E.PERM);
  const extents = parse(written);
  if (!permitted(t, ns, map, extents)) fail(E.PERM);
  map.set(
    ns,
    extents.map(({ inside, lower, count }) => {
      const kernel = toKernel(map.of(outer!), lower), last = toKernel(map.of(outer!), lower + count - 1);
      return kernel >= 0 && last === kernel + count - 1 ? { inside, kernel, count } : fail(E.PERM);
    }),
  );
};

const setgroups = (s: ProcTask, t: Task, written: string): void => {
  const ns = s.task.cred.userNamespace, value = /^(allow|deny)\s*$/.exec(written)?.[1] ?? fail(E.INVAL);
  if (!nsCapable(t.cred, ns, CAP.SYS_ADMIN)) fail(E.ACCES);
  if (value === "allow") return ns.setgroups ? undefined : fail(E.PERM);
  if (ns.gids !== undefined) fail(E.PERM);
  ns.setgroups = false;
};

const CLOCKS: Readonly<Record<string, "monotonic" | "boottime">> = {
  monotonic: "monotonic",
  1: "monotonic",
  boottime: "boottime",
  7: "boottime",
};
const offsets = ({ task }: ProcTask): string => {
  const ns = task.namespaces.of.timeForChildren;
  const line = (name: "monotonic" | "boottime") => {
    const sec = Math.floor(ns[name] / 1e9);
    return `${name.padEnd(10)} ${String(sec).padStart(10)} ${String(ns[name] - sec * 1e9).padStart(9)}\n`;
  };
  return line("monotonic") + line("boottime");
};
const setOffsets = ({ task }: ProcTask, t: Task, written: string): void => {
  const ns = task.namespaces.of.timeForChildren;
  if (!nsCapable(t.cred, ns.owner, CAP.SYS_TIME)) fail(E.PERM);
  const changes = written.replace(/\n$/, "").split("\n").map((line) => {
    const m = /^\s*(\w+)\s+(-?\d+)\s+(\d+)\s*$/.exec(line) ?? fail(E.INVAL);
    const clock = CLOCKS[m[1]] ?? fail(E.INVAL), sec = Number(m[2]), nsec = Number(m[3]);
    if (nsec >= 1e9) fail(E.INVAL);
    const now = t.machine.clock.monotonic() / 1e9;
    if (Math.abs(sec) > 2 * MOST_SECONDS || now + sec < 0 || now + sec > MOST_SECONDS) fail(E.RANGE);
    return { clock, ns: sec * 1e9 + nsec };
  });
  if (ns.settled) fail(E.ACCES);
  for (const change of changes) ns[change.clock] = change.ns;
};

export const namespaceFiles: Readonly<Record<string, Entry<ProcTask>>> = {
  uid_map: text(shown(UIDS), { mode: 0o644, write: write(UIDS) }),
  gid_map: text(shown(GIDS), { mode: 0o644, write: write(GIDS) }),
  projid_map: text(shown(UIDS), { mode: 0o644 }),
  setgroups: text(({ task }) => task.cred.userNamespace.setgroups ? "allow\n" : "deny\n", {
    mode: 0o644,
    write: setgroups,
  }),
  timens_offsets: text(offsets, { mode: 0o644, write: setOffsets }),
};
