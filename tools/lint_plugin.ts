/**
 * Chance comes only through actors/world/: this plugin bans the host's clocks, randomness and the whole of `Deno.*` everywhere else, but for the command line, tools,
 * tests and benchmarks.
 */
const FREE = /(^|\/)(actors\/world\/|cli\/|tools\/|tests\/|bench\/|mod\.ts$)/;

/** Member accesses that let chance in, by object. */
const BANNED: Readonly<Record<string, readonly string[] | "all">> = {
  Deno: "all",
  Date: ["now"],
  Math: ["random"],
  performance: "all",
  crypto: "all",
};

const plugin: Deno.lint.Plugin = {
  name: "dolly",
  rules: {
    "no-chance": {
      create(context) {
        if (FREE.test(context.filename.replaceAll("\\", "/"))) return {};
        return {
          MemberExpression(node) {
            if (node.object.type !== "Identifier" || node.property.type !== "Identifier") return;
            const members = BANNED[node.object.name];
            if (members === undefined || (members !== "all" && !members.includes(node.property.name))) return;
            context.report({ node, message: `${node.object.name}.${node.property.name} belongs in actors/world/` });
          },
          NewExpression(node) {
            if (node.callee.type === "Identifier" && node.callee.name === "Date" && node.arguments.length === 0) {
              context.report({ node, message: "new Date() without arguments belongs in actors/world/" });
            }
          },
        };
      },
    },
  },
};
export default plugin;
