/* printf and strtod of doubles, rounding modes and flags, qsort, setjmp, malloc under stress. */
#include <fenv.h>
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int cmp(const void *a, const void *b) { return (*(int *)a > *(int *)b) - (*(int *)a < *(int *)b); }
static jmp_buf env;
static void deep(int n) { if (n == 0) longjmp(env, 42); deep(n - 1); }

int main(void) {
  double v[] = {0.0, -0.0, 1.0 / 3, 1e308, 5e-324, DBL_MIN, DBL_MAX, 123456789.125, -1e-10, INFINITY, -INFINITY, 2.5, 3.5};
  for (unsigned i = 0; i < sizeof v / sizeof *v; i++) printf("%g %.17g %e %a %.3f %10.2f|%-12g|\n", v[i], v[i], v[i], v[i], fabs(v[i]) < 1e15 ? v[i] : 0.0, fabs(v[i]) < 1e15 ? v[i] : 0.0, v[i]);
  printf("%.50g\n%Lg\n", 0.1, (long double)1.0 / 3);
  const char *s[] = {"1e-400", "1e400", "0x1.8p3", "nan", "-inf", "3.14159265358979323846", "4.9406564584124654e-324", "1.7976931348623159e308"};
  for (unsigned i = 0; i < 8; i++) { double d = strtod(s[i], NULL); if (isnan(d)) puts("nan"); else printf("%a\n", d); }
  printf("%.15g %.15g %.15g %.15g %.15g\n", sin(1), exp(1), log(10), pow(2, 0.5), atan2(1, 2));
  int modes[] = {FE_TONEAREST, FE_TOWARDZERO, FE_UPWARD, FE_DOWNWARD};
  for (int i = 0; i < 4; i++) {
    fesetround(modes[i]);
    volatile double a = 1, b = 3, c = -1, d = 10;
    printf("%a %a %a %ld %ld\n", a / b, c / b, a / d + b, lrint(2.5 * a), lrint(-2.5 * a));
  }
  fesetround(FE_TONEAREST);
  volatile double zero = 0, one = 1, three = 3, big = DBL_MAX, tiny = DBL_MIN, r;
  feclearexcept(FE_ALL_EXCEPT); r = one / zero; printf("div0 %d\n", fetestexcept(FE_ALL_EXCEPT) == FE_DIVBYZERO);
  feclearexcept(FE_ALL_EXCEPT); r = zero / zero; printf("invalid %d\n", fetestexcept(FE_ALL_EXCEPT) == FE_INVALID);
  feclearexcept(FE_ALL_EXCEPT); r = one / three; printf("inexact %d\n", fetestexcept(FE_ALL_EXCEPT) == FE_INEXACT);
  feclearexcept(FE_ALL_EXCEPT); r = big * 2; printf("overflow %d\n", fetestexcept(FE_ALL_EXCEPT) == (FE_OVERFLOW | FE_INEXACT));
  feclearexcept(FE_ALL_EXCEPT); r = tiny / 3; printf("underflow %d\n", fetestexcept(FE_ALL_EXCEPT) == (FE_UNDERFLOW | FE_INEXACT));
  feclearexcept(FE_ALL_EXCEPT); r = one + one; printf("exact %d\n", fetestexcept(FE_ALL_EXCEPT) == 0);
  printf("fma %a\n", fma(1.0 + DBL_EPSILON, 1.0 - DBL_EPSILON, -1.0)); (void)r;
  int a[2000]; unsigned x = 12345; for (int i = 0; i < 2000; i++) { x = x * 1103515245 + 12345; a[i] = x >> 8; }
  qsort(a, 2000, sizeof *a, cmp); int ok = 1; for (int i = 1; i < 2000; i++) ok &= a[i - 1] <= a[i]; printf("sorted %d %d %d\n", ok, a[0], a[1999]);
  int j = setjmp(env); if (j == 0) deep(100); printf("longjmp %d\n", j);
  void *p[500]; memset(p, 0, sizeof p); unsigned long sum = 0;
  for (int i = 0; i < 20000; i++) { x = x * 1103515245 + 12345; int k = (x >> 8) % 500; free(p[k]); size_t n = 1 + (x >> 4) % ((x & 15) ? 2000 : 300000); p[k] = malloc(n); memset(p[k], i, n < 64 ? n : 64); sum += n; }
  for (int i = 0; i < 500; i++) free(p[i]); printf("malloc %lu\n", sum);
  printf("%d %ld %lld %x %o %c %s %5d|%-5d|%05d %+d %p\n", -1, -2L, -3LL, 255, 8, 'c', "str", 42, 42, 42, 42, (void *)0);
  return 0;
}
