#include "tools/run/tensor_file.h"

#include "core/bytes.h"
#include "core/file.h"
#include "core/random.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_JSON = 256 << 20 };

static bool ends_with(const char *text, const char *suffix) {
  const size_t n = strlen(text), m = strlen(suffix);
  return n >= m && !strcmp(text + n - m, suffix);
}

/* ---- base64 ------------------------------------------------------------------------------- */

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static json_t *to_base64(const unsigned char *data, size_t n) {
  char *text = malloc(n / 3 * 4 + 5), *at = text;
  if (!text) return NULL;
  for (size_t i = 0; i < n; i += 3) {
    const unsigned b = (unsigned)data[i] << 16 | (i + 1 < n ? (unsigned)data[i + 1] << 8 : 0) |
                       (i + 2 < n ? data[i + 2] : 0u);
    *at++ = digits[b >> 18 & 63];
    *at++ = digits[b >> 12 & 63];
    *at++ = i + 1 < n ? digits[b >> 6 & 63] : '=';
    *at++ = i + 2 < n ? digits[b & 63] : '=';
  }
  json_t *object = json_pack("{s:s#}", "b64", text, (int)(at - text));
  free(text);
  return object;
}

/* Into `data` (room for size / 4 * 3 bytes); false when the text is no base64. */
static bool from_base64(const char *text, size_t size, char *data, size_t *n) {
  unsigned bits = 0;
  int have = 0;
  *n = 0;
  while (size && text[size - 1] == '=') size--;
  for (size_t i = 0; i < size; i++) {
    const char *d = text[i] ? strchr(digits, text[i]) : NULL;
    if (!d) return false;
    bits = bits << 6 | (unsigned)(d - digits);
    if (++have == 4) {
      data[(*n)++] = (char)(bits >> 16);
      data[(*n)++] = (char)(bits >> 8);
      data[(*n)++] = (char)bits;
      have = 0;
    }
  }
  if (have == 1) return false;
  if (have == 2) data[(*n)++] = (char)(bits >> 4);
  if (have == 3) {
    data[(*n)++] = (char)(bits >> 10);
    data[(*n)++] = (char)(bits >> 2);
  }
  return true;
}

/* ---- JSON to tensors ----------------------------------------------------------------------- */

static bool is_list(const json_t *j) { return json_is_array(j); }

static tarn_status shape_of(const json_t *j, tarn_shape *shape) {
  int64_t dims[TARN_MAX_RANK];
  int rank = 0;
  for (; is_list(j); j = json_array_get(j, 0)) {
    if (rank == TARN_MAX_RANK)
      return tarn_fail(TARN_CORRUPT, "lists are nested more than %d deep", TARN_MAX_RANK);
    dims[rank++] = (int64_t)json_array_size(j);
    if (!json_array_size(j)) break;
  }
  return tarn__shape_make(rank, dims, shape);
}

static tarn_status set_string(tarn_tensor *t, int64_t i, const json_t *j) {
  if (json_is_string(j)) return tarn__string_set(t, i, json_string_value(j), json_string_length(j));
  const json_t *b64 = json_object_get(j, "b64");
  if (!json_is_string(b64))
    return tarn_fail(TARN_CORRUPT, "element %lld is neither a string nor {\"b64\": ...}",
                     (long long)i);
  char *data = malloc(json_string_length(b64) + 4);
  if (!data)
    return tarn_fail(TARN_NO_MEMORY, "no memory for a string of %zu bytes",
                     json_string_length(b64));
  size_t n;
  tarn_status status = from_base64(json_string_value(b64), json_string_length(b64), data, &n)
                           ? tarn__string_set(t, i, data, n)
                           : tarn_fail(TARN_CORRUPT, "element %lld is no base64", (long long)i);
  free(data);
  return status;
}

static tarn_status set_number(tarn_tensor *t, int64_t i, const json_t *j) {
  if (!json_is_number(j) && !json_is_boolean(j))
    return tarn_fail(TARN_CORRUPT, "element %lld is no number", (long long)i);
  const double x = json_is_boolean(j) ? json_is_true(j) : json_number_value(j);
  const int64_t n =
      json_is_integer(j) ? (int64_t)json_integer_value(j) : (int64_t)(fabs(x) < 9e18 ? x : 0);
  switch (t->dtype) {
    case TARN_F32: ((float *)t->data)[i] = (float)x; return TARN_OK;
    case TARN_F64: ((double *)t->data)[i] = x; return TARN_OK;
    case TARN_I32: ((int32_t *)t->data)[i] = (int32_t)n; return TARN_OK;
    case TARN_I64: ((int64_t *)t->data)[i] = n; return TARN_OK;
    case TARN_U8: ((uint8_t *)t->data)[i] = (uint8_t)n; return TARN_OK;
    case TARN_I8: ((int8_t *)t->data)[i] = (int8_t)n; return TARN_OK;
    case TARN_BOOL: ((bool *)t->data)[i] = x != 0; return TARN_OK;
    default:
      return tarn_fail(TARN_DTYPE, "a %s tensor cannot be read from JSON: use .npy",
                       tarn_dtype_name(t->dtype));
  }
}

static tarn_status fill(tarn_tensor *t, const json_t *j, int axis, int64_t *at) {
  if (axis == t->shape.rank) {
    const int64_t i = (*at)++;
    return t->dtype == TARN_STRING ? set_string(t, i, j) : set_number(t, i, j);
  }
  if (!is_list(j) || (int64_t)json_array_size(j) != t->shape.dim[axis])
    return tarn_fail(TARN_CORRUPT, "the lists of axis %d differ in length: expected %lld", axis,
                     (long long)t->shape.dim[axis]);
  for (size_t i = 0; i < json_array_size(j); i++)
    TARN_TRY(fill(t, json_array_get(j, i), axis + 1, at));
  return TARN_OK;
}

static tarn_dtype guess(const json_t *j) {
  while (is_list(j) && json_array_size(j)) j = json_array_get(j, 0);
  if (json_is_boolean(j)) return TARN_BOOL;
  if (json_is_integer(j)) return TARN_I32;
  return json_is_real(j) ? TARN_F32 : TARN_STRING;
}

static tarn_status read_json(const char *path, tarn_dtype wanted, tarn_tensor **tensor) {
  tarn_file file;
  TARN_TRY(tarn__file_map(path, &file));
  json_t *root = NULL;
  json_error_t error;
  tarn_tensor value = {0};
  tarn_status status = TARN_OK;
  if (file.size > MAX_JSON)
    status = tarn_fail(TARN_LIMIT, "%zu bytes of JSON, at most %d", file.size, MAX_JSON);
  else if (!(root = json_loadb((const char *)file.data, file.size, JSON_DECODE_ANY | JSON_ALLOW_NUL,
                               &error)))
    status = tarn_fail(TARN_CORRUPT, "line %d: %s", error.line, error.text);
  tarn_shape shape;
  if (status == TARN_OK) status = shape_of(root, &shape);
  if (status == TARN_OK)
    status =
        tarn__tensor_new(tarn__allocator_default(), wanted ? wanted : guess(root), &shape, &value);
  int64_t at = 0;
  if (status == TARN_OK) status = fill(&value, root, 0, &at);
  if (status == TARN_OK) status = tarn__tensor_handle(tarn__allocator_default(), &value, tensor);
  tarn__tensor_clear(&value);
  json_decref(root);
  tarn__file_unmap(&file);
  return status;
}

/* ---- random feeds -------------------------------------------------------------------------- */

static void set_random(tarn_tensor *t, int64_t i, uint32_t word) {
  const float x = tarn__uint32_to_float(word);
  switch (t->dtype) {
    case TARN_F32: ((float *)t->data)[i] = 2 * x - 1; break;
    case TARN_F64: ((double *)t->data)[i] = 2 * x - 1; break;
    case TARN_F16: ((uint16_t *)t->data)[i] = tarn__f32_to_f16(2 * x - 1); break;
    case TARN_BF16: ((uint16_t *)t->data)[i] = tarn__f32_to_bf16(2 * x - 1); break;
    case TARN_BOOL: ((bool *)t->data)[i] = word & 1; break;
    case TARN_U8: ((uint8_t *)t->data)[i] = (uint8_t)word; break;
    case TARN_I8: ((int8_t *)t->data)[i] = (int8_t)(word % 10); break;
    case TARN_I16: ((int16_t *)t->data)[i] = (int16_t)(word % 10); break;
    case TARN_I32: ((int32_t *)t->data)[i] = (int32_t)(word % 10); break;
    case TARN_I64: ((int64_t *)t->data)[i] = (int64_t)(word % 10); break;
    default: break;
  }
}

/* "float32[1,224,224,3]": uniform in [-1, 1), integers 0 to 9, always the same. */
static tarn_status random_feed(const char *text, tarn_tensor **tensor) {
  const char *open = strchr(text, '[');
  const tarn_dtype dtype = tarn__dtype_from_name(text, open ? (size_t)(open - text) : strlen(text));
  const tarn_dtypes fine = TARN_FLOATS | TARN_SIGNED_INTS | TARN_BIT(TARN_U8) | TARN_BIT(TARN_BOOL);
  if (!dtype || !tarn__dtype_in(dtype, fine) || !open)
    return tarn_fail(
        TARN_INVALID,
        "a random feed is random:DTYPE[DIMS], such as random:float32[1,28,28,1]; got 'random:%s'",
        text);
  int64_t dims[TARN_MAX_RANK];
  int rank = 0;
  const char *at = open + 1;
  while (*at && *at != ']') {
    char *end;
    if (rank == TARN_MAX_RANK)
      return tarn_fail(TARN_INVALID, "a random feed has at most %d dims", TARN_MAX_RANK);
    dims[rank++] = strtoll(at, &end, 10);
    if (end == at || (*end != ',' && *end != ']'))
      return tarn_fail(TARN_INVALID, "cannot read the dims of 'random:%s'", text);
    at = *end == ',' ? end + 1 : end;
  }
  if (strcmp(at, "]")) return tarn_fail(TARN_INVALID, "cannot read the dims of 'random:%s'", text);
  TARN_TRY(tarn_tensor_create(dtype, rank, dims, tensor));
  tarn_philox g;
  tarn__philox_init(&g, 1, 0);
  const int64_t n = tarn_tensor_elements(*tensor);
  uint32_t word[4];
  for (int64_t i = 0; i < n; i++) {
    if (i % 4 == 0) tarn__philox_next(&g, word);
    set_random(*tensor, i, word[i % 4]);
  }
  return TARN_OK;
}

tarn_status tarn__tensor_file_read(const char *text, tarn_dtype wanted, tarn_tensor **tensor) {
  if (!strncmp(text, "random:", 7)) return random_feed(text + 7, tensor);
  if (ends_with(text, ".json")) TARN_TRY_IN(read_json(text, wanted, tensor), "reading '%s'", text);
  else TARN_TRY_IN(tarn_tensor_load_npy(text, tensor), "reading '%s'", text);
  return TARN_OK;
}

/* ---- tensors to JSON ----------------------------------------------------------------------- */

static json_t *string_json(const tarn_string *s) {
  if (!memchr(s->data ? s->data : "", 0, s->size)) {
    json_t *text = json_stringn(s->data ? s->data : "", s->size);   /* refuses what is not UTF-8 */
    if (text) return text;
  }
  return to_base64((const unsigned char *)s->data, s->size);
}

static json_t *element_json(const tarn_tensor *t, int64_t i) {
  const void *d = t->data;
  switch (t->dtype) {
    case TARN_STRING: return string_json((const tarn_string *)d + i);
    case TARN_BOOL: return json_boolean(((const bool *)d)[i]);
    case TARN_I8: return json_integer(((const int8_t *)d)[i]);
    case TARN_U8: return json_integer(((const uint8_t *)d)[i]);
    case TARN_I16: return json_integer(((const int16_t *)d)[i]);
    case TARN_U16: return json_integer(((const uint16_t *)d)[i]);
    case TARN_I32: return json_integer(((const int32_t *)d)[i]);
    case TARN_U32: return json_integer(((const uint32_t *)d)[i]);
    case TARN_I64: return json_integer(((const int64_t *)d)[i]);
    case TARN_U64: return json_integer((json_int_t)((const uint64_t *)d)[i]);
    default: break;
  }
  double x = NAN;
  if (t->dtype == TARN_F32) x = (double)((const float *)d)[i];
  if (t->dtype == TARN_F64) x = ((const double *)d)[i];
  if (t->dtype == TARN_F16) x = (double)tarn__f16_to_f32(((const uint16_t *)d)[i]);
  if (t->dtype == TARN_BF16) x = (double)tarn__bf16_to_f32(((const uint16_t *)d)[i]);
  if (isfinite(x)) return json_real(x);
  return json_string(isnan(x) ? "nan" : x > 0 ? "inf" : "-inf");
}

static json_t *list_json(const tarn_tensor *t, int axis, int64_t *at) {
  if (axis == t->shape.rank) return element_json(t, (*at)++);
  json_t *list = json_array();
  for (int64_t i = 0; list && i < t->shape.dim[axis]; i++)
    if (json_array_append_new(list, list_json(t, axis + 1, at))) {
      json_decref(list);
      return NULL;
    }
  return list;
}

json_t *tarn__tensor_json(const tarn_tensor *tensor) {
  int64_t at = 0;
  return list_json(tensor, 0, &at);
}

tarn_status tarn__tensor_file_write(const char *path, const tarn_tensor *tensor) {
  if (!ends_with(path, ".json")) return tarn_tensor_save_npy(tensor, path);
  json_t *root = tarn__tensor_json(tensor);
  char *text = root ? json_dumps(root, JSON_ENCODE_ANY | JSON_REAL_PRECISION(17)) : NULL;
  json_decref(root);
  if (!text) return tarn_fail(TARN_NO_MEMORY, "no memory for the JSON of '%s'", path);
  const tarn_status status = tarn__output_file(tarn__allocator_default(), path, text, strlen(text));
  free(text);
  return status;
}
