/* Pointer chase through 1 MiB: dependent loads. */
#include "start.h"
#define N 131072
static unsigned next[N];

static unsigned long kernel(void) {
  for (unsigned i = 0; i < N; i++) next[i] = (i * 69069u + 12345u) % N;
  unsigned at = 0;
  unsigned long sum = 0;
  for (int i = 0; i < 40000000 * SCALE; i++) {
    at = next[at];
    sum += at;
  }
  return sum;
}
