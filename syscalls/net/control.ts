/** Control messages (cmsg(3)): descriptors and credentials to be sent, and whatever came with a message. */
import { type ControlMessage, type Incoming, type Sender, senderOf, type Socket } from "../../actors/net/mod.ts";
import {
  CAP,
  capableHere,
  nsCapable,
  type OpenFile,
  RLIMIT,
  saidGid,
  saidUid,
  seenGid,
  seenUid,
  type Task,
} from "../../actors/mod.ts";
import { E, fail } from "../abi/errno.ts";
import { AF, MSG, SCM, SOL } from "../abi/net.ts";

/** net.core.optmem_max; SCM_MAX_FD. */
const LARGEST = 131072, MOST_FILES = 253;
const HEADER = 16;
const align = (n: number): number => Math.ceil(n / 8) * 8;

export interface Control {
  readonly files?: OpenFile[];
  readonly sender?: Sender;
  readonly control?: readonly ControlMessage[];
}
const NOTHING: Control = {};

/** Reads control messages to be sent; the files are retained for the message. */
export const readControl = (t: Task, s: Socket, at: number, length: number): Control => {
  if (at === 0 || length === 0) return NOTHING;
  if (length > LARGEST) return fail(E.NOBUFS);
  const bytes = t.mem.read(at, length), view = new DataView(bytes.buffer);
  const control: ControlMessage[] = [];
  let files: OpenFile[] | undefined, sender: Sender | undefined;
  for (let p = 0; p + HEADER <= length;) {
    const size = Number(view.getBigUint64(p, true));
    if (size < HEADER || size > length - p) return fail(E.INVAL);
    const level = view.getInt32(p + 8, true), type = view.getInt32(p + 12, true);
    if (level === SOL.SOCKET && s.domain === AF.UNIX) {
      if (type === SCM.RIGHTS) files = [...files ?? [], ...filesOf(t, view, p + HEADER, size - HEADER)];
      else if (type === SCM.CREDENTIALS) sender = claimed(t, view, p + HEADER, size - HEADER);
      else return fail(E.INVAL);
    } else control.push({ level, type, data: bytes.subarray(p + HEADER, p + size) });
    p += align(size);
  }
  if (files !== undefined && files.length > MOST_FILES) return fail(E.INVAL);
  if (files?.length === 0) files = undefined;
  files?.forEach((file) => file.retain());
  return { files, sender, control };
};

const filesOf = (t: Task, view: DataView, at: number, length: number): OpenFile[] => {
  const count = Math.floor(length / 4);
  if (count > MOST_FILES) return fail(E.INVAL);
  return Array.from({ length: count }, (_, i) => t.files.get(view.getInt32(at + 4 * i, true), true));
};

/** Credentials one may claim: one's own, or anything with the capabilities (scm_check_creds). */
const claimed = (t: Task, view: DataView, at: number, length: number): Sender => {
  if (length !== 12) return fail(E.INVAL);
  const pid = t.means(view.getInt32(at, true)), { cred } = t;
  const uid = saidUid(cred, view.getUint32(at + 4, true)), gid = saidGid(cred, view.getUint32(at + 8, true));
  const mayUid = [cred.ruid, cred.euid, cred.suid].includes(uid) || capableHere(cred, CAP.SETUID);
  const mayGid = [cred.rgid, cred.egid, cred.sgid].includes(gid) || capableHere(cred, CAP.SETGID);
  if ((pid !== senderOf(t).pid && !nsCapable(cred, t.group.pidNamespace.owner, CAP.SYS_ADMIN)) || !mayUid || !mayGid) {
    return fail(E.PERM);
  }
  if (!t.machine.tasks.has(pid) && !t.machine.groups.has(pid)) return fail(E.SRCH);
  return { pid, uid, gid };
};

/** Writes control messages one after the other as long as there is room. */
class Writer {
  used = 0;
  constructor(readonly t: Task, readonly m: Incoming, readonly at: number, readonly room: number) {}

  put(level: number, type: number, data: Uint8Array): void {
    const left = this.room - this.used;
    if (this.at === 0 || left < HEADER) {
      this.m.flags |= MSG.CTRUNC;
      return;
    }
    if (left < HEADER + data.length) {
      this.m.flags |= MSG.CTRUNC;
      data = data.subarray(0, left - HEADER);
    }
    const { mem } = this.t, at = this.at + this.used;
    mem.setU64(at, HEADER + data.length);
    mem.setU32(at + 8, level);
    mem.setU32(at + 12, type);
    mem.write(at + HEADER, data);
    this.used += Math.min(align(HEADER + data.length), left);
  }

  /** Installs as many files as there is room for and closes the rest (scm_detach_fds). */
  files(files: readonly OpenFile[], cloexec: boolean): void {
    const { t } = this, left = this.room - this.used;
    const fits = this.at === 0 || left < HEADER ? 0 : Math.min(files.length, Math.floor((left - HEADER) / 4));
    const fds: number[] = [];
    for (const file of files) {
      const fd = fds.length < fits ? t.files.add(file, cloexec, t.group.limits[RLIMIT.NOFILE].soft) : -1;
      if (fd < 0) file.release();
      else fds.push(fd);
    }
    if (fds.length < files.length) this.m.flags |= MSG.CTRUNC;
    if (fds.length > 0) this.put(SOL.SOCKET, SCM.RIGHTS, new Uint8Array(Int32Array.from(fds).buffer));
  }
}

/** Tells what came with a message: bytes of the guest's buffer used. */
export const writeControl = (t: Task, m: Incoming, at: number, room: number): number => {
  const writer = new Writer(t, m, at, at === 0 ? 0 : room);
  for (const { level, type, data } of m.control ?? []) writer.put(level, type, data);
  if (m.sender !== undefined) {
    const { sender } = m, pid = t.sees(sender.pid);
    const uid = seenUid(t.cred, sender.uid), gid = seenGid(t.cred, sender.gid);
    writer.put(SOL.SOCKET, SCM.CREDENTIALS, new Uint8Array(Int32Array.of(pid, uid, gid).buffer));
  }
  const { files } = m;
  m.files = undefined;
  if (files !== undefined) writer.files(files, (m.wanted & MSG.CMSG_CLOEXEC) !== 0);
  return writer.used;
};

/** Nobody asked for the files that came: they are closed. */
export const dropFiles = (m: Incoming): void => {
  m.files?.forEach((file) => file.release());
  if (m.files !== undefined) m.flags |= MSG.CTRUNC;
  m.files = undefined;
};
