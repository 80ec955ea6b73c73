/** Archivers and compressors: there and back, and the same bytes as the host's. */
import { program } from "./harness.ts";

const DATA = "seq 1 30000 >data; mkdir t; cp data t/one; ln -s one t/link; echo two >t/two";
const archive = (name: string, packages: readonly string[], script: string): void =>
  program({
    name,
    packages: ["dash", "coreutils", ...packages],
    command: ["sh", "-ec", `${DATA}; ${script}`],
    expect: "native",
  });

archive(
  "tar and gzip",
  ["tar", "gzip"],
  "tar -cf a.tar --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner t; tar -tf a.tar; mkdir out; tar -xf a.tar -C out; cmp out/t/one data && readlink out/t/link; gzip -9nk data; gzip -dc data.gz | cmp - data && echo same; tar -czf b.tgz t; tar -xzOf b.tgz t/two",
);
archive(
  "xz",
  ["xz-utils"],
  "xz -1 -T1 <data >d.xz; xz -dc d.xz | cmp - data && echo same; xz -T2 -2 -k data; xz -t data.xz && echo good",
);
archive(
  "zstd",
  ["zstd"],
  "zstd -q -3 data; zstd -dc data.zst | cmp - data && echo same; zstd -q -T2 -10 <data | zstd -d | cmp - data && echo threads",
);
archive("bzip2", ["bzip2"], "bzip2 -k data; sha256sum <data.bz2; bzip2 -dc data.bz2 | cmp - data && echo same");
