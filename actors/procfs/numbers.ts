/** How /proc writes numbers: clock ticks, kibibytes, device numbers, masks. */

/** USER_HZ: 100 ticks a second. */
export const ticks = (ns: number): number => Math.floor(ns / 1e7);
/** "    1234 kB" */
export const kB = (bytes: number): string => `${String(Math.round(bytes / 1024)).padStart(8)} kB`;
export const major = (dev: number): number => Math.floor(dev / 256) & 0xfff;
export const minor = (dev: number): number => (dev & 0xff) | ((Math.floor(dev / 4096)) & 0xfff00);
/** A 64-bit signal or capability mask as 16 hex digits. */
export const mask16 = (mask: bigint): string => BigInt.asUintN(64, mask).toString(16).padStart(16, "0");
/** RLIM_INFINITY as an unsigned number. */
export const orInfinity = (value: number): string => Number.isFinite(value) ? String(value) : "18446744073709551615";
/** Characters that /proc/mounts and /proc/pid/maps show as octal escapes. */
export const escaped = (path: string, special: string): string =>
  [...path].map((c) => special.includes(c) ? `\\${c.charCodeAt(0).toString(8).padStart(3, "0")}` : c).join("");
