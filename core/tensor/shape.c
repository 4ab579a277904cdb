/* Shape arithmetic: every product is checked, so that what tarn__shape_make accepted never
 * overflows. */
#include "core/tensor/shape.h"

#include <stdio.h>
#include <string.h>

#include "core/memory.h"

/* The product of the dims that are not 0 must fit: then so do all strides of an empty tensor. */
static tarn_status check(int rank, const int64_t *dims, int64_t *elements) {
  if (rank < 0 || rank > TARN_MAX_RANK)
    return tarn_fail(TARN_INVALID, "rank %d, expected 0 to %d", rank, TARN_MAX_RANK);
  int64_t product = 1;
  bool empty = false;
  for (int i = 0; i < rank; i++) {
    if (dims[i] < 0)
      return tarn_fail(TARN_INVALID, "dim %d is %lld, expected 0 or more", i, (long long)dims[i]);
    if (dims[i] == 0)
      empty = true;
    else if (tarn__mul_overflow(product, dims[i], &product))
      return tarn_fail(TARN_LIMIT, "the product of %d dims does not fit 63 bits", rank);
  }
  *elements = empty ? 0 : product;
  return TARN_OK;
}

tarn_status tarn__shape_make(int rank, const int64_t *dims, tarn_shape *shape) {
  int64_t elements;
  TARN_TRY(check(rank, dims, &elements));
  tarn_shape made = {.rank = rank};
  for (int i = 0; i < rank; i++) made.dim[i] = dims[i];
  *shape = made;
  return TARN_OK;
}

int64_t tarn__shape_elements(const tarn_shape *shape) {
  int64_t product = 1;
  for (int i = 0; i < shape->rank; i++) product *= shape->dim[i];
  return product;
}

tarn_status tarn__shape_bytes(const tarn_shape *shape, size_t bytes_each, int64_t *elements,
                              size_t *bytes) {
  int64_t n;
  size_t total;
  TARN_TRY(check(shape->rank, shape->dim, &n));
  if (tarn__mul_overflow((size_t)n, bytes_each, &total) || total > (size_t)PTRDIFF_MAX)
    return tarn_fail(TARN_LIMIT, "%lld elements of %zu bytes do not fit the address space",
                     (long long)n, bytes_each);
  if (elements) *elements = n;
  if (bytes) *bytes = total;
  return TARN_OK;
}

bool tarn__shape_known(const tarn_shape *shape) {
  if (shape->rank < 0) return false;
  for (int i = 0; i < shape->rank; i++)
    if (shape->dim[i] < 0) return false;
  return true;
}

bool tarn__shape_equal(const tarn_shape *a, const tarn_shape *b) {
  if (a->rank != b->rank) return false;
  for (int i = 0; i < a->rank; i++)
    if (a->dim[i] != b->dim[i]) return false;
  return true;
}

bool tarn__shape_compatible(const tarn_shape *a, const tarn_shape *b) {
  if (a->rank < 0) return true;
  if (a->rank != b->rank) return false;
  for (int i = 0; i < a->rank; i++)
    if (a->dim[i] >= 0 && a->dim[i] != b->dim[i]) return false;
  return true;
}

tarn_status tarn__shape_broadcast(const tarn_shape *a, const tarn_shape *b, tarn_shape *out) {
  int rank = a->rank > b->rank ? a->rank : b->rank;
  int64_t dims[TARN_MAX_RANK];
  for (int i = 0; i < rank; i++) {
    int ia = i - (rank - a->rank), ib = i - (rank - b->rank);
    int64_t da = ia < 0 ? 1 : a->dim[ia], db = ib < 0 ? 1 : b->dim[ib];
    if (da != db && da != 1 && db != 1) {
      char ta[TARN_SHAPE_TEXT], tb[TARN_SHAPE_TEXT];
      return tarn_fail(TARN_SHAPE, "%s and %s do not broadcast: %lld against %lld",
                       tarn__shape_print(a, ta), tarn__shape_print(b, tb), (long long)da,
                       (long long)db);
    }
    dims[i] = da == 1 ? db : da;
  }
  return tarn__shape_make(rank, dims, out);
}

tarn_status tarn__shape_axis(int64_t axis, int rank, int *out) {
  if (axis < -rank || axis >= rank)
    return tarn_fail(TARN_SHAPE, "axis %lld of a rank-%d tensor", (long long)axis, rank);
  *out = (int)(axis < 0 ? axis + rank : axis);
  return TARN_OK;
}

const char *tarn__shape_print(const tarn_shape *shape, char text[TARN_SHAPE_TEXT]) {
  if (shape->rank < 0) return memcpy(text, "?", 2);
  /* Twelve dims of nineteen digits would not fit: what does not is cut, with "...]". */
  size_t used = 0;
  text[used++] = '[';
  for (int i = 0; i < shape->rank && i < TARN_MAX_RANK; i++) {
    char dim[24];
    int n = shape->dim[i] < 0
                ? snprintf(dim, sizeof dim, "%s?", i ? "," : "")
                : snprintf(dim, sizeof dim, "%s%lld", i ? "," : "", (long long)shape->dim[i]);
    if (used + (size_t)n + 5 > TARN_SHAPE_TEXT) {
      memcpy(text + used, "...", 3);
      used += 3;
      break;
    }
    memcpy(text + used, dim, (size_t)n);
    used += (size_t)n;
  }
  text[used++] = ']';
  text[used] = '\0';
  return text;
}
