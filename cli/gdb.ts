/** `--gdb PORT`: opens the debugger's door and puts the stub into the machine. */
import type { Machine, Observer } from "../actors/mod.ts";
import { GdbStub } from "../actors/gdb/stub.ts";
import { openGdbDoor } from "../actors/world/gdb_door.ts";

/** Listens; throws an Error that says why it cannot. The observer is the stub's, made with the machine. */
export const attachGdb = async (
  port: number,
): Promise<{ readonly observer: (machine: Machine) => Observer; readonly close: () => void }> => {
  const { door, port: got } = await openGdbDoor(port);
  console.error(`dolly: waiting for gdb: target remote 127.0.0.1:${got}`);
  let stub: GdbStub | undefined;
  return {
    observer(machine) {
      const debug = stub = new GdbStub(machine, door);
      machine.debugger = debug;
      return { exited: (t, status, groupDied) => debug.exited(t, status, groupDied) };
    },
    close: () => stub === undefined ? door.close() : stub.close(),
  };
};
