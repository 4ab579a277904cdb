/* What a graph says while it runs. Assert is in control.c. */
#include "graph/op.h"
#include "kernels/params/flow.h"

#include <string.h>

static tarn_status print_parse(const tarn_attrs *attrs, void *params) {
  tarn_print_params *p = params;
  p->text = tarn__attr_string(attrs, "message");
  p->first_n = tarn__attr_int(attrs, "first_n");
  p->summarize = tarn__attr_int(attrs, "summarize");
  return TARN_OK;
}

static tarn_status text_parse(const tarn_attrs *attrs, void *params) {
  const tarn_string stream = tarn__attr_string(attrs, "output_stream");
  if (stream.size >= 7 && !memcmp(stream.data, "file://", 7))
    return tarn_fail(TARN_REFUSED,
                     "PrintV2 to a file: lines go where the session prints, nowhere else");
  ((tarn_print_params *)params)->end = tarn__attr_string(attrs, "end");
  return TARN_OK;
}

static tarn_status print_infer(tarn_infer *t) {
  t->out[0] = t->in[0];
  return TARN_OK;
}

static tarn_status text_infer(tarn_infer *t) { return tarn__infer_scalar(t, 0); }

#define PRINT .flags = TARN_OP_STATEFUL, .params_bytes = sizeof(tarn_print_params)

const tarn_op tarn_ops_report[] = {
    {.name = "Print",
     .inputs = "input: T, data: U",
     .outputs = "output: T",
     .attrs = "T: type; U: list(type); message: string = ''; first_n: int = -1; summarize: int = 3",
     PRINT,
     .parse = print_parse,
     .infer = print_infer,
     .formula = "y = input; prints message and data"},
    {.name = "PrintV2",
     .inputs = "input: string",
     .attrs = "output_stream: string = 'stderr'; end: string = '\\n'",
     PRINT,
     .parse = text_parse,
     .infer = text_infer,
     .formula = "prints a string"},
    {0},
};
