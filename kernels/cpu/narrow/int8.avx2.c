/* The same sums without VNNI: 8-bit factors kept in 16 bits and multiplied in pairs (VPMADDWD),
 * since the 8-bit multiplication of AVX2 (VPMADDUBSW) saturates its pair sums. No op of its own. */
#include "kernels/cpu/simd/vec.h"
#include "kernels/kernel.h"

#define acc vi
#define ACC_ZERO _mm256_setzero_si256()
#define ACC_ADD(a, b) vi_add(a, b)
#define WORDS(p) _mm256_loadu_si256((const __m256i *)(const void *)(p))
#define VI_MUL(a, b) _mm256_mullo_epi32(a, b)
#define GROUP(p) _mm256_set1_epi32(*(const int32_t *)(const void *)(p))
#define DOT(c, x, b) c = vi_add(c, _mm256_madd_epi16(x, b))
#define OUT(c, r, j) dequantized(t, c, r, j)
#include "kernels/cpu/narrow/quantize.body.h"
#include "kernels/cpu/narrow/tile.body.h"

static void narrow(const float *from, int64_t count, const tarn_narrow_scale *s, void *to) {
  const vf inverse = vf_set1(inverse_of(s)), zero = vf_set1((float)s->zero);
  int16_t *y = to;
  for (int64_t i = 0; i < count; i += 8) {
    const int64_t n = count - i < 8 ? count - i : 8;
    int32_t q[8];
    vi_store(q, quantized(from + i, vm_first(n), inverse, zero));
    for (int64_t l = 0; l < n; l++) y[i + l] = (int16_t)q[l];
  }
}

const tarn_narrow_isa tarn__narrow_int8_avx2 = {.mr = MR,
                                                .nr = NR,
                                                .element_bytes = 2,
                                                .quantized = true,
                                                .tile = tile,
                                                .narrow = narrow,
                                                .range = range};

const tarn_kernel tarn_kernels_narrow_int8_avx2[] = {{0}};
