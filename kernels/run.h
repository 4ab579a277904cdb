/* What a run of a session gives to kernels beyond tensors: memory, state, files, limits.
 *
 * Filled by graph/session; kernels of stateless ops need only tarn__call_allocate. */
#ifndef TARN_KERNELS_RUN_H
#define TARN_KERNELS_RUN_H

#include "kernels/kernel.h"

typedef struct tarn_resources tarn_resources;   /* kernels/state/resources.h */
typedef struct tarn_files tarn_files;           /* kernels/files.h */

struct tarn_run {
  const tarn_allocator *allocator;   /* for outputs and state; counts against the session's limit */
  tarn_resources *resources;         /* of the session: variables, tables, queues, random state */
  const tarn_files *files;           /* NULL: the session does not allow files */
  const atomic_uint *cancels;        /* the run is cancelled when this is not cancels_before; may be NULL */
  unsigned cancels_before;           /* see tarn__run_check */
  uint64_t deadline_ns;              /* tarn__now_ns; 0: none */
  /* Prints a line of a Print op (dropped by default); never NULL in a session. */
  void (*print)(void *context, const char *line);
  void *print_context;
};

/* Allocates output i with a shape that only the kernel knew. Elements are zeroed for strings and objects, not set
 * otherwise. Errors: TARN_LIMIT, TARN_NO_MEMORY. */
tarn_status tarn__call_allocate(const tarn_call *call, int i, const tarn_shape *shape);
/* Output i becomes another value on the buffer of `from` (reshapes, handles); from must outlive the run or own
 * its buffer: borrowed tensors are copied. The shape may differ in form but not in elements. */
tarn_status tarn__call_share(const tarn_call *call, int i, const tarn_tensor *from, const tarn_shape *shape);
/* Output i becomes a scalar handle that holds `object`; takes one reference, also on failure. */
tarn_status tarn__call_handle(const tarn_call *call, int i, void *object);
/* The object behind scalar handle input i, checked to be of `type`: TARN_INVALID otherwise. Borrowed. */
tarn_status tarn__call_object(const tarn_call *call, int i, const tarn_object_type *type, void **object);
/* TARN_CANCELLED or TARN_LIMIT (deadline passed) when the run should stop. */
tarn_status tarn__run_check(const tarn_run *run);

#endif
