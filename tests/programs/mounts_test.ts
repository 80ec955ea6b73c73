/** util-linux's mount, umount and findmnt and inotify-tools at work inside, on a root that stays as it is (`--overlay`). */
import { program } from "./harness.ts";

program({
  name: "mount: tmpfs, overlay, read-only bind, and findmnt's table of them",
  packages: ["mount", "util-linux", "bash", "coreutils"],
  options: ["--overlay"],
  command: [
    "bash",
    "-c",
    `mkdir lower upper m; echo low > lower/f
     mount -t tmpfs -o size=1m,mode=700 t upper && mkdir upper/u upper/w
     mount -t overlay o -o lowerdir=$PWD/lower,upperdir=$PWD/upper/u,workdir=$PWD/upper/w m
     echo up > m/f; cat m/f lower/f upper/u/f; findmnt -no FSTYPE,SOURCE m; umount m
     mount --bind -o ro lower m; touch m/q 2>&1; cat m/f; umount m; ls m; findmnt -no OPTIONS upper; umount upper; findmnt upper; echo $?`,
  ],
  expect: {
    text:
      "up\nlow\nup\noverlay o\ntouch: cannot touch 'm/q': Read-only file system\nlow\nrw,relatime,size=1m,mode=700\n1\n",
  },
});
program({
  name: "inotifywait: what a shell does in a tree that is watched",
  packages: ["inotify-tools", "bash", "coreutils"],
  options: ["--overlay"],
  command: [
    "bash",
    "-c",
    `mkdir w; inotifywait -q -m -t 3 --format '%e %f' w > log & sleep 1
     echo a > w/a; mv w/a w/b; chmod 600 w/b; cat w/b >/dev/null; mkdir w/d; rmdir w/d; rm w/b; wait; cat log`,
  ],
  expect: {
    text:
      "CREATE a\nOPEN a\nMODIFY a\nCLOSE_WRITE,CLOSE a\nMOVED_FROM a\nMOVED_TO b\nATTRIB b\nOPEN b\nACCESS b\nCLOSE_NOWRITE,CLOSE b\n" +
      "CREATE,ISDIR d\nDELETE,ISDIR d\nDELETE b\n",
  },
});
