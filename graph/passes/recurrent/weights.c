/* The matrices and biases of a cell as _LSTMSequence and _GRUSequence take them.
 *
 * What TensorFlow's cells keep as one matrix is passed on as it is, with the order of its gates.
 * What is in pieces (a matrix a gate, rows of the state before those of the input) is put together
 * once, when its elements are known. */
#include <string.h>

#include "core/tensor/contents.h"
#include "graph/passes/recurrent/recurrent.h"

/* Where the columns of one gate are: of the input and of the state. */
typedef struct pieces {
  const struct tarn_linear_term *x[TARN_LSTM_GATES], *h[TARN_LSTM_GATES];
  int order[TARN_LSTM_GATES]; /* place k holds gate order[k] */
  int64_t H;
  int gates;
} pieces;

static const struct tarn_linear_term *find(const tarn_linear *z, int source) {
  for (int i = 0; i < z->terms; i++)
    if (z->term[i].source == source) return &z->term[i];
  return NULL;
}

/* Each gate has one product with the state (or its reset) and one with the input. */
static bool sources(tarn_match *m, const tarn_cell *cell, pieces *p, int *x) {
  *x = -1;
  p->gates = cell->gates;
  p->H = cell->gate[0].z.width;
  for (int g = 0; g < cell->gates; g++) {
    const tarn_linear *z = &cell->gate[g].z;
    const bool apart = cell->gru && g == TARN_GRU_C;
    const bool after = apart && cell->reset_after;
    const int state = apart && !after ? cell->reset : cell->h_before;
    p->h[g] = find(after ? &cell->inner : z, state);
    if (!p->h[g] || z->terms != 2 - after || (after && cell->inner.terms != 1) || z->width != p->H)
      return tarn__match_no(
          m, NULL, "a gate is no sum of one product with the input and one with the state");
    p->x[g] = after || p->h[g] == &z->term[1] ? &z->term[0] : &z->term[1];
    if (*x < 0) *x = p->x[g]->source;
    if (p->x[g]->source != *x || *x == state)
      return tarn__match_no(m, NULL, "the gates have different inputs");
  }
  return p->H > 0;
}

/* All gates from one matrix, with `first` rows before: the order of their columns. */
static bool one_matrix(const struct tarn_linear_term *const *t, int gates, int64_t H, int *order) {
  for (int k = 0; k < gates; k++) order[k] = -1;
  for (int g = 0; g < gates; g++) {
    const int64_t k = t[g]->column / H;
    if (t[g]->matrix != t[0]->matrix || t[g]->row != t[0]->row || t[g]->column % H || k >= gates ||
        order[k] >= 0)
      return false;
    order[k] = g;
  }
  return true;
}

static bool same_order(const int *a, const int *b, int n) {
  return !memcmp(a, b, (size_t)n * sizeof *a);
}

static uint64_t mix(uint64_t hash, uint64_t n) {
  const uint64_t x = (hash ^ n) * 0x9E3779B97F4A7C15u;
  return (x ^ x >> 29) * 0xBF58476D1CE4E5B9u + 1;
}

/* The columns of all gates side by side: a constant of the block that gets the sequence. */
static tarn_status assemble(tarn_match *m, const struct tarn_linear_term *const *t, const pieces *p,
                            int *value, bool *fits) {
  const tarn_tensor *from[TARN_LSTM_GATES];
  uint64_t name = 0;
  bool named = true, lasts = true;
  *fits = false;
  for (int k = 0; k < p->gates; k++) {
    const struct tarn_linear_term *term = t[p->order[k]];
    from[k] = tarn__match_constant(m, term->matrix);
    if (!from[k] || term->rows != t[0]->rows || from[k]->dtype != from[0]->dtype ||
        from[k]->shape.rank != 2 || term->row + term->rows > from[k]->shape.dim[0] ||
        term->column + p->H > from[k]->shape.dim[1]) {
      tarn__match_no(m, NULL, "the weights are in pieces that are not constant");
      return TARN_OK;
    }
    const uint64_t contents = tarn__tensor_contents(from[k]);
    named = named && contents;
    lasts = lasts && tarn__contents_last(contents);
    name = mix(mix(mix(name, contents), (uint64_t)term->row), (uint64_t)term->column);
  }
  tarn_shape shape;
  tarn_tensor made = {0};
  TARN_TRY(tarn__shape_make(2, (int64_t[]){t[0]->rows, p->gates * p->H}, &shape));
  TARN_TRY(tarn__tensor_new_raw(m->b->context->allocator, from[0]->dtype, &shape, &made));
  const size_t each = tarn_dtype_bytes(made.dtype), bytes = (size_t)p->H * each;
  for (int64_t r = 0; r < t[0]->rows; r++)
    for (int k = 0; k < p->gates; k++) {
      const struct tarn_linear_term *term = t[p->order[k]];
      memcpy((char *)made.data + (size_t)(r * p->gates + k) * bytes,
             (const char *)from[k]->data +
                 (size_t)((term->row + r) * from[k]->shape.dim[1] + term->column) * each,
             bytes);
    }
  if (named && lasts) tarn__tensor_name_lasting(&made, mix(name, 'w'));
  else if (named) tarn__tensor_name_contents(&made, mix(name, 'w') | 1ull << 63);
  tarn_block *into = m->rounds.parent ? m->rounds.parent : m->block;
  *value = tarn__block_add_constant(into, &made);
  *fits = *value >= 0;
  return *fits ? TARN_OK : TARN_NO_MEMORY;
}

static tarn_status pass_on(tarn_match *m, int value, int *outer) {
  *outer = tarn__loop_outer(m, value);
  return *outer < 0 ? TARN_NO_MEMORY : TARN_OK;
}

static tarn_status matrices(tarn_match *m, const tarn_cell *cell, pieces *p, tarn_weights *w,
                            bool *fits) {
  int order[TARN_LSTM_GATES];
  const bool x_whole = one_matrix(p->x, p->gates, p->H, p->order);
  const bool h_whole = one_matrix(p->h, p->gates, p->H, order);
  const bool x_first = !p->x[0]->row && p->h[0]->row == p->x[0]->rows;
  w->num_w = 2;
  *fits = true;
  if (!cell->gru && x_whole && h_whole && same_order(order, p->order, p->gates) && x_first &&
      p->x[0]->matrix == p->h[0]->matrix) {
    w->num_w = 1;
    return pass_on(m, p->x[0]->matrix, &w->w[0]);
  }
  if (x_whole && h_whole && same_order(order, p->order, p->gates) && !p->x[0]->row &&
      !p->h[0]->row) {
    TARN_TRY(pass_on(m, p->x[0]->matrix, &w->w[0]));
    return pass_on(m, p->h[0]->matrix, &w->w[1]);
  }
  const struct tarn_linear_term *xc = p->x[TARN_GRU_C], *hc = p->h[TARN_GRU_C];
  if (cell->gru && !cell->reset_after && one_matrix(p->x, 2, p->H, p->order) &&
      one_matrix(p->h, 2, p->H, order) && same_order(order, p->order, 2) && x_first &&
      p->x[0]->matrix == p->h[0]->matrix && xc->matrix == hc->matrix && !xc->row && !xc->column &&
      !hc->column && hc->row == xc->rows && xc->matrix != p->x[0]->matrix) {
    w->separate = true;
    p->order[2] = TARN_GRU_C;
    TARN_TRY(pass_on(m, p->x[0]->matrix, &w->w[0]));
    return pass_on(m, xc->matrix, &w->w[1]);
  }
  for (int k = 0; k < p->gates; k++) p->order[k] = k;
  TARN_TRY(assemble(m, p->x, p, &w->w[0], fits));
  return *fits ? assemble(m, p->h, p, &w->w[1], fits) : TARN_OK;
}

/* One vector holds the biases of the gates in places [from, to), in their order. */
static bool one_vector(const tarn_cell *cell, const pieces *p, int from, int to, int *vector) {
  for (int k = from; k < to; k++) {
    const tarn_linear *z = &cell->gate[p->order[k]].z;
    const bool forget = !cell->gru && p->order[k] == TARN_LSTM_F;
    if (z->biases != 1 || z->bias[0].at != (k - from) * p->H || (z->constant != 0 && !forget) ||
        (k > from && z->bias[0].value != *vector))
      return false;
    *vector = z->bias[0].value;
  }
  return true;
}

/* sums[k H + i] += bias i of place k. which: -1 all biases of the gate, else that one alone. */
static bool sum(tarn_match *m, const tarn_linear *z, int which, int64_t H, double *sums) {
  for (int n = 0; n < z->biases; n++) {
    if (which >= 0 && n != which) continue;
    const tarn_tensor *t = tarn__match_constant(m, z->bias[n].value);
    if (!t || t->shape.rank != 1 || z->bias[n].at < 0 || z->bias[n].at + H > t->shape.dim[0] ||
        (t->dtype != TARN_F32 && t->dtype != TARN_F64))
      return tarn__match_no(m, NULL, "the biases are in pieces that are not constant");
    for (int64_t i = 0; i < H; i++)
      sums[i] += t->dtype == TARN_F64 ? ((const double *)t->data)[z->bias[n].at + i]
                                      : (double)((const float *)t->data)[z->bias[n].at + i];
  }
  return true;
}

/* Places [from, to) of the biases as a constant; rows 2: [2, n H], what is added to the input's and
 * to the state's product. */
static tarn_status put_together(tarn_match *m, const tarn_cell *cell, const pieces *p, int from,
                                int to, int rows, int *value, bool *fits) {
  const int64_t n = (to - from) * p->H;
  const tarn_dtype dtype = m->block->value[p->x[0]->matrix].dtype;
  double *sums = tarn__arena_array(m->b->arena, (size_t)(rows * n) + 1, sizeof *sums);
  tarn_shape shape = tarn__shape_vector(n);
  tarn_tensor made = {0};
  if (!sums) return TARN_NO_MEMORY;
  *fits = true;
  for (int k = from; k < to && *fits; k++) {
    const int g = p->order[k];
    const tarn_linear *z = &cell->gate[g].z;
    double *at = sums + (k - from) * p->H;
    const bool forget = !cell->gru && g == TARN_LSTM_F;
    const bool two = rows == 2 && g != TARN_GRU_C && z->biases == 2;
    *fits = sum(m, z, two ? 0 : -1, p->H, at) && (!two || sum(m, z, 1, p->H, at + n)) &&
            (rows != 2 || g != TARN_GRU_C || sum(m, &cell->inner, -1, p->H, at + n));
    for (int64_t i = 0; i < p->H && !forget; i++) at[i] += z->constant;
    for (int64_t i = 0; i < p->H && rows == 2 && g == TARN_GRU_C; i++)
      at[n + i] += cell->inner.constant;
  }
  if (!*fits) return TARN_OK;
  if (rows == 2) TARN_TRY(tarn__shape_make(2, (int64_t[]){2, n}, &shape));
  TARN_TRY(tarn__tensor_new_raw(m->b->context->allocator, dtype, &shape, &made));
  for (int64_t i = 0; i < rows * n; i++)
    if (dtype == TARN_F64)
      ((double *)made.data)[i] = sums[i];
    else
      ((float *)made.data)[i] = (float)sums[i];
  *value = tarn__block_add_constant(m->rounds.parent ? m->rounds.parent : m->block, &made);
  return *value < 0 ? TARN_NO_MEMORY : TARN_OK;
}

static bool has_none(const tarn_cell *cell) {
  for (int g = 0; g < cell->gates; g++) {
    const bool forget = !cell->gru && g == TARN_LSTM_F;
    if (cell->gate[g].z.biases || (cell->gate[g].z.constant != 0 && !forget)) return false;
  }
  return !cell->reset_after || (!cell->inner.biases && cell->inner.constant == 0);
}

static tarn_status biases(tarn_match *m, const tarn_cell *cell, const pieces *p, tarn_weights *w,
                          bool *fits) {
  const int cut[3] = {0, w->separate ? 2 : p->gates, p->gates};
  *fits = true;
  if (has_none(cell)) return TARN_OK;
  w->num_b = 1 + w->separate;
  for (int i = 0; i < w->num_b && *fits; i++) {
    int vector = -1;
    if (!cell->reset_after && one_vector(cell, p, cut[i], cut[i + 1], &vector) &&
        m->block->value[vector].shape.dim[0] == (cut[i + 1] - cut[i]) * p->H)
      TARN_TRY(pass_on(m, vector, &w->b[i]));
    else
      TARN_TRY(put_together(m, cell, p, cut[i], cut[i + 1], 1 + cell->reset_after, &w->b[i], fits));
  }
  return TARN_OK;
}

tarn_status tarn__match_weights(tarn_match *m, const tarn_cell *cell, tarn_weights *w, bool *fits) {
  pieces p;
  *w = (tarn_weights){0};
  *fits = sources(m, cell, &p, &w->x);
  if (!*fits) return TARN_OK;
  TARN_TRY(matrices(m, cell, &p, w, fits));
  if (!*fits) return TARN_OK;
  for (int k = 0; k < p.gates; k++) w->gates[k] = (cell->gru ? "ruc" : "ijfo")[p.order[k]];
  if (!cell->gru) w->forget_bias = (float)cell->gate[TARN_LSTM_F].z.constant;
  return biases(m, cell, &p, w, fits);
}
