/* Running a plan: an execution context (slots, arena, scratch, kernels chosen for shapes that were
 * not known) and the walk over a block's steps. A context serves one run at a time and is kept for
 * the next. */
#ifndef TARN_GRAPH_EXEC_EXEC_H
#define TARN_GRAPH_EXEC_EXEC_H

#include "core/trace/trace.h"
#include "graph/exec/prepared.h"
#include "graph/plan.h"
#include "kernels/device.h"
#include "kernels/state/residence.h"

/* What runs share: the session's. */
typedef struct tarn_exec_shared {
  const tarn_plan_context *planning;   /* for functions that are called and late kernel choices */
  /* of the session; outputs of steps come from a cache over it */
  const tarn_allocator *allocator;
  tarn_pool *pool;
  tarn_prepared_cache *prepared;
  /* Where planning has a device: */
  tarn_device_budget *device_budget;
  tarn_residence *residence;           /* of the session's variables */
} tarn_exec_shared;

/* The values of one block while it runs. */
typedef struct tarn_slots {
  const tarn_block *block;
  struct tarn_slots *next;             /* in the context's free list */
  tarn_tensor *value;
  bool *dead, *step_dead;
} tarn_slots;

typedef struct tarn_exec {
  const tarn_exec_shared *shared;
  const tarn_plan *plan;
  tarn_run *run;
  tarn_trace *trace;
  void *arena;
  void *scratch; size_t scratch_bytes;
  struct tarn_exec_device *device;     /* NULL: the plan has nothing on a device */
  tarn_slots **free_slots;             /* by block */
  /* by block and step: bindings for shapes found while running */
  tarn_binding ***late;
  /* One step's arguments. read: values of ref variables; spare: outputs that are constants. */
  const tarn_tensor **in; tarn_tensor **out; tarn_tensor *read, *spare;
  tarn_shape *shape; tarn_dtype *dtype; bool *stable;
  int ticks;
  int **label;
  uint64_t labels_of; /* by block and step: 1 + the number in the trace of that serial */
  unsigned turn;                       /* blocks run so far: iterations, in a loop */
  struct tarn_exec *next_free;         /* the session's free list */
  bool alone;              /* runs a lane: on the calling thread, whatever the pool has */
  struct tarn_exec **lane; /* contexts of lanes 1, 2, .. (lanes.c); plan->lanes - 1 of them */
} tarn_exec;

tarn_status tarn__exec_create(const tarn_exec_shared *shared, const tarn_plan *plan,
                              tarn_exec **exec);
void tarn__exec_destroy(tarn_exec *exec);
/* The memory of the first run is there before it: arena, scratch, and what the root's values
 * outside of the arena will take from the session's store. (warm.c) */
void tarn__exec_warm(tarn_exec *exec);
/* Runs the root: inputs by position (borrowed), results into out[results]: owned, or empty where
 * dead. */
tarn_status tarn__exec_run(tarn_exec *exec, tarn_run *run, tarn_trace *trace,
                           const tarn_tensor *const *inputs, tarn_tensor *out);

/* What the trace calls a step that was bound so (NULL: no kernel); -1: memory is short.
 * (label.c) */
int tarn__exec_label(tarn_exec *x, const tarn_block *block, const tarn_step *step, int at,
                     const tarn_binding *binding);
/* The binding has changed, and with it the shapes. */
void tarn__exec_label_forget(tarn_exec *x, const tarn_block *block, int at);
void tarn__exec_labels_free(tarn_exec *x);

/* ---- between the files of this folder ------------------------------------------------------ */

tarn_status tarn__slots_take(tarn_exec *x, const tarn_block *block, tarn_slots **slots);
void tarn__slots_give(tarn_exec *x, tarn_slots *slots);
tarn_status tarn__exec_block(tarn_exec *x, tarn_slots *f);
/* Steps [from, to) of the block; the second passes recordings by (device.h). */
tarn_status tarn__exec_steps(tarn_exec *x, tarn_slots *f, int from, int to);
tarn_status tarn__exec_each_step(tarn_exec *x, tarn_slots *f, int from, int to);
/* The same where lanes are among them, which run side by side (lanes.c). */
tarn_status tarn__exec_sections(tarn_exec *x, tarn_slots *f, int from, int to);
bool tarn__exec_lanes_create(tarn_exec *x);
void tarn__exec_lanes_free(tarn_exec *x);
/* One step's arguments and scratch. False: memory is short; to be freed all the same. */
bool tarn__exec_room_create(tarn_exec *x, size_t scratch_bytes);
void tarn__exec_room_free(tarn_exec *x);
/* One kernel step; its inputs are alive. */
tarn_status tarn__exec_kernel(tarn_exec *x, tarn_slots *f, const tarn_step *step, int at);
/* A block's input takes a second reference on a value from outside. */
void tarn__slots_enter(tarn_slots *inner, int input, const tarn_tensor *from, bool dead);
/* A value that outlives its block's slots, owned; what was in *out goes. Borrowed memory is
 * copied. */
tarn_status tarn__slots_leave(tarn_exec *x, const tarn_slots *inner, int value, tarn_tensor *out);
/* What a condition says: a scalar that is not zero, a tensor with elements. */
tarn_status tarn__exec_truth(const tarn_tensor *t, bool *yes);
tarn_status tarn__exec_loop(tarn_exec *x, tarn_slots *f, const tarn_step *step);
tarn_status tarn__exec_if(tarn_exec *x, tarn_slots *f, const tarn_step *step);
tarn_status tarn__exec_while(tarn_exec *x, tarn_slots *f, const tarn_step *step);
tarn_status tarn__exec_call(tarn_exec *x, tarn_slots *f, const tarn_step *step);
/* Input i of a step; a ref variable whose value is wanted is read into *read (to be cleared by the
 * caller). */
tarn_status tarn__exec_input(tarn_slots *f, const tarn_step *step, int i, tarn_tensor *read,
                             const tarn_tensor **in);

#endif
