/**
 * A day of a small server in virtual time: redis and nginx, and a script that wakes every minute, forks, runs programs and asks both. Afterwards what the machine holds must be
 * what it held in the third hour. DOLLY_SOAK_HOURS for another length; DOLLY_SOAK_LOG=FILE gets what each hour held.
 */
import assert from "node:assert/strict";
import type { Machine } from "../../actors/mod.ts";
import { boot, MemoryStdio } from "../../mod.ts";
import { ignore, inFolder, note, sysroot } from "./harness.ts";

const HOURS = Number(Deno.env.get("DOLLY_SOAK_HOURS") ?? 24), SETTLED = 3, HOUR = 3600e9;
/** Its minutes are a little short: the last hour is looked at before it ends. */
const MINUTES = HOURS * 60 + 30;

const NGINX = `worker_processes 2; pid nginx.pid; daemon off; user root; error_log errors;
events { worker_connections 64; }
http { access_log off; client_body_temp_path tmp; server { listen 127.0.0.1:8099; root html; } }
`;

const CRON = `mkdir html; echo hello >html/index.html
redis-server --port 7777 --save "" --dir . >log 2>&1 &
nginx -c $PWD/nginx.conf -p $PWD/ -e $PWD/errors &
until redis-cli -p 7777 ping; do sleep 1; done
minute=0
while [ $minute -lt ${MINUTES} ]; do
  sleep 59.5
  minute=$((minute + 1))
  for job in 1 2 3; do (true | cat; exit $job) & done
  wait $!
  redis-cli -p 7777 incr minutes >/dev/null
  redis-cli -p 7777 set key$((minute % 50)) "$(seq $minute 20 | head -c 100)" ex 3600 >/dev/null
  [ $((minute % 5)) -ne 0 ] || curl -s http://127.0.0.1:8099/ >>answers
  [ $((minute % 60)) -ne 0 ] || { redis-cli -p 7777 bgsave; kill -HUP $(cat nginx.pid); } >/dev/null
done
redis-cli -p 7777 get minutes
grep -c hello answers
kill -QUIT $(cat nginx.pid)
redis-cli -p 7777 shutdown nosave
wait
`;

/** What a machine holds at one moment. */
interface Held {
  readonly tasks: number;
  readonly files: number;
  readonly pages: number;
  readonly timers: number;
  readonly groups: number;
  /** MiB of this process. */
  readonly heap: number;
  readonly rss: number;
}

const heldBy = (machine: Machine): Held => {
  const { heapUsed, rss } = Deno.memoryUsage();
  return {
    tasks: machine.tasks.size,
    files: machine.files.open,
    pages: Math.round(machine.memory.used),
    timers: machine.timers.size,
    groups: machine.groups.size,
    heap: Math.round(heapUsed / 2 ** 20),
    rss: Math.round(rss / 2 ** 20),
  };
};

Deno.test({ name: `${HOURS} hours of redis, nginx and jobs every minute: nothing grows`, ignore }, async () => {
  const found = sysroot(["redis-server", "redis-tools", "nginx-light", "curl", "dash", "coreutils", "grep"]);
  if ("reason" in found) return console.log(`skipped: ${found.reason}`);
  await inFolder(found.root, async (cwd) => {
    Deno.writeTextFileSync(`${found.root}${cwd}/nginx.conf`, NGINX);
    Deno.writeTextFileSync(`${found.root}${cwd}/cron`, CRON);
    const hours: Held[] = [];
    const log = Deno.env.get("DOLLY_SOAK_LOG");
    const decoder = new TextDecoder();
    let said = "";
    const started = performance.now();
    const report = await boot({
      guest: "/bin/dash",
      args: ["cron"],
      env: ["PATH=/usr/bin:/bin:/usr/sbin", "HOME=/root", "LC_ALL=C", "TZ=UTC"],
      root: found.root,
      cwd,
      seed: 1,
      stdio: new MemoryStdio({
        stdin: new Uint8Array(0),
        stdout: (b) => void (said += decoder.decode(b)),
        stderr: (b) => void (said += decoder.decode(b)),
      }),
      observe: (machine) => {
        // In the middle of a minute, when the jobs are done.
        const look = (): void => {
          hours.push(heldBy(machine));
          if (log !== undefined) Deno.writeTextFileSync(log, JSON.stringify(hours.at(-1)) + "\n", { append: true });
          if (hours.length < HOURS) machine.timers.at(machine.clock.monotonic() + HOUR, look);
        };
        machine.timers.at(machine.clock.monotonic() + HOUR - 20e9, look);
        return {};
      },
    });
    note({ name: `soak of ${HOURS} hours`, dolly: Math.round(performance.now() - started) });
    assert.equal(report.status, 0, `${report.message}\n${said}`);
    assert.match(said, new RegExp(`PONG\n${MINUTES}\n${MINUTES / 5}\n$`));
    assert.equal(hours.length, HOURS);
    const settled = hours[SETTLED - 1], last = hours.at(-1)!;
    for (const what of ["tasks", "files", "timers", "groups"] as const) assert.equal(last[what], settled[what], what);
    assert.ok(last.pages <= settled.pages * 1.05, `pages: ${settled.pages}, then ${last.pages}`);
    assert.ok(last.rss <= settled.rss * 1.25, `MiB of the host: ${settled.rss}, then ${last.rss}`);
  });
});
