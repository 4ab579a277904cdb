/* The step that computes a whole sequence. */
#include <string.h>

#include "graph/passes/recurrent/recurrent.h"
#include "graph/passes/rewrite.h"

typedef struct inputs {
  int at[16], count;
} inputs;

static void add(inputs *in, int value) {
  if (value >= 0) in->at[in->count++] = value;
}

static tarn_status set_float(tarn_match *m, tarn_attrs *attrs, const char *name, float f) {
  const tarn_attr value = {.kind = TARN_ATTR_FLOAT, .f = f};
  return tarn__attr_set(m->b->arena, attrs, name, &value);
}

static const char *activation(tarn_recurrent_activation act) {
  switch (act) {
#define X(name, text)         \
  case TARN_RECURRENT_##name: \
    return text;
    TARN_RECURRENT_ACTIVATION_MAP(X)
#undef X
  }
  return "";
}

tarn_status tarn__sequence_make(tarn_match *m, const tarn_cell *cell, const tarn_weights *w,
                                const tarn_sequence *s, int out[3], bool *made) {
  tarn_attrs *attrs = tarn__arena_alloc(m->b->arena, sizeof *attrs);
  const char *gates = tarn__arena_strndup(m->b->arena, w->gates, strlen(w->gates));
  if (!attrs || !gates) return TARN_NO_MEMORY;
  const tarn_dtype dtype = s->into->value[s->x].dtype;
  const tarn_dtype lengths = s->lengths < 0 ? TARN_I64 : s->into->value[s->lengths].dtype;
  *made = false;
  if ((dtype != TARN_F32 && dtype != TARN_F64) || (lengths != TARN_I32 && lengths != TARN_I64)) {
    tarn__match_no(m, NULL, "sequences of %s are not computed at once", tarn_dtype_name(dtype));
    return TARN_OK;
  }
  inputs in = {.count = 0};
  add(&in, s->x);
  for (int i = 0; i < w->num_w; i++) add(&in, w->w[i]);
  for (int i = 0; i < w->num_b; i++) add(&in, w->b[i]);
  add(&in, s->h0);
  if (!cell->gru) add(&in, s->c0);
  add(&in, s->lengths);
  for (int i = 0; i < 3; i++) add(&in, s->peephole[i]);
  add(&in, s->projection);
  TARN_TRY(tarn__rewrite_set_type(m->b, attrs, "T", dtype));
  TARN_TRY(tarn__rewrite_set_type(m->b, attrs, "Tlen", lengths));
  TARN_TRY(tarn__rewrite_set_int(m->b, attrs, "num_w", w->num_w));
  TARN_TRY(tarn__rewrite_set_int(m->b, attrs, "num_b", w->num_b));
  TARN_TRY(tarn__rewrite_set_int(m->b, attrs, "num_lengths", s->lengths >= 0));
  TARN_TRY(tarn__rewrite_set_string(m->b, attrs, "activation", activation(cell->activation)));
  TARN_TRY(tarn__rewrite_set_string(m->b, attrs, "recurrent_activation",
                                    activation(cell->recurrent_activation)));
  TARN_TRY(tarn__rewrite_set_string(m->b, attrs, "gates", gates));
  TARN_TRY(tarn__rewrite_set_bool(m->b, attrs, "reverse", s->reverse));
  TARN_TRY(tarn__rewrite_set_bool(m->b, attrs, "zero_output", s->zero_output));
  if (cell->gru) {
    TARN_TRY(
        tarn__rewrite_set_string(m->b, attrs, "form", w->separate ? "CANDIDATE_APART" : "KERNELS"));
    TARN_TRY(tarn__rewrite_set_bool(m->b, attrs, "reset_after", cell->reset_after));
  } else {
    TARN_TRY(tarn__rewrite_set_int(m->b, attrs, "num_peephole", s->peephole[0] >= 0 ? 3 : 0));
    TARN_TRY(tarn__rewrite_set_int(m->b, attrs, "num_projection", s->projection >= 0));
    TARN_TRY(set_float(m, attrs, "forget_bias", w->forget_bias));
    TARN_TRY(set_float(m, attrs, "cell_clip", cell->cell_clip));
    TARN_TRY(set_float(m, attrs, "proj_clip", cell->proj_clip));
  }
  const tarn_new_step wanted = {.op = cell->gru ? "_GRUSequence" : "_LSTMSequence",
                                .name = s->name,
                                .like = s->like,
                                .attrs = attrs,
                                .in = in.at,
                                .inputs = in.count,
                                .outputs = cell->gru ? 2 : 3,
                                .dtype = dtype};
  TARN_TRY(tarn__block_insert(m->b, s->into, s->at, &wanted, out, made));
  if (!*made)
    tarn__match_no(m, NULL,
                   "the shapes of the input, the weights or the states are unknown or do not fit");
  return TARN_OK;
}
