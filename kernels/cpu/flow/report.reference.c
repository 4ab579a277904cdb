/* What a graph says while it runs: Assert fails the run with its data in the message, Print hands
 * lines to the session. */
#include "kernels/cpu/flow/value_text.h"
#include "kernels/params/flow.h"
#include "kernels/run.h"
#include "kernels/state/counter.h"

static tarn_status add_values(const tarn_call *call, int first, int64_t summarize,
                              const char *between, tarn_bytes *text) {
  for (int i = first; i < call->problem->inputs; i++) {
    TARN_TRY(tarn__bytes_printf(text, "%s[", i > first ? between : ""));
    TARN_TRY(tarn__value_text(call->in[i], summarize, text));
    TARN_TRY(tarn__bytes_add(text, "]", 1));
  }
  return TARN_OK;
}

static tarn_status check(const tarn_call *call) {
  const tarn_print_params *p = call->problem->params;
  if (tarn__tensor_elements(call->in[0]) != 1)
    return tarn_fail(TARN_SHAPE, "the condition must be a scalar");
  if (*(const bool *)call->in[0]->data) return TARN_OK;
  tarn_bytes text;
  char shown[1024];
  tarn__bytes_init(&text, call->run ? call->run->allocator : tarn__allocator_default());
  tarn_status status = add_values(call, 1, p->summarize, " ", &text);
  if (status == TARN_OK)
    status = tarn_fail(TARN_FAILED, "assertion failed: %s",
                       tarn__printable(text.data ? text.data : "", text.size, shown, sizeof shown));
  tarn__bytes_clear(&text);
  return status;
}

/* false: the node has printed as often as it may. */
static tarn_status may_print(const tarn_call *call, int64_t first_n, bool *yes) {
  tarn_counter *counter;
  *yes = true;
  if (first_n < 0) return TARN_OK;
  TARN_TRY(tarn__counter_get(call->run->resources, call->problem->node, &counter));
  *yes = atomic_fetch_add(&counter->value, 1) < first_n;
  tarn__object_release(counter);
  return TARN_OK;
}

static tarn_status print(const tarn_call *call) {
  const tarn_print_params *p = call->problem->params;
  bool yes;
  TARN_TRY(may_print(call, p->first_n, &yes));
  if (yes && call->run->print) {
    tarn_bytes text;
    tarn__bytes_init(&text, call->run->allocator);
    tarn_status status = tarn__bytes_add(&text, p->text.data ? p->text.data : "", p->text.size);
    if (status == TARN_OK) status = add_values(call, 1, p->summarize, "", &text);
    if (status == TARN_OK) call->run->print(call->run->print_context, text.data ? text.data : "");
    tarn__bytes_clear(&text);
    TARN_TRY(status);
  }
  return tarn__call_share(call, 0, call->in[0], &call->in[0]->shape);
}

/* The session's line ends itself; another `end` than "\n" is printed before that. */
static tarn_status print_text(const tarn_call *call) {
  const tarn_print_params *p = call->problem->params;
  const tarn_string *s = call->in[0]->data;
  if (!call->run->print) return TARN_OK;
  tarn_bytes text;
  tarn__bytes_init(&text, call->run->allocator);
  tarn_status status = tarn__bytes_add(&text, s->data ? s->data : "", s->size);
  if (status == TARN_OK && !(p->end.size == 1 && p->end.data[0] == '\n'))
    status = tarn__bytes_add(&text, p->end.data ? p->end.data : "", p->end.size);
  if (status == TARN_OK) call->run->print(call->run->print_context, text.data ? text.data : "");
  tarn__bytes_clear(&text);
  return status;
}

const tarn_kernel tarn_kernels_flow_report_reference[] = {
  {.op = "Assert", .name = "assert", .run = check},
  {.op = "Print", .name = "print", .run = print},
  {.op = "PrintV2", .name = "print", .run = print_text},
  {0},
};
