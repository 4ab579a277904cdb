/* Internal ops as the TensorFlow ops that they stand for, and reads through handles as reads of
 * values. */
#include <string.h>

#include "graph/export/exporter.h"
#include "graph/export/freeze.h"
#include "graph/signature/signature.h"

typedef struct expansion {
  tarn_place *p;
  const tarn_step *step;
  int at;
  tarn_dtype dtype; /* of input 0's elements */
  tarn_node *last;
} expansion;

/* A node with the step's attributes as far as `op` has them. */
static tarn_status start(expansion *x, const char *op, const char *name) {
  const tarn_signature *signature;
  const tarn_op *entry = tarn__op_find(op);
  if (!entry) return tarn_fail(TARN_UNSUPPORTED, "op %s is not known", op);
  TARN_TRY(tarn__signature_of(entry, &signature));
  TARN_TRY(tarn__export_node(x->p->scope, name, op, &x->last));
  for (size_t i = 0; i < x->step->attrs->count; i++) {
    const struct tarn_attr_row *row = &x->step->attrs->rows[i];
    if (tarn__signature_attr(signature, row->name))
      TARN_TRY(tarn__export_set(x->p->scope, x->last, row->name, row->value));
  }
  return TARN_OK;
}

/* The next of a chain: op(last [, value]). */
static tarn_status then(expansion *x, const char *op, int value) {
  tarn_scope *s = x->p->scope;
  const char *before, *name = tarn__arena_printf(s->graph->arena, "%s/%s", x->step->name, op);
  if (!name) return TARN_NO_MEMORY;
  TARN_TRY(tarn__export_output(s, x->last, 0, &before));
  TARN_TRY(tarn__export_node(s, name, op, &x->last));
  TARN_TRY(tarn__export_set_type(s, x->last, "T", x->dtype));
  TARN_TRY(tarn__node_add_input(s->graph, x->last, before));
  return value < 0 ? TARN_OK : tarn__export_input(x->p, x->last, value);
}

/* _FusedConv2D and its kin: the product, then bias, sum and activation as "fused_ops" says. */
static tarn_status fused(expansion *x) {
  const tarn_step *step = x->step;
  TARN_TRY(start(x, step->op->name + strlen("_Fused"), step->name));
  TARN_TRY(tarn__export_input(x->p, x->last, step->in[0]));
  TARN_TRY(tarn__export_input(x->p, x->last, step->in[1]));
  TARN_TRY(tarn__export_wait(x->p, x->at, x->last));
  const tarn_attr *ops = tarn__attr_list(step->attrs, "fused_ops");
  int next = 2;
  for (size_t i = 0; i < ops->list.count; i++) {
    const char *op =
        tarn__arena_strndup(x->p->scope->graph->arena, ops->list.s[i].data, ops->list.s[i].size);
    if (!op) return TARN_NO_MEMORY;
    const bool takes = !strcmp(op, "BiasAdd") || !strcmp(op, "Add");
    TARN_TRY(then(x, strcmp(op, "Add") ? op : "AddV2",
                  takes && next < step->inputs ? step->in[next++] : -1));
  }
  return TARN_OK;
}

static tarn_status set(expansion *x, const char *name, tarn_dtype t) {
  return tarn__export_set_type(x->p->scope, x->last, name, t);
}

static tarn_status gather(expansion *x) {
  const char *axis, *name = tarn__arena_printf(x->p->scope->graph->arena, "%s/axis", x->step->name);
  int32_t zero = 0;
  const tarn_tensor scalar = {.dtype = TARN_I32, .shape = tarn__shape_scalar(), .data = &zero};
  if (!name) return TARN_NO_MEMORY;
  TARN_TRY(tarn__export_constant(x->p->scope, name, &scalar, &axis));
  if (x->p->outer)
    return tarn_fail(TARN_UNSUPPORTED,
                     "ResourceGather inside of a V1 loop has no form without variables here");
  TARN_TRY(start(x, "GatherV2", x->step->name));
  TARN_TRY(tarn__export_input(x->p, x->last, x->step->in[0]));
  TARN_TRY(tarn__export_input(x->p, x->last, x->step->in[1]));
  TARN_TRY(tarn__node_add_input(x->p->scope->graph, x->last, axis));
  TARN_TRY(set(x, "Tparams", x->dtype));
  TARN_TRY(set(x, "Taxis", TARN_I32));
  return tarn__export_wait(x->p, x->at, x->last);
}

static tarn_status gather_nd(expansion *x) {
  TARN_TRY(start(x, "GatherNd", x->step->name));
  TARN_TRY(tarn__export_input(x->p, x->last, x->step->in[0]));
  TARN_TRY(tarn__export_input(x->p, x->last, x->step->in[1]));
  TARN_TRY(set(x, "Tparams", x->dtype));
  return tarn__export_wait(x->p, x->at, x->last);
}

static tarn_status shape(expansion *x) {
  TARN_TRY(start(x, "Shape", x->step->name));
  TARN_TRY(tarn__export_input(x->p, x->last, x->step->in[0]));
  TARN_TRY(set(x, "T", x->dtype));
  return tarn__export_wait(x->p, x->at, x->last);
}

static tarn_status is_initialized(expansion *x) {
  bool yes = true;
  const tarn_tensor scalar = {.dtype = TARN_BOOL, .shape = tarn__shape_scalar(), .data = &yes};
  tarn_tensor owned;
  const tarn_tensor *kept;
  tarn_scope *s = x->p->scope;
  TARN_TRY(tarn__export_node(s, x->step->name, "Const", &x->last));
  TARN_TRY(tarn__tensor_own(s->graph->allocator, &scalar, &owned));
  TARN_TRY(tarn__graph_keep_tensor(s->graph, &owned, &kept));
  TARN_TRY(set(x, "dtype", TARN_BOOL));
  TARN_TRY(
      tarn__export_set(s, x->last, "value", (tarn_attr){.kind = TARN_ATTR_TENSOR, .tensor = kept}));
  return tarn__export_wait(x->p, x->at, x->last);
}

static const struct {
  const char *op;
  tarn_status (*write)(expansion *x);
} rows[] = {
    {"_FusedConv2D", fused},
    {"_FusedDepthwiseConv2dNative", fused},
    {"_FusedMatMul", fused},
    {"ResourceGather", gather},
    {"ResourceGatherNd", gather_nd},
    {"VariableShape", shape},
    {"VarIsInitializedOp", is_initialized},
};

tarn_status tarn__export_expand(tarn_place *p, int at, bool *done, tarn_node **node) {
  const tarn_step *step = &p->block->step[at];
  const char *op = step->op ? step->op->name : "";
  *done = false;
  const tarn_value *in = step->inputs ? &p->block->value[step->in[0]] : NULL;
  /* a handle still: as it is */
  if (tarn__export_reads_handle(op) && (!in || in->dtype == TARN_RESOURCE || in->is_ref))
    return TARN_OK;
  expansion x = {.p = p, .step = step, .at = at, .dtype = in ? in->dtype : TARN_NO_DTYPE};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    if (!strcmp(rows[i].op, op)) {
      TARN_TRY(rows[i].write(&x));
      *done = true;
      *node = x.last;
      return TARN_OK;
    }
  if (op[0] == '_' && !step->node->problem)
    return tarn_fail(TARN_UNSUPPORTED, "internal op %s has no form in TensorFlow here", op);
  return TARN_OK;
}
