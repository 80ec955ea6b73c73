/** The auxiliary vector (getauxval(3), SEMANTICS 5.20): pairs of numbers, some of which point into the initial stack. */
import { seenGid, seenUid } from "../credentials.ts";
import type { ExecCredentials } from "./set_ids.ts";

export const AT_ = {
  NULL: 0,
  PHDR: 3,
  PHENT: 4,
  PHNUM: 5,
  PAGESZ: 6,
  BASE: 7,
  FLAGS: 8,
  ENTRY: 9,
  UID: 11,
  EUID: 12,
  GID: 13,
  EGID: 14,
  PLATFORM: 15,
  HWCAP: 16,
  CLKTCK: 17,
  SECURE: 23,
  RANDOM: 25,
  HWCAP2: 26,
  RSEQ_FEATURE_SIZE: 27,
  RSEQ_ALIGN: 28,
  EXECFN: 31,
  SYSINFO_EHDR: 33,
  MINSIGSTKSZ: 51,
} as const;

/** HWCAP of RV64GC: bit per single-letter extension, I M A F D C. */
export const HWCAP_RV64GC = [..."IMAFDC"].reduce((bits, letter) => bits | (1 << (letter.charCodeAt(0) - 65)), 0);

export interface LoadedFacts {
  readonly phdr: number;
  readonly phnum: number;
  readonly entry: number;
  /** Load address of the dynamic linker, 0 for static programs. */
  readonly base: number;
}

/** Pairs in Linux's order; "random" and "execfn" stand for addresses in the stack. */
export const auxiliaryVector = (
  facts: LoadedFacts,
  { cred, secure }: ExecCredentials,
): [number, number | "random" | "execfn"][] => [
  [AT_.MINSIGSTKSZ, 2048],
  [AT_.HWCAP, HWCAP_RV64GC],
  [AT_.PAGESZ, 4096],
  [AT_.CLKTCK, 100],
  [AT_.PHDR, facts.phdr],
  [AT_.PHENT, 56],
  [AT_.PHNUM, facts.phnum],
  [AT_.BASE, facts.base],
  [AT_.FLAGS, 0],
  [AT_.ENTRY, facts.entry],
  [AT_.UID, seenUid(cred, cred.ruid)],
  [AT_.EUID, seenUid(cred, cred.euid)],
  [AT_.GID, seenGid(cred, cred.rgid)],
  [AT_.EGID, seenGid(cred, cred.egid)],
  [AT_.SECURE, secure ? 1 : 0],
  [AT_.RANDOM, "random"],
  [AT_.HWCAP2, 0],
  [AT_.EXECFN, "execfn"],
  [AT_.NULL, 0],
];
