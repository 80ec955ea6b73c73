/** Descriptors: reading, writing, positions, flags, copies. */
import {
  address,
  by,
  call,
  enumerationArg,
  type Family,
  fd,
  flags,
  hex,
  inBytes,
  int,
  iovec,
  long,
  offset,
  outBytes,
  size,
  uint,
} from "../abi/call.ts";
import { FCNTL, LOCK_OPERATIONS, OPEN_FLAGS, SPLICE_FLAGS, WHENCE } from "../abi/files.ts";
import { flagSet } from "../abi/flags.ts";

const CLOSE_RANGE = flagSet("CLOSE_RANGE", { CLOSE_RANGE_UNSHARE: 2, CLOSE_RANGE_CLOEXEC: 4 });

export const io = {
  read: call(63, [fd(), outBytes("buf", "count"), size("count")], "read from a descriptor", { result: "size" }),
  write: call(64, [fd(), inBytes("buf", "count"), size("count")], "write to a descriptor", { result: "size" }),
  readv: call(65, [fd(), iovec("iov", "out", "iovcnt"), int("iovcnt")], "read into several buffers", {
    result: "size",
  }),
  writev: call(66, [fd(), iovec("iov", "in", "iovcnt"), int("iovcnt")], "write from several buffers", {
    result: "size",
  }),
  pread64: call(67, [fd(), outBytes("buf", "count"), size("count"), offset()], "read at an offset", { result: "size" }),
  pwrite64: call(68, [fd(), inBytes("buf", "count"), size("count"), offset()], "write at an offset", {
    result: "size",
  }),
  preadv: call(
    69,
    [fd(), iovec("iov", "out", "iovcnt"), int("iovcnt"), offset()],
    "read into several buffers at an offset",
    { result: "size" },
  ),
  pwritev: call(
    70,
    [fd(), iovec("iov", "in", "iovcnt"), int("iovcnt"), offset()],
    "write from several buffers at an offset",
    { result: "size" },
  ),
  preadv2: call(
    286,
    [fd(), iovec("iov", "out", "iovcnt"), int("iovcnt"), offset(), long("pos_h"), int("flags")],
    "preadv with flags",
    {
      result: "size",
      support: "partial",
      note: "RWF_NOWAIT never says EAGAIN for a file; newer RWF_* flags are refused",
    },
  ),
  pwritev2: call(
    287,
    [fd(), iovec("iov", "in", "iovcnt"), int("iovcnt"), offset(), long("pos_h"), int("flags")],
    "pwritev with flags",
    {
      result: "size",
      support: "partial",
      note: "RWF_NOWAIT never says EAGAIN for a file; newer RWF_* flags are refused",
    },
  ),
  lseek: call(62, [fd(), offset(), enumerationArg("whence", WHENCE)], "move the file offset", { result: "offset" }),
  close: call(57, [fd()], "close a descriptor"),
  close_range: call(436, [uint("first"), uint("last"), flags("flags", CLOSE_RANGE)], "close a range of descriptors"),
  dup: call(23, [fd("oldfd")], "copy a descriptor", { result: "fd" }),
  dup3: call(24, [fd("oldfd"), fd("newfd"), flags("flags", OPEN_FLAGS)], "copy a descriptor to a number", {
    result: "fd",
  }),
  fcntl: call(25, [fd(), enumerationArg("cmd", FCNTL), by("arg", "cmd", {})], "descriptor and file status operations", {
    support: "partial",
    note: "leases and directory notification are refused; SIGIO is not sent",
  }),
  flock: call(32, [fd(), flags("operation", LOCK_OPERATIONS, "i32")], "lock an open file"),
  ioctl: call(29, [fd(), hex("request"), address("argp")], "device operations", {
    support: "partial",
    note: "terminals, pipes and sockets; others ENOTTY",
  }),
  fsync: call(82, [fd()], "write a file's data to the disk"),
  fdatasync: call(83, [fd()], "write a file's data to the disk"),
  sync: call(81, [], "write all to the disk"),
  syncfs: call(267, [fd()], "write a file system to the disk"),
  sync_file_range: call(84, [fd(), offset(), offset("nbytes"), uint("flags")], "write part of a file to the disk"),
  fadvise64: call(223, [fd(), offset(), size("len"), int("advice")], "announce an access pattern"),
  readahead: call(213, [fd(), offset(), size("count")], "fill the page cache"),
  sendfile: call(71, [fd("out_fd"), fd("in_fd"), address("offset"), size("count")], "copy between descriptors", {
    result: "size",
  }),
  splice: call(
    76,
    [fd("fd_in"), address("off_in"), fd("fd_out"), address("off_out"), size("len"), flags("flags", SPLICE_FLAGS)],
    "move data to or from a pipe",
    {
      result: "size",
    },
  ),
  copy_file_range: call(
    285,
    [fd("fd_in"), address("off_in"), fd("fd_out"), address("off_out"), size("len"), uint("flags")],
    "copy between files",
    {
      result: "size",
    },
  ),
  tee: call(77, [fd("fd_in"), fd("fd_out"), size("len"), flags("flags", SPLICE_FLAGS)], "copy pipe content", {
    result: "size",
  }),
  vmsplice: call(
    75,
    [fd(), iovec("iov", "in", "nr_segs"), int("nr_segs"), flags("flags", SPLICE_FLAGS)],
    "move memory into a pipe",
    { result: "size" },
  ),
} satisfies Family;
