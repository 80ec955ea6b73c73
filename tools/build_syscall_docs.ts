/**
 * Writes docs/SYSCALLS.md from the declarations; with `--check` only compares. Also checks that declared names and numbers agree with the riscv64 table.
 */
import { NUMBERS } from "../syscalls/abi/numbers.ts";
import type { Call } from "../syscalls/abi/call.ts";
import { FAMILIES } from "../syscalls/mod.ts";

const FILE = new URL("../docs/SYSCALLS.md", import.meta.url);

interface Row {
  readonly name: string;
  readonly family: string;
  readonly call: Call;
}

const declared = (): Map<number, Row> => {
  const rows = new Map<number, Row>();
  for (const [family, calls] of Object.entries(FAMILIES)) {
    for (const [name, call] of Object.entries(calls)) rows.set(call.nr, { name, family, call });
  }
  return rows;
};

/** Rows whose number the kernel's table gives another name. */
export const disagreements = (): string[] =>
  [...declared()].filter(([nr, row]) => NUMBERS[nr] !== row.name).map(([nr, row]) =>
    `${row.name} is declared as ${nr}, which is ${NUMBERS[nr] ?? "no call"}`
  );

const signature = (row: Row): string =>
  row.call.support === "absent" ? "" : `(${row.call.args.map((a) => a.name).join(", ")})`;

/** The document's text. */
export const documentText = (): string => {
  const rows = declared();
  const all = Object.entries(NUMBERS).map(([nr, name]) => ({ nr: Number(nr), name, row: rows.get(Number(nr)) }));
  const count = (support: string) => all.filter((c) => (c.row?.call.support ?? "absent") === support).length;
  const lines = [
    "# System calls",
    "",
    "Made by `deno task docs` from the declarations under `syscalls/`; do not edit. Numbers are riscv64's. A call that is absent returns ENOSYS and is counted by",
    "`--stats` under `unknown_syscalls`.",
    "",
    `${all.length} calls: ${count("full")} full, ${count("partial")} partial, ${count("absent")} absent.`,
    "",
    "| nr | call | family | support | what it does | note |",
    "| --: | --- | --- | --- | --- | --- |",
    ...all.map(({ nr, name, row }) =>
      row === undefined
        ? `| ${nr} | ${name} | | absent | | not declared |`
        : `| ${nr} | ${name}${signature(row)} | ${row.family} | ${row.call.support} | ${row.call.doc} | ${
          row.call.note ?? ""
        } |`
    ),
    "",
  ];
  return lines.join("\n");
};

if (import.meta.main) {
  const wrong = disagreements();
  for (const line of wrong) console.error(line);
  const text = documentText();
  if (Deno.args.includes("--check")) {
    const stale = Deno.readTextFileSync(FILE) !== text;
    if (stale) console.error("docs/SYSCALLS.md is not what the declarations say: run `deno task docs`");
    Deno.exit(wrong.length > 0 || stale ? 1 : 0);
  }
  Deno.writeTextFileSync(FILE, text);
}
