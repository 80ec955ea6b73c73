/** struct ptrace_syscall_info (88 bytes): which system call a tracee stands before or behind, the same on every machine. */
import { E } from "../../syscalls/abi/errno.ts";
import {
  AUDIT_ARCH_RISCV64,
  PTRACE_EVENT,
  PTRACE_EVENTMSG_SYSCALL_ENTRY,
  PTRACE_EVENTMSG_SYSCALL_EXIT,
  PTRACE_SYSCALL_INFO,
} from "../../syscalls/abi/ptrace.ts";
import { SIG } from "../../syscalls/abi/signals.ts";
import type { Task } from "../task/task.ts";
import { firstArgument } from "../task/waiting.ts";

const SIZE = 88;
const { NONE, ENTRY, EXIT, SECCOMP } = PTRACE_SYSCALL_INFO;

/** Only stops that TRACESYSGOOD marks are known to be a call's. */
const operation = (task: Task): number => {
  const stop = task.trace!.stop!;
  if (stop.info?.code === (SIG.TRAP | (PTRACE_EVENT.SECCOMP << 8))) return SECCOMP;
  if (stop.info?.code !== (SIG.TRAP | 0x80)) return NONE;
  if (stop.message === PTRACE_EVENTMSG_SYSCALL_ENTRY) return ENTRY;
  return stop.message === PTRACE_EVENTMSG_SYSCALL_EXIT ? EXIT : NONE;
};

/** The struct, as many bytes of it as it has for this stop. */
export const readSyscallInfo = (task: Task): Uint8Array => {
  const { cpu } = task;
  const bytes = new Uint8Array(SIZE);
  const v = new DataView(bytes.buffer);
  const op = operation(task);
  bytes[0] = op;
  v.setUint32(4, AUDIT_ARCH_RISCV64, true);
  v.setBigUint64(8, BigInt(cpu.pc), true);
  v.setBigUint64(16, cpu.x(2), true);
  if (op === ENTRY || op === SECCOMP) {
    v.setBigUint64(24, cpu.x(17), true);
    v.setBigUint64(32, firstArgument(task), true);
    for (let i = 1; i < 6; i++) v.setBigUint64(32 + 8 * i, cpu.x(10 + i), true);
    if (op === ENTRY) return bytes.subarray(0, 80);
    v.setUint32(80, task.trace!.stop!.message, true);
    return bytes.subarray(0, 84);
  }
  if (op !== EXIT) return bytes.subarray(0, 24);
  v.setBigUint64(24, cpu.x(10), true);
  const result = BigInt.asIntN(64, cpu.x(10));
  bytes[32] = result < 0n && result >= -4095n ? 1 : 0;
  return bytes.subarray(0, 33);
};

/** PTRACE_SET_SYSCALL_INFO: number and arguments before a call, the result behind it. */
export const writeSyscallInfo = (task: Task, bytes: Uint8Array): number => {
  if (bytes.length < SIZE) return -E.INVAL;
  const v = new DataView(bytes.buffer, bytes.byteOffset, SIZE);
  const op = operation(task);
  if (bytes[0] !== op || bytes[1] !== 0 || bytes[2] !== 0 || bytes[3] !== 0) return -E.INVAL;
  const { cpu } = task;
  if (op === ENTRY || op === SECCOMP) {
    const number = Number(v.getBigInt64(24, true));
    if (number !== (number | 0)) return -E.RANGE;
    cpu.setNumber(17, number);
    if (number === -1) return 0;
    task.originalA0Lo = v.getUint32(32, true);
    task.originalA0Hi = v.getInt32(36, true);
    for (let i = 1; i < 6; i++) cpu.setX(10 + i, v.getBigUint64(32 + 8 * i, true));
    return 0;
  }
  if (op !== EXIT) return -E.INVAL;
  cpu.setX(10, v.getBigUint64(24, true));
  return 0;
};
