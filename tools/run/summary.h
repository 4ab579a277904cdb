/* What a tensor holds, in a few lines: dtype, shape, range, first values, and for rows of scores
 * the top classes. */
#ifndef TARN_TOOLS_RUN_SUMMARY_H
#define TARN_TOOLS_RUN_SUMMARY_H

#include "core/tensor/tensor.h"

#include <jansson.h>
#include <stdio.h>

void tarn__summary_print(FILE *to, const char *name, const tarn_tensor *tensor);
json_t *tarn__summary_json(const tarn_tensor *tensor);

#endif
