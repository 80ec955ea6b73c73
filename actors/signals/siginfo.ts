/** siginfo_t as 128 bytes (asm-generic/siginfo.h, 64-bit): which union member is written depends on the signal and si_code. */
import { SI, SIG } from "../../syscalls/abi/signals.ts";
import type { SigInfo } from "./pending.ts";

const FAULTS = new Set<number>([SIG.SEGV, SIG.BUS, SIG.ILL, SIG.FPE, SIG.TRAP]);

/** The bytes a handler, waitid or sigwaitinfo receives. */
export const encodeSigInfo = (info: SigInfo): Uint8Array<ArrayBuffer> => {
  const bytes = new Uint8Array(128);
  const v = new DataView(bytes.buffer);
  v.setInt32(0, info.signo, true);
  v.setInt32(4, info.errno ?? 0, true);
  v.setInt32(8, info.code, true);
  if (info.raw !== undefined) bytes.set(info.raw.subarray(0, 112), 16);
  else if (info.code === SI.TIMER) {
    v.setInt32(16, info.timerId ?? 0, true);
    v.setInt32(20, info.overrun ?? 0, true);
    v.setBigUint64(24, BigInt.asUintN(64, info.value ?? 0n), true);
  } else if (info.addr !== undefined && FAULTS.has(info.signo)) v.setBigUint64(16, info.addr, true);
  else if (info.band !== undefined) {
    v.setBigInt64(16, BigInt(info.band), true);
    v.setInt32(24, info.fd ?? 0, true);
  } else if (info.signo === SIG.SYS && info.syscall !== undefined) {
    v.setBigUint64(16, info.addr ?? 0n, true);
    v.setInt32(24, info.syscall, true);
    v.setUint32(28, info.arch ?? 0, true);
  } else encodeSender(v, info);
  return bytes;
};

const encodeSender = (v: DataView, info: SigInfo): void => {
  v.setInt32(16, info.pid ?? 0, true);
  v.setUint32(20, info.uid ?? 0, true);
  if (info.status !== undefined) {
    v.setInt32(24, info.status, true);
    v.setBigInt64(32, BigInt(info.utime ?? 0), true);
    v.setBigInt64(40, BigInt(info.stime ?? 0), true);
  } else v.setBigUint64(24, BigInt.asUintN(64, info.value ?? 0n), true);
};

/** A siginfo the guest made (rt_sigqueueinfo): number, code and the rest as given. */
export const decodeSigInfo = (bytes: Uint8Array): SigInfo => {
  const v = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return {
    signo: v.getInt32(0, true),
    errno: v.getInt32(4, true),
    code: v.getInt32(8, true),
    pid: v.getInt32(16, true),
    uid: v.getUint32(20, true),
    value: v.getBigUint64(24, true),
    raw: bytes.slice(16, 128),
  };
};
