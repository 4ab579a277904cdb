/* Every write into an array is remembered with its shape; a read has that shape when all writes
 * agree. A read may be looked at before a write further on in the loop: when that write then
 * disagrees, the array is given up and shapes are found anew (builder->again), so that what the
 * plan says in the end is so. */
#include "graph/plan/arrays.h"

#include <string.h>

typedef struct writer {
  struct writer *next;
  int block, at;
  tarn_shape shape;              /* rank < 0: unknown */
  tarn_array_value value;
} writer;

struct tarn_array {
  struct tarn_array *next;
  const tarn_node *maker;
  tarn_array *forward, *same; /* of a gradient: whose; the one that was made first of it */
  tarn_string source;
  writer *writers;
  bool used, unknown;            /* unknown: given up */
  bool value_used, varies;       /* the same of what the elements are */
  int64_t size;                  /* -1: not known */
};

static bool starts(const char *text, const char *with) {
  return !strncmp(text, with, strlen(with));
}

bool tarn__plan_makes_array(const tarn_node *node) {
  static const char *const makers[] = {"TensorArrayV3", "TensorArrayGradV3", "StackV2"};
  for (size_t i = 0; i < sizeof makers / sizeof *makers; i++)
    if (!strcmp(node->op_name, makers[i])) return true;
  return false;
}

static tarn_status entry_of(tarn_builder *b, const tarn_node *maker, tarn_array **found) {
  for (tarn_array *a = b->arrays; a; a = a->next)
    if (a->maker == maker) {
      *found = a;
      return TARN_OK;
    }
  tarn_array *a = tarn__arena_alloc(b->arena, sizeof *a);
  if (!a) return TARN_NO_MEMORY;
  *a = (tarn_array){.next = b->arrays, .maker = maker, .size = -1};
  b->arrays = a;
  *found = a;
  return TARN_OK;
}

static tarn_status find(tarn_builder *b, const tarn_node *maker, tarn_array **found) {
  TARN_TRY(entry_of(b, maker, found));
  while ((*found)->same) *found = (*found)->same;
  return TARN_OK;
}

tarn_status tarn__plan_array_gradient(tarn_builder *b, const tarn_step *step,
                                      const tarn_node *forward) {
  tarn_array *a, *of;
  if (strcmp(step->op->name, "TensorArrayGradV3") != 0) return TARN_OK;
  TARN_TRY(find(b, forward, &of));
  TARN_TRY(entry_of(b, step->node, &a));
  a->forward = of;
  a->source = tarn__attr_string(step->attrs, "source");
  for (tarn_array *other = b->arrays; other && !a->same; other = other->next)
    if (other != a && !other->same && other->forward == of &&
        other->source.size == a->source.size &&
        !memcmp(other->source.data, a->source.data, a->source.size))
      a->same = other;
  return TARN_OK;
}

static bool same(const tarn_shape *x, const tarn_shape *y) {
  return tarn__shape_known(x) ? tarn__shape_known(y) && tarn__shape_equal(x, y)
                              : !tarn__shape_known(y);
}

static bool same_value(const tarn_array_value *x, const tarn_array_value *y) {
  if (x->dtype != y->dtype || !x->dtype) return x->dtype == y->dtype;
  return tarn__shape_equal(&x->shape, &y->shape) &&
         !memcmp(x->element, y->element, sizeof x->element);
}

/* What is written, where it is a few integers that are known: shapes, mostly, that gradients of
 * loops find on a stack. */
static tarn_array_value value_of(const tarn_tensor *t) {
  tarn_array_value v = {.dtype = TARN_NO_DTYPE};
  if (!t || !tarn__dtype_in(t->dtype, TARN_BIT(TARN_I32) | TARN_BIT(TARN_I64)) ||
      tarn__tensor_elements(t) > TARN_MAX_RANK)
    return v;
  v.dtype = t->dtype;
  v.shape = t->shape;
  for (int64_t i = 0; i < tarn__tensor_elements(t); i++) v.element[i] = tarn__tensor_int(t, i);
  return v;
}

static tarn_status wrote(tarn_builder *b, tarn_array *a, int block, int at, const tarn_shape *shape,
                         const tarn_tensor *written) {
  writer *w = a->writers;
  while (w && (w->block != block || w->at != at)) w = w->next;
  const tarn_array_value value = value_of(written);
  const bool changed = !w || !same(&w->shape, shape),
             other_value = !w || !same_value(&w->value, &value);
  if (!w) {
    w = tarn__arena_alloc(b->arena, sizeof *w);
    if (!w) return TARN_NO_MEMORY;
    *w = (writer){.next = a->writers, .block = block, .at = at};
    a->writers = w;
  }
  w->shape = *shape;
  w->value = value;
  if (other_value && a->value_used && !a->varies) a->varies = b->again = true;
  if (!changed || !a->used || a->unknown) return TARN_OK;
  for (const writer *other = a->writers; other; other = other->next)
    if (!same(&other->shape, shape) || !tarn__shape_known(shape)) {
      a->unknown = true;
      b->again = true;
    }
  return TARN_OK;
}

/* The shape of the elements; rank -1 when it is not known. */
static tarn_shape element(tarn_array *a) {
  tarn_shape shape = {.rank = -1};
  if (a->unknown) return shape;
  for (const writer *w = a->writers; w; w = w->next) {
    if (!tarn__shape_known(&w->shape) || (shape.rank >= 0 && !tarn__shape_equal(&shape, &w->shape)))
      return (tarn_shape){.rank = -1};
    shape = w->shape;
  }
  if (shape.rank >= 0) a->used = true;
  return shape;
}

/* What every element is; no dtype: not known. */
static tarn_array_value element_value(tarn_array *a) {
  const tarn_array_value none = {.dtype = TARN_NO_DTYPE};
  if (a->varies || !a->writers) return none;
  for (const writer *w = a->writers; w; w = w->next)
    if (!w->value.dtype || !same_value(&w->value, &a->writers->value)) return none;
  a->value_used = true;
  return a->writers->value;
}

static tarn_shape without_first(const tarn_shape *s) {
  tarn_shape rest = {.rank = -1};
  if (!tarn__shape_known(s) || s->rank < 1) return rest;
  rest.rank = s->rank - 1;
  memcpy(rest.dim, s->dim + 1, (size_t)rest.rank * sizeof rest.dim[0]);
  return rest;
}

tarn_status tarn__plan_array_size(tarn_builder *b, const tarn_node *maker, int64_t size) {
  tarn_array *a;
  TARN_TRY(find(b, maker, &a));
  a->size = size;
  return TARN_OK;
}

tarn_status tarn__plan_array_step(tarn_builder *b, const tarn_node *maker, int block, int at,
                                  const tarn_step *step, const tarn_shape *in,
                                  const tarn_tensor *const *value, tarn_shape *shape,
                                  tarn_array_value *known) {
  const char *op = step->op->name;
  tarn_array *a;
  shape->rank = -1;
  *known = (tarn_array_value){.dtype = TARN_NO_DTYPE};
  TARN_TRY(find(b, maker, &a));
  if (starts(op, "TensorArrayWrite")) return wrote(b, a, block, at, &in[2], NULL);
  if (starts(op, "StackPush")) return wrote(b, a, block, at, &in[1], value[1]);
  if (starts(op, "TensorArrayScatter")) {
    const tarn_shape each = without_first(&in[2]);
    return wrote(b, a, block, at, &each, NULL);
  }
  if (starts(op, "TensorArraySplit")) return wrote(b, a, block, at, shape, NULL);
  if (starts(op, "TensorArrayRead") || starts(op, "StackPop")) *shape = element(a);
  if (starts(op, "StackPop")) *known = element_value(a);
  if (starts(op, "TensorArrayGather") && tarn__shape_known(&in[1]) && in[1].rank == 1) {
    const tarn_shape each = element(a);
    if (each.rank >= 0 && each.rank < TARN_MAX_RANK) {
      shape->rank = each.rank + 1;
      shape->dim[0] = in[1].dim[0];
      memcpy(shape->dim + 1, each.dim, (size_t)each.rank * sizeof each.dim[0]);
    }
  }
  if (starts(op, "TensorArraySize") && a->size >= 0 && a->size <= INT32_MAX)
    *known = (tarn_array_value){TARN_I32, tarn__shape_scalar(), {a->size}};
  return TARN_OK;
}
