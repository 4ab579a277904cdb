/* Tensors as the command reads and writes them: .npy; .json for strings (a nested list; bytes that
 * are not UTF-8 or hold a zero are {"b64": "..."}) and, for reading, for numbers;
 * random:float32[1,224,224,3] for a seeded random feed. */
#ifndef TARN_TOOLS_RUN_TENSOR_FILE_H
#define TARN_TOOLS_RUN_TENSOR_FILE_H

#include "core/tensor/tensor.h"

#include <jansson.h>

/* `wanted` is the dtype that the graph expects, where it is known (TARN_NO_DTYPE: any): JSON
 * numbers take it. */
tarn_status tarn__tensor_file_read(const char *text, tarn_dtype wanted, tarn_tensor **tensor);
/* By the suffix: .json, else .npy. Whole or not at all. */
tarn_status tarn__tensor_file_write(const char *path, const tarn_tensor *tensor);
/* The tensor as nested lists. NULL: no memory. */
json_t *tarn__tensor_json(const tarn_tensor *tensor);

#endif
