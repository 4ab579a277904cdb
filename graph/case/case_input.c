/* Inputs of cases: shapes, given elements, and seeded random ones. */
#include "graph/case/case_input.h"

#include "graph/signature/text.h"

#include <math.h>
#include <stdio.h>

/* splitmix64 (Steele, Lea and Flood, OOPSLA 2014): any seed will do, and it is the same
 * everywhere. */
static uint64_t next(uint64_t *state) {
  uint64_t z = *state += 0x9e3779b97f4a7c15u;
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
  z = (z ^ z >> 27) * 0x94d049bb133111ebu;
  return z ^ z >> 31;
}

/* [0, 1) */
static double uniform(uint64_t *state) { return (double)(next(state) >> 11) * 0x1p-53; }

static double normal(uint64_t *state) {
  double u = 1 - uniform(state), v = uniform(state);
  return sqrt(-2 * log(u)) * cos(6.283185307179586 * v);
}

static double clamp(double x, double low, double high) {
  return x < low ? low : x > high ? high : x;
}

void tarn__element_put(tarn_tensor *t, int64_t i, double re, double im) {
  void *d = t->data;
  switch (t->dtype) {
    case TARN_F32: ((float *)d)[i] = (float)re; break;
    case TARN_F64: ((double *)d)[i] = re; break;
    case TARN_F16: ((uint16_t *)d)[i] = tarn__f32_to_f16((float)re); break;
    case TARN_BF16: ((uint16_t *)d)[i] = tarn__f32_to_bf16((float)re); break;
    case TARN_C64:
      ((float *)d)[2 * i] = (float)re;
      ((float *)d)[2 * i + 1] = (float)im;
      break;
    case TARN_C128:
      ((double *)d)[2 * i] = re;
      ((double *)d)[2 * i + 1] = im;
      break;
    case TARN_I8:
    case TARN_QI8: ((int8_t *)d)[i] = (int8_t)clamp(re, INT8_MIN, INT8_MAX); break;
    case TARN_U8:
    case TARN_QU8: ((uint8_t *)d)[i] = (uint8_t)clamp(re, 0, UINT8_MAX); break;
    case TARN_I16:
    case TARN_QI16: ((int16_t *)d)[i] = (int16_t)clamp(re, INT16_MIN, INT16_MAX); break;
    case TARN_U16:
    case TARN_QU16: ((uint16_t *)d)[i] = (uint16_t)clamp(re, 0, UINT16_MAX); break;
    case TARN_I32:
    case TARN_QI32: ((int32_t *)d)[i] = (int32_t)clamp(re, INT32_MIN, INT32_MAX); break;
    case TARN_U32: ((uint32_t *)d)[i] = (uint32_t)clamp(re, 0, UINT32_MAX); break;
    case TARN_I64: ((int64_t *)d)[i] = (int64_t)clamp(re, -9.2e18, 9.2e18); break;
    case TARN_U64: ((uint64_t *)d)[i] = (uint64_t)clamp(re, 0, 1.8e19); break;
    case TARN_BOOL: ((uint8_t *)d)[i] = re != 0; break;
    case TARN_STRING:
    case TARN_RESOURCE:
    case TARN_VARIANT:
    case TARN_NO_DTYPE: break;
  }
}

double tarn__element_get(const tarn_tensor *t, int64_t i) {
  const void *d = t->data;
  switch (t->dtype) {
    case TARN_F32: return (double)((const float *)d)[i];
    case TARN_F64: return ((const double *)d)[i];
    case TARN_F16: return (double)tarn__f16_to_f32(((const uint16_t *)d)[i]);
    case TARN_BF16: return (double)tarn__bf16_to_f32(((const uint16_t *)d)[i]);
    case TARN_C64: return (double)((const float *)d)[2 * i];
    case TARN_C128: return ((const double *)d)[2 * i];
    case TARN_I8:
    case TARN_QI8: return ((const int8_t *)d)[i];
    case TARN_U8:
    case TARN_QU8:
    case TARN_BOOL: return ((const uint8_t *)d)[i];
    case TARN_I16:
    case TARN_QI16: return ((const int16_t *)d)[i];
    case TARN_U16:
    case TARN_QU16: return ((const uint16_t *)d)[i];
    case TARN_I32:
    case TARN_QI32: return ((const int32_t *)d)[i];
    case TARN_U32: return ((const uint32_t *)d)[i];
    case TARN_I64: return (double)((const int64_t *)d)[i];
    case TARN_U64: return (double)((const uint64_t *)d)[i];
    case TARN_STRING:
    case TARN_RESOURCE:
    case TARN_VARIANT:
    case TARN_NO_DTYPE: break;
  }
  return 0;
}

/* ---- random elements ----------------------------------------------------------------------- */

static tarn_status fill_string(tarn_tensor *t, int64_t i, uint64_t *state, bool ranged, double low,
                               double high) {
  char text[32];
  uint64_t bits = next(state);
  if (ranged) {
    const double value = floor(low + (high - low + 1) * uniform(state));
    return tarn__string_set(t, i, text, (size_t)snprintf(text, sizeof text, "%.0f", value));
  }
  size_t size = bits % 7;
  for (size_t k = 0; k < size; k++) text[k] = (char)('a' + (bits >> (8 + 5 * k)) % 4);
  return tarn__string_set(t, i, text, size);
}

/* Without a range: floats about N(0,1), signed integers -8..8, unsigned ones 0..16, bools mixed,
 * short strings of letters; with one strings are integers in decimal. */
static tarn_status fill(tarn_tensor *t, uint64_t seed, bool ranged, double low, double high) {
  uint64_t state = seed * 0x2545f4914f6cdd1du + 1;
  int64_t elements = tarn__tensor_elements(t);
  bool real = tarn__dtype_in(t->dtype, TARN_FLOATS | TARN_COMPLEX);
  for (int64_t i = 0; i < elements; i++) {
    if (t->dtype == TARN_STRING) {
      TARN_TRY(fill_string(t, i, &state, ranged, low, high));
    } else if (t->dtype == TARN_BOOL) {
      tarn__element_put(t, i, (double)(next(&state) & 1), 0);
    } else if (real) {
      double re = ranged ? low + (high - low) * uniform(&state) : normal(&state);
      double im = ranged ? low + (high - low) * uniform(&state) : normal(&state);
      tarn__element_put(t, i, re, im);
    } else {
      bool negative = tarn__dtype_in(t->dtype, TARN_SIGNED_INTS | TARN_BIT(TARN_QI8) |
                                                   TARN_BIT(TARN_QI16) | TARN_BIT(TARN_QI32));
      double from = ranged ? low : negative ? -8 : 0, to = ranged ? high : from + 16;
      tarn__element_put(t, i, floor(from + (to - from + 1) * uniform(&state)), 0);
    }
  }
  return TARN_OK;
}

/* Element i is from + step * (i / run), in whole runs. */
static tarn_status fill_steps(tarn_tensor *t, double from, double step, double run) {
  if (t->dtype == TARN_STRING) return tarn_fail(TARN_INVALID, "steps of strings");
  if (!(run >= 1 && run <= 0x1p53)) return tarn_fail(TARN_INVALID, "runs of %g elements", run);
  const int64_t elements = tarn__tensor_elements(t);
  for (int64_t i = 0; i < elements; i++)
    tarn__element_put(t, i, from + step * (double)(i / (int64_t)run), 0);
  return TARN_OK;
}

/* Square matrices become such as have inverses: what is on their diagonals outweighs the rest of
 * its row. */
static tarn_status add_to_diagonals(tarn_tensor *t) {
  const tarn_shape *s = &t->shape;
  if (t->dtype == TARN_STRING || s->rank < 2 || s->dim[s->rank - 1] != s->dim[s->rank - 2])
    return tarn_fail(TARN_INVALID, "'dominant' is for square matrices of numbers");
  const int64_t n = s->dim[s->rank - 1], elements = tarn__tensor_elements(t);
  for (int64_t i = 0; i < elements; i++)
    if (i / n % n == i % n) tarn__element_put(t, i, tarn__element_get(t, i) + 4 * (double)n, 0);
  return TARN_OK;
}

/* ---- given elements ------------------------------------------------------------------------ */

/* Integers keep all 64 bits. */
static bool put_integer(tarn_tensor *t, int64_t i, tarn_text *text) {
  int64_t value;
  if (!tarn__text_int(text, &value)) return false;
  if (t->dtype == TARN_I64) ((int64_t *)t->data)[i] = value;
  else tarn__element_put(t, i, (double)value, 0);
  return true;
}

static tarn_status put_given(tarn_tensor *t, int64_t i, tarn_text *text) {
  double number;
  tarn_word word;
  if (t->dtype == TARN_STRING) {
    if (!tarn__text_quoted(text, &word) && !tarn__text_name(text, &word))
      return tarn_fail(TARN_INVALID, "expected a string before '%.20s'", text->at);
    return tarn__string_set(t, i, word.data, word.size);
  }
  if (t->dtype == TARN_BOOL && (tarn__text_take(text, "true") || tarn__text_take(text, "false"))) {
    ((uint8_t *)t->data)[i] = text->at[-2] == 'u';   /* tr-u-e, fal-s-e */
    return TARN_OK;
  }
  if (tarn__dtype_in(t->dtype, TARN_FLOATS | TARN_COMPLEX)) {
    if (!tarn__text_number(text, &number))
      return tarn_fail(TARN_INVALID, "expected a number before '%.20s'", text->at);
    tarn__element_put(t, i, number, 0);
    return TARN_OK;
  }
  return put_integer(t, i, text)
             ? TARN_OK
             : tarn_fail(TARN_INVALID, "expected an integer before '%.20s'", text->at);
}

/* The elements between the brackets, of which there must be as many as the tensor has. */
static tarn_status put_all(tarn_tensor *t, tarn_text *text, const char *close) {
  int64_t elements = tarn__tensor_elements(t);
  for (int64_t i = 0; i < elements; i++) {
    if (i && !tarn__text_take(text, ","))
      return tarn_fail(TARN_INVALID, "expected %lld elements", (long long)elements);
    TARN_TRY(put_given(t, i, text));
  }
  if (!tarn__text_take(text, close))
    return tarn_fail(TARN_INVALID, "expected '%s' before '%.20s'", close, text->at);
  return TARN_OK;
}

/* How many elements stand up to the closing brace: commas outside quotes, plus one. */
static int64_t count_given(tarn_text text) {
  if (tarn__text_take(&text, "}")) return 0;
  int64_t count = 1;
  char quote = 0;
  for (; text.at < text.end && (quote || *text.at != '}'); text.at++) {
    if (quote) quote = *text.at == quote ? 0 : quote;
    else if (*text.at == '\'' || *text.at == '"') quote = *text.at;
    else count += *text.at == ',';
  }
  return count;
}

static tarn_status read_dims(tarn_text *text, tarn_shape *shape) {
  *shape = tarn__shape_scalar();
  if (tarn__text_take(text, "]")) return TARN_OK;
  do {
    int64_t dim;
    if (shape->rank == TARN_MAX_RANK || !tarn__text_int(text, &dim) || dim < 0)
      return tarn_fail(TARN_INVALID, "expected a dim before '%.20s'", text->at);
    shape->dim[shape->rank++] = dim;
  } while (tarn__text_take(text, "x"));
  return tarn__text_take(text, "]")
             ? TARN_OK
             : tarn_fail(TARN_INVALID, "expected 'x' or ']' before '%.20s'", text->at);
}

static tarn_status make(const tarn_allocator *a, tarn_text *text, tarn_dtype dtype, uint64_t seed,
                        tarn_tensor *made) {
  tarn_shape shape;
  double low = 0, high = 0;
  if (tarn__text_take(text, "(")) {
    shape = tarn__shape_scalar();
    TARN_TRY(tarn__tensor_new(a, dtype, &shape, made));
    return put_all(made, text, ")");
  }
  if (tarn__text_take(text, "{")) {
    shape = tarn__shape_vector(count_given(*text));
    TARN_TRY(tarn__tensor_new(a, dtype, &shape, made));
    return put_all(made, text, "}");
  }
  if (!tarn__text_take(text, "["))
    return tarn_fail(TARN_INVALID, "expected '[', '{' or '(' before '%.20s'", text->at);
  TARN_TRY(read_dims(text, &shape));
  TARN_TRY(tarn__tensor_new(a, dtype, &shape, made));
  if (tarn__text_take(text, "{")) return put_all(made, text, "}");
  bool ranged = tarn__text_take(text, ":");
  if (ranged && tarn__text_take(text, "dominant")) {
    TARN_TRY(fill(made, seed, false, 0, 0));
    return add_to_diagonals(made);
  }
  double step, run;
  bool good = !ranged || tarn__text_number(text, &low);
  if (ranged && good && tarn__text_take(text, "+")) {
    if (tarn__text_number(text, &step) && tarn__text_take(text, "/") &&
        tarn__text_number(text, &run))
      return fill_steps(made, low, step, run);
    return tarn_fail(TARN_INVALID, "expected steps such as 0+1/4 before '%.20s'", text->at);
  }
  if (ranged &&
      !(good && tarn__text_take(text, "..") && tarn__text_number(text, &high) && low <= high))
    return tarn_fail(TARN_INVALID, "expected a range such as 0..1 before '%.20s'", text->at);
  return fill(made, seed, ranged, low, high);
}

tarn_status tarn__case_input(const tarn_allocator *a, const char *text, tarn_dtype t, uint64_t seed,
                             tarn_tensor *out) {
  tarn_text cursor = {text, text + strlen(text)};
  tarn_word word;
  tarn_dtype dtype = TARN_NO_DTYPE;
  if (tarn__text_name(&cursor, &word))
    dtype = tarn__word_is(word, "T") ? t : tarn__dtype_from_name(word.data, word.size);
  if (dtype == TARN_NO_DTYPE) return tarn_fail(TARN_INVALID, "expected a dtype in '%s'", text);
  if (dtype == TARN_RESOURCE || dtype == TARN_VARIANT)
    return tarn_fail(TARN_UNSUPPORTED, "a case cannot make a %s", tarn_dtype_name(dtype));
  tarn_tensor made = {0};
  tarn_status status = make(a, &cursor, dtype, seed, &made);
  if (status == TARN_OK && !tarn__text_done(&cursor))
    status = tarn_fail(TARN_INVALID, "'%s' is left over", cursor.at);
  if (status != TARN_OK) {
    tarn__tensor_clear(&made);
    tarn__context("reading '%s'", text);
    return status;
  }
  *out = made;
  return TARN_OK;
}
