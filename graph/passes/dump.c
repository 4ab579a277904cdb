#include "graph/passes/dump.h"

#include <stdatomic.h>
#include <string.h>

#include "core/bytes.h"
#include "core/file.h"

enum { ELEMENT_BYTES = 1024 };

/* A block while it is written. */
typedef struct dump {
  const tarn_block *block;
  tarn_bytes *out;
} dump;

unsigned tarn__dump_number(void) {
  static atomic_uint plans; /* only names of files depend on it */
  return atomic_fetch_add(&plans, 1);
}

static tarn_status quoted(tarn_bytes *out, const char *text, size_t n) {
  TARN_TRY(tarn__bytes_add(out, "\"", 1));
  for (size_t i = 0; i < n; i++) {
    const unsigned char c = (unsigned char)text[i];
    if (c == '"' || c == '\\')
      TARN_TRY(tarn__bytes_printf(out, "\\%c", c));
    else if (c < 32 || c > 126)
      TARN_TRY(tarn__bytes_printf(out, "\\%03o", c));
    else
      TARN_TRY(tarn__bytes_add(out, text + i, 1));
  }
  return tarn__bytes_add(out, "\"", 1);
}
static tarn_status quoted_text(tarn_bytes *out, const char *text) {
  return quoted(out, text, strlen(text));
}

static tarn_status dims(tarn_bytes *out, const tarn_shape *shape) {
  if (shape->rank < 0) return tarn__bytes_printf(out, " unknown_rank: true");
  for (int d = 0; d < shape->rank; d++)
    TARN_TRY(tarn__bytes_printf(out, " dim { size: %lld }", (long long)shape->dim[d]));
  return TARN_OK;
}

/* ---- attributes ----------------------------------------------------------------------------- */

static tarn_status write_tensor(tarn_bytes *out, const tarn_tensor *t) {
  TARN_TRY(tarn__bytes_printf(out, " tensor { dtype: %d tensor_shape {", (int)t->dtype));
  TARN_TRY(dims(out, &t->shape));
  TARN_TRY(tarn__bytes_printf(out, " }"));
  const size_t bytes = t->dtype == TARN_STRING || !t->data ? 0 : tarn__tensor_bytes(t);
  if (bytes && bytes <= ELEMENT_BYTES && t->dtype != TARN_RESOURCE && t->dtype != TARN_VARIANT) {
    TARN_TRY(tarn__bytes_printf(out, " tensor_content: "));
    TARN_TRY(quoted(out, t->data, bytes));
  }
  return tarn__bytes_printf(out, " }");
}

static tarn_status write_list(tarn_bytes *out, const tarn_attr *a) {
  TARN_TRY(tarn__bytes_printf(out, " list {"));
  for (size_t i = 0; i < a->list.count; i++) switch (a->element) {
      case TARN_ATTR_INT:
        TARN_TRY(tarn__bytes_printf(out, " i: %lld", (long long)a->list.i[i]));
        break;
      case TARN_ATTR_FLOAT:
        TARN_TRY(tarn__bytes_printf(out, " f: %.9g", (double)a->list.f[i]));
        break;
      case TARN_ATTR_BOOL:
        TARN_TRY(tarn__bytes_printf(out, " b: %s", a->list.b[i] ? "true" : "false"));
        break;
      case TARN_ATTR_STRING:
        TARN_TRY(tarn__bytes_printf(out, " s: "));
        TARN_TRY(quoted(out, a->list.s[i].data, a->list.s[i].size));
        break;
      case TARN_ATTR_TYPE:
        TARN_TRY(tarn__bytes_printf(out, " type: %d", (int)a->list.type[i]));
        break;
      case TARN_ATTR_SHAPE:
        TARN_TRY(tarn__bytes_printf(out, " shape {"));
        TARN_TRY(dims(out, &a->list.shape[i]));
        TARN_TRY(tarn__bytes_printf(out, " }"));
        break;
      case TARN_ATTR_FUNC:
        TARN_TRY(tarn__bytes_printf(out, " func { name: "));
        TARN_TRY(quoted_text(out, a->list.func[i].name));
        TARN_TRY(tarn__bytes_printf(out, " }"));
        break;
      case TARN_ATTR_NONE:
      case TARN_ATTR_TENSOR:
      case TARN_ATTR_LIST:
        break;
    }
  return tarn__bytes_printf(out, " }");
}

static tarn_status write_value(tarn_bytes *out, const tarn_attr *a) {
  switch (a->kind) {
    case TARN_ATTR_NONE:
      return TARN_OK;
    case TARN_ATTR_INT:
      return tarn__bytes_printf(out, " i: %lld", (long long)a->i);
    case TARN_ATTR_FLOAT:
      return tarn__bytes_printf(out, " f: %.9g", (double)a->f);
    case TARN_ATTR_BOOL:
      return tarn__bytes_printf(out, " b: %s", a->b ? "true" : "false");
    case TARN_ATTR_STRING:
      TARN_TRY(tarn__bytes_printf(out, " s: "));
      return quoted(out, a->s.data, a->s.size);
    case TARN_ATTR_TYPE:
      return tarn__bytes_printf(out, " type: %d", (int)a->type.dtype);
    case TARN_ATTR_SHAPE:
      TARN_TRY(tarn__bytes_printf(out, " shape {"));
      TARN_TRY(dims(out, a->shape));
      return tarn__bytes_printf(out, " }");
    case TARN_ATTR_TENSOR:
      return write_tensor(out, a->tensor);
    case TARN_ATTR_FUNC:
      TARN_TRY(tarn__bytes_printf(out, " func { name: "));
      TARN_TRY(quoted_text(out, a->func.name));
      return tarn__bytes_printf(out, " }");
    case TARN_ATTR_LIST:
      return write_list(out, a);
  }
  return TARN_OK;
}

static tarn_status write_attr(tarn_bytes *out, const char *name, const tarn_attr *a) {
  TARN_TRY(tarn__bytes_printf(out, "  attr { key: "));
  TARN_TRY(quoted_text(out, name));
  TARN_TRY(tarn__bytes_printf(out, " value {"));
  TARN_TRY(write_value(out, a));
  return tarn__bytes_printf(out, " } }\n");
}

/* ---- GraphDef ------------------------------------------------------------------------------- */

static const char *op_name(const tarn_step *step) {
  switch (step->kind) {
    case TARN_STEP_GATE:
      return "_Gate";
    case TARN_STEP_LOOP:
      return "_Loop";
    default:
      return step->op ? step->op->name : step->node ? step->node->op_name : "_Unknown";
  }
}

/* What a value is called: its step's output, a constant or an input of the block. */
static tarn_status value_name(const dump *d, int v, tarn_bytes *name) {
  const tarn_value *value = &d->block->value[v];
  name->size = 0;
  if (value->producer >= 0 && !d->block->step[value->producer].removed)
    return tarn__bytes_printf(name, "%s:%d", d->block->step[value->producer].name, value->output);
  return tarn__bytes_printf(name, value->constant.dtype ? "constant_%d" : "input_%d", v);
}

static tarn_status write_outside(dump *d, int v) {
  const tarn_value *value = &d->block->value[v];
  const tarn_dtype dtype = value->constant.dtype ? value->constant.dtype : value->dtype;
  TARN_TRY(tarn__bytes_printf(d->out, "node {\n  name: \"%s_%d\" op: \"%s\"\n",
                              value->constant.dtype ? "constant" : "input", v,
                              value->constant.dtype ? "Const" : "Placeholder"));
  const tarn_attr type = {.kind = TARN_ATTR_TYPE, .type = {dtype, false}};
  TARN_TRY(write_attr(d->out, "dtype", &type));
  const tarn_attr tensor = {.kind = TARN_ATTR_TENSOR, .tensor = &value->constant};
  const tarn_attr shape = {.kind = TARN_ATTR_SHAPE, .shape = &value->shape};
  TARN_TRY(value->constant.dtype ? write_attr(d->out, "value", &tensor)
                                 : write_attr(d->out, "shape", &shape));
  return tarn__bytes_printf(d->out, "}\n");
}

static tarn_status write_step(dump *d, const tarn_step *step, tarn_bytes *name) {
  TARN_TRY(tarn__bytes_printf(d->out, "node {\n  name: "));
  TARN_TRY(quoted_text(d->out, step->name));
  TARN_TRY(tarn__bytes_printf(d->out, " op: "));
  TARN_TRY(quoted_text(d->out, op_name(step)));
  TARN_TRY(tarn__bytes_printf(d->out, "\n"));
  for (int i = 0; i < step->inputs; i++) {
    TARN_TRY(value_name(d, step->in[i], name));
    TARN_TRY(tarn__bytes_printf(d->out, "  input: "));
    TARN_TRY(quoted(d->out, name->data, name->size));
    TARN_TRY(tarn__bytes_printf(d->out, "\n"));
  }
  for (int k = 0; k < step->controls; k++) {
    const tarn_step *from = &d->block->step[step->control[k]];
    if (from->removed) continue;
    name->size = 0;
    TARN_TRY(tarn__bytes_printf(name, "^%s", from->name));
    TARN_TRY(tarn__bytes_printf(d->out, "  input: "));
    TARN_TRY(quoted(d->out, name->data, name->size));
    TARN_TRY(tarn__bytes_printf(d->out, "\n"));
  }
  for (size_t i = 0; step->attrs && i < step->attrs->count; i++)
    TARN_TRY(write_attr(d->out, step->attrs->rows[i].name, &step->attrs->rows[i].value));
  TARN_TRY(tarn__bytes_printf(d->out, "  attr { key: \"_output_shapes\" value { list {"));
  for (int k = 0; k < step->outputs; k++) {
    TARN_TRY(tarn__bytes_printf(d->out, " shape {"));
    TARN_TRY(dims(d->out, &d->block->value[step->out[k]].shape));
    TARN_TRY(tarn__bytes_printf(d->out, " }"));
  }
  TARN_TRY(tarn__bytes_printf(d->out, " } } }\n"));
  if (step->blocks) {
    TARN_TRY(tarn__bytes_printf(d->out, "  attr { key: \"_blocks\" value { list {"));
    for (int k = 0; k < step->blocks; k++)
      TARN_TRY(tarn__bytes_printf(d->out, " i: %d", step->block[k] ? step->block[k]->id : -1));
    TARN_TRY(tarn__bytes_printf(d->out, " } } }\n"));
  }
  return tarn__bytes_printf(d->out, "}\n");
}

/* Which values come from no step that runs and are looked at. */
static bool *outside(const tarn_block *block) {
  bool *used = tarn__arena_array(block->plan->arena, (size_t)block->values + 1, sizeof(bool));
  if (!used) return NULL;
  for (int i = 0; i < block->inputs; i++) used[block->input[i]] = true;
  for (int i = 0; i < block->results; i++) used[block->result[i]] = true;
  for (int at = 0; at < block->steps; at++)
    for (int i = 0; !block->step[at].removed && i < block->step[at].inputs; i++)
      used[block->step[at].in[i]] = true;
  for (int v = 0; v < block->values; v++) {
    const int from = block->value[v].producer;
    if (from >= 0 && !block->step[from].removed) used[v] = false;
  }
  return used;
}

static tarn_status write_graph(dump *d, const bool *wanted, tarn_bytes *name) {
  for (int v = 0; v < d->block->values; v++)
    if (wanted[v]) TARN_TRY(write_outside(d, v));
  for (int at = 0; at < d->block->steps; at++)
    if (!d->block->step[at].removed) TARN_TRY(write_step(d, &d->block->step[at], name));
  return TARN_OK;
}

/* ---- DOT ------------------------------------------------------------------------------------ */

static tarn_status write_edge(dump *d, int v, int to) {
  const tarn_value *value = &d->block->value[v];
  char shape[TARN_SHAPE_TEXT];
  const bool made = value->producer >= 0 && !d->block->step[value->producer].removed;
  TARN_TRY(tarn__bytes_printf(d->out, "  %c%d -> s%d [label=\"%s%s\"];\n", made ? 's' : 'v',
                              made ? value->producer : v, to, tarn_dtype_name(value->dtype),
                              tarn__shape_print(&value->shape, shape)));
  return TARN_OK;
}

static tarn_status write_dot(dump *d, const bool *wanted, tarn_bytes *name) {
  const tarn_block *block = d->block;
  TARN_TRY(tarn__bytes_printf(d->out, "digraph block%d {\n  node [shape=box];\n", block->id));
  for (int v = 0; v < block->values; v++)
    if (wanted[v])
      TARN_TRY(tarn__bytes_printf(d->out, "  v%d [shape=ellipse, label=\"%s_%d\"];\n", v,
                                  block->value[v].constant.dtype ? "constant" : "input", v));
  for (int at = 0; at < block->steps; at++) {
    const tarn_step *step = &block->step[at];
    if (step->removed) continue;
    name->size = 0;
    TARN_TRY(tarn__bytes_printf(name, "%s: %s", op_name(step), step->name));
    TARN_TRY(tarn__bytes_printf(d->out, "  s%d [label=", at));
    TARN_TRY(quoted(d->out, name->data, name->size));
    TARN_TRY(tarn__bytes_printf(d->out, "];\n"));
    for (int i = 0; i < step->inputs; i++) TARN_TRY(write_edge(d, step->in[i], at));
    for (int k = 0; k < step->controls; k++)
      if (!block->step[step->control[k]].removed)
        TARN_TRY(
            tarn__bytes_printf(d->out, "  s%d -> s%d [style=dashed];\n", step->control[k], at));
  }
  return tarn__bytes_printf(d->out, "}\n");
}

/* ---- files ---------------------------------------------------------------------------------- */

typedef tarn_status (*writer)(dump *d, const bool *wanted, tarn_bytes *name);

static tarn_status write_file(const tarn_block *block, const char *path, writer write) {
  const tarn_allocator *a = block->plan->allocator;
  const bool *wanted = outside(block);
  if (!wanted) return TARN_NO_MEMORY;
  tarn_bytes text, name;
  tarn__bytes_init(&text, a);
  tarn__bytes_init(&name, a);
  dump d = {.block = block, .out = &text};
  tarn_status status = write(&d, wanted, &name);
  if (status == TARN_OK) status = tarn__output_file(a, path, text.size ? text.data : "", text.size);
  tarn__bytes_clear(&text);
  tarn__bytes_clear(&name);
  return status;
}

static bool plain_name(const char *name) {
  if (!name[0] || strlen(name) > 64) return false;
  return strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") ==
         strlen(name);
}

tarn_status tarn__dump_stage(const tarn_plan *plan, const char *folder, unsigned number, int stage,
                             const char *pass) {
  if (!plain_name(pass))
    return tarn_fail(TARN_INVALID, "the name of a pass is part of a file name");
  for (int i = 0; i < plan->blocks; i++) {
    if (!plan->block[i]->steps && i) continue; /* moved into another */
    const char *stem = tarn__arena_printf(plan->arena, "%s/plan%04u-%02d-%s-block%d", folder,
                                          number, stage, pass, i);
    const char *graph = stem ? tarn__arena_printf(plan->arena, "%s.pbtxt", stem) : NULL;
    const char *dot = stem ? tarn__arena_printf(plan->arena, "%s.dot", stem) : NULL;
    if (!graph || !dot) return TARN_NO_MEMORY;
    TARN_TRY(write_file(plan->block[i], graph, write_graph));
    TARN_TRY(write_file(plan->block[i], dot, write_dot));
  }
  return TARN_OK;
}
