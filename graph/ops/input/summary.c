/* Summaries: protobuf messages for event files, as strings. */
#include "graph/op.h"

/* One tag a value. */
static tarn_status scalar_infer(tarn_infer *t) {
  TARN_TRY(tarn__infer_same(t, 0, 1));
  t->out[0] = tarn__shape_scalar();
  return TARN_OK;
}

const tarn_op tarn_ops_summary[] = {
  {.name = "ScalarSummary", .inputs = "tags: string, values: T", .outputs = "summary: string", .attrs = "T: realnumbertype",
   .infer = scalar_infer, .formula = "a Summary with a simple value for each tag"},
  {0},
};
