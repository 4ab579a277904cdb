/* The pass that takes LSTM and GRU cells out of loops: which loops go, which stay and what they
 * say, and the same numbers with the pass and without. The loop is dynamic_rnn's, with the parts
 * that a test names put in other forms. */
#include "tests/unit/passes/with_without.h"

enum { STEPS = 4, ROWS = 2, UNITS = 3 };

static void go(void) {
  static const char *const off[] = {"recurrent"};
  go_without(off);
}

static float wave(int i) {
  return (float)((i * 37) % 23 - 11) / 13.0f;
}

/* A constant of n waves. */
static void waves(const char *name, int rank, const int64_t *dims, int from) {
  float x[512];
  int64_t n = 1;
  for (int i = 0; i < rank; i++) n *= dims[i];
  ck_assert_int_le(n, 512);
  for (int i = 0; i < n; i++) x[i] = wave(from + i);
  floats(g, name, rank, dims, x);
}

#define ENTER(name, of, type) \
  node(g, name, "Enter", of, "T=" type "; frame_name=f; is_constant=true")

/* A loop variable `name` that enters as `first` and becomes `next`; NAME is its value in a round.
 */
static void variable(const char *name, const char *first, const char *next, const char *type) {
  char a[80], b[80], in[160];
  snprintf(a, sizeof a, "T=%s; frame_name=f", type);
  snprintf(in, sizeof in, "%s_enter", name);
  node(g, in, "Enter", first, a);
  snprintf(a, sizeof a, "T=%s", type);
  snprintf(in, sizeof in, "%s_next", name);
  node(g, in, "NextIteration", next, a);
  snprintf(b, sizeof b, "T=%s; N=2", type);
  snprintf(in, sizeof in, "%s_enter %s_next", name, name);
  char merge[80], sw[80], out[80];
  snprintf(merge, sizeof merge, "%s_merge", name);
  node(g, merge, "Merge", in, b);
  snprintf(in, sizeof in, "%s_merge cond", name);
  snprintf(sw, sizeof sw, "%s_switch", name);
  node(g, sw, "Switch", in, a);
  snprintf(out, sizeof out, "%s_out", name);
  node(g, out, "Exit", sw, a);
  snprintf(in, sizeof in, "%s_switch:1", name);
  node(g, name, "Identity", in, a);
}

/* Arrays, counter and condition: x [STEPS, ROWS, UNITS] is fed, `y` is written, all `rounds`
 * rounds. */
static void loop(const char *y, int rounds) {
  int32_t range[STEPS];
  for (int i = 0; i < STEPS; i++) range[i] = i;
  node(g, "x", "Placeholder", "", "dtype=float; shape=[4,2,3]");
  integer(g, "size", STEPS);
  integer(g, "limit", rounds);
  integer(g, "zero", 0);
  integer(g, "one", 1);
  constant(g, "range", "", TARN_I32, 1, (int64_t[]){STEPS}, range);
  node(g, "xs", "TensorArrayV3", "size",
       "dtype=float; element_shape=[2,3]; identical_element_shapes=true");
  node(g, "ys", "TensorArrayV3", "size",
       "dtype=float; element_shape=[2,3]; identical_element_shapes=true");
  node(g, "scatter", "TensorArrayScatterV3", "xs range x xs:1", "T=float");
  ENTER("xs_in", "xs", "resource");
  ENTER("ys_in", "ys", "resource");
  ENTER("scatter_in", "scatter", "float");
  ENTER("limit_in", "limit", "int32");
  ENTER("one_in", "one", "int32");
  variable("t", "zero", "t_add", "int32");
  node(g, "less", "Less", "t_merge limit_in", "T=int32");
  node(g, "cond", "LoopCond", "less", "");
  node(g, "t_add", "AddV2", "t one_in", "T=int32");
  node(g, "x_t", "TensorArrayReadV3", "xs_in t scatter_in", "dtype=float");
  char in[120];
  snprintf(in, sizeof in, "ys_in t %s flow", y);
  variable("flow", "ys:1", "write", "float");
  node(g, "write", "TensorArrayWriteV3", in, "T=float");
  node(g, "y", "TensorArrayGatherV3", "ys range flow_out", "dtype=float; element_shape=[2,3]");
}

static void weights(int columns) {
  const int64_t w[] = {2 * UNITS, columns}, b[] = {columns}, s[] = {ROWS, UNITS};
  waves("w", 2, w, 1);
  waves("b", 1, b, 40);
  waves("c0", 2, s, 5);
  waves("h0", 2, s, 9);
  constant(g, "axis", "", TARN_I32, 0, NULL, (int32_t[]){1});
  ENTER("w_in", "w", "float");
  ENTER("b_in", "b", "float");
  ENTER("axis_in", "axis", "int32");
}

/* The parts of an LSTM cell that tests change. */
typedef struct lstm_form {
  const char *forget, *leave, *y, *h_next, *c_next;
  int rounds;
} lstm_form;

static void lstm(lstm_form f) {
  loop(f.y ? f.y : "h_new", f.rounds ? f.rounds : STEPS);
  weights(4 * UNITS);
  number(g, "bias", 1);
  ENTER("bias_in", "bias", "float");
  variable("c", "c0", f.c_next ? f.c_next : "c_new", "float");
  variable("h", "h0", f.h_next ? f.h_next : "h_new", "float");
  node(g, "join", "ConcatV2", "x_t h axis_in", "T=float; N=2; Tidx=int32");
  node(g, "product", "MatMul", "join w_in", "T=float");
  node(g, "sum", "BiasAdd", "product b_in", "T=float");
  node(g, "gates", "Split", "axis_in sum", "T=float; num_split=4");
  node(g, "f_sum", "AddV2", "gates:2 bias_in", "T=float");
  node(g, "f_gate", f.forget ? f.forget : "Sigmoid", "f_sum", "T=float");
  node(g, "i_gate", "Sigmoid", "gates", "T=float");
  node(g, "j_gate", "Tanh", "gates:1", "T=float");
  node(g, "o_gate", "Sigmoid", "gates:3", "T=float");
  node(g, "kept", "Mul", "c f_gate", "T=float");
  node(g, "added", "Mul", "i_gate j_gate", "T=float");
  node(g, "c_new", "AddV2", "kept added", "T=float");
  node(g, "left", f.leave ? f.leave : "Tanh", "c_new", "T=float");
  node(g, "h_new", "Mul", "left o_gate", "T=float");
  node(g, "doubled", "AddV2", "h_new h_new", "T=float");
  node(g, "with_old", "AddV2", "h_new h", "T=float");
  constant(g, "mask", "", TARN_BOOL, 1, (int64_t[]){ROWS}, (bool[]){true, false});
  ENTER("mask_in", "mask", "bool");
  node(g, "masked", "Select", "mask_in c_new c", "T=float");
}

static void gru(const char *rest) {
  loop("h_new", STEPS);
  weights(2 * UNITS);
  number(g, "rest_of", 1);
  ENTER("rest_in", "rest_of", "float");
  waves("wc", 2, (int64_t[]){2 * UNITS, UNITS}, 77);
  ENTER("wc_in", "wc", "float");
  variable("h", "h0", "h_new", "float");
  node(g, "join", "ConcatV2", "x_t h axis_in", "T=float; N=2; Tidx=int32");
  node(g, "product", "MatMul", "join w_in", "T=float");
  node(g, "sum", "BiasAdd", "product b_in", "T=float");
  node(g, "gate", "Sigmoid", "sum", "T=float");
  node(g, "gates", "Split", "axis_in gate", "T=float; num_split=2");
  node(g, "reset", "Mul", "gates h", "T=float");
  node(g, "join_c", "ConcatV2", "x_t reset axis_in", "T=float; N=2; Tidx=int32");
  node(g, "product_c", "MatMul", "join_c wc_in", "T=float");
  node(g, "c", "Tanh", "product_c", "T=float");
  node(g, "rest", rest, "rest_in gates:1", "T=float");
  node(g, "kept", "Mul", "gates:1 h", "T=float");
  node(g, "added", "Mul", "rest c", "T=float");
  node(g, "h_new", "AddV2", "kept added", "T=float");
}

/* Vectors p0, p1 and p2, as peepholes; `in`: entered a loop under the names p0_in and so on. */
static void peepholes(bool in) {
  for (int i = 0; i < 3; i++) {
    const char *const name[] = {"p0", "p1", "p2"}, *const inside[] = {"p0_in", "p1_in", "p2_in"};
    waves(name[i], 1, (int64_t[]){UNITS}, 20 + 7 * i);
    if (in) ENTER(inside[i], name[i], "float");
  }
}

/* The loop with a cell that is one step, of which y is written. */
static void lstm_block(const char *y, const char *attrs) {
  loop(y, STEPS);
  weights(4 * UNITS);
  peepholes(true);
  variable("c", "c0", "cell:1", "float");
  variable("h", "h0", "cell:6", "float");
  char all[80];
  snprintf(all, sizeof all, "T=float; %s", attrs);
  node(g, "cell", "LSTMBlockCell", "x_t c h w_in p0_in p1_in p2_in b_in", all);
}

static void gru_block(const char *w) {
  loop("cell:3", STEPS);
  weights(2 * UNITS);
  waves("wc", 2, (int64_t[]){2 * UNITS, UNITS}, 77);
  waves("bc", 1, (int64_t[]){UNITS}, 31);
  ENTER("wc_in", "wc", "float");
  ENTER("bc_in", "bc", "float");
  variable("h", "h0", "cell:3", "float");
  variable("w_moving", "w", "w_next", "float");
  node(g, "w_next", "AddV2", "w_moving w_moving", "T=float");
  char in[80];
  snprintf(in, sizeof in, "x_t h %s wc_in b_in bc_in", w);
  node(g, "cell", "GRUBlockCell", in, "T=float");
}

/* ---- what is looked at ----------------------------------------------------------------------- */

static tarn_tensor *input(void) {
  float x[STEPS * ROWS * UNITS];
  for (int i = 0; i < STEPS * ROWS * UNITS; i++) x[i] = wave(3 * i + 2);
  return tensor(TARN_F32, 3, (int64_t[]){STEPS, ROWS, UNITS}, x);
}

typedef struct seen {
  int sequences, loops; /* steps of the plan's root */
  const char *note;     /* of the loop */
} seen;

static seen plan_of(tarn_session *s, const char *const *fetches, size_t n) {
  tarn_tensor *x = input();
  const tarn_feed f = {"x", x};
  const tarn_run_request q = {.feeds = &f, .n_feeds = 1, .fetches = fetches, .n_fetches = n};
  const tarn_plan *plan;
  seen found = {0};
  OK(tarn__session_plan(s, &q, false, &plan));
  for (int at = 0; at < plan->root->steps; at++) {
    const tarn_step *step = &plan->root->step[at];
    if (step->note) found.note = step->note;
    if (step->removed) continue;
    found.loops += step->kind == TARN_STEP_LOOP;
    const char *op = step->op ? step->op->name : "";
    found.sequences += !strcmp(op, "_LSTMSequence") || !strcmp(op, "_GRUSequence");
  }
  tarn_tensor_release(x);
  return found;
}

/* Both sessions give the same to a rounding. */
static void same_numbers(const char *const *fetches, size_t n) {
  for (size_t i = 0; i < n; i++) {
    tarn_tensor *x = input(), *one = NULL, *two = NULL;
    OK(run_one(with, "x", x, fetches[i], &one));
    OK(run_one(without, "x", x, fetches[i], &two));
    tarn_tensor_release(x);
    ck_assert_int_eq(tarn__tensor_elements(one), tarn__tensor_elements(two));
    for (int64_t k = 0; k < tarn__tensor_elements(one); k++)
      ck_assert_float_eq_tol(((const float *)one->data)[k], ((const float *)two->data)[k], 2e-6f);
    tarn_tensor_release(one);
    tarn_tensor_release(two);
  }
}

/* They do, and the pass leaves `sequences` and `loops` in the plan. */
static void same(const char *const *fetches, size_t n, int sequences, int loops, const char *note) {
  go();
  const seen a = plan_of(with, fetches, n), b = plan_of(without, fetches, n);
  ck_assert_ptr_nonnull(a.note);
  ck_assert_msg(strstr(a.note, note) != NULL, "expected '%s' in '%s'", note, a.note);
  ck_assert_int_eq(a.sequences, sequences);
  ck_assert_int_eq(a.loops, loops);
  ck_assert_int_eq(b.sequences, 0);
  ck_assert_int_eq(b.loops, 1);
  same_numbers(fetches, n);
}

static const char *const lstm_fetches[] = {"y", "h_out", "c_out"}, *const gru_fetches[] = {"y",
                                                                                           "h_out"};

START_TEST(test_recurrent_lstm) {
  setup();
  lstm((lstm_form){0});
  same(lstm_fetches, 3, 1, 0, "LSTM at 'h_new'");
}
END_TEST

START_TEST(test_recurrent_gru) {
  setup();
  gru("Sub");
  same(gru_fetches, 2, 1, 0, "GRU at 'h_new'");
}
END_TEST

/* An output that is not the state itself: computed from the sequence, and the loop goes all the
 * same. */
START_TEST(test_recurrent_output_of_the_state) {
  setup();
  lstm((lstm_form){.y = "doubled"});
  same(lstm_fetches, 3, 1, 0, "LSTM at 'h_new'");
}
END_TEST

START_TEST(test_recurrent_refuses_activations) {
  setup();
  lstm((lstm_form){.forget = "Tanh"});
  same(lstm_fetches, 3, 0, 1, "activation");
}
END_TEST

START_TEST(test_recurrent_refuses_another_way_out) {
  setup();
  lstm((lstm_form){.leave = "Sigmoid"});
  same(lstm_fetches, 3, 0, 1, "different activations");
}
END_TEST

START_TEST(test_recurrent_refuses_users_of_the_old_state) {
  setup();
  lstm((lstm_form){.y = "with_old"});
  same(lstm_fetches, 3, 0, 1, "node 'with_old'");
}
END_TEST

START_TEST(test_recurrent_refuses_users_of_a_gate) {
  setup();
  lstm((lstm_form){.y = "o_gate"});
  same(lstm_fetches, 3, 0, 1, "node 'write'");
}
END_TEST

START_TEST(test_recurrent_refuses_other_states) {
  setup();
  lstm((lstm_form){.h_next = "doubled"});
  same(lstm_fetches, 3, 0, 1, "does not carry on the output of its cell");
}
END_TEST

/* A mask that is no sequence_length is named. */
START_TEST(test_recurrent_refuses_other_masks) {
  setup();
  lstm((lstm_form){.c_next = "masked"});
  same(lstm_fetches, 3, 0, 1, "node 'masked' (Select): chooses the next state by a mask");
}
END_TEST

START_TEST(test_recurrent_refuses_swapped_states) {
  setup();
  lstm((lstm_form){.h_next = "c_new", .c_next = "h_new"});
  same(lstm_fetches, 3, 0, 1, "does not carry on this state");
}
END_TEST

START_TEST(test_recurrent_refuses_fewer_rounds) {
  setup();
  lstm((lstm_form){.rounds = STEPS - 1});
  same(lstm_fetches + 1, 2, 0, 1, "not as many as the sequence has elements");
}
END_TEST

START_TEST(test_recurrent_refuses_no_gru) {
  setup();
  gru("AddV2");
  same(gru_fetches, 2, 0, 1, "node 'gate'");
}
END_TEST

START_TEST(test_recurrent_lstm_block_cell) {
  static const char *const forms[] = {"forget_bias=0.5; cell_clip=-1", "cell_clip=0.4",
                                      "cell_clip=0; use_peephole=true"};
  for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
    setup();
    lstm_block("cell:6", forms[i]);
    same(lstm_fetches, 3, 1, 0, "LSTM at 'cell'");
    if (i + 1 < sizeof forms / sizeof *forms) teardown();
  }
}
END_TEST

START_TEST(test_recurrent_gru_block_cell) {
  setup();
  gru_block("w_in");
  same(gru_fetches, 2, 1, 0, "GRU at 'cell'");
}
END_TEST

START_TEST(test_recurrent_refuses_users_of_a_block_cells_gate) {
  setup();
  lstm_block("cell:3", "");
  same(lstm_fetches, 3, 0, 1, "node 'write'");
}
END_TEST

START_TEST(test_recurrent_refuses_weights_that_change) {
  setup();
  gru_block("w_moving");
  same(gru_fetches, 2, 0, 1, "node 'cell' (GRUBlockCell): its weights are not the same");
}
END_TEST

/* Block cells one after the other, without a loop: `fetch` is one of the last cell's outputs. */
static void chain(const char *fetch, int sequences) {
  setup();
  node(g, "x", "Placeholder", "", "dtype=float; shape=[4,2,3]");
  node(g, "x_t", "Unpack", "x", "num=4; axis=0; T=float");
  waves("w", 2, (int64_t[]){2 * UNITS, 4 * UNITS}, 1);
  waves("b", 1, (int64_t[]){4 * UNITS}, 40);
  waves("c0", 2, (int64_t[]){ROWS, UNITS}, 5);
  waves("h0", 2, (int64_t[]){ROWS, UNITS}, 9);
  peepholes(false);
  for (int i = 0; i < STEPS; i++) {
    char name[8], state[40], in[80];
    snprintf(name, sizeof name, "cell%d", i);
    snprintf(state, sizeof state, "cell%d:1 cell%d:6", i - 1, i - 1);
    snprintf(in, sizeof in, "x_t:%d %s w p0 p1 p2 b", i, i ? state : "c0 h0");
    node(g, name, "LSTMBlockCell", in, "T=float; use_peephole=true; cell_clip=0.4");
  }
  node(g, "y", "Pack", "cell0:6 cell1:6 cell2:6 cell3:6", "N=4; T=float; axis=0");
  const char *const fetches[] = {"y", "cell3:1", fetch};
  go();
  ck_assert_int_eq(plan_of(with, fetches, 3).sequences, sequences);
  ck_assert_int_eq(plan_of(without, fetches, 3).sequences, 0);
  same_numbers(fetches, 3);
}

START_TEST(test_recurrent_chain_of_block_cells) {
  chain("cell1:6", 1);
}
END_TEST

START_TEST(test_recurrent_chain_keeps_block_cells_whose_gates_are_wanted) {
  chain("cell1:0", 0);
}
END_TEST

SUITE_MAIN_TEARDOWN("recurrent", teardown, test_recurrent_lstm, test_recurrent_gru,
                    test_recurrent_lstm_block_cell, test_recurrent_gru_block_cell,
                    test_recurrent_refuses_users_of_a_block_cells_gate,
                    test_recurrent_refuses_weights_that_change, test_recurrent_chain_of_block_cells,
                    test_recurrent_chain_keeps_block_cells_whose_gates_are_wanted,
                    test_recurrent_output_of_the_state, test_recurrent_refuses_activations,
                    test_recurrent_refuses_another_way_out,
                    test_recurrent_refuses_users_of_the_old_state,
                    test_recurrent_refuses_users_of_a_gate, test_recurrent_refuses_other_states,
                    test_recurrent_refuses_swapped_states,
                    test_recurrent_refuses_other_masks, test_recurrent_refuses_fewer_rounds,
                    test_recurrent_refuses_no_gru)
