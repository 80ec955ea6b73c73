/** Run by denied_test.ts with few permissions: what each path answers. Arguments: paths. */
import { HostFs } from "../../../actors/vfs/hostfs.ts";
import { AT_FDCWD } from "../../../syscalls/abi/at.ts";
import { Errno } from "../../../syscalls/abi/errno.ts";
import { fileKernel } from "../../fakes/files.ts";

const { machine, t } = fileKernel(() => new HostFs("").rootInode());
const attempt = (run: () => unknown): string => {
  try {
    run();
    return "ok";
  } catch (error) {
    if (error instanceof Errno) return error.name;
    throw error;
  }
};
const answers = Deno.args.map((path) => [
  attempt(() => machine.vfs.find(t, AT_FDCWD, path).inode.stat()),
  attempt(() => machine.vfs.open(t, AT_FDCWD, path, 0, 0).release()),
  attempt(() => machine.vfs.open(t, AT_FDCWD, path, 0o101, 0o600).release()),
]);
console.log(JSON.stringify(answers));
