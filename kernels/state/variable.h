/* Variables, of both of TensorFlow's kinds.
 *
 * Ref variables (VariableV2) are written in place, so an earlier Identity of them sees the new
 * value, as in TensorFlow; only a value that still lies in the mapped file that it was restored
 * from is copied at the first write. Resource variables (VarHandleOp) are copied on write: what was
 * read stays as it was. Every write gives the buffer a new contents number (tarn__tensor_contents),
 * which is how packed weights are known to be stale.
 *
 * Where the session has a device, a variable that is read or written there has a second copy in the
 * device's memory, and stays there from run to run: the host's copy is made anew when somebody on
 * the host reads it, the device's when somebody there does and the host's has changed since. */
#ifndef TARN_KERNELS_STATE_VARIABLE_H
#define TARN_KERNELS_STATE_VARIABLE_H

#include <pthread.h>

#include "core/tensor/tensor.h"
#include "kernels/run.h"
#include "kernels/state/residence.h"

typedef struct tarn_variable {
  tarn_object object;
  const char *name; /* as the resource table has it */
  const tarn_allocator *allocator;
  pthread_mutex_t lock;
  tarn_dtype dtype;
  tarn_shape shape; /* declared; unknown in places */
  bool is_ref;
  tarn_tensor
      value; /* empty: not initialised. Of the right dtype and shape also while `newest_there` */
  char missing[200]; /* why it is not, as far as a restore knows; added to the message of a read */
  tarn_residence *residence; /* NULL: the session has no device. Never changes */
  tarn_room *room;           /* the copy on the device, or NULL */
  bool newest_there;         /* the elements of `value` are old */
  uint64_t copied;           /* else: the contents number of the value that the room has; 0: none */
} tarn_variable;

extern const tarn_object_type tarn__variable_type;

/* Finds or makes the session's variable. */
tarn_status tarn__variable_get(tarn_resources *resources, const char *name, tarn_dtype dtype,
                               const tarn_shape *shape, bool is_ref, tarn_variable **variable);
/* The current value, sharing its buffer. TARN_FAILED "Attempting to use uninitialized value NAME"
 * when there is none. */
tarn_status tarn__variable_read(tarn_variable *v, tarn_tensor *out);
/* Its shape alone, wherever its elements are. */
tarn_status tarn__variable_shape(tarn_variable *v, tarn_shape *shape);
/* Replaces the value. validate: the shape must be the declared and the current one (TARN_SHAPE). */
tarn_status tarn__variable_assign(tarn_variable *v, const tarn_tensor *value, bool validate);
/* For read-modify-write: locks the variable and gives a value that may be written (in place or a
 * copy, by kind), of the current shape; `end` unlocks it and, when changed, renews the contents
 * number. Whoever begins with several, locks their residence before the first, where they have one
 * (residence.h). */
tarn_status tarn__variable_begin(tarn_variable *v, tarn_tensor **value);
void tarn__variable_end(tarn_variable *v);
/* It is not initialised any more. */
void tarn__variable_forget(tarn_variable *v);

/* ---- on the device; the residence's lock is held ------------------------------------------------
 * Tensors have their elements there. Work goes into the residence's queue. */

/* As tarn__variable_read. */
tarn_status tarn__variable_read_there(tarn_variable *v, tarn_tensor *out);
/* As tarn__variable_assign, of a value on the device. dry: the copy is left out, as it will be
 * replayed. */
tarn_status tarn__variable_assign_there(tarn_variable *v, const tarn_tensor *value, bool validate,
                                        bool dry);
/* As tarn__variable_begin; *value borrows the memory. dry: nothing is copied, and *copies says
 * whether something should have been, as somebody holds what was read before. */
tarn_status tarn__variable_begin_there(tarn_variable *v, bool dry, bool *copies,
                                       tarn_tensor *value);
void tarn__variable_end_there(tarn_variable *v);

#endif
