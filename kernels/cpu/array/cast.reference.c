/* Conversions between all plain dtypes, a block at a time: loaded as one of six wide types, then
 * stored as the destination from that type.
 *
 * Real to integer goes towards zero. What does not fit is undefined in C; this is what x86-64
 * compilers make of it, and so TensorFlow, where its loops are not vectorised (cast_bounds.h has
 * those that are): 8 and 16 bits through int32, uint32 through int64, and the smallest number for
 * NaN and for what int32 and int64 cannot hold. Complex to real takes the real part. */
#include "kernels/cpu/array/cast_bounds.h"
#include "kernels/cpu/array/elements.h"
#include "kernels/cpu/array/numeric.h"
#include "kernels/params/array.h"

enum { BLOCK = 512, CHUNK = 128 * BLOCK };

typedef enum wide { WIDE_F, WIDE_D, WIDE_I, WIDE_U, WIDE_C, WIDE_Z } wide;
typedef union block {
  float f[BLOCK];
  double d[BLOCK];
  int64_t i[BLOCK];
  uint64_t u[BLOCK];
  float _Complex c[BLOCK];
  double _Complex z[BLOCK];
} block;

static wide load(const tarn_tensor *x, int64_t at, int64_t n, block *b) {
  switch ((int)x->dtype) {
#define ROW(DT, S, W, FIELD, GET)                                            \
  case DT:                                                                   \
    for (int64_t k = 0; k < n; k++) b->FIELD[k] = GET(((const S *)x->data)[at + k]); \
    return W;
    ROW(TARN_F32, float, WIDE_F, f, TARN_AS_IS)
    ROW(TARN_F64, double, WIDE_D, d, TARN_AS_IS)
    ROW(TARN_F16, uint16_t, WIDE_F, f, tarn__f16_to_f32)
    ROW(TARN_BF16, uint16_t, WIDE_F, f, tarn__bf16_to_f32)
    case TARN_QI8:
    ROW(TARN_I8, int8_t, WIDE_I, i, TARN_AS_IS)
    case TARN_QI16:
    ROW(TARN_I16, int16_t, WIDE_I, i, TARN_AS_IS)
    case TARN_QI32:
    ROW(TARN_I32, int32_t, WIDE_I, i, TARN_AS_IS)
    ROW(TARN_I64, int64_t, WIDE_I, i, TARN_AS_IS)
    ROW(TARN_BOOL, uint8_t, WIDE_U, u, 0 !=)
    case TARN_QU8:
    ROW(TARN_U8, uint8_t, WIDE_U, u, TARN_AS_IS)
    case TARN_QU16:
    ROW(TARN_U16, uint16_t, WIDE_U, u, TARN_AS_IS)
    ROW(TARN_U32, uint32_t, WIDE_U, u, TARN_AS_IS)
    ROW(TARN_U64, uint64_t, WIDE_U, u, TARN_AS_IS)
    ROW(TARN_C64, float _Complex, WIDE_C, c, TARN_AS_IS)
    ROW(TARN_C128, double _Complex, WIDE_Z, z, TARN_AS_IS)
#undef ROW
    default: return WIDE_U;
  }
}

static int32_t int32_of(double a) { return a > -0x1p31 - 1 && a < 0x1p31 ? (int32_t)a : INT32_MIN; }
static int64_t int64_of(double a) { return a >= -0x1p63 && a < 0x1p63 ? (int64_t)a : INT64_MIN; }
static uint64_t uint64_of(double a) {
  return a >= 0x1p63 && a < 0x1p64 ? (uint64_t)a : (uint64_t)int64_of(a);
}

/* Integers wrap; real numbers (and real parts) go through `of`. */
#define INTEGER(T, of, a) \
  _Generic((a), int64_t : (T)(a), uint64_t : (T)(a), default : (T)of((double)(a)))
#define TO_F32(a) ((float)(a))
#define TO_F64(a) ((double)(a))
#define TO_F16(a) tarn__f32_to_f16((float)(a))
#define TO_BF16(a) tarn__f32_to_bf16((float)(a))
#define TO_I8(a) INTEGER(int8_t, int32_of, a)
#define TO_I16(a) INTEGER(int16_t, int32_of, a)
#define TO_I32(a) INTEGER(int32_t, int32_of, a)
#define TO_I64(a) INTEGER(int64_t, int64_of, a)
#define TO_U8(a) INTEGER(uint8_t, int32_of, a)
#define TO_U16(a) INTEGER(uint16_t, int32_of, a)
#define TO_U32(a) INTEGER(uint32_t, int64_of, a)
#define TO_U64(a) INTEGER(uint64_t, uint64_of, a)
#define TO_BOOL(a) ((double)(a) != 0)
#define TO_C64(a) ((float _Complex)(a))
#define TO_C128(a) ((double _Complex)(a))

#define STORE(DT, S, TO) \
  case DT:               \
    for (int64_t k = 0; k < n; k++) ((S *)y->data)[at + k] = TO(from[k]); \
    break;
#define STORES(NAME, T)                                                                   \
  static void store_##NAME(tarn_tensor *y, int64_t at, int64_t n, const T *from) {        \
    switch ((int)y->dtype) {                                                              \
      STORE(TARN_F32, float, TO_F32)                                                      \
      STORE(TARN_F64, double, TO_F64)                                                     \
      STORE(TARN_F16, uint16_t, TO_F16)                                                   \
      STORE(TARN_BF16, uint16_t, TO_BF16)                                                 \
      case TARN_QI8:                                                                      \
      STORE(TARN_I8, int8_t, TO_I8)                                                       \
      case TARN_QI16:                                                                     \
      STORE(TARN_I16, int16_t, TO_I16)                                                    \
      case TARN_QI32:                                                                     \
      STORE(TARN_I32, int32_t, TO_I32)                                                    \
      STORE(TARN_I64, int64_t, TO_I64)                                                    \
      case TARN_QU8:                                                                      \
      STORE(TARN_U8, uint8_t, TO_U8)                                                      \
      case TARN_QU16:                                                                     \
      STORE(TARN_U16, uint16_t, TO_U16)                                                   \
      STORE(TARN_U32, uint32_t, TO_U32)                                                   \
      STORE(TARN_U64, uint64_t, TO_U64)                                                   \
      STORE(TARN_BOOL, uint8_t, TO_BOOL)                                                  \
      STORE(TARN_C64, float _Complex, TO_C64)                                             \
      STORE(TARN_C128, double _Complex, TO_C128)                                          \
      default: break;                                                                     \
    }                                                                                     \
  }
STORES(f, float)
STORES(d, double)
STORES(i, int64_t)
STORES(u, uint64_t)
STORES(c, float _Complex)
STORES(z, double _Complex)
#undef STORES
#undef STORE

/* The mantissa bits that a narrower float has not, become zero, so that rounding it changes
 * nothing. */
static void truncate_block(block *b, wide w, int64_t n, tarn_dtype to) {
  int mantissa = to == TARN_F32 ? 23 : to == TARN_F16 ? 10 : to == TARN_BF16 ? 7 : 52;
  for (int64_t k = 0; k < n; k++) {
    if (w == WIDE_F && mantissa < 23) {
      uint32_t bits;
      memcpy(&bits, &b->f[k], sizeof bits);
      bits &= UINT32_MAX << (23 - mantissa);
      memcpy(&b->f[k], &bits, sizeof bits);
    } else if (w == WIDE_D && mantissa < 52) {
      uint64_t bits;
      memcpy(&bits, &b->d[k], sizeof bits);
      bits &= UINT64_MAX << (52 - mantissa);
      memcpy(&b->d[k], &bits, sizeof bits);
    }
  }
}

static tarn_status cast_chunk(void *argument, int64_t chunk, int worker) {
  (void)worker;
  const tarn_call *call = argument;
  const tarn_tensor *x = call->in[0];
  tarn_tensor *y = call->out[0];
  int64_t total = tarn__tensor_elements(x),
          end = (chunk + 1) * CHUNK < total ? (chunk + 1) * CHUNK : total;
  const tarn_cast_bounds bounds = tarn__cast_bounds(x->dtype, y->dtype, total);
  block b;
  for (int64_t at = chunk * CHUNK; at < end; at += BLOCK) {
    int64_t n = end - at < BLOCK ? end - at : BLOCK;
    wide w = load(x, at, n, &b);
    if (((const tarn_cast_params *)call->problem->params)->truncate)
      truncate_block(&b, w, n, y->dtype);
    const int64_t grouped = tarn__cast_grouped(&bounds, at, n);
    if (grouped && w == WIDE_F) tarn__cast_bound_f(&bounds, b.f, b.f, grouped, n);
    if (grouped && w == WIDE_D) tarn__cast_bound_d(&bounds, b.d, b.d, grouped, n);
    switch (w) {
      case WIDE_F: store_f(y, at, n, b.f); break;
      case WIDE_D: store_d(y, at, n, b.d); break;
      case WIDE_I: store_i(y, at, n, b.i); break;
      case WIDE_U: store_u(y, at, n, b.u); break;
      case WIDE_C: store_c(y, at, n, b.c); break;
      case WIDE_Z: store_z(y, at, n, b.z); break;
    }
  }
  return TARN_OK;
}

static tarn_status cast(const tarn_call *call) {
  int64_t n = tarn__tensor_elements(call->in[0]);
  if (call->in[0]->dtype == call->out[0]->dtype)
    return tarn__move(call->out[0], 0, call->in[0], 0, n);
  tarn_call copy = *call;
  return tarn__pool_run(n > CHUNK ? call->pool : NULL, (n + CHUNK - 1) / CHUNK, cast_chunk, &copy);
}

static const char *supports(const tarn_problem *p) {
  if (p->in_dtype[0] == p->out_dtype[0]) return NULL;
  if (!tarn__is_plain(p->in_dtype[0]) || !tarn__is_plain(p->out_dtype[0]))
    return "only numbers and bools convert";
  return NULL;
}

const tarn_kernel tarn_kernels_array_cast_reference[] = {
  {.op = "Cast", .run = cast, .supports = supports},
  {0},
};
