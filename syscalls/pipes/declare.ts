/** Pipes. */
import { address, call, type Family, flags } from "../abi/call.ts";
import { OPEN_FLAGS } from "../abi/files.ts";

export const pipes = {
  pipe2: call(59, [address("pipefd"), flags("flags", OPEN_FLAGS, "i32")], "make a pipe"),
} satisfies Family;
