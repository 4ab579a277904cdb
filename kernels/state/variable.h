/* Variables, of both of TensorFlow's kinds.
 *
 * Ref variables (VariableV2) are written in place, so an earlier Identity of them sees the new value, as in
 * TensorFlow; only a value that still lies in the mapped file that it was restored from is copied at the first write. Resource variables (VarHandleOp) are copied on write: what was read stays as it was.
 * Every write gives the buffer a new contents number (tarn__tensor_contents), which is how packed weights are known to
 * be stale. */
#ifndef TARN_KERNELS_STATE_VARIABLE_H
#define TARN_KERNELS_STATE_VARIABLE_H

#include "core/tensor.h"
#include "kernels/run.h"

#include <pthread.h>

typedef struct tarn_variable {
  tarn_object object;
  const char *name;            /* as the resource table has it */
  const tarn_allocator *allocator;
  pthread_mutex_t lock;
  tarn_dtype dtype;
  tarn_shape shape;            /* declared; unknown in places */
  bool is_ref;
  tarn_tensor value;           /* empty: not initialised */
  char missing[200];           /* why it is not, as far as a restore knows; added to the message of a read */
} tarn_variable;

extern const tarn_object_type tarn__variable_type;

/* Finds or makes the session's variable. */
tarn_status tarn__variable_get(tarn_resources *resources, const char *name, tarn_dtype dtype,
                               const tarn_shape *shape, bool is_ref, tarn_variable **variable);
/* The current value, sharing its buffer. TARN_FAILED "Attempting to use uninitialized value NAME" when there is none. */
tarn_status tarn__variable_read(tarn_variable *v, tarn_tensor *out);
/* Replaces the value. validate: the shape must be the declared and the current one (TARN_SHAPE). */
tarn_status tarn__variable_assign(tarn_variable *v, const tarn_tensor *value, bool validate);
/* For read-modify-write: locks the variable and gives a value that may be written (in place or a copy, by kind), of the
 * current shape; `end` unlocks it and, when changed, renews the contents number. */
tarn_status tarn__variable_begin(tarn_variable *v, tarn_tensor **value);
void tarn__variable_end(tarn_variable *v);

#endif
