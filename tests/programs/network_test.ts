/** Servers and their clients on the loopback inside the machine: redis, nginx with curl, openssl. */
import { program } from "./harness.ts";

program({
  name: "redis-server with redis-cli and redis-benchmark",
  packages: ["redis-server", "redis-tools", "bash", "coreutils"],
  seconds: 120,
  command: [
    "bash",
    "-c",
    `redis-server --port 7777 --save "" --dir . >log 2>&1 &
     for i in {1..50}; do sleep 0.2; redis-cli -p 7777 ping 2>/dev/null && break; done
     cli() { redis-cli -p 7777 "$@"; }
     cli set a 1; cli incr a; cli rpush l x y z; cli lrange l 0 -1; cli eval 'return redis.call("get", "a") + 40' 0
     (cli --raw blpop waits 5 | tail -1) & sleep 0.3; cli rpush waits now >/dev/null; wait $!
     redis-benchmark -p 7777 -n 2000 -c 10 -t set,get -q | tr '\\r' '\\n' | grep -c 'requests per second'
     cli dbsize; cli bgsave >/dev/null; sleep 1; ls dump.rdb; cli shutdown nosave; wait; grep -c 'bye bye' log`,
  ],
  expect: { text: "PONG\nOK\n2\n3\nx\ny\nz\n42\nnow\n2\n3\ndump.rdb\n1\n" },
});

const NGINX = `worker_processes 4; pid nginx.pid; daemon off; user root;
events { worker_connections 64; }
http { access_log access; client_body_temp_path tmp; server { listen 127.0.0.1:8099; root html; location / { sendfile on; } } }
`;
program({
  name: "nginx with 4 worker processes serves curl",
  packages: ["nginx-light", "curl", "bash", "coreutils"],
  seconds: 120,
  files: { "nginx.conf": NGINX },
  command: [
    "bash",
    "-c",
    `mkdir html; echo hello >html/index.html; head -c 300000 /dev/zero | tr '\\0' x >html/big
     nginx -c $PWD/nginx.conf -p $PWD/ -e $PWD/errors & for i in {1..50}; do sleep 0.1; curl -s 127.0.0.1:8099 >/dev/null && break; done
     for i in 1 2 3; do curl -s http://127.0.0.1:8099/; done; curl -s http://127.0.0.1:8099/big | wc -c; curl -sI http://127.0.0.1:8099/none | head -1
     curl -s -r 5-9 http://127.0.0.1:8099/big; echo; for i in 1 2 3 4 5 6; do curl -s http://127.0.0.1:8099/big & done | wc -c
     cat /proc/[0-9]*/comm | grep -c nginx; kill -HUP $(cat nginx.pid); sleep 0.5; curl -s http://127.0.0.1:8099/; kill -QUIT $(cat nginx.pid); wait; echo ended; ls nginx.pid 2>&1 | grep -c cannot`,
  ],
  expect: {
    text: "hello\nhello\nhello\n300000\nHTTP/1.1 404 Not Found\r\nxxxxx\n1800000\n5\nhello\nended\n1\n",
  },
});

program({
  name: "openssl: s_server with s_client and curl, speed",
  packages: ["openssl", "curl", "bash", "coreutils"],
  seconds: 240,
  command: [
    "bash",
    "-c",
    `openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout k -out c -days 2 -subj /CN=localhost 2>/dev/null
     openssl s_server -accept 4433 -key k -cert c -www -quiet & p=$!; sleep 1
     printf 'GET / HTTP/1.0\\r\\n\\r\\n' | openssl s_client -connect 127.0.0.1:4433 -quiet 2>/dev/null | head -1
     curl -sk https://127.0.0.1:4433/ | grep -c 'Protocol *: TLSv1.3'; kill $p; wait 2>/dev/null
     openssl speed -seconds 1 -bytes 1024 sha256 2>/dev/null | grep -c '^sha256'; echo text >f; openssl enc -aes-256-cbc -pbkdf2 -pass pass:x -in f | openssl enc -d -aes-256-cbc -pbkdf2 -pass pass:x
     openssl dgst -sha256 -sign k -out s f; openssl x509 -in c -pubkey -noout >pub; openssl dgst -sha256 -verify pub -signature s f`,
  ],
  expect: { matches: /^HTTP\/1.0 200 ok\s+1\n1\ntext\nVerified OK\n$/ },
});
