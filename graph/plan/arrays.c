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
} writer;

struct tarn_array {
  struct tarn_array *next;
  const tarn_node *maker;
  writer *writers;
  bool used, unknown;            /* unknown: given up */
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

static tarn_status find(tarn_builder *b, const tarn_node *maker, tarn_array **found) {
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

static bool same(const tarn_shape *x, const tarn_shape *y) {
  return tarn__shape_known(x) ? tarn__shape_known(y) && tarn__shape_equal(x, y)
                              : !tarn__shape_known(y);
}

static tarn_status wrote(tarn_builder *b, tarn_array *a, int block, int at,
                         const tarn_shape *shape) {
  writer *w = a->writers;
  while (w && (w->block != block || w->at != at)) w = w->next;
  const bool changed = !w || !same(&w->shape, shape);
  if (!w) {
    w = tarn__arena_alloc(b->arena, sizeof *w);
    if (!w) return TARN_NO_MEMORY;
    *w = (writer){.next = a->writers, .block = block, .at = at};
    a->writers = w;
  }
  w->shape = *shape;
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
                                  const tarn_step *step, const tarn_shape *in, tarn_shape *shape,
                                  int64_t *size) {
  const char *op = step->op->name;
  tarn_array *a;
  shape->rank = -1;
  *size = -1;
  TARN_TRY(find(b, maker, &a));
  if (starts(op, "TensorArrayWrite")) return wrote(b, a, block, at, &in[2]);
  if (starts(op, "StackPush")) return wrote(b, a, block, at, &in[1]);
  if (starts(op, "TensorArrayScatter")) {
    const tarn_shape each = without_first(&in[2]);
    return wrote(b, a, block, at, &each);
  }
  if (starts(op, "TensorArraySplit")) return wrote(b, a, block, at, shape);
  if (starts(op, "TensorArrayRead") || starts(op, "StackPop")) *shape = element(a);
  if (starts(op, "TensorArrayGather") && tarn__shape_known(&in[1]) && in[1].rank == 1) {
    const tarn_shape each = element(a);
    if (each.rank >= 0 && each.rank < TARN_MAX_RANK) {
      shape->rank = each.rank + 1;
      shape->dim[0] = in[1].dim[0];
      memcpy(shape->dim + 1, each.dim, (size_t)each.rank * sizeof each.dim[0]);
    }
  }
  if (starts(op, "TensorArraySize")) *size = a->size;
  return TARN_OK;
}
