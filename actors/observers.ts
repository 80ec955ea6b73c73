/** Several observers as one. */
import type { Observer } from "./machine.ts";

export const both = (observers: readonly Observer[]): Observer =>
  observers.length === 1 ? observers[0] : {
    made: (t) => observers.forEach((o) => o.made?.(t)),
    turnBegins: (t) => observers.forEach((o) => o.turnBegins?.(t)),
    turnEnds: (t) => observers.forEach((o) => o.turnEnds?.(t)),
    woken: (t, by) => observers.forEach((o) => o.woken?.(t, by)),
    callEntered: (t) => observers.forEach((o) => o.callEntered?.(t)),
    callReturned: (t, r) => observers.forEach((o) => o.callReturned?.(t, r)),
    callInterrupted: (t, r) => observers.forEach((o) => o.callInterrupted?.(t, r)),
    signalTaken: (t, i) => observers.forEach((o) => o.signalTaken?.(t, i)),
    signalDropped: (t, i) => observers.forEach((o) => o.signalDropped?.(t, i)),
    stopped: (t, s) => observers.forEach((o) => o.stopped?.(t, s)),
    signalDelivered: (t, i) => observers.forEach((o) => o.signalDelivered?.(t, i)),
    exited: (t, s, g) => observers.forEach((o) => o.exited?.(t, s, g)),
    fatal: (t, l) => observers.forEach((o) => o.fatal?.(t, l)),
  };
