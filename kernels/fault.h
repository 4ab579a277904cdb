/* What is wrong with the elements of a kernel's inputs, as plain numbers: the words for it are in
 * one place, and a kernel on a device, whose work can neither stop nor speak, leaves such a record
 * in call->fault for the library to find.
 *
 * Of several faults the first step's counts, and of that step's the one with the least `at`. */
#ifndef TARN_KERNELS_FAULT_H
#define TARN_KERNELS_FAULT_H

#include <stdint.h>

enum { TARN_FAULT_DEPTH = 12 }; /* TARN_MAX_RANK */

typedef enum tarn_fault_kind {
  TARN_FAULT_NONE,
  TARN_FAULT_ROW,     /* indices[at] = index[0] is not below dim[0] */
  TARN_FAULT_TUPLE,   /* indices[at] = [index..] is outside the dims, of which there are `rank` */
  TARN_FAULT_SEGMENT, /* segment_ids[at] = index[0] is not below dim[0] */
  TARN_FAULT_ORDER,   /* segment_ids[at] = index[0] is less than the one before, index[1] */
  TARN_FAULT_ARGMAX,  /* argmax[at] = index[0] is not below dim[0] */
  TARN_FAULT_LENGTH,  /* seq_lengths[at] = index[0] is above dim[0] */
  TARN_FAULT_ENTRY,   /* entry `at` of a sparse matrix is outside of it */
  TARN_FAULT_OFFSET,  /* the same as ROW in the words of optimisers */
  TARN_FAULT_DIVISOR, /* element `at` of what is divided by is 0 */
  TARN_FAULT_UPDATES, /* the same in the words of ResourceScatterDiv */
  TARN_FAULT_RATE,    /* rate[0] should be above 0 */
  TARN_FAULT_L1_L2,   /* rate[1] or rate[2] is below 0 */
  TARN_FAULT_POWER    /* rate[3] is below 0, or rate[4] above */
} tarn_fault_kind;

enum { TARN_FAULT_RATES = 5 };

typedef struct tarn_fault {
  int64_t step; /* whose (call->fault_step); 0: nothing is wrong */
  int64_t at;
  int32_t kind, depth, rank;
  int32_t lock; /* of the device's threads */
  int64_t index[TARN_FAULT_DEPTH], dim[TARN_FAULT_DEPTH];
  double rate[TARN_FAULT_RATES];
} tarn_fault;

#ifndef __cplusplus
#include "core/status.h"

/* The failure in words; `fault` has a kind. */
tarn_status tarn__fault_fail(const tarn_fault *fault);
#endif

#endif
