/* What a run of a session gives to kernels beyond tensors: memory, state, files, limits.
 *
 * Filled by graph/session; kernels of stateless ops need only tarn__call_allocate. */
#ifndef TARN_KERNELS_RUN_H
#define TARN_KERNELS_RUN_H

#include "kernels/kernel.h"

typedef struct tarn_resources tarn_resources;   /* kernels/state/resources.h */
typedef struct tarn_files tarn_files;           /* kernels/files.h */
typedef struct tarn_activity tarn_activity;     /* kernels/state/waiting/wait.h */

/* Calls functions of the graph, for kernels that run them (datasets); graph/exec/functions.h behind
 * it. */
typedef struct tarn_caller tarn_caller;
struct tarn_caller {
  tarn_status (*call)(tarn_caller *caller, const tarn_run *run, const char *function,
                      const tarn_tensor *const *in, int n_in, tarn_tensor *out, int n_out);
};
/* Functions that call functions, and kernels among them, may go so deep. */
enum { TARN_MAX_CALL_DEPTH = 500 };

struct tarn_run {
  const tarn_allocator *allocator;   /* for outputs and state; counts against the session's limit */
  tarn_resources *resources;         /* of the session: variables, tables, queues, random state */
  tarn_resources
      *streams; /* random state, where it is not the session's but an iterator's; NULL: resources */
  uint64_t place; /* of whom a function runs for: random state is kept for each */
  const tarn_files *files;           /* NULL: the session does not allow files */
  tarn_caller *caller;               /* NULL: there are no functions; see tarn__run_call */
  int depth;                         /* calls of functions around this one */
  const atomic_uint
      *cancels; /* the run is cancelled when this is not cancels_before; may be NULL */
  unsigned cancels_before;           /* see tarn__run_check */
  const atomic_bool *stop;           /* cancels this run alone; may be NULL */
  tarn_activity *activity;           /* who else runs the session, for waits; may be NULL */
  uint64_t deadline_ns;              /* tarn__now_ns; 0: none */
  struct tarn_trace *trace;          /* for functions that are called; may be NULL */
  /* Prints a line of a Print op (dropped by default); never NULL in a session. */
  void (*print)(void *context, const char *line);
  void *print_context;
};

/* Where a kernel's own memory comes from: the run's, or the default one in tests and benches. */
static inline const tarn_allocator *tarn__call_allocator(const tarn_call *call) {
  return call->run && call->run->allocator ? call->run->allocator : tarn__allocator_default();
}
/* Allocates output i with a shape that only the kernel knew, unless it was known after all and the
 * output is there (plain numbers alone). Elements are zeroed for strings and objects, not set
 * otherwise. Errors: TARN_LIMIT, TARN_NO_MEMORY. */
tarn_status tarn__call_allocate(const tarn_call *call, int i, const tarn_shape *shape);
/* Output i becomes another value on the buffer of `from` (reshapes, handles); from must outlive the
 * run or own its buffer: borrowed tensors are copied. The shape may differ in form but not in
 * elements. */
tarn_status tarn__call_share(const tarn_call *call, int i, const tarn_tensor *from,
                             const tarn_shape *shape);
/* Output i becomes a scalar handle that holds `object`; takes one reference, also on failure. */
tarn_status tarn__call_handle(const tarn_call *call, int i, void *object);
/* The object behind scalar handle input i, checked to be of `type`: TARN_INVALID otherwise.
 * Borrowed. */
tarn_status tarn__call_object(const tarn_call *call, int i, const tarn_object_type *type,
                              void **object);
/* Calls a function of the graph: arguments are borrowed, results owned by the caller (none on
 * failure). Their number must fit the function: TARN_INVALID otherwise, TARN_NOT_FOUND when there
 * is none of that name, TARN_LIMIT beyond TARN_MAX_CALL_DEPTH. */
tarn_status tarn__run_call(const tarn_run *run, const char *function, const tarn_tensor *const *in,
                           int n_in, tarn_tensor *out, int n_out);
/* TARN_CANCELLED or TARN_LIMIT (deadline passed) when the run should stop. */
tarn_status tarn__run_check(const tarn_run *run);

/* Runs a kernel, and frees the upper halves of the vector registers behind it (core/thread/cpu.h).
 * What a kernel calls inside of its own run needs no more than the kernel's `run`. */
tarn_status tarn__kernel_run(const tarn_kernel *kernel, const tarn_call *call);

#endif
