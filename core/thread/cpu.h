/* What this processor can do, clamped by TARN_ISA=reference|avx2|avx512 so that one box tests every
 * tier. */
#ifndef TARN_CORE_THREAD_CPU_H
#define TARN_CORE_THREAD_CPU_H

#include "core/status.h"

typedef struct tarn_cpu {
  bool avx2;        /* AVX2, FMA and F16C, and the system saves YMM */
  bool avx512;      /* F, BW, DQ, VL, CD, and the system saves ZMM */
  bool avx512_vnni, avx512_bf16;
  bool avx_vnni;    /* VPDPBUSD on YMM, by VEX: AVX2 machines too */
  size_t l1d_bytes, l2_bytes,
      l3_bytes;     /* of one core (l3: shared); defaults where the system does not say */
  char name[64];    /* the brand string, or "unknown" */
} tarn_cpu;

/* Detected once; thread-safe. */
const tarn_cpu *tarn__cpu(void);

/* Says that the upper halves of the vector registers are not in use, where there are any. Compilers
 * do so behind what they make vectors of, but not on every way out of a loop; until it is done,
 * code without VEX (C's mathematical functions) runs up to eight times slower on Intel. A few
 * cycles. */
void tarn__wide_registers_done(void);

/* Flush-to-zero and denormals-are-zero for this thread; restore puts back what enter returned. */
unsigned tarn__denormals_off(void);
void tarn__denormals_restore(unsigned saved);

/* For loops that wait for another thread. */
static inline void tarn__cpu_pause(void) {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

#endif
