/* Optionals: some tensors, or none, in a variant. */
#ifndef TARN_KERNELS_DATA_OPTIONAL_H
#define TARN_KERNELS_DATA_OPTIONAL_H

#include "kernels/run.h"

typedef struct tarn_optional {
  tarn_object object;
  const tarn_allocator *allocator;
  bool has_value;
  int count;
  tarn_tensor value[];
} tarn_optional;

extern const tarn_object_type tarn__optional_type;

/* An optional of n tensors, shared where they own their memory; values NULL: of nothing. One
 * reference, for the caller. */
tarn_status tarn__optional_create(const tarn_allocator *a, int n, const tarn_tensor *values,
                                  void **made);
/* Output i becomes an optional of n tensors, shared where they own their memory; values NULL: of
 * nothing. */
tarn_status tarn__optional_give(const tarn_call *call, int i, int n, const tarn_tensor *values);

#endif
