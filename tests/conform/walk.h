/* Every kernel x every case of its op x every dtype, against the op's reference kernel: as it is,
 * with two threads (the same bits), with inputs and outputs that no vector is aligned to, in place
 * where the op allows, with inputs declared stable (packed weights), and with NaN and infinities.
 * Guard bytes stand round every input and output. New ops, cases and kernels are covered without
 * being named here.
 *
 * A kernel that refuses a problem is passed over; a case that no reference kernel takes in any
 * dtype is a failure. */
#ifndef TARN_TESTS_CONFORM_WALK_H
#define TARN_TESTS_CONFORM_WALK_H

#include "core/status.h"
#include "kernels/device.h"

#include <stdio.h>

typedef struct walk_tally {
  long ops, cases, runs, failures, without_kernel, without_case;
} walk_tally;

/* backend: whose kernels are walked, instead of the CPU's; NULL: theirs. Those run once as they
 * are, misaligned, in place, with packed weights, with NaN, and recorded and replayed (the same
 * bits). only: one op's name, or NULL for all. Failures go to `report` (NULL: they are only
 * counted). */
TARN_MUST_CHECK tarn_status walk_kernels(const tarn_backend *backend, const char *only,
                                         FILE *report, walk_tally *counts);

#endif
