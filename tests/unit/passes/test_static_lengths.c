/* static_rnn's conditionals by sequence_length: chains of cells that mind lengths become one step,
 * what is almost one stays as it is with its conditionals, and the numbers are the same with the
 * pass and without. */
#include "tests/unit/passes/with_without.h"

enum { STEPS = 3, ROWS = 2, UNITS = 3 };

/* How a test's graph differs from what static_rnn writes. */
typedef struct form {
  const char *leave;   /* what the cell's state passes on its way out: Tanh */
  const char *reached; /* t >= max(lengths): LessEqual; its bound: max */
  const char *bound;
  int later; /* choices by row are so many steps late */
  bool seen; /* what the last step's conditional kills is fetched */
} form;

static const char *named(const char *format, int t) {
  static char text[64][160];
  static int at;
  char *to = text[at++ % 64];
  ck_assert_int_lt(snprintf(to, 160, format, t, t, t), 160);
  return to;
}

static void waves(const char *name, int rank, const int64_t *dims, int from) {
  float x[128];
  int64_t n = 1;
  for (int i = 0; i < rank; i++) n *= dims[i];
  ck_assert_int_le(n, 128);
  for (int i = 0; i < n; i++) x[i] = (float)(((from + i) * 37) % 23 - 11) / 13.0f;
  floats(g, name, rank, dims, x);
}

/* A value of outside as the cell of step t sees it. */
static const char *in(const char *value, int t, const char *type) {
  static char text[8][160];
  static int at;
  char *to = text[at++ % 8], from[80];
  ck_assert_int_lt(snprintf(to, 160, "%s_in%d", value, t), 160);
  ck_assert_int_lt(snprintf(from, sizeof from, "%s over%d", value, t), 80);
  for (char *c = to; *c; c++)
    if (*c == ':') *c = '_';
  node(g, to, "Switch", from, type);
  return to;
}

/* y = t >= max ? kept : t < min ? fresh : select(t >= lengths, kept, fresh) */
static void choose(const char *y, const char *kept, const char *fresh, int t) {
  char name[80], inputs[200];
  snprintf(name, sizeof name, "%s_fresh", y);
  snprintf(inputs, sizeof inputs, "%s few%d", fresh, t);
  node(g, name, "Switch", inputs, "T=float");
  snprintf(name, sizeof name, "%s_kept", y);
  snprintf(inputs, sizeof inputs, "%s over%d", kept, t);
  node(g, name, "Switch", inputs, "T=float");
  snprintf(name, sizeof name, "%s_kept_some", y);
  snprintf(inputs, sizeof inputs, "%s_kept few%d", y, t);
  node(g, name, "Switch", inputs, "T=float");
  snprintf(name, sizeof name, "%s_some", y);
  snprintf(inputs, sizeof inputs, "row_some%d %s_kept_some %s_fresh", t, y, y);
  node(g, name, "Select", inputs, "T=float");
  snprintf(name, sizeof name, "%s_inner", y);
  snprintf(inputs, sizeof inputs, "%s_some %s_fresh:1", y, y);
  node(g, name, "Merge", inputs, "T=float; N=2");
  snprintf(inputs, sizeof inputs, "%s_inner %s_kept:1", y, y);
  node(g, y, "Merge", inputs, "T=float; N=2");
}

static void step(form f, int t) {
  const char *c = t ? named("c%d", t - 1) : "c_start", *h = t ? named("h%d", t - 1) : "h_start";
  char inputs[300];
  integer(g, named("t%d", t), t);
  integer(g, named("row_t%d", t), t + f.later);
  snprintf(inputs, sizeof inputs, "%s t%d", f.bound ? f.bound : "max", t);
  node(g, named("over%d", t), f.reached ? f.reached : "LessEqual", inputs, "T=int32");
  snprintf(inputs, sizeof inputs, "%s t%d", in("min", t, "T=int32"), t);
  node(g, named("few%d", t), "Greater", inputs, "T=int32");
  snprintf(inputs, sizeof inputs, "lengths row_t%d", t);
  node(g, named("row%d", t), "LessEqual", inputs, "T=int32");
  snprintf(inputs, sizeof inputs, "%s few%d", in(named("row%d", t), t, "T=bool"), t);
  node(g, named("row_some%d", t), "Switch", inputs, "T=bool");

  snprintf(inputs, sizeof inputs, "%s %s axis", in(named("x:%d", t), t, "T=float"),
           in(h, t, "T=float"));
  node(g, named("join%d", t), "ConcatV2", inputs, "T=float; N=2; Tidx=int32");
  snprintf(inputs, sizeof inputs, "join%d %s", t, in("w", t, "T=float"));
  node(g, named("product%d", t), "MatMul", inputs, "T=float");
  snprintf(inputs, sizeof inputs, "product%d %s", t, in("b", t, "T=float"));
  node(g, named("sum%d", t), "BiasAdd", inputs, "T=float");
  node(g, named("gate%d", t), "Split", named("axis sum%d", t), "T=float; num_split=4");
  node(g, named("f%d", t), "Sigmoid", named("gate%d:2", t), "T=float");
  node(g, named("i%d", t), "Sigmoid", named("gate%d:0", t), "T=float");
  node(g, named("j%d", t), "Tanh", named("gate%d:1", t), "T=float");
  node(g, named("o%d", t), "Sigmoid", named("gate%d:3", t), "T=float");
  snprintf(inputs, sizeof inputs, "%s f%d", in(c, t, "T=float"), t);
  node(g, named("old%d", t), "Mul", inputs, "T=float");
  node(g, named("add%d", t), "Mul", named("i%d j%d", t), "T=float");
  node(g, named("c_new%d", t), "AddV2", named("old%d add%d", t), "T=float");
  node(g, named("out%d", t), f.leave ? f.leave : "Tanh", named("c_new%d", t), "T=float");
  node(g, named("h_new%d", t), "Mul", named("out%d o%d", t), "T=float");
  choose(named("c%d", t), c, named("c_new%d", t), t);
  choose(named("h%d", t), h, named("h_new%d", t), t);
  choose(named("y%d", t), "zeros", named("h_new%d", t), t);
}

static void layer(form f) {
  static const float nothing[ROWS * UNITS];
  const int64_t state[] = {ROWS, UNITS};
  setup();
  node(g, "xs", "Placeholder", "", "dtype=float; shape=[3,2,3]");
  node(g, "lengths", "Placeholder", "", "dtype=int32; shape=[2]");
  constant(g, "axis", "", TARN_I32, 0, NULL, (int32_t[]){1});
  constant(g, "axes", "", TARN_I32, 1, (int64_t[]){1}, (int32_t[]){0});
  waves("w", 2, (int64_t[]){2 * UNITS, 4 * UNITS}, 1);
  waves("b", 1, (int64_t[]){4 * UNITS}, 40);
  waves("c_start", 2, state, 5);
  waves("h_start", 2, state, 9);
  floats(g, "zeros", 2, state, nothing);
  node(g, "max", "Max", "lengths axes", "T=int32; Tidx=int32");
  node(g, "min", "Min", "lengths axes", "T=int32; Tidx=int32");
  node(g, "x", "Unpack", "xs", "T=float; num=3; axis=0");
  for (int t = 0; t < STEPS; t++) step(f, t);
}

typedef struct seen {
  int sequences, switches;
} seen;

static seen plan_of(tarn_session *s, const tarn_run_request *q) {
  const tarn_plan *plan;
  seen found = {0};
  OK(tarn__session_plan(s, q, false, &plan));
  for (int at = 0; at < plan->root->steps; at++) {
    const tarn_step *step = &plan->root->step[at];
    found.switches += !step->removed && step->kind == TARN_STEP_SWITCH;
    found.sequences += !step->removed && step->op && !strcmp(step->op->name, "_LSTMSequence");
  }
  return found;
}

/* The same for several lengths; the layer is one step (with no conditional left), or stays. */
static void same(form f, bool one) {
  static const int32_t lengths[][ROWS] = {{1, 3}, {0, 0}, {2, 2}, {9, 3}, {0, 1}};
  static const char *const off[] = {"recurrent"};
  const char *const fetches[] = {"y0", "y1", "y2", "h2", "c2", "o2"};
  const size_t n = f.seen ? 6 : 5;
  layer(f);
  go_without(off);
  float x[STEPS * ROWS * UNITS];
  for (int i = 0; i < STEPS * ROWS * UNITS; i++) x[i] = (float)((i * 31) % 17 - 8) / 9.0f;
  for (size_t k = f.seen ? 3 : 0; k < (f.seen ? 4 : sizeof lengths / sizeof *lengths); k++) {
    tarn_tensor *feeds[] = {tensor(TARN_F32, 3, (int64_t[]){STEPS, ROWS, UNITS}, x),
                            tensor(TARN_I32, 1, (int64_t[]){ROWS}, lengths[k])};
    const tarn_feed feed[] = {{"xs", feeds[0]}, {"lengths", feeds[1]}};
    const tarn_run_request q = {.feeds = feed, .n_feeds = 2, .fetches = fetches, .n_fetches = n};
    tarn_tensor *a[6], *b[6];
    const seen plan = plan_of(with, &q);
    ck_assert_int_eq(plan.sequences, one);
    ck_assert(one ? plan.switches == 0 : plan.switches > 20);
    ck_assert_int_eq(plan_of(without, &q).sequences, 0);
    OK(tarn__session_run(with, &q, a));
    OK(tarn__session_run(without, &q, b));
    for (size_t i = 0; i < n; i++) {
      for (int e = 0; e < ROWS * UNITS; e++)
        ck_assert_float_eq_tol(((const float *)a[i]->data)[e], ((const float *)b[i]->data)[e],
                               2e-6f);
      tarn_tensor_release(a[i]);
      tarn_tensor_release(b[i]);
    }
    tarn_tensor_release(feeds[0]);
    tarn_tensor_release(feeds[1]);
  }
}

START_TEST(test_static_lengths_is_one_step) {
  same((form){0}, true);
}
END_TEST

/* No LSTM: its steps are not run where the conditionals leave them out. */
START_TEST(test_static_lengths_keeps_conditionals_of_another_cell) {
  same((form){.leave = "Sigmoid"}, false);
}
END_TEST

START_TEST(test_static_lengths_minds_the_comparison) {
  same((form){.reached = "Less"}, false);
}
END_TEST

START_TEST(test_static_lengths_minds_the_bound) {
  same((form){.bound = "min"}, false);
}
END_TEST

START_TEST(test_static_lengths_minds_the_rows) {
  same((form){.later = 1}, false);
}
END_TEST

START_TEST(test_static_lengths_keeps_what_is_seen) {
  same((form){.seen = true}, false);
}
END_TEST

SUITE_MAIN_TEARDOWN("static_lengths", teardown, test_static_lengths_is_one_step,
                    test_static_lengths_keeps_conditionals_of_another_cell,
                    test_static_lengths_minds_the_comparison, test_static_lengths_minds_the_bound,
                    test_static_lengths_minds_the_rows, test_static_lengths_keeps_what_is_seen)
