/* Tensors that stay with the session between runs. */
#include "graph/op.h"

static tarn_status get_infer(tarn_infer *t) { return tarn__infer_scalar(t, 0); }

const tarn_op tarn_ops_session_tensor[] = {
    {.name = "GetSessionHandle",
     .inputs = "value: T",
     .outputs = "handle: string",
     .attrs = "T: type",
     .flags = TARN_OP_STATEFUL,
     .infer = tarn__infer_scalars,
     .formula = "a name under which the session keeps value"},
    {.name = "GetSessionTensor",
     .inputs = "handle: string",
     .outputs = "value: dtype",
     .attrs = "dtype: type",
     .flags = TARN_OP_STATEFUL,
     .infer = get_infer,
     .formula = "what the session keeps under that name"},
    {.name = "DeleteSessionTensor",
     .inputs = "handle: string",
     .flags = TARN_OP_STATEFUL,
     .infer = get_infer,
     .formula = "the session keeps it no more"},
    {0},
};
