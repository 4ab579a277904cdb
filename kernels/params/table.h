/* Attributes of tables. */
#ifndef TARN_KERNELS_PARAMS_TABLE_H
#define TARN_KERNELS_PARAMS_TABLE_H

#include "core/tensor/dtype.h"
#include "core/tensor/tensor.h"

typedef struct tarn_table_params {
  tarn_dtype keys, values;
  tarn_shape value_shape;
  tarn_string shared_name;       /* empty: the node's own name */
  int64_t buckets;               /* of a dense table, at first */
  float max_load;                /* of a dense table */
} tarn_table_params;

/* Which part of a line is a key or a value: a field from 0 on, or one of these. */
enum { TARN_VOCABULARY_NUMBER = -1, TARN_VOCABULARY_LINE = -2 };

typedef struct tarn_vocabulary_params {
  int64_t key, value;            /* fields */
  int64_t lines; /* how many there must be at least, and are read at most; -1: all there are */
  int64_t offset;                /* added to the number of a line */
  char delimiter;
} tarn_vocabulary_params;

#endif
