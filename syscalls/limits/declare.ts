/** Resource limits and usage. */
import { call, enumerationArg, type Family, inStruct, outStruct, pid } from "../abi/call.ts";
import { RLIMIT_NAMES, RLIMIT_STRUCT, RUSAGE_WHO } from "../abi/resource.ts";
import { RUSAGE } from "../abi/rusage.ts";

const resource = enumerationArg("resource", RLIMIT_NAMES);

export const limits = {
  getrlimit: call(163, [resource, outStruct("rlim", RLIMIT_STRUCT)], "ask for a limit"),
  setrlimit: call(164, [resource, inStruct("rlim", RLIMIT_STRUCT)], "set a limit"),
  getrusage: call(165, [enumerationArg("who", RUSAGE_WHO), outStruct("usage", RUSAGE)], "CPU time and memory used", {
    support: "partial",
    note: "CPU time counts retired instructions as ns, all of it user time; no I/O counts",
  }),
  prlimit64: call(
    261,
    [pid(), resource, inStruct("new_limit", RLIMIT_STRUCT), outStruct("old_limit", RLIMIT_STRUCT)],
    "set and ask for a limit of a process",
  ),
} satisfies Family;
