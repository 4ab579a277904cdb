/* Elements picked by a condition. */
#include "graph/op.h"

static tarn_status where_infer(tarn_infer *t) {
  return tarn__infer_rank_at_least(t, 0, 1); /* the kernel counts */
}

static tarn_status select_infer(tarn_infer *t) {
  const tarn_shape *c = &t->in[0], *x = &t->in[1];
  char a[TARN_SHAPE_TEXT], b[TARN_SHAPE_TEXT];
  TARN_TRY(tarn__infer_same(t, 1, 2));
  bool rows = c->rank == 1 && x->rank >= 1 && c->dim[0] == x->dim[0];
  if (c->rank != 0 && !rows && !tarn__shape_equal(c, x))
    return tarn_fail(TARN_SHAPE, "a condition of %s for values of %s", tarn__shape_print(c, a),
                     tarn__shape_print(x, b));
  t->out[0] = *x;
  return TARN_OK;
}

static tarn_status select_v2_infer(tarn_infer *t) {
  tarn_shape values;
  TARN_TRY(tarn__shape_broadcast(&t->in[1], &t->in[2], &values));
  return tarn__shape_broadcast(&t->in[0], &values, &t->out[0]);
}

const tarn_op tarn_ops_select[] = {
    {.name = "Where",
     .inputs = "input: T",
     .outputs = "index: int64",
     .attrs = "T: {numbertype, bool} = bool",
     .infer = where_infer,
     .formula = "the index tuples of elements that are not zero, in row-major order",
     .cases = {"input=bool[3x17]", "input=bool[0]", "input=f32[5x2x3]", "input=i32[7]:0..1"}},
    {.name = "Select",
     .inputs = "condition: bool, t: T, e: T",
     .outputs = "output: T",
     .attrs = "T: type",
     .infer = select_infer,
     .formula = "output = condition ? t : e; a vector condition picks rows",
     .cases = {"condition=bool[3x5] t=T[3x5] e=T[3x5]", "condition=bool[7] t=T[7x3] e=T[7x3]",
               "condition=bool[] t=T[2x3] e=T[2x3]", "condition=bool[0] t=T[0] e=T[0]"}},
    {.name = "SelectV2",
     .inputs = "condition: bool, t: T, e: T",
     .outputs = "output: T",
     .attrs = "T: type",
     .infer = select_v2_infer,
     .formula = "output = condition ? t : e, all broadcast",
     .cases = {"condition=bool[3x1] t=T[5] e=T[2x1x1]", "condition=bool[] t=T[2x3] e=T[3]",
               "condition=bool[4x0] t=T[] e=T[4x1]",
               "condition=bool[300x400] t=T[300x400] e=T[300x400]"}},
    {0},
};
