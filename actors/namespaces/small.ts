/** The kinds that are little more than a value: host names, a view of the control groups, clock offsets. */
import type { Machine } from "../machine.ts";
import type { Vfs } from "../vfs/vfs.ts";
import { Namespace } from "./namespace.ts";
import type { UserNamespace } from "./user.ts";

/** Node and domain name (uts_namespaces(7)). */
export class UtsNamespace extends Namespace {
  hostname = "dolly";
  domainname = "(none)";
  constructor(machine?: Machine, owner?: UserNamespace, from?: UtsNamespace) {
    super("uts", machine, owner);
    if (from !== undefined) ({ hostname: this.hostname, domainname: this.domainname } = from);
  }
}

/** A tree of mounts (mount_namespaces(7)). */
export class MountNamespace extends Namespace {
  /** Set by who makes the machine for the first one. */
  vfs!: Vfs;
  constructor(machine?: Machine, owner?: UserNamespace, from?: MountNamespace) {
    super("mnt", machine, owner);
    if (from !== undefined) this.vfs = from.vfs.copy();
  }
}

/** Names the System V objects that belong together (ipc_namespaces(7)); `actors/sysv/` keeps its registries by it. */
export class IpcNamespace extends Namespace {
  constructor(machine?: Machine, owner?: UserNamespace) {
    super("ipc", machine, owner);
  }
}

/** Where the root of the control groups is seen (cgroup_namespaces(7)): there is one group, so all see the same. */
export class CgroupNamespace extends Namespace {
  constructor(machine?: Machine, owner?: UserNamespace) {
    super("cgroup", machine, owner);
  }
}

/** Offsets of the monotonic and the boot-time clock (time_namespaces(7)), ns. */
export class TimeNamespace extends Namespace {
  monotonic = 0;
  boottime = 0;
  /** Somebody has lived in it: the offsets stay as they are. */
  settled = false;
  constructor(machine?: Machine, owner?: UserNamespace, from?: TimeNamespace) {
    super("time", machine, owner);
    if (from === undefined) this.settled = true;
    else ({ monotonic: this.monotonic, boottime: this.boottime } = from);
  }
  /** Somebody comes to live here. */
  settle(): this {
    this.settled = true;
    return this;
  }
}
