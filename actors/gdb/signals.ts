/** gdb numbers signals its own way (include/gdb/signals.def), the same for every system. */

/** gdb's numbers of Linux's signals 1 to 31. */
const TO_GDB = [
  0,
  1,
  2,
  3,
  4,
  5,
  6,
  10,
  8,
  9,
  30,
  11,
  31,
  13,
  14,
  15,
  143,
  20,
  19,
  17,
  18,
  21,
  22,
  16,
  24,
  25,
  26,
  27,
  28,
  23,
  32,
  12,
];

/** gdb's number of a signal of Linux; 143 (unknown) where it has none. */
export const gdbSignal = (signo: number): number => {
  if (signo < TO_GDB.length) return TO_GDB[signo];
  if (signo === 32) return 77;
  if (signo === 64) return 78;
  return signo < 64 ? signo + 12 : 143;
};

/** The other way; 0 where Linux has none. */
export const linuxSignal = (number: number): number => {
  for (let signo = 1; signo <= 64; signo++) if (gdbSignal(signo) === number) return signo;
  return 0;
};
