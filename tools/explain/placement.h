/* Where the steps of a plan run when there is a device, and why not there. */
#ifndef TARN_TOOLS_EXPLAIN_PLACEMENT_H
#define TARN_TOOLS_EXPLAIN_PLACEMENT_H

#include "graph/session.h"
#include "kernels/device.h"

#include <jansson.h>
#include <stdio.h>

/* Why a step is on the host, in words; NULL: it is on the device, or nothing of it runs (views). */
const char *tarn__placement_reason(const tarn_backend *backend, const tarn_step *step);
/* A line for each step: "NODE (OP): NVIDIA H200, matmul.lt.cublas" or "NODE (OP): CPU, no kernel on
 * the device". */
void tarn__placement_print(FILE *to, const tarn_backend *backend, const tarn_plan *plan);
/* How much is where: one line, or an object. */
void tarn__placement_sum_print(FILE *to, const tarn_backend *backend, const tarn_plan *plan);
json_t *tarn__placement_sum_json(const tarn_backend *backend, const tarn_plan *plan);

#endif
