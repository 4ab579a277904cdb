/* Shapes with checked arithmetic. A shape of known rank has dims >= 0; -1 means unknown (a dim of a
 * placeholder, or the rank). Kernels and shape functions only ever see fully known shapes. */
#ifndef TARN_CORE_TENSOR_SHAPE_H
#define TARN_CORE_TENSOR_SHAPE_H

#include "core/status.h"

typedef struct tarn_shape {
  int rank;                     /* -1: unknown */
  int64_t dim[TARN_MAX_RANK];   /* -1: unknown */
} tarn_shape;

/* Checks rank 0..TARN_MAX_RANK, dims >= 0 and the product against int64 overflow. */
tarn_status tarn__shape_make(int rank, const int64_t *dims, tarn_shape *shape);
/* Fully known: product of dims (1 for a scalar). The shape must be one that tarn__shape_make
 * accepts. */
int64_t tarn__shape_elements(const tarn_shape *shape);
/* The same for dims from an untrusted place: TARN_LIMIT when the product or the bytes overflow. */
tarn_status tarn__shape_bytes(const tarn_shape *shape, size_t bytes_each, int64_t *elements,
                              size_t *bytes);
bool tarn__shape_known(const tarn_shape *shape);
bool tarn__shape_equal(const tarn_shape *a, const tarn_shape *b);
/* b (known) can be a value of a (perhaps unknown in places). */
bool tarn__shape_compatible(const tarn_shape *a, const tarn_shape *b);
/* NumPy broadcasting of two known shapes. TARN_SHAPE when they do not fit. */
tarn_status tarn__shape_broadcast(const tarn_shape *a, const tarn_shape *b, tarn_shape *out);
/* axis in [-rank, rank) to [0, rank); TARN_SHAPE otherwise. */
tarn_status tarn__shape_axis(int64_t axis, int rank, int *out);
/* "[2,3]", "[]", "[?,3]", "?" into text; returns text. */
#define TARN_SHAPE_TEXT 128
const char *tarn__shape_print(const tarn_shape *shape, char text[TARN_SHAPE_TEXT]);
/* Inline conveniences. */
static inline tarn_shape tarn__shape_scalar(void) { return (tarn_shape){.rank = 0}; }
static inline tarn_shape tarn__shape_vector(int64_t n) {
  return (tarn_shape){.rank = 1, .dim = {n}};
}

#endif
