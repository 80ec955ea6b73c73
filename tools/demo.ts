/** The demo: a riscv64 Linux program that comes with the repository, run through the command line. */
const guest = new URL("../tests/guests/bin/tour", import.meta.url).pathname;
const { code } = await new Deno.Command(Deno.execPath(), {
  args: ["run", "-A", new URL("../mod.ts", import.meta.url).pathname, "run", "--stats", guest],
  stdin: "inherit",
})
  .spawn().status;
Deno.exit(code);
