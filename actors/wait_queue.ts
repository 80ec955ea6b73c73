/**
 * Where parked tasks (and epoll instances, and other files' readiness) hear that something may have changed. A wake is only a hint: the woken one looks
 * again in its own turn, so no wake-up can be lost between looking and sleeping (the kernel is single-threaded and registers before it parks).
 */
export interface Listener {
  /** Runs on the waker's stack: must only note the fact (make a task runnable, set a ready bit), never call back into the waker. */
  notify(queue: WaitQueue): void;
}

export class WaitQueue {
  #listeners = new Set<Listener>();

  add(listener: Listener): void {
    this.#listeners.add(listener);
  }

  remove(listener: Listener): void {
    this.#listeners.delete(listener);
  }

  /** Tells every listener, first come first told. */
  wake(): void {
    if (this.#listeners.size === 0) return;
    for (const listener of [...this.#listeners]) listener.notify(this);
  }

  get size(): number {
    return this.#listeners.size;
  }
}
