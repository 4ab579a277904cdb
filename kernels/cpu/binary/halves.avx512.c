/* Arithmetic and comparisons of binary16, sixteen at a time: converted to floats and back between
 * two instructions, where lanes.body.h goes through memory. */
#include "kernels/cpu/binary/binary.h"

typedef __m512 v;

static inline v of_halves(const uint16_t *from, __mmask16 m) {
  return _mm512_cvtph_ps(_mm256_maskz_loadu_epi16(m, from));
}
static inline void put_halves(uint16_t *to, __mmask16 m, v x) {
  _mm256_mask_storeu_epi16(to, m, _mm512_cvtps_ph(x, _MM_FROUND_TO_NEAREST_INT));
}
static inline void put_truth(uint8_t *to, __mmask16 m, __mmask16 yes) {
  _mm_mask_storeu_epi8(to, m, _mm_maskz_set1_epi8(yes, 1));
}
/* NaN of either side stays. */
static inline v larger(v a, v b) {
  return _mm512_mask_blend_ps(
      _mm512_cmp_ps_mask(a, b, _CMP_GT_OQ) | _mm512_cmp_ps_mask(a, a, _CMP_UNORD_Q), b, a);
}
static inline v smaller(v a, v b) {
  return _mm512_mask_blend_ps(
      _mm512_cmp_ps_mask(a, b, _CMP_LT_OQ) | _mm512_cmp_ps_mask(a, a, _CMP_UNORD_Q), b, a);
}

#define LIST(X)                                                     \
  X(Add, uint16_t, put_halves, _mm512_add_ps(a, b))                 \
  X(AddV2, uint16_t, put_halves, _mm512_add_ps(a, b))               \
  X(Sub, uint16_t, put_halves, _mm512_sub_ps(a, b))                 \
  X(Mul, uint16_t, put_halves, _mm512_mul_ps(a, b))                 \
  X(Div, uint16_t, put_halves, _mm512_div_ps(a, b))                 \
  X(RealDiv, uint16_t, put_halves, _mm512_div_ps(a, b))             \
  X(Maximum, uint16_t, put_halves, larger(a, b))                    \
  X(Minimum, uint16_t, put_halves, smaller(a, b))                   \
  X(Less, uint8_t, put_truth, _mm512_cmp_ps_mask(a, b, _CMP_LT_OQ))         \
  X(LessEqual, uint8_t, put_truth, _mm512_cmp_ps_mask(a, b, _CMP_LE_OQ))    \
  X(Greater, uint8_t, put_truth, _mm512_cmp_ps_mask(a, b, _CMP_GT_OQ))      \
  X(GreaterEqual, uint8_t, put_truth, _mm512_cmp_ps_mask(a, b, _CMP_GE_OQ)) \
  X(Equal, uint8_t, put_truth, _mm512_cmp_ps_mask(a, b, _CMP_EQ_OQ))        \
  X(NotEqual, uint8_t, put_truth, _mm512_cmp_ps_mask(a, b, _CMP_NEQ_UQ))

#define DEFINE(NAME, Y, PUT, E)                                                                   \
  static bool loop_##NAME(const void *a_from, int64_t a_step, const void *b_from, int64_t b_step, \
                          void *to, int64_t n) {                                                  \
    const uint16_t *as = a_from, *bs = b_from;                                                    \
    Y *ys = to;                                                                                   \
    if (n <= 0) return true;                                                                      \
    const v one_a = _mm512_set1_ps(tarn__f16_to_f32(*as)),                                        \
            one_b = _mm512_set1_ps(tarn__f16_to_f32(*bs));                                        \
    for (int64_t i = 0; i < n; i += 16) {                                                         \
      const __mmask16 m = (__mmask16)(n - i < 16 ? (1u << (n - i)) - 1u : 0xffffu);               \
      const v a = a_step ? of_halves(as + i, m) : one_a,                                          \
              b = b_step ? of_halves(bs + i, m) : one_b;                                          \
      PUT(ys + i, m, E);                                                                          \
    }                                                                                             \
    return true;                                                                                  \
  }                                                                                               \
  static tarn_status run_##NAME(const tarn_call *call) {                                          \
    return tarn__binary_run(call, loop_##NAME, NULL);                                             \
  }
LIST(DEFINE)

/* Shapes that do not fit are the reference's to judge. */
static const char *shapes_fit(const tarn_problem *p) {
  tarn_shape ignored;
  return tarn__shape_broadcast(&p->in_shape[0], &p->in_shape[1], &ignored) == TARN_OK
             ? NULL
             : "the shapes do not fit";
}
#define KERNEL(NAME, Y, PUT, E) \
  {.op = #NAME, .dtypes = TARN_BIT(TARN_F16), .supports = shapes_fit, .run = run_##NAME},
const tarn_kernel tarn_kernels_binary_halves_avx512[] = {LIST(KERNEL) {0}};
