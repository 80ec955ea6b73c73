/**
 * A directory of the host for random calls to do harm in. Every program gets a fresh root there, with links that lead out of it; what lies beside the root must stay as it
 * is.
 */
const ROOT = "fuzz-root", OUTSIDE = "fuzz-outside", SECRET = "what a guest must neither read nor change";

/** Removes what a guest has left, whatever modes it gave it. */
const remove = (path: string): void => {
  const info = Deno.lstatSync(path);
  if (info.isDirectory) {
    Deno.chmodSync(path, 0o700);
    for (const { name } of Deno.readDirSync(path)) remove(`${path}/${name}`);
  }
  Deno.removeSync(path);
};
const removeIfThere = (path: string): void => {
  try {
    remove(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
};

export class HostRoot {
  readonly root: string;
  readonly #outside: string;
  readonly #before: string;

  /** @param dir must be there; two names in it are used, `end` removes them */
  constructor(readonly dir: string) {
    this.root = `${dir}/${ROOT}`;
    this.#outside = `${dir}/${OUTSIDE}`;
    this.end();
    Deno.mkdirSync(this.#outside, { mode: 0o755 });
    Deno.writeTextFileSync(`${this.#outside}/secret`, SECRET, { mode: 0o666 });
    this.#before = this.#look();
  }
  /** All there is beside the root. */
  #look(): string {
    const names = (dir: string) => [...Deno.readDirSync(dir)].map((e) => e.name).filter((name) => name !== ROOT).sort();
    const about = (path: string) => {
      const { mode, uid, gid } = Deno.lstatSync(path);
      return [mode?.toString(8), uid, gid].join(":");
    };
    const outside = names(this.#outside).map((name) => `${name} ${about(`${this.#outside}/${name}`)}`);
    const text = Deno.readTextFileSync(`${this.#outside}/secret`);
    return [names(this.dir), about(this.#outside), outside, text].join(", ");
  }

  /** An empty root but for links: up and out, out by an absolute path, to a directory, to nothing. */
  fresh(): void {
    removeIfThere(this.root);
    Deno.mkdirSync(this.root, { mode: 0o755 });
    const link = (name: string, target: string) => Deno.symlinkSync(target, `${this.root}/${name}`);
    link("a", `../${OUTSIDE}/secret`);
    link("b", this.#outside);
    link("dir", "../../../../../../../../../../../..");
    link("new", `../${OUTSIDE}/new`);
    Deno.mkdirSync(`${this.root}/tmp`, { mode: 0o755 });
    for (const name of ["a", "b", "dir", "new"]) Deno.symlinkSync(`../${name}`, `${this.root}/tmp/${name}`);
  }

  /** What changed outside of the root; undefined: nothing. */
  touched(): string | undefined {
    let now: string;
    try {
      now = this.#look();
    } catch (error) {
      return `what lies outside the root cannot be read any more: ${(error as Error).message}`;
    }
    return now === this.#before ? undefined : `outside the root there was ${this.#before}; there is ${now}`;
  }

  end(): void {
    removeIfThere(this.root);
    removeIfThere(this.#outside);
  }
}
