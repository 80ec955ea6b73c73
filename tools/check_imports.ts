/**
 * Who may import whom (docs/ARCHITECTURE.md): checks every import of every source file against the rules, and that there is no cycle of value imports. Reads
 * the files as text. `deno run -A tools/check_imports.ts [ROOT]` prints each offence and exits 1 if there is any.
 */
import { dirname, join, relative, resolve } from "node:path";

export interface Edge {
  readonly from: string;
  readonly to: string;
  /** `import type` and `export type`: no run-time dependency. */
  readonly typeOnly: boolean;
}

const SPECIFIER = /^\s*(?:import|export)\s+(type\s+)?(?:[^"';]*?\sfrom\s+)?"([^"]+)"/gm;

/** Imports of one file, as paths relative to the root or bare specifiers. */
export const importsOf = (root: string, file: string, text: string): Edge[] =>
  [...text.matchAll(SPECIFIER)].map(([whole, type, to]) => ({
    from: file,
    to: to.startsWith(".") ? relative(root, resolve(root, dirname(file), to)) : to,
    typeOnly: type !== undefined || onlyTypes(whole),
  }));

/** `import { type A, type B } from`: every name is a type. */
const onlyTypes = (statement: string): boolean => {
  const names = /\{([^}]*)\}/.exec(statement)?.[1];
  return names !== undefined &&
    names.split(",").map((n) => n.trim()).filter((n) => n !== "").every((n) => n.startsWith("type "));
};

const family = (path: string): string | undefined => /^syscalls\/([^/]+)\//.exec(path)?.[1];

/** What is wrong with an import; undefined when it is allowed. */
export const offence = ({ from, to }: Edge): string | undefined => {
  const bare = !/\.(ts|json|wasm)$/.test(to);
  if (from.startsWith("cpu/")) {
    if (!to.startsWith("cpu/")) return "cpu/ imports only cpu/";
    const isa = /^cpu\/(rv64|a64|x64)\//;
    const a = isa.exec(from)?.[1], b = isa.exec(to)?.[1];
    return a !== undefined && b !== undefined && a !== b ? "two ISAs never import each other" : undefined;
  }
  if (from.startsWith("syscalls/abi/")) {
    return to.startsWith("syscalls/abi/") ? undefined : "syscalls/abi/ imports only itself";
  }
  if (/^syscalls\/[^/]+\/declare\.ts$/.test(from)) {
    return to.startsWith("syscalls/abi/") ? undefined : "a declaration imports only syscalls/abi/";
  }
  if (from.startsWith("actors/")) {
    if (bare) {
      return to.startsWith("effect/") && from === "actors/effect.ts"
        ? undefined
        : "effect is imported through actors/effect.ts only";
    }
    if (to.startsWith("actors/") || to.startsWith("syscalls/abi/") || to === "cpu/mod.ts" || to === "cpu/types.ts") {
      return undefined;
    }
    return "actors/ imports actors/, cpu/mod.ts and syscalls/abi/";
  }
  const mine = family(from);
  if (mine !== undefined) {
    if (
      to.startsWith("syscalls/abi/") || /^actors\/(\w+\/)?mod\.ts$/.test(to) || to === "cpu/types.ts" ||
      family(to) === mine
    ) {
      return undefined;
    }
    return "a family imports its own files, syscalls/abi/, actors/mod.ts and the mod.ts of one part of actors/";
  }
  return undefined;
};

/** Cycles of value imports, each once. */
export const cycles = (edges: readonly Edge[]): string[][] => {
  const next = new Map<string, string[]>();
  for (const e of edges) if (!e.typeOnly) (next.get(e.from) ?? next.set(e.from, []).get(e.from)!).push(e.to);
  const done = new Set<string>(), found: string[][] = [];
  const visit = (file: string, path: string[]): void => {
    const at = path.indexOf(file);
    if (at >= 0) {
      found.push([...path.slice(at), file]);
      return;
    }
    if (done.has(file)) return;
    for (const to of next.get(file) ?? []) visit(to, [...path, file]);
    done.add(file);
  };
  for (const file of next.keys()) visit(file, []);
  return found;
};

const sources = (root: string, dir: string): string[] =>
  [...Deno.readDirSync(join(root, dir))].flatMap((e) => {
    const path = dir === "" ? e.name : `${dir}/${e.name}`;
    if (e.isDirectory) return e.name.startsWith(".") || e.name === "node_modules" ? [] : sources(root, path);
    return e.name.endsWith(".ts") ? [path] : [];
  });

/** All offences of a checkout, a line each. */
export const checkTree = (root: string): string[] => {
  const edges = sources(root, "").flatMap((file) => importsOf(root, file, Deno.readTextFileSync(join(root, file))));
  const wrong = edges.flatMap((e) => {
    const why = offence(e);
    return why === undefined ? [] : [`${e.from} imports ${e.to}: ${why}`];
  });
  return [...wrong, ...cycles(edges).map((c) => `cycle: ${c.join(" -> ")}`)];
};

if (import.meta.main) {
  const found = checkTree(Deno.args[0] ?? Deno.cwd());
  for (const line of found) console.error(line);
  console.log(found.length === 0 ? "imports: all as they should be" : `imports: ${found.length} offences`);
  if (found.length > 0) Deno.exit(1);
}
