/* A case string becomes a graph of placeholders and the one node, so that exactly what happens to a
 * loaded model (defaults, dtypes, parsed attributes, shapes) happens to the case. */
#include "graph/case/case.h"

#include "graph/case/case_input.h"
#include "graph/signature/signature.h"
#include "graph/signature/text.h"

#include <stdio.h>

/* What is known while the words of a case are read. */
typedef struct reader {
  const tarn_allocator *allocator;
  tarn_case *made;
  const tarn_signature *signature;
  tarn_node *node;
  tarn_dtype t;
  uint64_t seed;
  int inputs;
  const tarn_arg_def *arg[TARN_CASE_MAX_INPUTS];   /* of input i, in the order of the text */
} reader;

/* The next word up to a blank outside brackets and quotes; false at the end. */
static bool next_word(tarn_text *text, tarn_word *word) {
  if (tarn__text_done(text)) return false;
  const char *at = text->at;
  int depth = 0;
  char quote = 0;
  for (; at < text->end && (quote || depth > 0 || *at != ' '); at++) {
    if (quote) quote = *at == quote ? 0 : quote;
    else if (*at == '\'' || *at == '"') quote = *at;
    else if (strchr("[{(", *at)) depth++;
    else if (strchr("]})", *at)) depth--;
  }
  *word = (tarn_word){text->at, (size_t)(at - text->at)};
  text->at = at;
  return true;
}

static tarn_status read_input(reader *r, const tarn_arg_def *arg, const char *text) {
  int i = r->inputs;
  if (i == TARN_CASE_MAX_INPUTS)
    return tarn_fail(TARN_LIMIT, "more than %d inputs", TARN_CASE_MAX_INPUTS);
  if (arg->is_ref)
    return tarn_fail(TARN_UNSUPPORTED, "input '%s' is a variable's reference", arg->name);
  TARN_TRY(tarn__case_input(r->allocator, text, r->t, r->seed + (uint64_t)i, &r->made->in[i]));
  r->arg[i] = arg;
  r->inputs++;
  return TARN_OK;
}

static tarn_status read_attr(reader *r, const tarn_attr_def *def, const char *text) {
  tarn_graph *g = r->made->graph;
  tarn_attr value = {.kind = def->kind};
  if (def->kind == TARN_ATTR_TYPE && strcmp(text, "T") == 0) {
    value.type.dtype = r->t;
  } else if (def->kind == TARN_ATTR_TENSOR) {
    tarn_tensor tensor;
    TARN_TRY(tarn__case_input(r->allocator, text, r->t, r->seed, &tensor));
    TARN_TRY(tarn__graph_keep_tensor(g, &tensor, &value.tensor));
  } else {
    TARN_TRY(tarn__attr_read(g->arena, def->kind, def->element, text, &value));
  }
  return tarn__attr_set(g->arena, &r->node->attrs, def->name, &value);
}

static tarn_status read_word(reader *r, tarn_word word) {
  char *text = tarn__arena_strndup(r->made->graph->arena, word.data, word.size);
  if (!text) return TARN_NO_MEMORY;
  char *equals = strchr(text, '=');
  if (!equals) return tarn_fail(TARN_INVALID, "expected name=value, got '%s'", text);
  *equals = 0;
  for (size_t i = 0; i < r->signature->inputs; i++)
    if (strcmp(r->signature->input[i].name, text) == 0)
      return read_input(r, &r->signature->input[i], equals + 1);
  const tarn_attr_def *def = tarn__signature_attr(r->signature, text);
  if (!def) return tarn_fail(TARN_INVALID, "'%s' is no input and no attribute", text);
  TARN_TRY_IN(read_attr(r, def, equals + 1), "reading '%s'", text);
  return TARN_OK;
}

/* The inputs as the signature orders them, whatever the order of the text; lists keep theirs. */
static void order_inputs(reader *r) {
  for (int i = 1; i < r->inputs; i++)
    for (int k = i; k > 0 && r->arg[k] < r->arg[k - 1]; k--) {
      const tarn_arg_def *arg = r->arg[k];
      tarn_tensor moved = r->made->in[k];
      r->arg[k] = r->arg[k - 1];
      r->made->in[k] = r->made->in[k - 1];
      r->arg[k - 1] = arg;
      r->made->in[k - 1] = moved;
    }
}

/* Type, number and list attributes that the text leaves out follow from the inputs. */
static tarn_status derive_attrs(reader *r) {
  tarn_graph *g = r->made->graph;
  tarn_attrs *attrs = &r->node->attrs;
  for (size_t a = 0; a < r->signature->inputs; a++) {
    const tarn_arg_def *arg = &r->signature->input[a];
    int first = 0, count = 0;
    for (int i = 0; i < r->inputs; i++) {
      if (r->arg[i] < arg) first++;
      count += r->arg[i] == arg;
    }
    if (arg->type_attr && count && !tarn__attr_find(attrs, arg->type_attr)) {
      tarn_attr type = {.kind = TARN_ATTR_TYPE, .type = {r->made->in[first].dtype, false}};
      TARN_TRY(tarn__attr_set(g->arena, attrs, arg->type_attr, &type));
    }
    if (arg->number_attr && !tarn__attr_find(attrs, arg->number_attr)) {
      tarn_attr number = {.kind = TARN_ATTR_INT, .i = count};
      TARN_TRY(tarn__attr_set(g->arena, attrs, arg->number_attr, &number));
    }
    if (arg->list_attr && !tarn__attr_find(attrs, arg->list_attr)) {
      tarn_dtype *types = tarn__arena_array(g->arena, (size_t)count + 1, sizeof *types);
      if (!types) return TARN_NO_MEMORY;
      for (int i = 0; i < count; i++) types[i] = r->made->in[first + i].dtype;
      tarn_attr list = {.kind = TARN_ATTR_LIST, .element = TARN_ATTR_TYPE,
                        .list = {.count = (size_t)count, .type = types}};
      TARN_TRY(tarn__attr_set(g->arena, attrs, arg->list_attr, &list));
    }
  }
  return TARN_OK;
}

static tarn_status add_placeholders(reader *r) {
  tarn_graph *g = r->made->graph;
  for (int i = 0; i < r->inputs; i++) {
    char name[16];
    tarn_node *placeholder;
    snprintf(name, sizeof name, "in%d", i);
    tarn_attr type = {.kind = TARN_ATTR_TYPE, .type = {r->made->in[i].dtype, false}};
    TARN_TRY(tarn__graph_add(g, name, "Placeholder", "", &placeholder));
    TARN_TRY(tarn__attr_set(g->arena, &placeholder->attrs, "dtype", &type));
    TARN_TRY(tarn__node_add_input(g, r->node, name));
  }
  return TARN_OK;
}

static tarn_status make(reader *r, const char *text) {
  tarn_case *m = r->made;
  TARN_TRY(tarn__signature_of(m->op, &r->signature));
  TARN_TRY(tarn__graph_create(r->allocator, &m->graph));
  TARN_TRY(tarn__graph_add(m->graph, "case", m->op->name, "", &r->node));
  m->node = r->node;
  tarn_text cursor = {text, text + strlen(text)};
  tarn_word word;
  while (next_word(&cursor, &word)) TARN_TRY(read_word(r, word));
  order_inputs(r);
  TARN_TRY(derive_attrs(r));
  TARN_TRY(add_placeholders(r));
  TARN_TRY(tarn__graph_finish(m->graph));
  if (r->node->problem) return tarn_fail(r->node->problem_status, "%s", r->node->problem);
  if (r->node->outputs > TARN_CASE_MAX_INPUTS)
    return tarn_fail(TARN_LIMIT, "more than %d outputs", TARN_CASE_MAX_INPUTS);
  const tarn_tensor *values[TARN_CASE_MAX_INPUTS];
  for (int i = 0; i < r->inputs; i++) {
    m->in_shape[i] = m->in[i].shape;
    values[i] = &m->in[i];
  }
  tarn_infer infer = {.op = m->op,
                      .node = r->node->name,
                      .attrs = &r->node->attrs,
                      .params = r->node->params,
                      .inputs = r->node->inputs,
                      .outputs = r->node->outputs,
                      .in_dtype = r->node->in_dtype,
                      .out_dtype = r->node->out_dtype,
                      .in = m->in_shape,
                      .value = values,
                      .out = m->out_shape};
  TARN_TRY(tarn__infer(&infer));
  m->problem = (tarn_problem){.op = m->op->name, .node = r->node->name, .inputs = r->node->inputs,
                              .outputs = r->node->outputs, .in_dtype = r->node->in_dtype,
                              .out_dtype = r->node->out_dtype, .in_shape = m->in_shape,
                              .out_shape = m->out_shape, .params = r->node->params};
  return TARN_OK;
}

tarn_status tarn__case_make(const tarn_allocator *a, const tarn_op *op, const char *text,
                            tarn_dtype dtype, uint64_t seed, tarn_case *made) {
  memset(made, 0, sizeof *made);
  made->op = op;
  reader r = {.allocator = a,
              .made = made,
              .t = dtype == TARN_NO_DTYPE ? TARN_F32 : dtype,
              .seed = seed * 1000};
  tarn_status status = make(&r, text);
  if (status != TARN_OK) {
    tarn__context("making case \"%s\" of %s", text, op->name);
    tarn__case_clear(made);
  }
  return status;
}

void tarn__case_clear(tarn_case *made) {
  for (int i = 0; i < TARN_CASE_MAX_INPUTS; i++) tarn__tensor_clear(&made->in[i]);
  tarn__graph_destroy(made->graph);
  memset(made, 0, sizeof *made);
}
