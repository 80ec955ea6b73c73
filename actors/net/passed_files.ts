/**
 * Descriptions on their way in SCM_RIGHTS messages. A socket that is in flight keeps others alive through its queue; when all references to it are in flight it may be garbage
 * in a cycle, which `collect` finds and closes (net/unix/garbage.c).
 */
import type { OpenFile } from "../vfs/open_file.ts";

/** A socket whose queue can hold descriptions. */
export interface Carrier extends OpenFile {
  /** All descriptions in its queues, one entry per reference. */
  carried(): Iterable<OpenFile>;
  /** Drops its queues and closes what they carry. */
  drop(): void;
  readonly carrier: true;
}

/** References in flight of each carrier. */
const inFlight = new Map<Carrier, number>();
let collecting = false;

const carrierOf = (file: OpenFile): Carrier | undefined => "carrier" in file ? file as Carrier : undefined;

/** Files go into a queue. */
export const departed = (files: readonly OpenFile[]): void => {
  for (const file of files) {
    const carrier = carrierOf(file);
    if (carrier !== undefined) inFlight.set(carrier, (inFlight.get(carrier) ?? 0) + 1);
  }
};

/** Files came out of a queue. */
export const arrived = (files: readonly OpenFile[]): void => {
  for (const file of files) {
    const carrier = carrierOf(file);
    if (carrier === undefined) continue;
    const left = inFlight.get(carrier)! - 1;
    if (left === 0) inFlight.delete(carrier);
    else inFlight.set(carrier, left);
  }
};

/** The message is dropped: its files are closed. */
export const lost = (files: readonly OpenFile[]): void => {
  arrived(files);
  for (const file of files) file.release();
};

/** A reference to a carrier went away: closes what only garbage refers to. */
export const collect = (carrier: Carrier): void => {
  if (collecting || inFlight.get(carrier) !== carrier.refs) return;
  const suspects = new Set<Carrier>();
  for (const [c, count] of inFlight) if (c.refs === count) suspects.add(c);
  const inner = new Map<Carrier, number>();
  for (const c of suspects) {
    for (const file of c.carried()) {
      const inside = carrierOf(file);
      if (inside !== undefined) inner.set(inside, (inner.get(inside) ?? 0) + 1);
    }
  }
  // Whatever a living queue refers to lives, with all that its own queue holds.
  const living: Carrier[] = [...suspects].filter((c) => (inner.get(c) ?? 0) < inFlight.get(c)!);
  for (const c of living) suspects.delete(c);
  while (living.length > 0) {
    for (const file of living.pop()!.carried()) {
      const inside = carrierOf(file);
      if (inside !== undefined && suspects.delete(inside)) living.push(inside);
    }
  }
  collecting = true;
  try {
    for (const c of suspects) c.retain();
    for (const c of suspects) c.drop();
    for (const c of suspects) c.release();
  } finally {
    collecting = false;
  }
};

/** How many sockets are on their way, for tests. */
export const socketsInFlight = (): number => inFlight.size;
