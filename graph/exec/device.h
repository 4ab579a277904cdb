/* A context's part on the device: its arena and scratch there, a queue, host memory that copies
 * pass through, and recordings of work that is the same in each run. */
#ifndef TARN_GRAPH_EXEC_DEVICE_H
#define TARN_GRAPH_EXEC_DEVICE_H

#include "graph/exec/exec.h"
#include "kernels/device.h"

struct tarn_exec_device {
  const tarn_backend *backend;
  tarn_device_budget *budget;
  size_t charged;
  void *arena, *scratch, *staging;
  size_t staged;               /* bytes of staging that copies in the queue may still use */
  tarn_queue *queue;
  tarn_residence *residence; /* whose queue it is, where the plan has variables there; NULL: the
                                context's own */
  bool dry; /* steps set their outputs and put no work into the queue: it is replayed */
  int dry_from;                /* the first of them */
  uint64_t trail;              /* of a dry walk: the addresses of what its steps read */
  bool spoilt; /* a dry walk met a variable that has to be copied before it is written */
  /* Of the device's memory: what a step's work finds wrong; NULL: none looks. And of the host's:
   * how it was after the run, and how it is before one. */
  struct tarn_fault *fault, *found;
  struct tarn_exec_times
      *times; /* of the kernels, where a trace wants them (device_times.c); NULL: none yet */
  struct tarn_exec_recording {
    int runs;                  /* -1: it cannot be recorded */
    tarn_recording *made;
    uint64_t trail;            /* what it was made for */
    int again;                 /* how often it was made anew */
  } *recording;                /* [plan->device.recordings] */
};

/* NULL stays NULL where the plan has nothing for the device. */
tarn_status tarn__exec_device_create(tarn_exec *x);
void tarn__exec_device_destroy(tarn_exec *x);
/* Room for a copy of the step's value in the staging memory. */
tarn_status tarn__exec_device_stage(tarn_exec *x, size_t bytes, void **memory);
/* A dry walk meets that address. */
static inline void tarn__exec_trail(const tarn_exec *x, const void *address) {
  x->device->trail =
      (x->device->trail ^ (uint64_t)(uintptr_t)address) * 0x100000001b3u; /* FNV-1a's step */
}
/* A copy from one place of the device's memory to another. */
tarn_status tarn__exec_device_move(tarn_exec *x, void *to, const void *from, size_t bytes);
/* A value of the device as one of the host, owned. */
tarn_status tarn__exec_device_bring(tarn_exec *x, const tarn_tensor *from, tarn_tensor *out);
/* Waits for the queue. */
tarn_status tarn__exec_device_sync(tarn_exec *x);
/* Whoever puts work into the queue, or waits for it, does so between these; calls nest. */
static inline void tarn__exec_queue_enter(const tarn_exec *x) {
  if (x->device->residence) tarn__residence_lock(x->device->residence);
}
static inline void tarn__exec_queue_leave(const tarn_exec *x) {
  if (x->device->residence) tarn__residence_unlock(x->device->residence);
}
/* Steps [from, step->record_until) of the block: run, recorded, or replayed. (recording.c) */
tarn_status tarn__exec_recorded(tarn_exec *x, tarn_slots *f, int from);

/* Where steps' work may note elements that it cannot take (kernels/fault.h). check: waits for the
 * queue; the failure of the run when a step has noted one. (faults.c) */
tarn_status tarn__exec_faults_create(tarn_exec *x);
void tarn__exec_faults_destroy(tarn_exec *x);
tarn_status tarn__exec_faults_check(tarn_exec *x);
/* How a step is told there. Never 0. */
static inline int64_t tarn__exec_fault_step(const tarn_block *block, int at) {
  return ((int64_t)block->id << 32) + at + 1;
}

/* Kernels in the queue between two marks, for the trace: begin before its work is put there, end
 * behind. begin is false where the device has no marks; then the host's time counts. give: after
 * the run, with the queue empty, they get rows in the trace. (device_times.c) */
bool tarn__exec_time_begin(tarn_exec *x, int label);
void tarn__exec_time_end(tarn_exec *x);
void tarn__exec_times_give(tarn_exec *x);
void tarn__exec_times_free(tarn_exec *x);

/* The kernels of _Upload and _Download, which belong to no table: scratch is staging memory. */
tarn_kernel_ref tarn__device_copy_kernel(bool up);
bool tarn__device_is_copy(tarn_kernel_ref kernel);
/* Bytes of staging memory that a copy takes. */
size_t tarn__device_staged(const tarn_problem *p);

/* ---- variables on the device (variables.c) */

/* The kernels of _ReadOnDevice and of assignments, which belong to no table either. */
tarn_kernel_ref tarn__device_read_kernel(void);
tarn_kernel_ref tarn__device_assign_kernel(void);
bool tarn__device_is_read(const tarn_step *step);
/* The step reads or writes a variable there. */
bool tarn__device_has_variable(const tarn_step *step);

enum { TARN_HELD_VARIABLES = 8 };
/* The variables that a step writes, locked while it puts its work into the queue. */
typedef struct tarn_held {
  struct tarn_variable *variable[TARN_HELD_VARIABLES];
  int count;
} tarn_held;
/* Of such a step, whose inputs are in x->in: reads and assignments are done, and *done; else the
 * handles among the inputs are replaced by the variables' values. Outputs that are handles are set.
 * The queue has been entered. */
tarn_status tarn__exec_variables_begin(tarn_exec *x, const tarn_step *step,
                                       const tarn_binding *binding, tarn_held *held, bool *done);
void tarn__exec_variables_end(tarn_held *held);

#endif
