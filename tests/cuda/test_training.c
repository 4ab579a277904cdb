/* Every op that trains whole variables, with the module's kernels beside the CPU's: one step from
 * the same values, for variables of both kinds and each float dtype. Runs on the device that
 * TARN_CUDA_MODULE names. */
#include <math.h>

#include "graph/case/case_input.h"
#include "kernels/cpu/optimiser/rules.h"
#include "tests/unit/graph/build_graph.h"
#include "tests/unit/suite.h"

enum { N = 301 };

static tarn_graph *g;
static void teardown(void) {
  tarn__graph_destroy(g);
  g = NULL;
}

static const struct {
  tarn_dtype dtype;
  const char *name;
  double tolerance;
} dtypes[] = {{TARN_F32, "float", 1e-5},
              {TARN_F64, "double", 1e-12},
              {TARN_F16, "half", 4e-3},
              {TARN_BF16, "bfloat16", 3e-2}};

/* Element i of what is called so: slots are above 0, as roots are taken of them. */
static double element(char what, int index, int i) {
  const double u = (double)((i * 37 + index * 101 + what) % 211) / 211;
  return what == 's' ? (index ? 0.05 + u : 2 * u - 1) : 2 * u - 1;
}

static tarn_tensor *filled(tarn_dtype dtype, char what, int index) {
  tarn_tensor *t = tensor(dtype, 1, (int64_t[]){N}, NULL);
  for (int i = 0; i < N; i++) tarn__element_put(t, i, element(what, index, i), 0);
  return t;
}

static void fed(const char *name, const char *dtype, bool scalar) {
  char attrs[80];
  snprintf(attrs, sizeof attrs, "dtype=%s; shape=[%s]", dtype, scalar ? "" : "301");
  node(g, name, "Placeholder", "", attrs);
}

/* A step of `op`: variables v0.., what they begin with s0.., rates r0.., the gradient g; v0' and so
 * on are read behind it. */
static void one_step(const char *op, bool resource, const char *dtype, int slots, int before,
                     int after, const char *flags) {
  char name[16], inputs[200] = "", attrs[120], after_it[24];
  g = new_graph();
  for (int k = 0; k < slots; k++) {
    char assign[24], init[16];
    snprintf(name, sizeof name, "v%d", k);
    snprintf(attrs, sizeof attrs, "dtype=%s; shape=[301]", dtype);
    node(g, name, resource ? "VarHandleOp" : "VariableV2", "", attrs);
    snprintf(name, sizeof name, "s%d", k);
    fed(name, dtype, false);
    snprintf(init, sizeof init, "i%d", k);
    snprintf(assign, sizeof assign, "v%d s%d", k, k);
    snprintf(attrs, sizeof attrs, resource ? "dtype=%s" : "T=%s", dtype);
    node(g, init, resource ? "AssignVariableOp" : "Assign", assign, attrs);
    snprintf(inputs + strlen(inputs), sizeof inputs - strlen(inputs), "v%d ", k);
  }
  for (int k = 0; k < before + after; k++) {
    if (k == before) strcat(inputs, "g ");
    snprintf(name, sizeof name, "r%d", k);
    fed(name, !strncmp(op + (resource ? 8 : 0), "ApplyAdagradDA", 14) && k == 3 ? "int64" : dtype,
        true);
    snprintf(inputs + strlen(inputs), sizeof inputs - strlen(inputs), "%s ", name);
  }
  if (!after) strcat(inputs, "g ");
  fed("g", dtype, false);
  snprintf(attrs, sizeof attrs, "T=%s%s", dtype, flags);
  node(g, "train", op, inputs, attrs);
  for (int k = 0; k < slots; k++) {
    snprintf(name, sizeof name, "w%d", k);
    snprintf(after_it, sizeof after_it, "v%d ^train", k);
    snprintf(attrs, sizeof attrs, resource ? "dtype=%s" : "T=%s", dtype);
    node(g, name, resource ? "ReadVariableOp" : "Identity", after_it, attrs);
  }
  OK(tarn__graph_finish(g));
}

static tarn_session *session_for(const char *backend) {
  tarn_session *s;
  OK(tarn__session_create(g, NULL, &(tarn_session_options){.threads = 1, .backend = backend}, NULL,
                          &s));
  return s;
}

static char names[20][8];
static const char *numbered(int at, char letter, int k) {
  snprintf(names[at], sizeof names[at], "%c%d", letter, k);
  return names[at];
}

/* The step runs on the device. */
static void check_place(tarn_session *s, const tarn_feed *feeds, int n) {
  const char *step = "train";
  const tarn_run_request q = {
      .feeds = feeds, .n_feeds = (size_t)n, .targets = &step, .n_targets = 1};
  const tarn_plan *plan;
  int found = 0;
  OK(tarn__session_plan(s, &q, false, &plan));
  for (int at = 0; at < plan->root->steps; at++) {
    const tarn_step *t = &plan->root->step[at];
    if (t->removed || !t->op || !strstr(t->op->name, "Apply")) continue;
    ck_assert_msg(t->on_device, "%s", t->op->name);
    found++;
  }
  ck_assert_int_eq(found, 1);
}

/* Three steps, so that one of them is recorded and one replayed. */
static void train(const char *backend, tarn_dtype dtype, int slots, int rates, double last_rate,
                  tarn_tensor **out) {
  tarn_session *s = session_for(backend);
  tarn_feed feeds[20];
  const char *fetches[4], *targets[4];
  int n = 0;
  for (int k = 0; k < slots; k++) {
    feeds[k] = (tarn_feed){numbered(k, 's', k), filled(dtype, 's', k)};
    targets[k] = numbered(8 + k, 'i', k);
  }
  OK(tarn_session_run(s, feeds, (size_t)slots, NULL, 0, targets, (size_t)slots, NULL));
  for (int k = 0; k < slots; k++) tarn_tensor_release(feeds[k].tensor);
  for (int k = 0; k < rates; k++, n++) {
    const tarn_edge edge = {tarn__graph_node(g, numbered(k, 'r', k)), 0};
    tarn_tensor *rate = tensor(edge.node->out_dtype[0], 0, NULL, NULL);
    tarn__element_put(rate, 0,
                      edge.node->out_dtype[0] == TARN_I64 ? 3
                      : k == rates - 1                    ? last_rate
                                                          : 0.125 + 0.0625 * k,
                      0);
    feeds[n] = (tarn_feed){names[k], rate};
  }
  feeds[n++] = (tarn_feed){"g", filled(dtype, 'g', 0)};
  for (int k = 0; k < slots; k++) fetches[k] = numbered(8 + k, 'w', k);
  const char *step = "train";
  if (!strcmp(backend, "cuda")) check_place(s, feeds, n);
  for (int turn = 0; turn < 3; turn++)
    OK(tarn_session_run(s, feeds, (size_t)n, NULL, 0, &step, 1, NULL));
  OK(tarn_session_run(s, feeds, (size_t)n, fetches, (size_t)slots, NULL, 0, out));
  for (int k = 0; k < n; k++) tarn_tensor_release(feeds[k].tensor);
  tarn_session_destroy(s);
}

static void compare(const char *op, const char *flags, size_t d, int slots, int before, int after,
                    bool resource, double last_rate) {
  tarn_tensor *want[4], *got[4];
  one_step(op, resource, dtypes[d].name, slots, before, after, flags);
  train("reference", dtypes[d].dtype, slots, before + after, last_rate, want);
  train("cuda", dtypes[d].dtype, slots, before + after, last_rate, got);
  for (int k = 0; k < slots; k++) {
    for (int i = 0; i < N; i++) {
      const double a = tarn__element_get(want[k], i), b = tarn__element_get(got[k], i);
      const bool fits = isnan(a) ? isnan(b) : fabs(a - b) <= dtypes[d].tolerance * (fabs(a) + 1);
      ck_assert_msg(fits, "%s of %s%s, slot %d: element %d is %.9g, the CPU says %.9g", op,
                    dtypes[d].name, flags, k, i, b, a);
    }
    tarn_tensor_release(want[k]);
    tarn_tensor_release(got[k]);
  }
  teardown();
}

static void all_forms(const char *rule, const char *flags, int slots, int before, int after,
                      bool ref, double last_rate) {
  char op[64];
  for (size_t d = 0; d < sizeof dtypes / sizeof *dtypes; d++)
    for (int resource = !ref; resource < 2; resource++) {
      snprintf(op, sizeof op, "%sApply%s", resource ? "Resource" : "", rule);
      compare(op, flags, d, slots, before, after, resource, last_rate);
    }
}

START_TEST(test_training_rules) {
#define X(OP, f, slots, before, after, skipped, demands) \
  all_forms(#OP, "", slots, before, after, true, 0.25);
  RULES(X)
#undef X
#define X(OP, f, slots, before, after, skipped, demands) \
  all_forms(#OP, "", slots, before, after, false, 0.25);
  RESOURCE_RULES(X)
#undef X
}
END_TEST

START_TEST(test_training_flags) {
  all_forms("Momentum", "; use_nesterov=true", 2, 1, 1, true, 0.5);
  all_forms("KerasMomentum", "; use_nesterov=true", 2, 1, 1, false, 0.5);
  all_forms("Adam", "; use_nesterov=true", 3, 6, 0, true, 0.5);
  all_forms("Adagrad", "; update_slots=false", 2, 1, 0, true, 0.5);
  all_forms("FtrlV2", "; multiply_linear_by_lr=true", 3, 0, 5, true, -0.5);
  all_forms("Ftrl", "", 3, 0, 4, true, -0.5);
}
END_TEST

/* Adding, with the step asked for on the device however little it is. */
START_TEST(test_training_adds) {
  static const char *const ops[] = {"AssignAdd", "AssignSub", "AssignAddVariableOp",
                                    "AssignSubVariableOp"};
  static const struct {
    tarn_dtype dtype;
    const char *name;
  } all[] = {{TARN_F32, "float"}, {TARN_F64, "double"}, {TARN_F16, "half"}, {TARN_BF16, "bfloat16"},
             {TARN_I32, "int32"}, {TARN_I64, "int64"},  {TARN_U8, "uint8"}};
  for (size_t o = 0; o < 4; o++)
    for (size_t d = 0; d < sizeof all / sizeof *all; d++) {
      const bool resource = o > 1;
      char typed[40], attrs[40];
      tarn_tensor *out[2];
      g = new_graph();
      snprintf(attrs, sizeof attrs, "dtype=%s; shape=[301]", all[d].name);
      snprintf(typed, sizeof typed, resource ? "dtype=%s" : "T=%s", all[d].name);
      node(g, "v", resource ? "VarHandleOp" : "VariableV2", "", attrs);
      node(g, "x", "Placeholder", "", attrs);
      node(g, "init", resource ? "AssignVariableOp" : "Assign", "v x", typed);
      node(g, "add", ops[o], "v x", typed)->device = "/device:GPU:0";
      node(g, "read", resource ? "ReadVariableOp" : "Identity", "v", typed);
      OK(tarn__graph_finish(g));
      for (int k = 0; k < 2; k++) {
        tarn_session *s = session_for(k ? "cuda" : "reference");
        tarn_tensor *x = tensor(all[d].dtype, 1, (int64_t[]){N}, NULL);
        for (int i = 0; i < N; i++) tarn__element_put(x, i, (double)(i % 97), 0);
        const tarn_feed feed = {"x", x};
        const char *targets[] = {"init", "add"}, *fetch = "read";
        OK(tarn_session_run(s, &feed, 1, NULL, 0, targets, 1, NULL));
        for (int turn = 0; turn < 3; turn++)
          OK(tarn_session_run(s, &feed, 1, NULL, 0, targets + 1, 1, NULL));
        OK(tarn_session_run(s, NULL, 0, &fetch, 1, NULL, 0, &out[k]));
        tarn_tensor_release(x);
        tarn_session_destroy(s);
      }
      ck_assert_msg(!memcmp(tarn_tensor_data_const(out[0]), tarn_tensor_data_const(out[1]),
                            tarn_tensor_bytes(out[0])),
                    "%s of %s", ops[o], all[d].name);
      for (int k = 0; k < 2; k++) tarn_tensor_release(out[k]);
      teardown();
    }
}
END_TEST

SUITE_MAIN_TEARDOWN("training", teardown, test_training_rules, test_training_flags,
                    test_training_adds)
