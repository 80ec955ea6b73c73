/** Who a signal comes from, as its receiver's namespaces call the sender (kernel/signal.c send_signal_locked). */
import { SI } from "../../syscalls/abi/signals.ts";
import { OVERFLOW_ID, shownId, toKernel } from "../namespaces/user.ts";
import type { Task } from "../task/task.ts";
import type { ThreadGroup } from "../task/thread_group.ts";
import type { SigInfo } from "./pending.ts";
import { decodeSigInfo } from "./siginfo.ts";

/** siginfo of kill(2) or tgkill(2) from a task. */
export const fromTask = (sender: Task, sig: number, code: number = SI.USER): SigInfo => ({
  signo: sig,
  code,
  pid: sender.pid,
  uid: sender.cred.ruid,
});

/** siginfo of a signal the kernel makes. */
export const fromKernel = (sig: number): SigInfo => ({ signo: sig, code: SI.KERNEL, pid: 0, uid: 0 });

/** siginfo a task made itself (rt_sigqueueinfo): its pid is what the task says, whatever that is. */
export const queuedBy = (t: Task, at: number): SigInfo => {
  const info = decodeSigInfo(t.mem.read(at, 128));
  const { userNamespace } = t.cred;
  if (userNamespace.level === 0) return { ...info, saidIn: t.group.pidNamespace };
  const uid = toKernel(userNamespace.uids, info.uid!);
  return { ...info, uid: uid < 0 ? OVERFLOW_ID : uid, saidIn: t.group.pidNamespace };
};

/** The sender as the receiver's namespaces call it; pid 0: it is outside. */
export const seenBy = (group: ThreadGroup, info: SigInfo): SigInfo => {
  const { pidNamespace } = group, { userNamespace } = group.leader.cred;
  if (pidNamespace.level === 0 && userNamespace.level === 0) return info;
  const uid = info.uid && shownId(userNamespace.uids, info.uid);
  const { saidIn, raw } = info;
  if (saidIn === undefined) return { ...info, pid: info.pid && pidNamespace.numberOf(info.pid), uid };
  const pid = saidIn.within(pidNamespace) ? info.pid! : 0;
  if (raw === undefined || info.code === SI.TIMER) return { ...info, pid, uid };
  const bytes = raw.slice(), v = new DataView(bytes.buffer);
  v.setInt32(0, pid, true);
  v.setUint32(4, uid!, true);
  return { ...info, pid, uid, raw: bytes };
};
