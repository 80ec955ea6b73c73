/** struct timespec. */
import { struct } from "./layout.ts";

export const TIMESPEC = struct("timespec", { sec: "i64", nsec: "i64" });
