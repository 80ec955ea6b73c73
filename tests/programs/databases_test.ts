/** PostgreSQL as a user of its own, and SQLite with more rows. */
import { program } from "./harness.ts";

program({
  name: "postgres 18: initdb, server, psql over TCP and a unix socket, pgbench, stop",
  packages: ["postgresql", "util-linux", "bash", "coreutils"],
  seconds: 600,
  env: ["PATH=/usr/lib/postgresql/18/bin:/usr/bin:/bin"],
  command: [
    "bash",
    "-c",
    `mkdir -m 777 n; setpriv --reuid 65534 --regid 65534 --clear-groups bash -c '
     cd n; initdb -D d -U pg --no-locale -E UTF8 --no-sync >initlog || { cat initlog; exit 1; }
     printf "unix_socket_directories = '"'/tmp'"'\\nfsync = off\\n" >>d/postgresql.conf; pg_ctl -D d -w -t 200 -l log start >/dev/null || { cat log; exit 1; }
     q() { psql -At -U pg "$@" postgres; }
     q -h 127.0.0.1 -c "create table t as select i, i*i as sq from generate_series(1,10000) i" -c "select count(*), sum(sq) from t" -c "create index on t(sq)" -c "select i from t where sq = 49"
     q -h /tmp -c "begin; insert into t values (0, 1); rollback; select count(*) from t where sq = 1" | tail -1
     (q -h /tmp -c "listen x" -c "select pg_sleep(0.2)" >/dev/null) & q -h /tmp -c "notify x" ; wait $!
     pgbench -h /tmp -U pg -i -q postgres >/dev/null 2>&1; pgbench -h /tmp -U pg -c 2 -t 10 postgres 2>/dev/null | grep -o "processed: 20/20"
     pg_ctl -D d -w -t 200 -m fast stop >/dev/null; echo stopped $?; grep -c "database system is shut down" log'`,
  ],
  expect: {
    text: "SELECT 10000\n10000|333383335000\nCREATE INDEX\n7\n1\nNOTIFY\nprocessed: 20/20\nstopped 0\n1\n",
  },
});
program({
  name: "sqlite3: 300,000 rows, index, grouping, full text search, JSON",
  packages: ["sqlite3"],
  seconds: 200,
  command: ["sqlite3", "x.db"],
  stdin: `create table t(a, b); begin;
with recursive c(x) as (select 1 union all select x + 1 from c where x < 300000) insert into t select x, x * x % 1000 from c; commit; create index i on t(b);
select count(*), sum(a) from t where b = 49; select b, count(*) c from t group by b order by c desc, b limit 2;
create virtual table f using fts5(x); insert into f values ('the cat sat'), ('a dog ran'); select x from f where f match 'cat'; select json_extract('{"a":[1,2]}', '$.a[1]');
`,
  expect: { text: "2400|360000000\n25|12000\n225|12000\nthe cat sat\n2\n" },
});
