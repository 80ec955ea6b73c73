/* Recursion: calls, returns and stack frames. */
#include "start.h"
__attribute__((noinline, noclone, optimize("no-optimize-sibling-calls,no-inline"))) static unsigned long fib(int n) {
  return n < 2 ? (unsigned long)n : fib(n - 1) + fib(n - 2);
}

static unsigned long kernel(void) {
  unsigned long sum = 0;
  for (int round = 0; round < SCALE; round++) sum += fib(35);
  return sum;
}
