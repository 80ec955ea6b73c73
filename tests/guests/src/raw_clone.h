/* Raw clone and clone3 whose child calls a function on the stack it is given and leaves by exit(2). The child must not use libc: it may share the
   parent's thread pointer. `sys` makes any call without errno. */
#pragma once
#define _GNU_SOURCE
#include <sys/syscall.h>

static inline __attribute__((always_inline)) long sys(long nr, long a, long b, long c, long d, long e, long f) {
#if defined(__x86_64__)
  register long r10 __asm__("r10") = d, r8 __asm__("r8") = e, r9 __asm__("r9") = f;
  long r;
  __asm__ volatile("syscall" : "=a"(r) : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9) : "rcx", "r11", "memory");
  return r;
#else
  register long a0 __asm__("a0") = a, a1 __asm__("a1") = b, a2 __asm__("a2") = c, a3 __asm__("a3") = d, a4 __asm__("a4") = e,
                a5 __asm__("a5") = f, a7 __asm__("a7") = nr;
  __asm__ volatile("ecall" : "+r"(a0) : "r"(a1), "r"(a2), "r"(a3), "r"(a4), "r"(a5), "r"(a7) : "memory");
  return a0;
#endif
}
#define SYS1(n, a) sys(n, (long)(a), 0, 0, 0, 0, 0)
#define SYS2(n, a, b) sys(n, (long)(a), (long)(b), 0, 0, 0, 0)
#define SYS3(n, a, b, c) sys(n, (long)(a), (long)(b), (long)(c), 0, 0, 0)
#define SYS4(n, a, b, c, d) sys(n, (long)(a), (long)(b), (long)(c), (long)(d), 0, 0)
#define SYS5(n, a, b, c, d, e) sys(n, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), 0)

/* The call `nr` with five arguments; in the child fn(arg), whose result is the exit status. */
static __attribute__((noinline)) long in_child(long nr, long a, long b, long c, long d, long e, int (*fn)(void *), void *arg) {
#if defined(__x86_64__)
  register long r10 __asm__("r10") = d, r8 __asm__("r8") = e;
  register long f __asm__("r12") = (long)fn, x __asm__("r13") = (long)arg;
  long r;
  __asm__ volatile(
      "syscall\n test %%rax, %%rax\n jnz 1f\n xor %%ebp, %%ebp\n and $-16, %%rsp\n mov %%r13, %%rdi\n call *%%r12\n"
      "mov %%eax, %%edi\n mov $60, %%eax\n syscall\n hlt\n1:"
      : "=a"(r) : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(f), "r"(x) : "rcx", "r11", "memory");
  return r;
#else
  register long a0 __asm__("a0") = a, a1 __asm__("a1") = b, a2 __asm__("a2") = c, a3 __asm__("a3") = d, a4 __asm__("a4") = e,
                a7 __asm__("a7") = nr, f __asm__("s2") = (long)fn, x __asm__("s3") = (long)arg;
  __asm__ volatile("ecall\n bnez a0, 1f\n mv a0, s3\n jalr s2\n li a7, 93\n ecall\n1:"
                   : "+r"(a0) : "r"(a1), "r"(a2), "r"(a3), "r"(a4), "r"(a7), "r"(f), "r"(x) : "ra", "memory");
  return a0;
#endif
}

/* clone(2) with the arguments in the order of the man page. `stack` is the top of the child's stack. */
static inline long raw_clone(unsigned long flags, void *stack, int *ptid, int *ctid, void *tls, int (*fn)(void *), void *arg) {
#if defined(__x86_64__)
  return in_child(SYS_clone, flags, (long)stack, (long)ptid, (long)ctid, (long)tls, fn, arg);
#else
  return in_child(SYS_clone, flags, (long)stack, (long)ptid, (long)tls, (long)ctid, fn, arg);
#endif
}
#ifndef SYS_clone3
#define SYS_clone3 435
#endif
static inline long raw_clone3(const void *args, unsigned long size, int (*fn)(void *), void *arg) {
  return in_child(SYS_clone3, (long)args, size, 0, 0, 0, fn, arg);
}

/* Whether the thread pointer points at `magic`. */
static inline int tls_word_is(unsigned long magic) {
  unsigned long v;
#if defined(__x86_64__)
  __asm__ volatile("mov %%fs:0x0, %0" : "=r"(v));
#else
  __asm__ volatile("ld %0, 0(tp)" : "=r"(v));
#endif
  return v == magic;
}
