/* Hands a tensor on when every element is finite; else an error says what was found. */
#include "kernels/cpu/dtype_rows.h"
#include "kernels/kernel.h"
#include "kernels/params/check.h"

typedef struct found {
  bool nan, plus, minus;
} found;

#define LOOK(NAME, E, DT, SUFFIX, S, A, GET, PUT)              \
  case DT: {                                                   \
    const S *xs = call->in[0]->data;                           \
    for (int64_t i = 0; i < n; i++) {                          \
      const A x = GET(xs[i]);                                  \
      if (isfinite(x)) continue;                               \
      if (isnan(x)) f.nan = true;                              \
      else if (x > 0) f.plus = true;                           \
      else f.minus = true;                                     \
    }                                                          \
    break;                                                     \
  }

static tarn_status run(const tarn_call *call) {
  const tarn_check_numerics_params *p = call->problem->params;
  int64_t n = tarn__tensor_elements(call->in[0]);
  found f = {false};
  switch ((int)call->in[0]->dtype) {
    TARN_FLOAT_ROWS(LOOK, , )
    default: break;
  }
  if (f.nan || f.plus || f.minus) {
    const char *infinities = !p->signs || (f.plus && f.minus) ? (p->signs ? "-Inf and +Inf" : "Inf")
                             : f.plus                         ? "+Inf"
                                                              : "-Inf";
    bool infinite = f.plus || f.minus;
    int bytes = p->message.size < 400 ? (int)p->message.size : 400;
    return tarn_fail(TARN_INVALID, "%.*s : Tensor had %s%s%s values", bytes,
                     p->message.data ? p->message.data : "", infinite ? infinities : "",
                     infinite && f.nan ? " and " : "", f.nan ? "NaN" : "");
  }
  if (n > 0 && call->out[0]->data != call->in[0]->data)
    memcpy(call->out[0]->data, call->in[0]->data, tarn__tensor_bytes(call->in[0]));
  return TARN_OK;
}

const tarn_kernel tarn_kernels_check_numerics_reference[] = {
  {.op = "CheckNumerics", .dtypes = TARN_FLOATS, .run = run},
  {.op = "CheckNumericsV2", .dtypes = TARN_FLOATS, .run = run},
  {0},
};
