/** Language runtimes with compilers of their own: node, Java, Ruby, PHP, Erlang, SBCL, PyPy; Rust's and LLVM's compilers; numpy. */
import { program } from "./harness.ts";

const NODE =
  `const http = require("http"), { Worker } = require("worker_threads"), cp = require("child_process"), fs = require("fs"), crypto = require("crypto"), zlib = require("zlib");
(async () => {
  console.log(cp.execSync("echo from sh").toString().trim());
  console.log(await new Promise((r) => { const c = cp.spawn("tr", ["a-z", "A-Z"]); let o = ""; c.stdout.on("data", (d) => o += d); c.on("close", (x) => r(o + x)); c.stdin.end("piped ") }));
  const s = http.createServer((q, r) => r.end("hello " + q.url)).listen(0);
  console.log(await (await fetch("http://127.0.0.1:" + s.address().port + "/x")).text()); s.close();
  console.log(await new Promise((r) => { const w = new Worker('require("worker_threads").parentPort.postMessage(6 * 7)', { eval: true }); w.on("message", r) }));
  fs.writeFileSync("f", "text"); console.log((await fs.promises.readFile("f")).toString(), crypto.createHash("sha256").update("x").digest("hex").slice(0, 8), zlib.gunzipSync(zlib.gzipSync("zip")).toString());
  let t = 0; for (let i = 0; i < 1e6; i++) t += i % 7; console.log(t);
  setTimeout(() => console.log("timer"), 10);
})();
`;
program({
  // Without the option node's WebAssembly (of its fetch) reserves 8 GiB for each memory.
  name: "node 24: processes, http server and fetch, worker thread, files, crypto, zlib",
  packages: ["nodejs", "dash", "coreutils"],
  seconds: 120,
  files: { "a.js": NODE },
  command: ["node", "--disable-wasm-trap-handler", "a.js"],
  expect: { text: "from sh\nPIPED 0\nhello /x\n42\ntext 2d711642 zip\n2999997\ntimer\n" },
});
program({
  name: "java 25: starts with its class data archive and just-in-time compiler",
  packages: ["openjdk-25-jre-headless"],
  seconds: 120,
  options: ["--mmap-base", "1G"],
  command: ["/usr/lib/jvm/java-25-openjdk-riscv64/bin/java", "-Xshare:auto", "--version"],
  expect: { matches: /^openjdk 25[^]*Server VM[^]*mixed mode/ },
});
program({
  name: "ruby 3.3: fork, threads, ractor, traps, sockets, fibers",
  packages: ["ruby", "dash", "coreutils"],
  seconds: 120,
  command: [
    "ruby",
    "-W0",
    "-e",
    `puts [3,1,2].sort.inspect; puts \`echo hi\`; pid = fork { exit 3 }; Process.wait pid; puts $?.exitstatus; q = Queue.new
     4.times.map { |i| Thread.new { q << i * i } }.each(&:join); puts q.size; require "json"; puts JSON.generate({a: 1}); s = 0; 300000.times { |i| s += i % 7 }; puts s
     trap("USR1") { puts "usr1" }; Process.kill("USR1", $$); sleep 0.1; puts Ractor.new { 6 * 7 }.take; require "socket"; a = TCPServer.new("127.0.0.1", 0)
     Thread.new { c = a.accept; c.puts "net"; c.close }; puts TCPSocket.new("127.0.0.1", a.addr[1]).gets; f = Fiber.new { Fiber.yield 1; 2 }; p f.resume, f.resume
     require "open3"; p Open3.capture2e("cat", stdin_data: "in")[0]`,
  ],
  expect: { text: '[1, 2, 3]\nhi\n3\n4\n{"a":1}\n899997\nusr1\n42\nnet\n1\n2\n"in"\n' },
});
program({
  name: "php 8.4: processes, regular expressions, hashes",
  packages: ["php-cli", "dash", "coreutils"],
  command: [
    "php",
    "-r",
    `$a = [3,1,2]; sort($a); echo json_encode($a), "\\n"; echo shell_exec("echo hi"); $p = proc_open(["tr","a-z","A-Z"], [["pipe","r"],["pipe","w"]], $q); fwrite($q[0], "up\\n"); fclose($q[0]);
     echo stream_get_contents($q[1]); echo proc_close($p), "\\n"; echo preg_replace("/(\\w)at/", "$1ot", "cat hat"), "\\n"; $s = 0; for ($i = 0; $i < 1000000; $i++) $s += $i % 7; echo $s, "\\n"; echo substr(hash("sha256", "x"), 0, 8), "\\n";`,
  ],
  expect: { text: "[1,2,3]\nhi\nUP\n0\ncot hot\n2999997\n2d711642\n" },
});
program({
  name: "erlang: a thousand processes",
  packages: ["erlang-base", "dash", "coreutils", "sed"],
  seconds: 120,
  command: [
    "erl",
    "-noshell",
    "-eval",
    `Self = self(), [spawn(fun() -> Self ! X end) || X <- lists:seq(1, 1000)], io:format("~p~n", [lists:sum([receive Y -> Y end || _ <- lists:seq(1, 1000)])]), halt().`,
  ],
  expect: { text: "500500\n" },
});
program({
  name: "sbcl: compiles and runs",
  packages: ["sbcl"],
  command: [
    "sbcl",
    "--noinform",
    "--no-userinit",
    "--eval",
    '(progn (defun f (n) (if (< n 2) n (+ (f (- n 1)) (f (- n 2))))) (format t "~a~%" (f 20)) (sb-ext:exit))',
  ],
  expect: { text: "6765\n" },
});
program({
  name: "pypy3: a loop of 1e6 steps",
  packages: ["pypy3"],
  seconds: 120,
  command: ["pypy3", "-c", "print(sum(i * i % 7 for i in range(1000000)))"],
  expect: { text: "1999998\n" },
});
program({
  name: "rustc and clang build programs",
  packages: ["rustc", "clang", "gcc", "libc6-dev", "dash", "coreutils"],
  seconds: 240,
  files: {
    "m.rs":
      'use std::thread;\nfn main() { let v: Vec<_> = (0..4).map(|i| thread::spawn(move || i * i)).collect(); println!("{}", v.into_iter().map(|t| t.join().unwrap()).sum::<i32>()); }\n',
    "m.c": '#include <stdio.h>\nint main(void) { printf("%d\\n", 42); return 3; }\n',
  },
  command: ["sh", "-c", "rustc -O m.rs && ./m; clang -O2 m.c -o c && ./c; echo $?"],
  expect: { text: "14\n42\n3\n" },
});
