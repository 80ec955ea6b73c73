/** Arguments of the socket calls: addresses, messages with what they carry, options. */
import { AF, IPPROTO, MSG_FLAGS, SCM, SO, SOL } from "../../syscalls/abi/net.ts";
import type { Request } from "./request.ts";
import { data, flagText, hexNumber, pointer, quoted } from "./text.ts";

const nameOf = (prefix: string, names: Readonly<Record<string, number>>, value: number): string | undefined => {
  const name = Object.keys(names).find((n) => names[n] === value);
  return name === undefined ? undefined : `${prefix}_${name}`;
};

/** struct sockaddr of the guest's memory. */
export const socketAddress = (r: Request, at: number, length: number): string => {
  if (at === 0) return "NULL";
  const bytes = length >= 2 ? r.bytes(at, Math.min(length, 256)) : undefined;
  if (bytes === undefined) return pointer(at);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const family = view.getUint16(0, true), name = nameOf("AF", AF, family) ?? `${family}`;
  if (family === AF.UNIX) {
    if (bytes.length === 2) return `{sa_family=${name}}`;
    const path = bytes.subarray(2), end = path.indexOf(0);
    if (path[0] === 0) return `{sa_family=${name}, sun_path=@${quoted(path.subarray(1))}}`;
    return `{sa_family=${name}, sun_path=${quoted(end < 0 ? path : path.subarray(0, end))}}`;
  }
  if (family === AF.INET && bytes.length >= 16) {
    return `{sa_family=${name}, sin_port=htons(${view.getUint16(2)}), sin_addr=inet_addr("${
      bytes.subarray(4, 8).join(".")
    }")}`;
  }
  if (family === AF.INET6 && bytes.length >= 24) {
    const flow = view.getUint32(4), scope = bytes.length >= 28 ? view.getUint32(24, true) : 0;
    return `{sa_family=${name}, sin6_port=htons(${view.getUint16(2)}), sin6_flowinfo=htonl(${flow}), ` +
      `inet_pton(AF_INET6, "${ipv6(bytes.subarray(8, 24))}", &sin6_addr), sin6_scope_id=${scope}}`;
  }
  if (family === AF.NETLINK && bytes.length >= 12) {
    return `{sa_family=${name}, nl_pid=${view.getUint32(4, true)}, nl_groups=${
      hexNumber(view.getUint32(8, true)).padStart(1)
    }}`;
  }
  return `{sa_family=${name}, sa_data=${quoted(bytes.subarray(2))}}`;
};

const ipv6 = (bytes: Uint8Array): string => {
  const groups = Array.from({ length: 8 }, (_, i) => (bytes[2 * i] << 8 | bytes[2 * i + 1]).toString(16)).join(":");
  const zeros = [...groups.matchAll(/\b0(?::0)+\b/g)].sort((a, b) => b[0].length - a[0].length)[0];
  if (zeros === undefined) return groups;
  return `${groups.slice(0, zeros.index).replace(/:$/, "")}::${
    groups.slice(zeros.index + zeros[0].length).replace(/^:/, "")
  }`;
};

/** iovec array; `left` bytes are shown of it (Infinity: all). */
export const vectors = (r: Request, at: number, count: number, left: number | undefined): string => {
  if (at === 0) return "NULL";
  if (count < 0 || count > 1024) return pointer(at);
  const parts: string[] = [];
  for (let i = 0; i < count; i++) {
    const base = r.long(at + 16 * i), length = r.long(at + 16 * i + 8);
    if (base === undefined || length === undefined) {
      if (i === 0) return pointer(at);
      parts.push(`... /* ${pointer(at + 16 * i)} */`);
      break;
    }
    const size = Number(length), shown = left === undefined ? 0 : Math.min(size, left);
    const bytes = left === undefined ? undefined : r.bytes(Number(base), Math.min(shown, 4096));
    if (left !== undefined) left -= shown;
    parts.push(`{iov_base=${bytes === undefined ? pointer(base) : data(bytes, shown)}, iov_len=${size}}`);
  }
  return `[${parts.join(", ")}]`;
};

/** SCM_RIGHTS and SCM_CREDENTIALS of control data. */
const control = (r: Request, at: number, length: number): string => {
  const bytes = r.bytes(at, Math.min(length, 4096));
  if (bytes === undefined) return pointer(at);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const parts: string[] = [];
  for (let i = 0; i + 16 <= bytes.length;) {
    const size = Number(view.getBigUint64(i, true)),
      level = view.getInt32(i + 8, true),
      type = view.getInt32(i + 12, true);
    if (size < 16 || i + size > bytes.length) break;
    const head = `cmsg_len=${size}, cmsg_level=${nameOf("SOL", SOL, level) ?? level}`;
    if (level === SOL.SOCKET && type === SCM.RIGHTS) {
      const fds: number[] = [];
      for (let k = i + 16; k + 4 <= i + size; k += 4) fds.push(view.getInt32(k, true));
      parts.push(`{${head}, cmsg_type=SCM_RIGHTS, cmsg_data=[${fds.join(", ")}]}`);
    } else if (level === SOL.SOCKET && type === SCM.CREDENTIALS && size >= 28) {
      const [pid, uid, gid] = [16, 20, 24].map((k) => view.getInt32(i + k, true));
      parts.push(`{${head}, cmsg_type=SCM_CREDENTIALS, cmsg_data={pid=${pid}, uid=${uid}, gid=${gid}}}`);
    } else parts.push(`{${head}, cmsg_type=${hexNumber(type)}, cmsg_data=${quoted(bytes.subarray(i + 16, i + size))}}`);
    i += size + 7 & ~7;
  }
  return `[${parts.join(", ")}]`;
};

/** struct msghdr; `shown` bytes of its data. */
export const message = (r: Request, at: number, shown: number | undefined): string => {
  const bytes = at === 0 ? undefined : r.bytes(at, 56);
  if (bytes === undefined) return pointer(at);
  const view = new DataView(bytes.buffer, bytes.byteOffset, 56);
  const number = (offset: number) => Number(view.getBigUint64(offset, true));
  const nameLength = view.getInt32(8, true), controlLength = number(40);
  return `{msg_name=${socketAddress(r, number(0), nameLength)}, msg_namelen=${nameLength}, ` +
    `msg_iov=${vectors(r, number(16), number(24), shown)}, msg_iovlen=${number(24)}, ` +
    (controlLength > 0 && number(32) !== 0 ? `msg_control=${control(r, number(32), controlLength)}, ` : "") +
    `msg_controllen=${controlLength}, msg_flags=${flagText(MSG_FLAGS, view.getInt32(48, true))}}`;
};

const TCP = {
  TCP_NODELAY: 1,
  TCP_MAXSEG: 2,
  TCP_CORK: 3,
  TCP_KEEPIDLE: 4,
  TCP_KEEPINTVL: 5,
  TCP_KEEPCNT: 6,
  TCP_USER_TIMEOUT: 18,
  TCP_FASTOPEN: 23,
  TCP_INFO: 11,
  TCP_CONGESTION: 13,
  TCP_QUICKACK: 12,
  TCP_DEFER_ACCEPT: 9,
};
const IP = {
  IP_TOS: 1,
  IP_TTL: 2,
  IP_OPTIONS: 4,
  IP_RECVERR: 11,
  IP_MTU_DISCOVER: 10,
  IP_PKTINFO: 8,
  IP_BIND_ADDRESS_NO_PORT: 24,
};
const IPV6 = { IPV6_V6ONLY: 26, IPV6_RECVERR: 25, IPV6_RECVPKTINFO: 49, IPV6_UNICAST_HOPS: 16, IPV6_TCLASS: 67 };

/** Name of an option under its level. */
export const option = (level: number, name: number): string => {
  const known = level === SOL.SOCKET
    ? nameOf("SO", SO, name)
    : Object.entries(level === SOL.TCP ? TCP : level === SOL.IP ? IP : level === SOL.IPV6 ? IPV6 : {}).find(([, v]) =>
      v === name
    )?.[0];
  return known ?? hexNumber(name);
};

export const protocol = (domain: number, value: number): string => {
  if (domain !== AF.INET && domain !== AF.INET6) return String(value);
  return nameOf("IPPROTO", IPPROTO, value) ?? String(value);
};
