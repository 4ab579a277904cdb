/* Attributes of ops that feed a graph: queues and what reads files. */
#ifndef TARN_KERNELS_PARAMS_INPUT_H
#define TARN_KERNELS_PARAMS_INPUT_H

#include "core/tensor/dtype.h"
#include "core/tensor/tensor.h"
#include "kernels/cpu/input/inflate.h"

enum { TARN_MAX_PRIORITY_COMPONENTS = 16 };

typedef struct tarn_queue_params {
  tarn_string shared_name;       /* empty: the node's own name */
  int components;
  const tarn_dtype *dtypes;      /* the node's */
  const tarn_shape *shapes;      /* the node's, or NULL: any */
  int64_t capacity, min_after_dequeue, seed, seed2;
  bool cancel_pending;           /* QueueClose */
  /* Of a priority queue, in place of dtypes and shapes: with the priority at the front. */
  tarn_dtype own_dtypes[TARN_MAX_PRIORITY_COMPONENTS];
  tarn_shape own_shapes[TARN_MAX_PRIORITY_COMPONENTS];
} tarn_queue_params;

typedef struct tarn_decode_params {
  tarn_dtype dtype;
  bool little_endian;
} tarn_decode_params;

/* ImmutableConst. */
typedef struct tarn_region_params {
  tarn_dtype dtype;
  tarn_shape shape;
  tarn_string name;
} tarn_region_params;

typedef enum tarn_reader_kind {
  TARN_READER_TFRECORD, TARN_READER_TEXT, TARN_READER_FIXED, TARN_READER_WHOLE, TARN_READER_IDENTITY
} tarn_reader_kind;

typedef struct tarn_reader_params {
  tarn_string shared_name;       /* empty: the node's own name */
  tarn_reader_kind kind;
  tarn_compression compression;  /* of the files */
  int64_t skip_lines;            /* TARN_READER_TEXT */
  int64_t header_bytes, record_bytes, footer_bytes,
      hop_bytes; /* TARN_READER_FIXED; hop 0: record_bytes */
} tarn_reader_params;

typedef struct tarn_csv_params {
  char delimiter;
  bool quotes;                   /* a field may be in double quotes */
  tarn_string absent;            /* a field that reads so is missing, as an empty one is */
  int columns;                   /* of `selected`; 0: every field */
  const int64_t *selected;       /* the node's, ascending */
} tarn_csv_params;

#endif
