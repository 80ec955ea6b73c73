/** The host's event loop as the machine sees it: letting callbacks in, and sleeping until one comes or a time has passed. */

export interface EventLoop {
  breathe(): Promise<void>;
  pause(ms: number, arm: (poke: () => void) => void): Promise<void>;
}

/** Lets pending host callbacks run, without waiting for any. */
export const breathe = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

/** Sleeps until `poke` is called or `ms` have passed (Infinity: until poked). */
export const pause = (ms: number, arm: (poke: () => void) => void): Promise<void> =>
  new Promise((resolve) => {
    // A long sleep keeps the process alive even when no host operation does: a poke may come from a host signal.
    const timer = setTimeout(resolve, Math.min(ms, 0x7fffffff));
    arm(() => {
      clearTimeout(timer);
      resolve();
    });
  });

export const hostLoop: EventLoop = { breathe, pause };
