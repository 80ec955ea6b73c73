/* Quicksort of 64-bit integers: unpredictable branches. */
#include "start.h"
#define N 1000000
static long values[N];

static void sort(long *a, long low, long high) {
  while (low < high) {
    long pivot = a[(low + high) / 2], i = low, j = high;
    while (i <= j) {
      while (a[i] < pivot) i++;
      while (a[j] > pivot) j--;
      if (i <= j) {
        long t = a[i];
        a[i++] = a[j];
        a[j--] = t;
      }
    }
    if (j - low < high - i) {
      sort(a, low, j);
      low = i;
    } else {
      sort(a, i, high);
      high = j;
    }
  }
}

static unsigned long kernel(void) {
  unsigned long seed = 1, sum = 0;
  for (int round = 0; round < 3 * SCALE; round++) {
    for (int i = 0; i < N; i++) {
      seed = seed * 6364136223846793005ul + 1442695040888963407ul;
      values[i] = seed >> 20;
    }
    sort(values, 0, N - 1);
    for (int i = 0; i < N; i++) sum = sum * 31 + values[i];
  }
  return sum;
}
