/* What the entries of ops that parse Examples share. */
#ifndef TARN_GRAPH_EXAMPLE_H
#define TARN_GRAPH_EXAMPLE_H

#include "graph/signature/attr.h"
#include "kernels/params/example.h"

/* The attributes sparse_types, Tdense and dense_shapes, checked. Defined in
 * graph/ops/input/example.c. */
tarn_status tarn__example_dense_parse(const tarn_attrs *attrs, tarn_example_params *p);
/* The attributes sparse_keys and dense_keys, one for each feature. */
tarn_status tarn__example_keys_parse(const tarn_attrs *attrs, tarn_example_params *p);

#endif
