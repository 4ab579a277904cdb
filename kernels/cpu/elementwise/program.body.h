/* _Elementwise: a chain of elementwise functions over blocks that stay in L1, so that a chain reads
 * its arguments and writes its result once.
 *
 *   for each block of at most BLOCK elements of y:
 *     arguments: a pointer (of y's shape), one number, or rows copied into a block
 *     for each instruction: its op's own loop, from blocks into a block; the last into y
 *
 * Axes that all arguments treat alike are one. Where the fastest is long a block is a part of a
 * row, and what moves along other axes only is one number in it. Where it is short a block is some
 * whole rows, and arguments that are broadcast are spread out: those that repeat with every row
 * once a chunk, others for each block. Four floats a nanosecond and instruction; a chain waits for
 * memory only where it is shorter than some four instructions. */
#include <string.h>

#include "kernels/cpu/elementwise/blocks.h"
#include "kernels/cpu/simd/vec.h"
#include "kernels/kernel.h"

enum { BLOCK = 2048, CHEAP_CHUNK = 16, DEAR_CHUNK = 4 }; /* elements; blocks */

/* How an argument is there for a block. */
typedef enum how { WHOLE, NUMBER, ROW, SPREAD } how;

typedef struct job {
  const tarn_elementwise_params *p;
  int rank; /* axes after folding; axis 0 is the fastest */
  int64_t dim[TARN_MAX_RANK], step[TARN_ELEMENTWISE_ARGS][TARN_MAX_RANK];
  how how[TARN_ELEMENTWISE_ARGS];
  int room[TARN_ELEMENTWISE_ARGS]; /* which block buffer, of those that are spread out */
  const float *arg[TARN_ELEMENTWISE_ARGS];
  float *y, *scratch;
  int64_t rows;             /* product of dim[1..] */
  int64_t rows_each, parts; /* rows of a block; or blocks of a row */
  int64_t blocks, chunk;    /* in all; of a chunk */
  int64_t buffers;          /* of a worker */
} job;

/* Axes of y from the last on; those along which every argument goes on as before become one. */
static void fold(const tarn_problem *p, job *j) {
  const tarn_shape *y = &p->out_shape[0];
  int64_t size[TARN_ELEMENTWISE_ARGS];
  bool moved[TARN_ELEMENTWISE_ARGS];
  const int n = j->p->args;
  for (int i = 0; i < n; i++) size[i] = 1;
  j->rank = 0;
  for (int d = y->rank - 1; d >= 0; d--) {
    if (y->dim[d] == 1) continue;
    bool alike = j->rank > 0;
    bool moves[TARN_ELEMENTWISE_ARGS];
    for (int i = 0; i < n; i++) {
      const tarn_shape *x = &p->in_shape[i];
      const int at = d - (y->rank - x->rank);
      moves[i] = at >= 0 && x->dim[at] != 1;
      alike = alike && moves[i] == moved[i];
    }
    if (alike) {
      j->dim[j->rank - 1] *= y->dim[d];
    } else {
      for (int i = 0; i < n; i++) j->step[i][j->rank] = moves[i] ? size[i] : 0;
      j->dim[j->rank++] = y->dim[d];
    }
    for (int i = 0; i < n; i++) {
      if (moves[i]) size[i] *= y->dim[d];
      moved[i] = moves[i];
    }
  }
  if (j->rank == 0) {
    j->rank = 1;
    j->dim[0] = 1;
    for (int i = 0; i < n; i++) j->step[i][0] = 0;
  }
  j->rows = 1;
  for (int k = 1; k < j->rank; k++) j->rows *= j->dim[k];
}

static how how_of(const job *j, int i) {
  int64_t size = 1;
  bool whole = true, still = true;
  for (int k = 0; k < j->rank; k++) {
    whole = whole && j->step[i][k] == size;
    if (k) still = still && j->step[i][k] == 0;
    size *= j->dim[k];
  }
  if (whole) return WHOLE;
  if (still && !j->step[i][0]) return NUMBER;
  return still ? ROW : SPREAD;
}

/* Where row r of argument i begins. */
static int64_t row_at(const job *j, int i, int64_t r) {
  int64_t at = 0;
  for (int k = 1; k < j->rank; k++) {
    at += r % j->dim[k] * j->step[i][k];
    r /= j->dim[k];
  }
  return at;
}

static void fill(float *to, int64_t n, float x) {
  const vf v = vf_set1(x);
  int64_t k = 0;
  for (; k + VF <= n; k += VF) vf_store(to + k, v);
  if (k < n) vf_store_m(to + k, vm_first(n - k), v);
}

/* Rows [first, first + rows) of argument i, one behind the other. The rows are walked with a
 * counter an axis. */
static void spread(const job *j, int i, int64_t first, int64_t rows, float *to) {
  const int64_t n = j->dim[0], *step = j->step[i];
  int64_t at[TARN_MAX_RANK], rest = first;
  const float *from = j->arg[i] + row_at(j, i, first);
  for (int k = 1; k < j->rank; k++) {
    at[k] = rest % j->dim[k];
    rest /= j->dim[k];
  }
  for (int64_t r = 0; r < rows; r++, to += n) {
    if (step[0])
      memcpy(to, from, (size_t)n * sizeof *to);
    else
      fill(to, n, *from);
    for (int k = 1; k < j->rank; k++) {
      from += step[k];
      if (++at[k] < j->dim[k]) break;
      from -= step[k] * j->dim[k];
      at[k] = 0;
    }
  }
}

/* The instructions on one block. x[i]: argument or result; moves[i]: it is no single number. */
static void block(const job *j, const float **x, bool *moves, float *buffers, float *y, int64_t n) {
  const tarn_elementwise_params *p = j->p;
  const tarn_unary_blocks *unary = TARN_VEC_SYMBOL(tarn__unary_blocks_);
  const tarn_binary_blocks *binary = TARN_VEC_SYMBOL(tarn__binary_blocks_);
  for (int k = 0; k < p->steps; k++) {
    const tarn_elementwise_step *s = &p->step[k];
    float *to = s->slot < 0 ? y : buffers + (int64_t)s->slot * BLOCK;
    const float *a = x[s->a], *b = s->b < 0 ? a : x[s->b];
    bool a_moves = moves[s->a];
    const bool b_moves = s->b >= 0 && moves[s->b];
    if (!a_moves && !b_moves) {
      fill(to, n, *a);
      a = to;
      a_moves = true;
    }
    if (!tarn__elementwise_binary(s->code)) {
      if (s->code == TARN_ELEMENTWISE_Erf)
        TARN_VEC_SYMBOL(tarn__erf_block_)(a, to, n, 0);
      else
        unary[s->code].run(a, to, n, s->alpha);
    } else {
      const tarn_binary_blocks *f = &binary[s->code];
      (a_moves ? b_moves ? f->both : f->first : f->second)(a, b, to, n);
    }
    x[p->args + k] = to;
    moves[p->args + k] = true;
  }
}

static tarn_status chunk_run(void *argument, int64_t chunk, int worker) {
  const job *j = argument;
  const int n = j->p->args;
  float *buffers = j->scratch + (int64_t)worker * j->buffers * BLOCK;
  const float *x[TARN_ELEMENTWISE_ARGS + TARN_ELEMENTWISE_STEPS];
  bool moves[TARN_ELEMENTWISE_ARGS + TARN_ELEMENTWISE_STEPS];
  const int64_t L = j->dim[0], first = chunk * j->chunk;
  const int64_t last = j->blocks - first < j->chunk ? j->blocks : first + j->chunk;
  for (int64_t at = first; at < last; at++) {
    int64_t offset, count;
    if (j->rows_each) { /* whole rows */
      const int64_t row = at * j->rows_each;
      const int64_t rows = j->rows - row < j->rows_each ? j->rows - row : j->rows_each;
      offset = row * L;
      count = rows * L;
      for (int i = 0; i < n; i++) {
        moves[i] = j->how[i] != NUMBER;
        x[i] = j->how[i] == WHOLE ? j->arg[i] + offset : j->arg[i];
        if (j->how[i] != ROW && j->how[i] != SPREAD) continue;
        float *room = buffers + (int64_t)j->room[i] * BLOCK;
        x[i] = room;
        if (j->how[i] == SPREAD || at == first)
          spread(j, i, row, j->how[i] == ROW ? j->rows_each : rows, room);
      }
    } else { /* part of a row */
      const int64_t row = at / j->parts, begin = at % j->parts * BLOCK;
      count = L - begin < BLOCK ? L - begin : BLOCK;
      offset = row * L + begin;
      for (int i = 0; i < n; i++) {
        moves[i] = j->step[i][0] != 0;
        x[i] = j->arg[i] + row_at(j, i, row) + (moves[i] ? begin : 0);
      }
    }
    block(j, x, moves, buffers, j->y + offset, count);
  }
  return TARN_OK;
}

/* Buffers of a worker: results, then arguments that may have to be spread out. */
static size_t scratch_bytes(const tarn_problem *p, int threads) {
  const tarn_elementwise_params *e = p->params;
  return (size_t)(threads > 0 ? threads : 1) * (size_t)(e->slots + e->args) * BLOCK * sizeof(float);
}

static bool is_dear(const tarn_elementwise_params *p) {
  for (int k = 0; k < p->steps; k++)
    if (p->step[k].code == TARN_ELEMENTWISE_Erf ||
        (!tarn__elementwise_binary(p->step[k].code) &&
         TARN_VEC_SYMBOL(tarn__unary_blocks_)[p->step[k].code].dear))
      return true;
  return false;
}

static tarn_status run(const tarn_call *call) {
  const tarn_problem *p = call->problem;
  const tarn_elementwise_params *e = p->params;
  const int64_t n = tarn__tensor_elements(call->out[0]);
  if (n == 0) return TARN_OK;
  job j;
  j.p = e;
  fold(p, &j);
  j.buffers = e->slots + e->args;
  j.scratch = call->scratch;
  j.y = call->out[0]->data;
  int room = e->slots;
  for (int i = 0; i < e->args; i++) {
    j.arg[i] = call->in[i]->data;
    j.how[i] = how_of(&j, i);
    j.room[i] = j.how[i] == ROW || j.how[i] == SPREAD ? room++ : -1;
  }
  if (j.dim[0] < BLOCK) {
    j.rows_each = BLOCK / j.dim[0];
    if (j.rows_each > j.rows) j.rows_each = j.rows;
    j.blocks = (j.rows + j.rows_each - 1) / j.rows_each;
  } else {
    j.rows_each = 0;
    j.parts = (j.dim[0] + BLOCK - 1) / BLOCK;
    j.blocks = j.rows * j.parts;
  }
  j.chunk = is_dear(e) ? DEAR_CHUNK : CHEAP_CHUNK;
  tarn_pool *pool = j.blocks < 2 * j.chunk ? NULL : call->pool;
  return tarn__pool_run(pool, (j.blocks + j.chunk - 1) / j.chunk, chunk_run, &j);
}

#define ROWS \
  {.op = "_Elementwise", .dtypes = TARN_BIT(TARN_F32), .scratch_bytes = scratch_bytes, .run = run},
