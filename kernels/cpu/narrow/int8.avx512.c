/* 8-bit micro-kernels on VPDPBUSD (AVX512_VNNI), which takes unsigned times signed. No op of its
 * own. */
#include "kernels/cpu/simd/vec.h"
#include "kernels/kernel.h"

#define acc vi
#define ACC_ZERO _mm512_setzero_si512()
#define ACC_ADD(a, b) vi_add(a, b)
#define WORDS(p) _mm512_loadu_si512(p)
#define VI_MUL(a, b) _mm512_mullo_epi32(a, b)
#define GROUP(p) _mm512_set1_epi32(*(const int32_t *)(const void *)(p))
/* Not the intrinsic: gcc 12 spills its accumulators. */
#define DOT(c, x, b) __asm__("vpdpbusd %2, %1, %0" : "+v"(c) : "v"(x), "v"(b))
#define OUT(c, r, j) dequantized(t, c, r, j)
#include "kernels/cpu/narrow/quantize.body.h"
#include "kernels/cpu/narrow/tile.body.h"

static void narrow(const float *from, int64_t count, const tarn_narrow_scale *s, void *to) {
  const vf inverse = vf_set1(inverse_of(s)), zero = vf_set1((float)s->zero);
  uint8_t *y = to;
  for (int64_t i = 0; i < count; i += 16) {
    const vm m = vm_first(count - i < 16 ? count - i : 16);
    _mm512_mask_cvtusepi32_storeu_epi8(y + i, m, quantized(from + i, m, inverse, zero));
  }
}

const tarn_narrow_isa tarn__narrow_int8_avx512 = {.mr = MR,
                                                  .nr = NR,
                                                  .element_bytes = 1,
                                                  .quantized = true,
                                                  .tile = tile,
                                                  .narrow = narrow,
                                                  .range = range};

const tarn_kernel tarn_kernels_narrow_int8_avx512[] = {{0}};
