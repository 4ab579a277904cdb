/* Recognising LSTM and GRU cells by what they compute, shared by the files of this folder.
 *
 * A match looks at one block: the rounds of a straight loop, or any block (static.c). It reads the
 * steps backwards from values and never changes them; what it has taken for part of the cell it
 * remembers (match.taken). A question that is answered with no leaves the reason in match.why.
 *
 * Shapes inside a loop are often unknown (elements of a TensorList): widths follow from matrices
 * and from what enters, and the shape function of the op that is made in the end checks them
 * all. */
#ifndef TARN_GRAPH_PASSES_RECURRENT_RECURRENT_H
#define TARN_GRAPH_PASSES_RECURRENT_RECURRENT_H

#include "graph/passes/passes.h"
#include "kernels/params/recurrent.h"

enum { TARN_CELL_STEPS = 160, TARN_LINEAR_TERMS = 6, TARN_CELL_DEPTH = 24 };

/* What a block's rounds are, when it is a straight loop (loop.c). */
typedef struct tarn_rounds {
  tarn_block *parent; /* NULL: the block is no loop */
  int at;             /* the Loop step in parent */
  bool *counter;      /* by loop variable: 0, 1, 2, .. */
  int64_t count;      /* rounds; with `lengths`: at most. -1: not known */
  int lengths;        /* of parent: count is cut to max(1, max(lengths)); -1: it is not */
} tarn_rounds;

typedef struct tarn_match {
  tarn_builder *b;
  tarn_block *block;
  tarn_rounds rounds;
  int *user_at, *user_step; /* users of value v: user_step[user_at[v]] to before user_at[v + 1] */
  int *outside; /* by value: uses that no step makes (results, next rounds, the decision to stop) */
  int *one_of; /* by value: the first condition that says the same (tarn__masks_alike); or NULL */
  int taken[TARN_CELL_STEPS];
  int n_taken; /* steps of the cell being matched */
  char why[480];
  int why_weight; /* the reason that came furthest */
} tarn_match;

/* z[b,k] = constant + sum_i bias_i[bias_at_i + k]
 *        + sum_i source_i[b,:] . matrix_i[row_i .. row_i + rows_i, column_i + k] + product[b,
 * product_at + k], k < width */
typedef struct tarn_linear {
  struct tarn_linear_term {
    int source, matrix;
    int64_t row, rows, column;
  } term[TARN_LINEAR_TERMS];
  int terms;
  struct tarn_linear_bias {
    int value;
    int64_t at;
  } bias[TARN_LINEAR_TERMS];
  int biases;
  int product;
  int64_t product_at; /* a Mul of two values: a peephole or a reset; -1: none */
  double constant;
  int64_t width;
} tarn_linear;

typedef struct tarn_gate {
  tarn_linear z;
  tarn_recurrent_activation act;
} tarn_gate;

/* Values of the block. Gates in the order of TARN_LSTM_* or TARN_GRU_*. */
typedef struct tarn_cell {
  bool gru;
  int sum; /* the step of the sum that is the new state, or of a block cell; for messages */
  tarn_gate gate[TARN_LSTM_GATES];
  int gates;
  tarn_recurrent_activation activation, recurrent_activation;
  int c_before, c; /* LSTM */
  int h_before;    /* GRU: known at once; LSTM: set by who knows which source it is */
  int raw, h;      /* what the gates give, and after projection and clip */
  int peephole[3]; /* i, f, o; -1 */
  float cell_clip, proj_clip;
  int projection; /* -1 */
  int reset;      /* GRU: the value r * h, or r * (h w + b) with reset_after */
  bool reset_after;
  tarn_linear inner; /* h w + b of reset_after */
} tarn_cell;

/* Weights and biases as _LSTMSequence and _GRUSequence take them; values of the block that gets the
 * step. */
typedef struct tarn_weights {
  int w[2];
  int num_w;
  int b[2];
  int num_b;
  char gates[TARN_LSTM_GATES + 1];
  bool separate; /* GRU: CANDIDATE_APART */
  float forget_bias;
  int x; /* the source that is not the state: a value of the block matched */
} tarn_weights;

/* ---- match.c: steps and values -------------------------------------------------------------- */

tarn_status tarn__match_start(tarn_match *m, tarn_builder *b, tarn_block *block);
/* Leaves "node 'NAME' (OP): TEXT" as the reason, unless one that came further is there. step NULL:
 * the text alone. Always false. */
bool tarn__match_no(tarn_match *m, const tarn_step *step, const char *format, ...);
/* The value behind Identity. */
int tarn__match_origin(const tarn_match *m, int value);
/* The step that computes a value, behind Identity, when it is one that a cell may have; NULL: none
 * is. */
tarn_step *tarn__match_step(const tarn_match *m, int value);
bool tarn__match_is(const tarn_step *step,
                    const char *op); /* step may be NULL, or of no known op */
bool tarn__match_is_add(const tarn_step *step);             /* Add, AddV2 */
/* Marks a step as part of the cell. */
bool tarn__match_take(tarn_match *m, const tarn_step *step);
/* The elements, when they are known. */
const tarn_tensor *tarn__match_constant(const tarn_match *m, int value);
bool tarn__match_scalar(const tarn_match *m, int value, double *x); /* a known floating scalar */
bool tarn__match_zeros(const tarn_match *m, int value);             /* known to be all zeros */
/* The value is the same in every round. */
bool tarn__match_invariant(const tarn_match *m, int value);
/* The k-th step that uses a value, by whatever Identity; NULL: no more. */
tarn_step *tarn__match_user(const tarn_match *m, int value, int k);
/* Columns of a value [B, n]: -1 when they cannot be told. */
int64_t tarn__match_columns(tarn_match *m, int value);
/* The value is part `at`..`at + width` of the columns of *whole. */
bool tarn__match_part(tarn_match *m, int value, int *whole, int64_t *at, int64_t *width);

/* ---- linear.c, cell.c, cell_lstm.c, cell_gru.c, cell_block.c, weights.c ---------------------- */

bool tarn__match_linear(tarn_match *m, int value, int64_t at, int64_t width, tarn_linear *z);
bool tarn__match_gate(tarn_match *m, int value, tarn_gate *gate);
bool tarn__match_activation(tarn_match *m, int value, tarn_recurrent_activation *act, int *of);
/* max(min(value, bound), -bound): the value within, and the bound. Forwards: the clip of a
 * value. */
bool tarn__match_clip(tarn_match *m, int value, int *of, float *bound);
bool tarn__match_clipped(tarn_match *m, int value, int *clipped, float *bound);
/* The step may be at the heart of a cell: an Add of two Mul, or a block cell. */
bool tarn__match_may_be_cell(const tarn_match *m, const tarn_step *step);
/* The cell with this step at its heart, anew (m->taken is its steps); its outputs h are cell->raw
 * (and further ones by tarn__match_projected). */
bool tarn__match_cell(tarn_match *m, tarn_step *step, tarn_cell *cell);
bool tarn__match_lstm(tarn_match *m, tarn_step *add, tarn_cell *cell);
bool tarn__match_gru(tarn_match *m, tarn_step *add, tarn_cell *cell);
bool tarn__match_block_cell(tarn_match *m, tarn_step *step, tarn_cell *cell);
/* h behind raw: 0 itself, 1 projected, 2 projected and clipped. */
bool tarn__match_projected(tarn_match *m, tarn_cell *cell, int which);
/* cell->h_before is known: which rows and columns are whose. What is in pieces is put together when
 * it is constant; *fits is false when it cannot be (m->why). */
tarn_status tarn__match_weights(tarn_match *m, const tarn_cell *cell, tarn_weights *w, bool *fits);

/* ---- loop.c: what is known of a straight loop's rounds --------------------------------------- */

/* step `at` of parent is a Loop. *known is false, with a reason in m->why, when its rounds cannot
 * be counted. */
tarn_status tarn__loop_start(tarn_match *m, tarn_builder *b, tarn_block *parent, int at,
                             bool *known);
/* The loop variable that a value is, or -1. */
int tarn__loop_variable(const tarn_match *m, int value);
int tarn__loop_entering(const tarn_match *m, int variable); /* of the parent */
bool tarn__loop_counts(const tarn_match *m, int value);     /* 0, 1, 2, .. */
/* What a value that every round has the same is in the parent (a constant is added there); without
 * a loop, itself. -1: no memory. */
int tarn__loop_outer(tarn_match *m, int value);
/* A value of the parent as one that every round of the loop has. -1: no memory. */
int tarn__loop_enter(tarn_match *m, int outer);
/* A step of the parent before the loop. */
tarn_status tarn__loop_before(tarn_match *m, const tarn_new_step *wanted, int *out, bool *made);
/* Known to be all zeros: a value of any block. */
bool tarn__block_zeros(const tarn_block *block, int value);
bool tarn__counts_up(const tarn_tensor *t, int64_t n); /* known to be 0, 1, .., n - 1 */
int tarn__block_origin(const tarn_block *block, int value); /* the value behind Identity */

/* ---- arrays.c, lift.c, mask.c ---------------------------------------------------------------- */

/* The sequence [T, ...] of the parent whose element t a value is in round t, read from an array or
 * a list that the loop does not write, or gathered; -1: it is none. */
int tarn__loop_element(const tarn_match *m, int value);
/* The same, also for what is computed from elements row by row: that is done to the whole sequence,
 * in steps before the loop. */
tarn_status tarn__loop_lift(tarn_match *m, int value, int *sequence);
/* value = t >= lengths[b] ? kept : fresh, t the round; *lengths: of the parent. Without a loop t is
 * a known number (tarn__mask_step) and *lengths of the block. */
bool tarn__loop_masked(const tarn_match *m, int value, int *condition, int *lengths, int *kept,
                       int *fresh);
/* Of a block that is no loop: from then on equal conditions of masks count as one. */
tarn_status tarn__masks_alike(tarn_match *m);
/* The t of a condition that tarn__loop_masked has found without a loop. */
int64_t tarn__mask_step(const tarn_match *m, int condition);
/* Where the condition holds, nobody sees the rows of a value. */
bool tarn__loop_unseen(const tarn_match *m, int value, int condition);

/* ---- what is done with them ------------------------------------------------------------------ */

/* Makes the sequence step before step `at` of `into` (sequence.c). x, h0, c0, lengths, peephole,
 * projection: of that block; -1: none. out: h, h_last, c_last. */
typedef struct tarn_sequence {
  tarn_block *into;
  int at;
  const tarn_node *like;
  const char *name;
  int x, h0, c0, lengths, peephole[3], projection;
  bool zero_output, reverse;
} tarn_sequence;
tarn_status tarn__sequence_make(tarn_match *m, const tarn_cell *cell, const tarn_weights *w,
                                const tarn_sequence *s, int out[3], bool *made);

/* One cell of the loop at step *at of parent becomes a step before it (extract.c); *at follows the
 * loop. */
tarn_status tarn__loop_extract(tarn_builder *b, tarn_block *parent, int *at, bool *done, char *why,
                               size_t why_bytes);
/* Arrays and lists that the loop fills with elements of sequences become these sequences
 * (copy_loop.c). */
tarn_status tarn__loop_copies(tarn_builder *b, tarn_block *parent, int *at);
/* Steps, variables, inputs and results of a loop that nobody needs go; the loop too when nothing is
 * left (prune_loop.c). */
tarn_status tarn__loop_prune(tarn_builder *b, tarn_block *parent, int at);
/* TensorArrays that are only written go (unread_arrays.c). */
tarn_status tarn__arrays_drop_unread(tarn_block *block);
/* Chains of cells without a loop; *any: there was one (static.c). */
tarn_status tarn__chains_extract(tarn_builder *b, tarn_block *block, bool *any);
/* static_rnn's conditionals by sequence_length become choices by row, which computes steps that
 * they would leave out. *changed; then *was is the block before (lengths.c). */
tarn_status tarn__lengths_choose(tarn_builder *b, tarn_block *block, tarn_block *was,
                                 bool *changed);
/* Keeps a block as it is, and goes back to that (attempt.c). Only steps, values and results may
 * change in between. */
tarn_status tarn__attempt_begin(tarn_builder *b, const tarn_block *block, tarn_block *was);
void tarn__attempt_undo(tarn_block *block, const tarn_block *was);

#endif
