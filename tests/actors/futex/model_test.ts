/** Random futex operations against a model of first-come queues: no wake is lost or given twice, and requeue keeps everybody (I38–I41). */
import assert from "node:assert/strict";
import fc from "fast-check";
import { BLOCKED } from "../../../actors/blocking.ts";
import { futexRequeue, futexWait, futexWake, lockPi, unlockPi } from "../../../actors/futex.ts";
import { endWait } from "../../../actors/task/waiting.ts";
import { FUTEX_MATCH_ANY, FUTEX_TID_MASK } from "../../../syscalls/abi/futex.ts";
import { call, look, MEMORY, newMachine, newTask } from "../../fakes/kernel.ts";

const WORDS = 3, TASKS = 6;
const at = (word: number): number => MEMORY + word * 64;

type Step =
  | { readonly do: "wait"; readonly task: number; readonly word: number; readonly bits: number }
  | { readonly do: "wake"; readonly word: number; readonly count: number; readonly bits: number }
  | { readonly do: "move"; readonly word: number; readonly to: number; readonly wake: number; readonly move: number }
  | { readonly do: "give up"; readonly task: number };

const task = fc.nat(TASKS - 1), word = fc.nat(WORDS - 1), bits = fc.constantFrom(1, 2, 3, FUTEX_MATCH_ANY);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant("wait" as const), task, word, bits }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("wake" as const), word, count: fc.nat(3), bits }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant("move" as const), word, to: word, wake: fc.nat(2), move: fc.nat(3) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("give up" as const), task }) },
);

interface Waiting {
  readonly task: number;
  readonly bits: number;
}

/** What the steps should do: queues of waiting tasks. Each step gives its result and who was woken. */
class Model {
  readonly queues: Waiting[][] = Array.from({ length: WORDS }, () => []);
  isWaiting(task: number): boolean {
    return this.queues.some((queue) => queue.some((w) => w.task === task));
  }
  giveUp(task: number): void {
    for (const queue of this.queues) {
      const i = queue.findIndex((w) => w.task === task);
      if (i >= 0) queue.splice(i, 1);
    }
  }
  wake(word: number, count: number, bits: number): number[] {
    const woken: number[] = [];
    for (const w of [...this.queues[word]]) {
      if ((w.bits & bits) === 0) continue;
      this.giveUp(w.task);
      woken.push(w.task);
      if (woken.length >= count) break;
    }
    return woken;
  }
  move(word: number, to: number, wake: number, move: number): { woken: number[]; moved: number } {
    const all = [...this.queues[word]];
    const woken = all.slice(0, wake).map((w) => w.task);
    const moved = all.slice(wake, wake + move);
    for (const t of woken) this.giveUp(t);
    if (word !== to) {
      for (const w of moved) {
        this.giveUp(w.task);
        this.queues[to].push(w);
      }
    }
    return { woken, moved: moved.length };
  }
}

Deno.test("waits, wakes and requeues do what first-come queues do", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const machine = newMachine();
      const waker = newTask(machine);
      const tasks = Array.from({ length: TASKS }, () => newTask(machine, waker));
      const model = new Model();
      const expectWoken = (woken: readonly number[]) => {
        for (const t of woken) assert.equal(look(tasks[t]), 0);
        for (let t = 0; t < TASKS; t++) if (model.isWaiting(t)) assert.equal(look(tasks[t]), BLOCKED);
      };
      for (const s of steps) {
        if (s.do === "wait") {
          if (model.isWaiting(s.task)) continue;
          const t = tasks[s.task];
          assert.equal(call(t, () => futexWait(t, at(s.word), false, 0, s.bits, undefined)), BLOCKED);
          model.queues[s.word].push({ task: s.task, bits: s.bits });
        } else if (s.do === "wake") {
          const woken = model.wake(s.word, s.count, s.bits);
          assert.equal(futexWake(waker, at(s.word), false, s.count, s.bits), woken.length);
          expectWoken(woken);
        } else if (s.do === "move") {
          const { woken, moved } = model.move(s.word, s.to, s.wake, s.move);
          const from = { addr: at(s.word), shared: false }, to = { addr: at(s.to), shared: false };
          assert.equal(futexRequeue(waker, from, to, s.wake, s.move), woken.length + moved);
          expectWoken(woken);
        } else if (model.isWaiting(s.task)) {
          endWait(tasks[s.task]);
          model.giveUp(s.task);
        }
      }
      const left = model.queues.map((queue) => queue.length);
      left.forEach((n, i) => assert.equal(futexWake(waker, at(i), false, 99), n));
    }),
  );
});

Deno.test("a lock is held by one task at a time, and goes to the waiters in their order", () => {
  const choice = fc.record({ task, lock: fc.boolean(), quit: fc.boolean() });
  fc.assert(
    fc.property(fc.array(choice, { maxLength: 40 }), (choices) => {
      const machine = newMachine();
      const first = newTask(machine);
      const tasks = [first, ...Array.from({ length: TASKS - 1 }, () => newTask(machine, first))];
      let owner: number | undefined;
      const queue: number[] = [];
      for (const { task, lock, quit } of choices) {
        const t = tasks[task];
        if (queue.includes(task)) {
          if (!quit) continue;
          endWait(t);
          queue.splice(queue.indexOf(task), 1);
        } else if (lock) {
          const got = call(t, () => lockPi(t, at(0), false, undefined, true));
          assert.equal(got, owner === undefined ? 0 : owner === task ? -35 : BLOCKED);
          if (owner === undefined) owner = task;
          else if (owner !== task) queue.push(task);
        } else {
          assert.equal(unlockPi(t, at(0), false), owner === task ? 0 : -1);
          if (owner !== task) continue;
          owner = queue.shift();
          if (owner !== undefined) assert.equal(look(tasks[owner]), 0);
        }
        const holder = first.mem.u32(at(0)) & FUTEX_TID_MASK;
        assert.equal(holder, owner === undefined ? 0 : tasks[owner].tid);
      }
    }),
  );
});
