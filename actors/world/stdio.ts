/** Standard streams: the door, and the two ways to build it. */
export { HostStdio } from "./host_stdio.ts";
export { MemoryStdio, type MemoryStreams } from "./memory_stdio.ts";
export type { StdioDoor, StreamFacts, StreamKind, StreamNumber, StreamStatus } from "./stdio_door.ts";
