/* Ranges of floats and their quantization; compiled per target. */
#include "kernels/cpu/narrow/narrow.h"
#include "kernels/cpu/simd/vec.h"

#include <math.h>

/* The least and the most of the floats and of zero; both NaN where one is not finite. */
static void range(const float *from, int64_t count, float *least, float *most) {
  vf low = vf_zero(), high = vf_zero(), odd = vf_zero();
  for (int64_t i = 0; i < count; i += VF) {
    const vf x = vf_load_m(from + i, vm_first(count - i < VF ? count - i : VF));
    low = vf_min(x, low);
    high = vf_max(x, high);
    odd = vf_fma(x, vf_zero(), odd);   /* NaN once an element is NaN or infinite */
  }
  const bool finite = vf_sum(odd) == 0;
  *least = finite ? -vf_top(vf_neg(low)) : NAN;
  *most = finite ? vf_top(high) : NAN;
}

static inline vi quantized(const float *from, vm m, vf inverse, vf zero) {
  const vf x = vf_add(vf_round(vf_mul(vf_load_m(from, m), inverse)), zero);
  return vf_to_int(vf_min(vf_max(x, vf_zero()), vf_set1(255)));
}

static inline float inverse_of(const tarn_narrow_scale *s) {
  return s->scale > 0 ? 1 / s->scale : 0;
}

/* The f32 value of sums of row r, columns [j, j + VF). */
static inline vf dequantized(const tarn_narrow_tile *t, vi sum, int r, int64_t j) {
  const vi off = VI_MUL(vi_set1(t->scale_a[r]->zero), WORDS(t->sum_b + j));
  return vf_mul(vi_to_float(vi_sub(sum, off)),
                vf_mul(vf_set1(t->scale_a[r]->scale), vf_load(t->scale_b + j)));
}
