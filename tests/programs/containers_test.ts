/** util-linux's unshare and nsenter, bubblewrap and ip at work inside: namespaces as container programs make and enter them. */
import { program } from "./harness.ts";

const PACKAGES = ["util-linux", "bubblewrap", "iproute2", "procps", "mount", "bash", "coreutils"];

program({
  name: "unshare: root of a user namespace, first of a pid namespace with a /proc of its own",
  packages: PACKAGES,
  command: [
    "bash",
    "-c",
    `unshare -Ur id -u; unshare -Urpf --mount-proc bash -c 'ps -o pid=,comm=; echo $$; cat /proc/self/uid_map | tr -s " "'; id -u`,
  ],
  expect: { text: "0\n    1 bash\n    2 ps\n1\n 0 0 1\n0\n" },
});
program({
  name: "unshare: a loopback of one's own is down until ip sets it up; nsenter goes into another's",
  packages: PACKAGES,
  command: [
    "bash",
    "-c",
    `unshare -Urn bash -c 'ip -br link; ip link set lo up; ip -br addr'
     unshare -u bash -c 'echo inner > /proc/sys/kernel/hostname; sleep 2' & sleep 0.5
     nsenter -t $! -u uname -n; [ $(uname -n) = inner ] || echo outer`,
  ],
  expect: {
    text: "lo               DOWN           00:00:00:00:00:00 <LOOPBACK> \n" +
      "lo               UNKNOWN        127.0.0.1/8 ::1/128 \ninner\nouter\n",
  },
});
program({
  name: "bwrap: a read-only root, a tmpfs, all namespaces, nothing of it outside",
  packages: PACKAGES,
  command: [
    "bash",
    "-c",
    `bwrap --ro-bind / / --proc /proc --dev /dev --tmpfs /tmp --unshare-all bash -c '
       echo $$; echo hi > /tmp/x; cat /tmp/x; touch /etc/x; ls /dev | wc -l; ip -br addr; readlink /proc/self/ns/net | wc -c' 2>&1
     ls /tmp/x 2>/dev/null; echo $?`,
  ],
  expect: {
    text: "2\nhi\ntouch: cannot touch '/etc/x': Read-only file system\n14\n" +
      "lo               UNKNOWN        127.0.0.1/8 ::1/128 \n17\n2\n",
  },
});
