/** Pages outside the flat memories, made when first used, that count in a machine's account until they are dropped. */
import { PAGE } from "../layout.ts";
import type { MemoryAccount } from "./account.ts";

export class KeptPages {
  readonly #pages = new Map<number, Uint8Array>();
  #account: MemoryAccount | undefined;

  get size(): number {
    return this.#pages.size;
  }
  get(index: number): Uint8Array | undefined {
    return this.#pages.get(index);
  }
  has(index: number): boolean {
    return this.#pages.has(index);
  }
  /** The page, made and filled when it is absent; undefined when the account is full. All of an object's pages count in one account. */
  make(index: number, account: MemoryAccount, fill?: (page: Uint8Array) => void): Uint8Array | undefined {
    let page = this.#pages.get(index);
    if (page !== undefined) return page;
    if (account.full) return undefined;
    this.#pages.set(index, page = new Uint8Array(PAGE));
    account.used++;
    this.#account = account;
    fill?.(page);
    return page;
  }
  /** Fills whole pages of `into` from byte `at` on; what is absent is zero. */
  copyOut(at: number, into: Uint8Array): void {
    for (let offset = 0; offset < into.length; offset += PAGE) {
      const page = this.#pages.get((at + offset) / PAGE);
      if (page === undefined) into.fill(0, offset, offset + PAGE);
      else into.set(page, offset);
    }
  }
  delete(index: number): void {
    if (this.#pages.delete(index)) this.#account!.used--;
  }
  clear(): void {
    if (this.#account !== undefined) this.#account.used -= this.#pages.size;
    this.#pages.clear();
  }
}
