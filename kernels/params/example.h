/* Attributes of the ops that parse Examples. */
#ifndef TARN_KERNELS_PARAMS_EXAMPLE_H
#define TARN_KERNELS_PARAMS_EXAMPLE_H

#include "core/tensor/dtype.h"
#include "core/tensor/tensor.h"
#include "kernels/params/data.h"

/* How an op is given the keys: each in a scalar input, each group in a vector input, or as
 * attributes. */
typedef enum tarn_example_form {
  TARN_EXAMPLE_SCALARS,
  TARN_EXAMPLE_VECTORS,
  TARN_EXAMPLE_ATTRS
} tarn_example_form;

/* The arrays are the node's. */
typedef struct tarn_example_params {
  tarn_example_form form;
  int sparse, dense, ragged;            /* features of each sort */
  const tarn_dtype *sparse_types, *dense_types, *ragged_types, *split_types;
  const tarn_shape *dense_shapes; /* one example's; the first dim may be -1: as long as it comes */
  const tarn_string *sparse_keys, *dense_keys;   /* TARN_EXAMPLE_ATTRS only */
  int defaults; /* the input of the first default of a dense feature; 0: where the form has it */
  bool scalar_splits; /* of one example that is no batch: row splits are a scalar, 0, and not an
                         empty vector */
} tarn_example_params;

/* Of a dataset that parses. */
typedef struct tarn_data_example_params {
  tarn_data_params data;                /* first */
  tarn_example_params example;
} tarn_data_example_params;

/* SequenceExamples: a context, which is an Example, and lists of features, one feature a step. Keys
 * are given as the context's are; with TARN_EXAMPLE_SCALARS there is one SequenceExample, with
 * TARN_EXAMPLE_ATTRS a batch, with TARN_EXAMPLE_VECTORS either. */
typedef struct tarn_sequence_params {
  tarn_example_params context;
  int sparse, dense, ragged;            /* lists of each sort */
  const tarn_dtype *sparse_types, *dense_types, *ragged_types, *split_types;
  const tarn_shape *dense_shapes;       /* of one step */
  const tarn_string *sparse_keys, *dense_keys;   /* TARN_EXAMPLE_ATTRS only */
  const tarn_string
      *may_lack; /* TARN_EXAMPLE_ATTRS only: dense lists that are empty where they are absent */
  int may_lacks;
} tarn_sequence_params;

#endif
