/* Mandelbrot set in doubles without fused operations: add, multiply, compare, convert. */
#include "start.h"
#pragma GCC optimize("fp-contract=off")

static unsigned long kernel(void) {
  unsigned long total = 0;
  for (int y = 0; y < 160 * SCALE; y++)
    for (int x = 0; x < 240; x++) {
      double cr = x * (3.0 / 240) - 2.1, ci = y % 160 * (2.4 / 160) - 1.2, r = 0, i = 0;
      int n = 0;
      while (n < 200 && r * r + i * i < 4) {
        double t = r * r - i * i + cr;
        i = 2 * r * i + ci;
        r = t;
        n++;
      }
      total = total * 3 + n;
    }
  return total;
}
