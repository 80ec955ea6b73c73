/* Matrix product of doubles: loads, fused multiply-add, address arithmetic. */
#include "start.h"
#define N 200
static double a[N][N], b[N][N], c[N][N];

static unsigned long kernel(void) {
  for (int i = 0; i < N; i++)
    for (int j = 0; j < N; j++) {
      a[i][j] = (i * 7 + j * 3) % 11 - 5 + 0.1 * i;
      b[i][j] = (i * 5 + j * 13) % 7 - 3 + 0.3 * j;
    }
  for (int round = 0; round < 4 * SCALE; round++)
    for (int i = 0; i < N; i++)
      for (int j = 0; j < N; j++) {
        double sum = c[i][j];
        for (int k = 0; k < N; k++) sum += a[i][k] * b[k][j];
        c[i][j] = sum;
      }
  union { double d; unsigned long u; } trace = {0};
  for (int i = 0; i < N; i++) trace.d += c[i][(i * 37) % N];
  return trace.u;
}
