/** Resource limits of a thread group (getrlimit(2)): 16 soft/hard pairs, Infinity for RLIM_INFINITY. */
export const RLIMIT = {
  CPU: 0,
  FSIZE: 1,
  DATA: 2,
  STACK: 3,
  CORE: 4,
  RSS: 5,
  NPROC: 6,
  NOFILE: 7,
  MEMLOCK: 8,
  AS: 9,
  LOCKS: 10,
  SIGPENDING: 11,
  MSGQUEUE: 12,
  NICE: 13,
  RTPRIO: 14,
  RTTIME: 15,
} as const;

export interface Limit {
  readonly soft: number;
  readonly hard: number;
}

/** The kernel's defaults (include/asm-generic/resource.h) with systemd-like NOFILE and NPROC. */
export const defaultLimits = (): Limit[] => {
  const limits: Limit[] = Array.from({ length: 16 }, () => ({ soft: Infinity, hard: Infinity }));
  limits[RLIMIT.STACK] = { soft: 8 << 20, hard: Infinity };
  limits[RLIMIT.CORE] = { soft: 0, hard: Infinity };
  limits[RLIMIT.NPROC] = { soft: 32768, hard: 32768 };
  limits[RLIMIT.NOFILE] = { soft: 1024, hard: 1048576 };
  limits[RLIMIT.MEMLOCK] = { soft: 8 << 20, hard: 8 << 20 };
  limits[RLIMIT.SIGPENDING] = { soft: 32768, hard: 32768 };
  limits[RLIMIT.MSGQUEUE] = { soft: 819200, hard: 819200 };
  limits[RLIMIT.NICE] = { soft: 0, hard: 0 };
  limits[RLIMIT.RTPRIO] = { soft: 0, hard: 0 };
  return limits;
};
