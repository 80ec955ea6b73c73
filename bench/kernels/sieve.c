/* Sieve of Eratosthenes: byte stores with a stride. */
#include "start.h"
#define N 4000000
static char composite[N];

static unsigned long kernel(void) {
  unsigned long count = 0;
  for (int round = 0; round < 6 * SCALE; round++) {
    for (int i = 0; i < N; i++) composite[i] = 0;
    for (long i = 2; i < N; i++) {
      if (composite[i]) continue;
      count++;
      for (long j = i * i; j < N; j += i) composite[j] = 1;
    }
  }
  return count;
}
