/* Boxes of a tensor: how checkpoints name the pieces of a partitioned variable.
 *
 * As a message (TensorSliceProto), as the key of a record (an ordered code of name and extents,
 * which sorts as the tuples do), and as the text of RestoreV2's shape_and_slices ("10 300 0,4:-").
 */
#ifndef TARN_LOADER_CHECKPOINT_SLICE_H
#define TARN_LOADER_CHECKPOINT_SLICE_H

#include "core/tensor/shape.h"
#include "core/wire/wire.h"

/* One extent a dimension. length -1 (with start 0) is the whole dimension, whatever it measures;
 * the key of a record tells it from a whole length that is spelt out, so it is kept as it was
 * found. */
typedef struct tarn_slice {
  int rank;
  int64_t start[TARN_MAX_RANK], length[TARN_MAX_RANK];
} tarn_slice;

/* TensorShapeProto with every dim known. Errors: TARN_CORRUPT (unknown rank or dim, a negative dim,
 * a product above 2^63), TARN_LIMIT (rank above TARN_MAX_RANK). */
TARN_MUST_CHECK tarn_status tarn__shape_read(const tarn_wire_field *f, tarn_shape *shape);
TARN_MUST_CHECK tarn_status tarn__shape_add(tarn_bytes *b, uint32_t field, const tarn_shape *shape);
/* TensorSliceProto. */
TARN_MUST_CHECK tarn_status tarn__slice_read(const tarn_wire_field *f, tarn_slice *slice);
TARN_MUST_CHECK tarn_status tarn__slice_add(tarn_bytes *b, uint32_t field, const tarn_slice *slice);

/* Every dimension whole. */
tarn_slice tarn__slice_whole(int rank);
/* Lengths of -1 become the dims of `shape`; TARN_CORRUPT when the slice has another rank or leaves
 * the shape. */
TARN_MUST_CHECK tarn_status tarn__slice_resolve(const tarn_slice *slice, const tarn_shape *shape,
                                                tarn_slice *box);
/* Of resolved boxes: the number of elements, and what two have in common (false: nothing). */
int64_t tarn__slice_elements(const tarn_slice *box);
bool tarn__slice_intersect(const tarn_slice *a, const tarn_slice *b, tarn_slice *both);

/* The key of a record: appended to `key`. */
TARN_MUST_CHECK tarn_status tarn__slice_key(tarn_bytes *key, const char *name, size_t name_bytes,
                                            const tarn_slice *slice);

/* "10 300 0,4:-": the full shape, then start,length for each dimension joined by ':', '-' for a
 * whole one. "" gives *any = false: the whole tensor, whatever its shape. TARN_INVALID names what
 * was expected. */
TARN_MUST_CHECK tarn_status tarn__slice_spec(const char *text, size_t bytes, bool *any,
                                             tarn_shape *shape, tarn_slice *slice);

#endif
