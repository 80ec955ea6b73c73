/**
 * The same program for the host's own kernel: x86-64 assembly that gcc takes, one or two instructions for each of the script's, at the same addresses. What the
 * program does not say itself (opening the shared page) is a prologue for each entry `entry_p`, `entry_x0`, …
 */
import type { ScriptOp } from "../cpu/script/ops.ts";
import { type Compiled, NUMBERS } from "./compile.ts";
import { DATA, DATA_END, SHARED } from "./layout.ts";

/** riscv's a0–a5, a7, t0 here. */
const REGISTER: Readonly<Record<number, string>> = {
  10: "%rdi",
  11: "%rsi",
  12: "%rdx",
  13: "%r10",
  14: "%r8",
  15: "%r9",
  17: "%rax",
  5: "%rbx",
};
const LOW: Readonly<Record<number, string>> = { 10: "%edi", 5: "%ebx" };
const NAMES = new Map(Object.entries(NUMBERS).map(([name, nr]) => [nr, name]));
const A7 = 17, CLONE = 220;

const line = (op: ScriptOp, before: ScriptOp | undefined): string => {
  switch (op.op) {
    case "li":
      return op.reg === A7 ? `mov $__NR_${NAMES.get(op.n)}, %rax` : `mov $${op.n | 0}, ${REGISTER[op.reg]}`;
    case "lw":
      return `movslq ${op.n}, ${REGISTER[op.reg]}`;
    case "sw":
      return `mov ${LOW[op.reg]}, ${op.n}`;
    case "ecall": {
      // x86 has ctid before tls.
      const swap = before?.op === "li" && before.reg === A7 && before.n === CLONE ? "xchg %r10, %r8; " : "";
      return `${swap}syscall; mov %rax, %rdi`;
    }
    case "j":
      return `jmp L${op.n}`;
    case "beqz":
      return `test ${REGISTER[op.reg]}, ${REGISTER[op.reg]}; jz L${op.n}`;
    case "ret":
      return "ret";
  }
};

const prologue = (name: string, entry: number): string =>
  `.globl entry_${name}
entry_${name}:
mov $__NR_open, %rax; lea shared_name(%rip), %rdi; mov $2, %rsi; mov $0, %rdx; syscall
mov %rax, %rbx; mov %rax, %r8
mov $__NR_mmap, %rax; mov $${SHARED}, %rdi; mov $4096, %rsi; mov $3, %rdx; mov $17, %r10; mov $0, %r9; syscall
mov $__NR_close, %rax; mov %rbx, %rdi; syscall
jmp L${entry}
`;

/** Assembly of a program compiled for x86-64. */
export const emitNative = (c: Compiled): string => {
  const { ops } = c.script;
  const data: string[] = [];
  const slots = new Map(c.handlerSlots.map((s) => [s.offset, `L${c.handlers[s.handler]}`]));
  for (const at of c.restorerSlots) slots.set(at, "restorer");
  const view = new DataView(c.data.buffer);
  for (let at = 0; at < c.data.length; at += 8) {
    data.push(`.quad ${slots.get(at) ?? "0x" + view.getBigUint64(at, true).toString(16)}`);
  }
  return `#include <asm/unistd_64.h>
.section .ktext, "ax"
${ops.map((op, i) => `L${i}: ${line(op, ops[i - 1])}`).join("\n")}
ud2
restorer: mov $__NR_rt_sigreturn, %rax; syscall
${prologue("p", 0)}${c.entries.map((e, k) => prologue(`x${k}`, e)).join("")}
shared_name: .asciz "shared"
.section .kdata, "aw"
${data.join("\n")}
.space ${DATA_END - DATA - c.data.length}
.section .note.GNU-stack, ""
`;
};
