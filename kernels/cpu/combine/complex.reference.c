/* Complex numbers from their parts. */
#include "kernels/cpu/dtype_rows.h"
#include "kernels/cpu/binary/binary.h"

#define LOOP(SUFFIX, R, Y, MAKE)                                                              \
  static bool loop_##SUFFIX(const void *re, int64_t re_step, const void *im, int64_t im_step, \
                            void *to, int64_t n) {                                            \
    const R *res = re, *ims = im;                                                             \
    Y *ys = to;                                                                               \
    for (int64_t i = 0; i < n; i++) ys[i] = MAKE(res[re_step * i], ims[im_step * i]);         \
    return true;                                                                              \
  }
LOOP(c64, float, float _Complex, CMPLXF)
LOOP(c128, double, double _Complex, CMPLX)

static tarn_status run(const tarn_call *call) {
  return tarn__binary_run(call, call->in[0]->dtype == TARN_F32 ? loop_c64 : loop_c128, NULL);
}

const tarn_kernel tarn_kernels_combine_complex_reference[] = {
  {.op = "Complex", .dtypes = TARN_BIT(TARN_F32) | TARN_BIT(TARN_F64), .run = run},
  {0},
};
