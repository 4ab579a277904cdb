/* TensorProto and TensorShapeProto, read and written: constants of graphs, and what SerializeTensor
 * and summaries hold.
 *
 * Elements come as tensor_content (raw, little-endian; of strings their lengths, then their bytes)
 * or in a field of their type, where fewer values than elements mean that the last one goes on to
 * the end, and none means zeros. A reader first opens the message, then takes the elements:
 *
 *   tarn_tensor_message m;
 *   TARN_TRY(tarn__tensor_message_open(wire, &m));
 *   TARN_TRY(tarn__tensor_message_read(allocator, &m, &expanded, limit, &tensor));
 *
 * A few bytes can ask for any amount of memory by repetition: what that costs is counted in
 * `expanded` and refused beyond a limit of the caller's. Messages are plain values; the memory they
 * were opened on must outlive them. Thread-safe. */
#ifndef TARN_CORE_WIRE_TENSOR_MESSAGE_H
#define TARN_CORE_WIRE_TENSOR_MESSAGE_H

#include "core/tensor/tensor.h"
#include "core/wire/wire.h"

typedef struct tarn_tensor_message {
  tarn_wire wire;   /* the message, at its start */
  int64_t number;   /* of the type, as TensorFlow counts */
  tarn_dtype dtype; /* TARN_NO_DTYPE: none of tarn's */
  tarn_shape shape;
  bool deep;                    /* more than TARN_MAX_RANK dims: the rest was dropped */
  const unsigned char *content; /* tensor_content */
  size_t content_bytes;
  uint64_t content_offset;
  int64_t elements; /* of the shape */
  size_t bytes;     /* of so many elements */
} tarn_tensor_message;

/* TensorShapeProto, on top of what *shape holds (rank 0 for a new one): a message in two parts is
 * one. Rank -1 and dims of -1 where unknown. *deep becomes true for more than TARN_MAX_RANK dims.
 * TARN_CORRUPT. */
TARN_MUST_CHECK tarn_status tarn__shape_message_read(tarn_wire message, tarn_shape *shape,
                                                     bool *deep);

/* Reads all but the elements. TARN_CORRUPT: a type number that is no value's, an unknown shape or
 * one whose elements cannot be counted, content of another size than the shape's. Types that have
 * no elements in messages (resources, and numbers that tarn does not know) and deep shapes are left
 * to the caller: then `elements` and `bytes` are 0. */
TARN_MUST_CHECK tarn_status tarn__tensor_message_open(tarn_wire message, tarn_tensor_message *m);
/* Can its elements be read: is it of a type that has them, in a shape that tarn has? */
bool tarn__tensor_message_readable(const tarn_tensor_message *m);
/* The tensor, in memory of its own; *expanded grows by the bytes that repetition made.
 * TARN_CORRUPT, TARN_LIMIT beyond `limit`, TARN_UNSUPPORTED where it is not readable. */
TARN_MUST_CHECK tarn_status tarn__tensor_message_read(const tarn_allocator *a,
                                                      const tarn_tensor_message *m,
                                                      uint64_t *expanded, uint64_t limit,
                                                      tarn_tensor *t);

/* A shape as field `field` of the message being written. */
TARN_MUST_CHECK tarn_status tarn__shape_message_write(const tarn_shape *shape, uint32_t field,
                                                      tarn_bytes *b);
/* The fields of a TensorProto: raw content for numbers, string_val for strings. TARN_UNSUPPORTED
 * for resources and variants. */
TARN_MUST_CHECK tarn_status tarn__tensor_message_write(const tarn_tensor *t, tarn_bytes *b);
/* The same with strings as raw content too, which is how TensorFlow serialises sparse tensors. */
TARN_MUST_CHECK tarn_status tarn__tensor_message_write_content(const tarn_tensor *t, tarn_bytes *b);

#endif
