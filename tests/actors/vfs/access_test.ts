/** Discretionary access: all modes against owner, group, others and the two capabilities. */
import assert from "node:assert/strict";
import { CAP, credentialsOf } from "../../../actors/credentials.ts";
import { mayAccess } from "../../../actors/vfs/access.ts";
import { S_IFDIR, S_IFREG } from "../../../actors/vfs/inode.ts";

Deno.test("exactly one class of bits decides for a user without capabilities", () => {
  const who = [
    { cred: credentialsOf(10, 20), shift: 6 },
    { cred: credentialsOf(11, 20), shift: 3 },
    { cred: credentialsOf(11, 21, [5, 20]), shift: 3 },
    { cred: credentialsOf(11, 21), shift: 0 },
  ];
  for (let mode = 0; mode <= 0o777; mode++) {
    for (const { cred, shift } of who) {
      for (let mask = 1; mask <= 7; mask++) {
        const want = ((mode >> shift) & mask) === mask;
        assert.equal(mayAccess(cred, { mode: S_IFREG | mode, uid: 10, gid: 20 }, mask), want);
      }
    }
  }
});

Deno.test("root may all but run a file that nobody may run", () => {
  const root = credentialsOf(0, 0);
  for (let mode = 0; mode <= 0o777; mode++) {
    const file = { mode: S_IFREG | mode, uid: 10, gid: 20 };
    assert.equal(mayAccess(root, file, 6), true);
    assert.equal(mayAccess(root, file, 1), (mode & 0o111) !== 0);
    assert.equal(mayAccess(root, { ...file, mode: S_IFDIR | mode }, 7), true);
  }
});

Deno.test("CAP_DAC_READ_SEARCH reads files and searches directories, no more", () => {
  const cred = { ...credentialsOf(10, 10), capEffective: 1n << BigInt(CAP.DAC_READ_SEARCH) };
  const file = { mode: S_IFREG, uid: 0, gid: 0 }, dir = { ...file, mode: S_IFDIR };
  assert.deepEqual([4, 1, 2].map((m) => mayAccess(cred, file, m)), [true, false, false]);
  assert.deepEqual([4, 5, 1, 2].map((m) => mayAccess(cred, dir, m)), [true, true, true, false]);
});
