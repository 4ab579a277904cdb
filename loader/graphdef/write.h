/* A tarn_graph as a GraphDef that TensorFlow and Netron open. */
#ifndef TARN_LOADER_GRAPHDEF_WRITE_H
#define TARN_LOADER_GRAPHDEF_WRITE_H

#include "core/bytes.h"
#include "graph/graph.h"

/* Appends a finished graph with its functions to `out`. Attributes are written with the defaults that finishing filled in. A
 * function's argument or result that was a list is written as the several that it became. Attributes without a value (a
 * constant of a type that tarn does not hold) are left out: TARN_UNSUPPORTED when `strict`. Errors: TARN_LIMIT above
 * 2 GiB, which is as much as protobuf takes; TARN_NO_MEMORY. */
TARN_MUST_CHECK tarn_status tarn__graphdef_write(const tarn_graph *graph, bool strict, tarn_bytes *out);

#endif
