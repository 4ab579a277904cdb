/* One run of a device's kernel on a case, as a plan would do it: tensors and scratch in the
 * device's memory, but for those that the kernel's row names in host_in and host_out. */
#ifndef TARN_TESTS_CONFORM_DEVICE_RUN_H
#define TARN_TESTS_CONFORM_DEVICE_RUN_H

#include "graph/case/case.h"
#include "guarded.h"
#include "kernels/device.h"

typedef struct device_way {
  bool replayed;      /* recorded before the inputs are on the device, then replayed, twice in a row
                         where nothing is in place */
  int in_place;       /* output 0 has the memory of this input; -1: none has */
} device_way;

/* Blocks of inputs and outputs (and, in place, block out[0] with the input's elements) are copied
 * to the device with their guards, and back when the kernel has run: *inputs_kept says whether
 * those of the inputs came back as they went. Elements that stay on the host are those of made->in
 * and out. */
tarn_status device_run(const tarn_backend *backend, tarn_queue *queue, const tarn_case *made,
                       tarn_kernel_ref k, const guarded *in, const guarded *out,
                       tarn_tensor *out_tensors, device_way way, bool *inputs_kept);

#endif
