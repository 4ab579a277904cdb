/* Attributes of ops that keep tensors between the steps of a loop: TensorArrays, stacks, lists. */
#ifndef TARN_KERNELS_PARAMS_FLOW_H
#define TARN_KERNELS_PARAMS_FLOW_H

#include "core/tensor/tensor.h"

typedef struct tarn_tensor_array_params {
  tarn_dtype dtype;
  tarn_shape element_shape;      /* unknown in places; of Concat: without the first dim */
  bool dynamic_size, clear_after_read, identical_shapes;
  tarn_string source;            /* of a gradient array */
} tarn_tensor_array_params;

/* For, RemoteCall: a function of the graph. */
typedef struct tarn_function_params {
  const char *function;
} tarn_function_params;

/* BatchFunction: sizes rise; none: any up to max_rows. */
typedef struct tarn_batch_params {
  const char *function;
  int64_t max_rows, call_rows;   /* of a run; of one call, of which a run may be several */
  const int64_t *sizes;          /* of the attribute: as many rows as a call may have */
  int64_t n_sizes;
  int batched;                   /* inputs that have rows; the others are the same in all calls */
} tarn_batch_params;

/* Abort: what it says; FakeParam: its shape, dims that are not known as 0. */
typedef struct tarn_fact_params {
  tarn_string text;
  tarn_shape shape;
  int32_t index;                 /* DeviceIndex: where in its list the CPU is */
} tarn_fact_params;

typedef struct tarn_stack_params {
  tarn_dtype dtype;
  int64_t max_size;              /* V1; V2 has it as an input */
} tarn_stack_params;

typedef struct tarn_list_params {
  tarn_dtype dtype;              /* TARN_NO_DTYPE: the op does not say */
  int64_t num_elements;          /* TensorListStack: -1 for any */
  bool resize;                   /* TensorListSetItem beyond the end */
} tarn_list_params;

typedef struct tarn_print_params {
  int64_t summarize;             /* elements shown of each tensor; -1: all */
  int64_t first_n;               /* Print: so many lines a session; -1: all */
  tarn_string text, end;         /* Print's message; PrintV2's end of line */
} tarn_print_params;

#endif
