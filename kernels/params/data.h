/* Attributes of the ops on datasets and iterators. One struct for all of them: most say what an
 * element is, and which functions are called on it. Filled by graph/data.c. */
#ifndef TARN_KERNELS_PARAMS_DATA_H
#define TARN_KERNELS_PARAMS_DATA_H

#include "core/tensor/dtype.h"
#include "core/tensor/tensor.h"

enum { TARN_DATA_FUNCTIONS = 4 };

/* The arrays and texts are the node's: they live as long as the graph. */
typedef struct tarn_data_params {
  int components;           /* tensors of an element */
  const tarn_dtype *dtypes; /* [components] */
  const tarn_shape *shapes; /* [components], unknown in places; NULL: any */
  int functions;
  const char *function[TARN_DATA_FUNCTIONS];
  int captured[TARN_DATA_FUNCTIONS]; /* arguments of function i beyond what elements give */
  int states;                        /* tensors of a state that goes from element to element */
  bool preserve_cardinality;         /* a function that ends is an error */
  bool reshuffle;                    /* every epoch has an order of its own */
  bool stop_on_empty;                /* DirectedInterleave: the first input that ends ends all */
  bool require_non_empty;            /* Shard: fewer elements than shards are an error */
  bool drop_remainder;               /* where it is an attribute */
  tarn_string shared_name;           /* of an iterator; empty: the node's own name */
} tarn_data_params;

#endif
