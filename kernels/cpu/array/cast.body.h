/* Conversions between real numbers in vectors: a block at a time goes through one of five wide
 * types, with the results of cast.reference.c to the bit. x86-64's own truncating conversions give
 * the least integer for NaN and for what does not fit, which is the very rule; loops that are
 * written plainly become vectors under these files' flags.
 *
 * A block is read into L1 and written from there, so both memories are gone through once: 4 to 16
 * bytes an element. */
#include "kernels/cpu/array/cast_bounds.h"
#include "kernels/cpu/array/elements.h"
#include "kernels/cpu/array/stream.h"
#include "kernels/cpu/simd/vec.h"
#include "kernels/params/array.h"

enum { BLOCK = 512, CHUNK = 128 * BLOCK };

/* What elements are widened to: float, double, int32 (integers of up to 32 bits but uint32), int64,
 * uint64. */
typedef enum wide { WIDE_F, WIDE_D, WIDE_I, WIDE_L, WIDE_U } wide;
typedef struct block {
  _Alignas(64) float f[BLOCK];
  _Alignas(64) double d[BLOCK];
  _Alignas(64) int32_t i[BLOCK];
  _Alignas(64) int64_t l[BLOCK];
  _Alignas(64) char out[8 * BLOCK];   /* on the way to a result that is larger than the caches */
} block;

static void halves_to_floats(const uint16_t *x, float *y, int64_t n) {
  int64_t k = 0;
  for (; k + 8 <= n; k += 8)
    _mm256_storeu_ps(y + k,
                     _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(const void *)(x + k))));
  for (; k < n; k++) y[k] = tarn__f16_to_f32(x[k]);
}

static void floats_to_halves(const float *x, uint16_t *y, int64_t n) {
  int64_t k = 0;
  for (; k + 8 <= n; k += 8)
    _mm_storeu_si128((__m128i *)(void *)(y + k),
                     _mm256_cvtps_ph(_mm256_loadu_ps(x + k), _MM_FROUND_TO_NEAREST_INT));
  for (; k < n; k++) y[k] = tarn__f32_to_f16(x[k]);
}

static void floats_to_int32(const float *x, int32_t *y, int64_t n) {
  int64_t k = 0;
  for (; k + 8 <= n; k += 8)
    _mm256_storeu_si256((__m256i *)(void *)(y + k), _mm256_cvttps_epi32(_mm256_loadu_ps(x + k)));
  for (; k < n; k++) y[k] = _mm_cvttss_si32(_mm_set_ss(x[k]));
}

static void doubles_to_int32(const double *x, int32_t *y, int64_t n) {
  int64_t k = 0;
  for (; k + 4 <= n; k += 4)
    _mm_storeu_si128((__m128i *)(void *)(y + k), _mm256_cvttpd_epi32(_mm256_loadu_pd(x + k)));
  for (; k < n; k++) y[k] = _mm_cvttsd_si32(_mm_set_sd(x[k]));
}

static void doubles_to_int64(const double *x, int64_t *y, int64_t n) {
  int64_t k = 0;
#ifdef __AVX512F__
  for (; k + 8 <= n; k += 8)
    _mm512_storeu_si512(y + k, _mm512_cvttpd_epi64(_mm512_loadu_pd(x + k)));
#endif
  for (; k < n; k++) y[k] = _mm_cvttsd_si64(_mm_set_sd(x[k]));
}

/* The whole numbers from 2^63 on are the only ones that int64 has not. */
static void doubles_to_uint64(const double *x, uint64_t *y, int64_t n) {
  for (int64_t k = 0; k < n; k++)
    y[k] = x[k] >= 0x1p63 && x[k] < 0x1p64 ? (uint64_t)x[k]
                                           : (uint64_t)_mm_cvttsd_si64(_mm_set_sd(x[k]));
}

static void bytes_of_bools(const uint8_t *restrict x, uint8_t *restrict y, int64_t n) {
  for (int64_t k = 0; k < n; k++) y[k] = x[k] != 0;
}

#define EACH(TO, E) for (int64_t k = 0; k < n; k++) (TO)[k] = E;

/* n elements of x, n <= BLOCK, as *w; wide elements are left where they are. */
static const void *load(const tarn_tensor *x, int64_t at, int64_t n, block *b, wide *w) {
  const void *start = (const char *)x->data + (size_t)at * tarn_dtype_bytes(x->dtype);
  switch ((int)x->dtype) {
    case TARN_F32: *w = WIDE_F; return start;
    case TARN_F64: *w = WIDE_D; return start;
    case TARN_I32: *w = WIDE_I; return start;
    case TARN_I64: *w = WIDE_L; return start;
    case TARN_U64: *w = WIDE_U; return start;
    case TARN_F16: *w = WIDE_F; halves_to_floats(start, b->f, n); return b->f;
    case TARN_BF16:
      *w = WIDE_F;
      EACH(b->f, tarn__bf16_to_f32(((const uint16_t *)start)[k])) return b->f;
    case TARN_I8: *w = WIDE_I; EACH(b->i, ((const int8_t *)start)[k]) return b->i;
    case TARN_I16: *w = WIDE_I; EACH(b->i, ((const int16_t *)start)[k]) return b->i;
    case TARN_U8: *w = WIDE_I; EACH(b->i, ((const uint8_t *)start)[k]) return b->i;
    case TARN_U16: *w = WIDE_I; EACH(b->i, ((const uint16_t *)start)[k]) return b->i;
    case TARN_BOOL: *w = WIDE_I; EACH(b->i, ((const uint8_t *)start)[k] != 0) return b->i;
    default: *w = WIDE_L; EACH(b->l, ((const uint32_t *)start)[k]) return b->l;
  }
}

/* Integers wrap. */
#define INTEGERS(NAME, T)                                                              \
  static void store_##NAME(tarn_dtype to, void *y, const T *x, int64_t n, block *b) {  \
    switch ((int)to) {                                                                 \
      case TARN_F32:                                                                   \
        EACH((float *)y, (float)x[k]) break;                                           \
      case TARN_F64:                                                                   \
        EACH((double *)y, (double)x[k]) break;                                         \
      case TARN_F16:                                                                   \
        EACH(b->f, (float)x[k]) floats_to_halves(b->f, y, n);                          \
        break;                                                                         \
      case TARN_BF16:                                                                  \
        EACH(b->f, (float)x[k]) EACH((uint16_t *)y, tarn__f32_to_bf16(b->f[k])) break; \
      case TARN_I8:                                                                    \
      case TARN_U8:                                                                    \
        EACH((uint8_t *)y, (uint8_t)x[k]) break;                                       \
      case TARN_I16:                                                                   \
      case TARN_U16:                                                                   \
        EACH((uint16_t *)y, (uint16_t)x[k]) break;                                     \
      case TARN_I32:                                                                   \
      case TARN_U32:                                                                   \
        EACH((uint32_t *)y, (uint32_t)x[k]) break;                                     \
      case TARN_BOOL:                                                                  \
        EACH((uint8_t *)y, x[k] != 0) break;                                           \
      default:                                                                         \
        EACH((int64_t *)y, (int64_t)x[k]) break;                                       \
    }                                                                                  \
  }
INTEGERS(i, int32_t)
INTEGERS(l, int64_t)
INTEGERS(u, uint64_t)
#undef INTEGERS

static bool fits_int32(tarn_dtype to) {
  return tarn__dtype_in(to, TARN_BIT(TARN_I8) | TARN_BIT(TARN_U8) | TARN_BIT(TARN_I16) |
                                TARN_BIT(TARN_U16) | TARN_BIT(TARN_I32));
}

static void store_d(tarn_dtype to, void *y, const double *x, int64_t n, block *b) {
  if (fits_int32(to)) {
    doubles_to_int32(x, b->i, n);
    store_i(to, y, b->i, n, b);
    return;
  }
  switch ((int)to) {
    case TARN_F32: EACH((float *)y, (float)x[k]) break;
    case TARN_F64: EACH((double *)y, x[k]) break;
    case TARN_F16: EACH(b->f, (float)x[k]) floats_to_halves(b->f, y, n); break;
    case TARN_BF16: EACH(b->f, (float)x[k]) EACH((uint16_t *)y, tarn__f32_to_bf16(b->f[k])) break;
    case TARN_BOOL: EACH((uint8_t *)y, x[k] != 0) break;
    case TARN_U64: doubles_to_uint64(x, y, n); break;
    case TARN_I64: doubles_to_int64(x, y, n); break;
    default: doubles_to_int64(x, b->l, n); EACH((uint32_t *)y, (uint32_t)b->l[k]) break;
  }
}

/* false where a float is beyond uint32 and negative int32, which wraps. From 2^31 on it is
 * converted without its top bit. */
static bool floats_to_uint32(const float *x, uint32_t *y, int64_t n) {
  unsigned far = 0;
  for (int64_t k = 0; k < n; k++) far |= (unsigned)!((x[k] >= -0x1p31f) & (x[k] < 0x1p32f));
  if (far) return false;
  int64_t k = 0;
  const __m256 half = _mm256_set1_ps(0x1p31f);
  for (; k + 8 <= n; k += 8) {
    const __m256 v = _mm256_loadu_ps(x + k), above = _mm256_cmp_ps(v, half, _CMP_GE_OQ);
    const __m256i low = _mm256_cvttps_epi32(_mm256_sub_ps(v, _mm256_and_ps(above, half)));
    _mm256_storeu_si256((__m256i *)(void *)(y + k),
                        _mm256_xor_si256(low, _mm256_slli_epi32(_mm256_castps_si256(above), 31)));
  }
  for (; k < n; k++) y[k] = (uint32_t)_mm_cvttss_si64(_mm_set_ss(x[k]));
  return true;
}

static void store_f(tarn_dtype to, void *y, const float *x, int64_t n, block *b) {
  if (fits_int32(to)) {
    floats_to_int32(x, b->i, n);
    store_i(to, y, b->i, n, b);
    return;
  }
  if (to == TARN_U32 && floats_to_uint32(x, y, n)) return;
  switch ((int)to) {
    case TARN_F32: EACH((float *)y, x[k]) break;
    case TARN_F16: floats_to_halves(x, y, n); break;
    case TARN_BF16: EACH((uint16_t *)y, tarn__f32_to_bf16(x[k])) break;
    case TARN_BOOL: EACH((uint8_t *)y, (double)x[k] != 0) break;
    case TARN_F64: EACH((double *)y, (double)x[k]) break;
    default:
      EACH(b->d, (double)x[k])
      store_d(to, y, b->d, n, b);
      break;
  }
}

/* The grouped ones of x, which are bounded as tarn__cast_bound_f does, in one pass: what int32
 * cannot hold becomes its least number, and packing saturates. How many were done. */
static int64_t pack_floats(tarn_dtype to, const float *x, char *y, int64_t grouped) {
  const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
  int64_t k = 0;
  for (; k + 32 <= grouped; k += 32) {
    __m256i v[4];
    for (int i = 0; i < 4; i++) v[i] = _mm256_cvttps_epi32(_mm256_loadu_ps(x + k + 8 * i));
    if (to == TARN_U16)
      v[0] = _mm256_packus_epi32(v[0], v[1]), v[1] = _mm256_packus_epi32(v[2], v[3]);
    else v[0] = _mm256_packs_epi32(v[0], v[1]), v[1] = _mm256_packs_epi32(v[2], v[3]);
    if (to == TARN_I16 || to == TARN_U16) {
      for (int i = 0; i < 2; i++)
        _mm256_storeu_si256((__m256i *)(void *)(y + 2 * k + 32 * i),
                            _mm256_permute4x64_epi64(v[i], 0xd8));
    } else {
      v[0] = to == TARN_I8 ? _mm256_packs_epi16(v[0], v[1]) : _mm256_packus_epi16(v[0], v[1]);
      _mm256_storeu_si256((__m256i *)(void *)(y + k), _mm256_permutevar8x32_epi32(v[0], order));
    }
  }
  return k;
}

/* The same of uint32: from 2^31 on a float is converted without its top bit; the least number is
 * 2^31 as well. */
static int64_t pack_floats_u32(const float *x, char *y, int64_t grouped) {
  const __m256 half = _mm256_set1_ps(0x1p31f), all = _mm256_set1_ps(0x1p32f);
  int64_t k = 0;
  for (; k + 8 <= grouped; k += 8) {
    const __m256 v = _mm256_loadu_ps(x + k);
    const __m256 above =
        _mm256_and_ps(_mm256_cmp_ps(v, half, _CMP_GE_OQ), _mm256_cmp_ps(v, all, _CMP_LT_OQ));
    const __m256i low = _mm256_cvttps_epi32(_mm256_sub_ps(v, _mm256_and_ps(above, half)));
    _mm256_storeu_si256((__m256i *)(void *)(y + 4 * k),
                        _mm256_xor_si256(low, _mm256_slli_epi32(_mm256_castps_si256(above), 31)));
  }
  return k;
}

static tarn_status cast_chunk(void *argument, int64_t chunk, int worker) {
  (void)worker;
  const tarn_call *call = argument;
  const tarn_tensor *x = call->in[0];
  const tarn_dtype to = call->out[0]->dtype;
  const size_t size = tarn_dtype_bytes(to);
  const int64_t total = tarn__tensor_elements(x),
                end = (chunk + 1) * CHUNK < total ? (chunk + 1) * CHUNK : total;
  const tarn_cast_bounds bounds = tarn__cast_bounds(x->dtype, to, total);
  const bool streams = (size_t)total * size >= TARN_STREAM_BYTES;
  block b;
  int64_t start = chunk * CHUNK;
  if (x->dtype == TARN_F32 && !streams) {
    const int64_t grouped = tarn__cast_grouped(&bounds, start, end - start);
    const float *from = (const float *)x->data + start;
    char *y = (char *)call->out[0]->data + (size_t)start * size;
    start += bounds.narrow ? pack_floats(to, from, y, grouped) : pack_floats_u32(from, y, grouped);
  }
  for (int64_t at = start; at < end; at += BLOCK) {
    const int64_t n = end - at < BLOCK ? end - at : BLOCK;
    wide w;
    void *y = (char *)call->out[0]->data + (size_t)at * size;
    if (x->dtype == TARN_BOOL && size == 1) {
      bytes_of_bools((const uint8_t *)x->data + at, y, n);
      continue;
    }
    if (streams) y = b.out;
    const void *from = load(x, at, n, &b, &w);
    const int64_t grouped = tarn__cast_grouped(&bounds, at, n);
    if (grouped && w == WIDE_F) {
      tarn__cast_bound_f(&bounds, from, b.f, grouped, n);
      from = b.f;
    }
    if (grouped && w == WIDE_D) {
      tarn__cast_bound_d(&bounds, from, b.d, grouped, n);
      from = b.d;
    }
    switch (w) {
      case WIDE_F: store_f(to, y, from, n, &b); break;
      case WIDE_D: store_d(to, y, from, n, &b); break;
      case WIDE_I: store_i(to, y, from, n, &b); break;
      case WIDE_L: store_l(to, y, from, n, &b); break;
      case WIDE_U: store_u(to, y, from, n, &b); break;
    }
    if (streams)
      tarn__stream_copy((char *)call->out[0]->data + (size_t)at * size, b.out, (size_t)n * size);
  }
  if (streams) tarn__stream_end();
  return TARN_OK;
}

static tarn_status cast(const tarn_call *call) {
  const int64_t n = tarn__tensor_elements(call->in[0]);
  tarn_call copy = *call;
  return tarn__pool_run(n > CHUNK ? call->pool : NULL, (n + CHUNK - 1) / CHUNK, cast_chunk, &copy);
}

static const char *supports(const tarn_problem *p) {
  const tarn_dtypes real = TARN_REALS | TARN_BIT(TARN_BOOL);
  if (!tarn__dtype_in(p->in_dtype[0], real) || !tarn__dtype_in(p->out_dtype[0], real))
    return "only real numbers and bools";
  if (p->in_dtype[0] == p->out_dtype[0]) return "nothing to convert";
  if (((const tarn_cast_params *)p->params)->truncate) return "cutting mantissas is not done here";
  return NULL;
}

#undef EACH
#define ROWS {.op = "Cast", .run = cast, .supports = supports},
