/* bfloat16 micro-kernels on VDPBF16PS (AVX512_BF16). No op of its own: matmul and conv2d call
 * them. */
#include "kernels/cpu/simd/vec.h"
#include "kernels/kernel.h"

#define acc vf
#define ACC_ZERO vf_zero()
#define ACC_ADD(a, b) vf_add(a, b)
#define WORDS(p) _mm512_loadu_si512(p)
#define GROUP(p) _mm512_set1_epi32(*(const int32_t *)(const void *)(p))
/* Not the intrinsic: gcc 12 spills its accumulators. */
#define DOT(c, x, b) __asm__("vdpbf16ps %2, %1, %0" : "+v"(c) : "v"(x), "v"(b))
#define OUT(c, r, j) (c)
#include "kernels/cpu/narrow/tile.body.h"

static void narrow(const float *from, int64_t count, const tarn_narrow_scale *s, void *to) {
  (void)s;
  uint16_t *y = to;
  for (int64_t i = 0; i < count; i += 16) {
    const vm m = vm_first(count - i < 16 ? count - i : 16);
    const vf x = vf_load_m(from + i, m);
    __m256i half;
    __asm__("vcvtneps2bf16 %1, %0" : "=v"(half) : "v"(x));
    _mm256_mask_storeu_epi16(y + i, m, half);
  }
}

const tarn_narrow_isa tarn__narrow_bf16_avx512 = {
    .mr = MR, .nr = NR, .element_bytes = 2, .tile = tile, .narrow = narrow};

const tarn_kernel tarn_kernels_narrow_bf16_avx512[] = {{0}};
