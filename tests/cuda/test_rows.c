/* Rows of variables by index, with the module's kernels beside the CPU's: scattered to, gathered
 * from, trained; rows that are named more than once, indices outside, and an embedding whose step
 * of training is all the device's. Runs on the device that TARN_CUDA_MODULE names. */
#include "beside.h"
#include "kernels/cpu/optimiser/rules.h"

/* More indices than a block has threads, more columns than a warp has lanes. */
enum { ROWS = 13, COLUMNS = 40, N = 270 };

static const struct {
  tarn_dtype dtype;
  const char *name;
  double tolerance;
} dtypes[] = {{TARN_F32, "float", 1e-5},     {TARN_F64, "double", 1e-12}, {TARN_F16, "half", 1e-2},
              {TARN_BF16, "bfloat16", 8e-2}, {TARN_I32, "int32", 0},      {TARN_I64, "int64", 0},
              {TARN_U8, "uint8", 0}};
enum { FLOATS = 4, DTYPES = 7 };

/* Whole numbers near 1 for integers; floats whose products do not run away. */
static tarn_tensor *filled(tarn_dtype dtype, int rank, const int64_t *dims, int seed,
                           bool positive) {
  tarn_tensor *t = tensor(dtype, rank, dims, NULL);
  const bool real = tarn__dtype_in(dtype, TARN_FLOATS);
  for (int64_t i = 0; i < tarn_tensor_elements(t); i++) {
    const double u = (double)((i * 37 + seed * 101 + 7) % 211) / 211;
    const double x = real ? (positive ? 0.05 + u : 2 * u - 1) : 1 + (double)((i + seed) % 3);
    tarn__element_put(t, i, x, 0);
  }
  return t;
}

/* Tuples of `depth` numbers, or numbers: each row is named some twenty times. */
static tarn_tensor *indices_of(bool wide, int depth) {
  const int64_t dims[] = {N, depth};
  tarn_tensor *t = tensor(wide ? TARN_I64 : TARN_I32, depth ? 2 : 1, dims, NULL);
  for (int64_t i = 0; i < tarn_tensor_elements(t); i++) {
    const int64_t at = depth ? i / depth : i, part = depth ? i % depth : 0;
    tarn__element_put(t, i, (double)((at * at + 3 * at + part * 5) % (part ? COLUMNS : ROWS)), 0);
  }
  return t;
}

static void feed(const char *name, const char *dtype) {
  char attrs[60];
  snprintf(attrs, sizeof attrs, "dtype=%s", dtype);
  node(g, name, "Placeholder", "", attrs);
}

static void variable(const char *name, bool resource, const char *dtype) {
  char attrs[60], init[16], first[16], inputs[40];
  snprintf(attrs, sizeof attrs, "dtype=%s; shape=[13,40]", dtype);
  node(g, name, resource ? "VarHandleOp" : "VariableV2", "", attrs);
  snprintf(first, sizeof first, "%s0", name);
  snprintf(init, sizeof init, "%s_init", name);
  snprintf(inputs, sizeof inputs, "%s %s0", name, name);
  feed(first, dtype);
  snprintf(attrs, sizeof attrs, resource ? "dtype=%s" : "T=%s", dtype);
  node(g, init, resource ? "AssignVariableOp" : "Assign", inputs, attrs);
}

static void reader(const char *name, const char *inputs, bool resource, const char *dtype) {
  char attrs[40];
  snprintf(attrs, sizeof attrs, resource ? "dtype=%s" : "T=%s", dtype);
  node(g, name, resource ? "ReadVariableOp" : "Identity", inputs, attrs);
}

static void first_value(tarn_session *s, const char *name, tarn_dtype dtype, int seed,
                        bool positive) {
  char init[16], first[16];
  snprintf(first, sizeof first, "%s0", name);
  snprintf(init, sizeof init, "%s_init", name);
  const tarn_feed value = {first, filled(dtype, 2, (int64_t[]){ROWS, COLUMNS}, seed, positive)};
  const char *target = init;
  OK(tarn_session_run(s, &value, 1, NULL, 0, &target, 1, NULL));
  tarn_tensor_release(value.tensor);
}

/* ---- scattered to -----------------------------------------------------------------------------
 */

static void scatter(const char *op, bool resource, size_t d, int depth, bool scalar) {
  char attrs[60];
  const bool wide = d % 2, tuples = depth > 0;
  g = new_graph();
  variable("v", resource, dtypes[d].name);
  feed("i", wide ? "int64" : "int32");
  feed("u", dtypes[d].name);
  snprintf(attrs, sizeof attrs, "%s=%s; Tindices=%s", resource && !tuples ? "dtype" : "T",
           dtypes[d].name, wide ? "int64" : "int32");
  node(g, "step", op, "v i u", attrs)->device = "/device:GPU:0";
  reader("read", "v", resource, dtypes[d].name);
  OK(tarn__graph_finish(g));
  const int64_t dims[] = {N, COLUMNS};
  tarn_tensor *out[2];
  const tarn_feed feeds[] = {{"i", indices_of(wide, depth)},
                             {"u", filled(dtypes[d].dtype,
                                          scalar       ? 0
                                          : depth == 2 ? 1
                                                       : 2,
                                          dims, 5, false)}};
  for (int k = 0; k < 2; k++) {
    tarn_session *s = session_for(k ? "cuda" : "reference");
    const char *step = "step", *fetch = "read";
    first_value(s, "v", dtypes[d].dtype, 1, false);
    if (k)
      ck_assert_msg(are_there(s, feeds, 2, step, "Scatter", 1), "%s of %s", op, dtypes[d].name);
    for (int turn = 0; turn < 3; turn++) OK(tarn_session_run(s, feeds, 2, NULL, 0, &step, 1, NULL));
    OK(tarn_session_run(s, NULL, 0, &fetch, 1, NULL, 0, &out[k]));
    tarn_session_destroy(s);
  }
  /* no sums of products, so not even the last bit */
  ck_assert_msg(!memcmp(tarn_tensor_data_const(out[0]), tarn_tensor_data_const(out[1]),
                        tarn_tensor_bytes(out[0])),
                "%s of %s", op, dtypes[d].name);
  for (int k = 0; k < 2; k++) tarn_tensor_release(out[k]);
  for (int k = 0; k < 2; k++) tarn_tensor_release(feeds[k].tensor);
  teardown();
}

static const char *const ways[] = {"Update", "Add", "Sub", "Min", "Max", "Mul", "Div"};
enum { TUPLE_WAYS = 5, WAYS = 7 };

START_TEST(test_rows_scatter) {
  char op[40];
  for (int w = 0; w < WAYS; w++)
    for (size_t d = 0; d < DTYPES; d++) {
      snprintf(op, sizeof op, "%sScatter%s", d % 2 ? "" : "Resource", ways[w]);
      scatter(op, d % 2 == 0, d, 0, d == 1 || d == 4);
      snprintf(op, sizeof op, "%sScatter%s", d % 2 ? "Resource" : "", ways[w]);
      scatter(op, d % 2, d, 0, false);
    }
}
END_TEST

START_TEST(test_rows_scatter_tuples) {
  char op[40];
  for (int w = 0; w < TUPLE_WAYS; w++)
    for (size_t d = 0; d < DTYPES; d++) {
      snprintf(op, sizeof op, "%sScatterNd%s", d % 2 ? "Resource" : "", ways[w]);
      scatter(op, d % 2, d, 1 + (int)d % 2, false);
    }
}
END_TEST

/* ---- trained ----------------------------------------------------------------------------------
 */

static const struct {
  const char *name;
  int slots, before, after;
} rules[] = {
#define X(OP, f, slots, before, after, skipped, demands) {#OP, slots, before, after},
    RULES(X) RESOURCE_RULES(X)
#undef X
};

static void train(const char *rule, bool resource, size_t d, const char *flags, double last_rate) {
  size_t r = 0;
  char op[64], name[16], inputs[200] = "", attrs[120];
  const bool wide = d % 2;
  while (strcmp(rules[r].name, rule)) r++;
  const int slots = rules[r].slots, rates = rules[r].before + rules[r].after;
  g = new_graph();
  for (int k = 0; k < slots; k++) {
    snprintf(name, sizeof name, "v%d", k);
    variable(name, resource, dtypes[d].name);
    snprintf(inputs + strlen(inputs), sizeof inputs - strlen(inputs), "%s ", name);
  }
  for (int k = 0; k <= rates; k++) {
    if (k == rules[r].before) strcat(inputs, "g i ");
    if (k == rates) break;
    snprintf(name, sizeof name, "r%d", k);
    feed(name, !strcmp(rule, "AdagradDA") && k == 3 ? "int64" : dtypes[d].name);
    snprintf(inputs + strlen(inputs), sizeof inputs - strlen(inputs), "%s ", name);
  }
  feed("g", dtypes[d].name);
  feed("i", wide ? "int64" : "int32");
  snprintf(op, sizeof op, "%sSparseApply%s", resource ? "Resource" : "", rule);
  snprintf(attrs, sizeof attrs, "T=%s; Tindices=%s%s", dtypes[d].name, wide ? "int64" : "int32",
           flags);
  node(g, "step", op, inputs, attrs);
  for (int k = 0; k < slots; k++) {
    char read[16];
    snprintf(read, sizeof read, "w%d", k);
    snprintf(name, sizeof name, "v%d", k);
    reader(read, name, resource, dtypes[d].name);
  }
  OK(tarn__graph_finish(g));
  tarn_feed feeds[12];
  static char names[12][8];
  tarn_tensor *out[2][4];
  int n = 0;
  for (; n < rates; n++) {
    snprintf(names[n], sizeof names[n], "r%d", n);
    const tarn_dtype dtype = tarn__graph_node(g, names[n])->out_dtype[0];
    tarn_tensor *rate = tensor(dtype, 0, NULL, NULL);
    tarn__element_put(rate, 0,
                      dtype == TARN_I64 ? 3
                      : n == rates - 1  ? last_rate
                                        : 0.125 + 0.0625 * n,
                      0);
    feeds[n] = (tarn_feed){names[n], rate};
  }
  feeds[n++] = (tarn_feed){"g", filled(dtypes[d].dtype, 2, (int64_t[]){N, COLUMNS}, 9, false)};
  feeds[n++] = (tarn_feed){"i", indices_of(wide, 0)};
  for (int k = 0; k < 2; k++) {
    tarn_session *s = session_for(k ? "cuda" : "reference");
    const char *step = "step", *fetches[] = {"w0", "w1", "w2", "w3"};
    for (int v = 0; v < slots; v++) {
      snprintf(name, sizeof name, "v%d", v);
      first_value(s, name, dtypes[d].dtype, v, v > 0);
    }
    if (k) ck_assert_msg(are_there(s, feeds, (size_t)n, step, "Apply", 1), "%s", op);
    for (int turn = 0; turn < 3; turn++)
      OK(tarn_session_run(s, feeds, (size_t)n, NULL, 0, &step, 1, NULL));
    OK(tarn_session_run(s, NULL, 0, fetches, (size_t)slots, NULL, 0, out[k]));
    tarn_session_destroy(s);
  }
  for (int v = 0; v < slots; v++) {
    same(op, dtypes[d].name, dtypes[d].tolerance, out[0][v], out[1][v]);
    for (int k = 0; k < 2; k++) tarn_tensor_release(out[k][v]);
  }
  for (int k = 0; k < n; k++) tarn_tensor_release(feeds[k].tensor);
  teardown();
}

START_TEST(test_rows_trained) {
  for (size_t d = 0; d < FLOATS; d++) {
#define X(OP, f) \
  train(#OP, d % 2, d, "", !strcmp(#OP, "FtrlV2") || !strcmp(#OP, "Ftrl") ? -0.5 : 0.25);
    SPARSE_RULES(X)
#undef X
  }
  train("KerasMomentum", true, 0, "; use_nesterov=true", 0.5);
  train("Momentum", true, 0, "; use_nesterov=true", 0.5);
  train("Adagrad", false, 0, "; update_slots=false", 0.5);
  train("FtrlV2", true, 0, "; multiply_linear_by_lr=true", -0.25);
}
END_TEST

/* ---- what is wrong ----------------------------------------------------------------------------
 */

/* The step fails as it does on the CPU, in the same words, and leaves the variable as it was; the
 * next run is well. */
static void fails_alike(const char *op, const char *attrs, const char *inputs, bool resource,
                        const tarn_feed *bad, const tarn_feed *good, size_t n) {
  char want[TARN_ERROR_BYTES] = "";
  node(g, "step", op, inputs, attrs)->device = "/device:GPU:0";
  reader("read", "v", resource, "float");
  OK(tarn__graph_finish(g));
  for (int k = 0; k < 2; k++) {
    tarn_session *s = session_for(k ? "cuda" : "reference");
    const char *step = "step", *fetch = "read";
    tarn_tensor *before, *after;
    first_value(s, "v", TARN_F32, 1, true);
    if (k) ck_assert_msg(are_there(s, good, n, step, op, 1), "%s", op);
    for (int turn = 0; turn < 3; turn++) { /* recorded, replayed */
      OK(tarn_session_run(s, good, n, NULL, 0, &step, 1, NULL));
      OK(tarn_session_run(s, NULL, 0, &fetch, 1, NULL, 0, &before));
      FAILS(tarn_session_run(s, bad, n, NULL, 0, &step, 1, NULL), TARN_INVALID, op);
      const size_t line = strcspn(tarn_error(), "\n");
      if (!k) snprintf(want, sizeof want, "%.*s", (int)line, tarn_error());
      ck_assert_msg(strlen(want) == line && !strncmp(tarn_error(), want, line),
                    "%s: '%.*s' instead of '%s'", op, (int)line, tarn_error(), want);
      OK(tarn_session_run(s, NULL, 0, &fetch, 1, NULL, 0, &after));
      ck_assert_mem_eq(tarn_tensor_data_const(before), tarn_tensor_data_const(after),
                       tarn_tensor_bytes(before));
      tarn_tensor_release(before);
      tarn_tensor_release(after);
    }
    tarn_session_destroy(s);
  }
  teardown();
}

static tarn_tensor *three(int a, int b, int c, int depth) {
  const int32_t x[] = {a, b, c, a, b, c};
  const int64_t dims[] = {3, depth};
  return tensor(TARN_I32, depth ? 2 : 1, dims, x);
}

START_TEST(test_rows_indices_outside) {
  static const char *const rate[] = {"ScatterAdd", "ResourceScatterUpdate", "ScatterNdSub",
                                     "SparseApplyAdagrad"};
  for (size_t o = 0; o < 4; o++)
    for (int low = 0; low < 2; low++) {
      const bool resource = rate[o][0] == 'R', tuples = strstr(rate[o], "Nd"), apply = o == 3;
      const int depth = tuples ? 1 : 0;
      /* of two that are outside the first counts */
      tarn_tensor *well = three(0, 12, 5, depth), *ill = three(4, low ? -1 : 13, 99, depth);
      tarn_tensor *u = filled(TARN_F32, 2, (int64_t[]){3, COLUMNS}, 5, true);
      tarn_tensor *lr = tensor(TARN_F32, 0, NULL, (float[]){0.5f});
      const tarn_feed good[] = {{"i", well}, {"u", u}, {"lr", lr}},
                      bad[] = {{"i", ill}, {"u", u}, {"lr", lr}};
      g = new_graph();
      variable("v", resource, "float");
      feed("i", "int32");
      feed("u", "float");
      if (apply) {
        float ones[ROWS * COLUMNS];
        for (int i = 0; i < ROWS * COLUMNS; i++) ones[i] = 1;
        floats(g, "a_first", 2, (int64_t[]){ROWS, COLUMNS}, ones);
        node(g, "a", "VariableV2", "", "dtype=float; shape=[13,40]");
        node(g, "a_set", "Assign", "a a_first", "T=float");
        feed("lr", "float");
      }
      if (apply) /* its slot is set with it each time */
        fails_alike(rate[o], "T=float; Tindices=int32", "v a lr u i ^a_set", resource, bad, good,
                    3);
      else
        fails_alike(rate[o], resource ? "dtype=float; Tindices=int32" : "T=float; Tindices=int32",
                    "v i u", resource, bad, good, 2);
      tarn_tensor *all[] = {well, ill, u, lr};
      for (int k = 0; k < 4; k++) tarn_tensor_release(all[k]);
    }
}
END_TEST

START_TEST(test_rows_divided_by_zero) {
  tarn_tensor *i = three(1, 2, 1, 0), *u = filled(TARN_F32, 2, (int64_t[]){3, COLUMNS}, 5, true),
              *zero = filled(TARN_F32, 2, (int64_t[]){3, COLUMNS}, 5, true);
  tarn__element_put(zero, 77, 0, 0);
  const tarn_feed good[] = {{"i", i}, {"u", u}}, bad[] = {{"i", i}, {"u", zero}};
  g = new_graph();
  variable("v", true, "float");
  feed("i", "int32");
  feed("u", "float");
  fails_alike("ResourceScatterDiv", "dtype=float; Tindices=int32", "v i u", true, bad, good, 2);
  tarn_tensor *all[] = {i, u, zero};
  for (int k = 0; k < 3; k++) tarn_tensor_release(all[k]);
}
END_TEST

START_TEST(test_rows_rates_of_the_wrong_sign) {
  static const float wrong[][3] = {{0, 0.5f, 0.5f}, {0.5f, -1, 0.5f}, {0.5f, 0.5f, -0.25f}};
  for (int w = 0; w < 3; w++) {
    tarn_tensor *u = filled(TARN_F32, 2, (int64_t[]){ROWS, COLUMNS}, 5, true);
    tarn_feed good[4] = {{"u", u}}, bad[4] = {{"u", u}};
    static const char *const names[] = {"r0", "r1", "r2"};
    g = new_graph();
    variable("v", false, "float");
    feed("u", "float");
    for (int k = 0; k < 3; k++) {
      feed(names[k], "float");
      good[k + 1] = (tarn_feed){names[k], tensor(TARN_F32, 0, NULL, (float[]){0.5f})};
      bad[k + 1] = (tarn_feed){names[k], tensor(TARN_F32, 0, NULL, &wrong[w][k])};
    }
    float ones[ROWS * COLUMNS];
    for (int i = 0; i < ROWS * COLUMNS; i++) ones[i] = 1;
    floats(g, "a_first", 2, (int64_t[]){ROWS, COLUMNS}, ones);
    node(g, "a", "VariableV2", "", "dtype=float; shape=[13,40]");
    node(g, "a_set", "Assign", "a a_first", "T=float");
    fails_alike("ApplyProximalAdagrad", "T=float", "v a r0 r1 r2 u ^a_set", false, bad, good, 4);
    for (int k = 1; k < 4; k++) tarn_tensor_release(good[k].tensor);
    for (int k = 1; k < 4; k++) tarn_tensor_release(bad[k].tensor);
    tarn_tensor_release(u);
  }
}
END_TEST

/* Reads say so too. */
START_TEST(test_rows_read_outside) {
  static const char *const ops[] = {"ResourceGather", "GatherV2", "UnsortedSegmentSum"};
  for (int o = 0; o < 3; o++) {
    tarn_tensor *well = three(0, 12, 5, 0), *ill = three(4, 14, 13, 0), *y;
    char want[TARN_ERROR_BYTES] = "";
    g = new_graph();
    variable("v", true, "float");
    node(g, "i", "Placeholder", "", "dtype=int32; shape=[3]");
    reader("all", "v", true, "float");
    constant(g, "axis", "", TARN_I32, 0, NULL, (int32_t[]){0});
    constant(g, "segments", "", TARN_I32, 0, NULL, (int32_t[]){13});
    node(g, "three", "GatherV2", "all i axis", "Tparams=float; Tindices=int32; Taxis=int32");
    if (o == 0) node(g, "y", ops[o], "v i", "dtype=float; Tindices=int32");
    if (o == 1) node(g, "y", "Identity", "three", "T=float");
    if (o == 2) {
      float x[3 * COLUMNS];
      for (int i = 0; i < 3 * COLUMNS; i++) x[i] = (float)i;
      floats(g, "x", 2, (int64_t[]){3, COLUMNS}, x);
      node(g, "y", ops[o], "x i segments", "T=float; Tindices=int32");
    }
    node(g, "z", "Neg", "y", "T=float");
    OK(tarn__graph_finish(g));
    for (int k = 0; k < 2; k++) {
      tarn_session *s = session_for(k ? "cuda" : "reference");
      const tarn_feed good = {"i", well}, bad = {"i", ill};
      first_value(s, "v", TARN_F32, 1, true);
      if (k) ck_assert_msg(are_there(s, &good, 1, "z", ops[o], 1), "%s", ops[o]);
      for (int turn = 0; turn < 3; turn++) {
        const char *fetch = "z";
        OK(tarn_session_run(s, &good, 1, &fetch, 1, NULL, 0, &y));
        tarn_tensor_release(y);
        FAILS(tarn_session_run(s, &bad, 1, &fetch, 1, NULL, 0, &y), TARN_INVALID, ops[o]);
        const size_t line = strcspn(tarn_error(), "[");
        if (!k) snprintf(want, sizeof want, "%.*s", (int)line, tarn_error());
        ck_assert_msg(strlen(want) == line && !strncmp(tarn_error(), want, line),
                      "%s: '%s' instead of '%s'", ops[o], tarn_error(), want);
      }
      tarn_session_destroy(s);
    }
    teardown();
    tarn_tensor_release(well);
    tarn_tensor_release(ill);
  }
}
END_TEST

/* ---- an embedding -----------------------------------------------------------------------------
 */

/* y = relu(rows of v w); v and w are trained to make it small: rows by ScatterSub or
 * SparseApplyAdagrad. */
static void embedding(bool resource, const char *rule, bool summed) {
  float w[COLUMNS * COLUMNS];
  for (int i = 0; i < COLUMNS * COLUMNS; i++) w[i] = (float)(i * 13 % 29 - 14) / 80;
  g = new_graph();
  variable("v", resource, "float");
  variable("a", resource, "float");
  node(g, "ids", "Placeholder", "", "dtype=int32; shape=[6,5]");
  floats(g, "w", 2, (int64_t[]){COLUMNS, COLUMNS}, w);
  floats(g, "lr", 0, NULL, (float[]){0.05f});
  constant(g, "axis", "", TARN_I32, 0, NULL, (int32_t[]){0});
  constant(g, "flat", "", TARN_I32, 1, (int64_t[]){1}, (int32_t[]){30});
  constant(g, "rows", "", TARN_I32, 1, (int64_t[]){2}, (int32_t[]){30, COLUMNS});
  if (resource) {
    node(g, "looked_up", "ResourceGather", "v ids", "dtype=float; Tindices=int32");
  } else {
    node(g, "v_read", "Identity", "v", "T=float");
    node(g, "looked_up", "GatherV2", "v_read ids axis",
         "Tparams=float; Tindices=int32; Taxis=int32");
  }
  node(g, "x", "Reshape", "looked_up rows", "T=float; Tshape=int32");
  node(g, "xw", "MatMul", "x w", "T=float");
  node(g, "y", "Relu", "xw", "T=float");
  node(g, "dxw", "ReluGrad", "y y", "T=float");
  node(g, "dx", "MatMul", "dxw w", "T=float; transpose_b=true");
  node(g, "ids_flat", "Reshape", "ids flat", "T=int32; Tshape=int32");
  const char *rows = "ids_flat", *grad = "dx";
  if (summed) { /* as TensorFlow's optimisers begin */
    constant(g, "zero", "", TARN_I32, 1, (int64_t[]){1}, (int32_t[]){0});
    constant(g, "one", "", TARN_I32, 1, (int64_t[]){1}, (int32_t[]){1});
    node(g, "unique", "Unique", "ids_flat", "T=int32; out_idx=int32");
    node(g, "unique_shape", "Shape", "unique", "T=int32");
    node(g, "count", "StridedSlice", "unique_shape zero one one",
         "T=int32; Index=int32; shrink_axis_mask=1");
    node(g, "sums", "UnsortedSegmentSum", "dx unique:1 count", "T=float; Tindices=int32");
    rows = "unique";
    grad = "sums";
  }
  char inputs[80];
  if (strstr(rule, "Scatter")) {
    snprintf(inputs, sizeof inputs, "%s lr", grad);
    node(g, "less", "Mul", inputs, "T=float");
    snprintf(inputs, sizeof inputs, "v %s less", rows);
    node(g, "train", rule, inputs,
         resource ? "dtype=float; Tindices=int32" : "T=float; Tindices=int32");
  } else {
    snprintf(inputs, sizeof inputs, "v a lr %s %s", grad, rows);
    node(g, "train", rule, inputs, "T=float; Tindices=int32");
  }
  reader("late", "v", resource, "float");
  OK(tarn__graph_finish(g));
  tarn_tensor *out[2];
  for (int k = 0; k < 2; k++) {
    tarn_session *s = session_for(k ? "cuda" : "reference");
    const char *step = "train", *fetch = "late";
    first_value(s, "v", TARN_F32, 1, false);
    first_value(s, "a", TARN_F32, 2, true);
    for (int turn = 0; turn < 5; turn++) {
      tarn_tensor *ids = tensor(TARN_I32, 2, (int64_t[]){6, 5}, NULL);
      for (int i = 0; i < 30; i++) tarn__element_put(ids, i, (i * i + turn) % ROWS, 0);
      const tarn_feed one = {"ids", ids};
      const tarn_run_request q = {.feeds = &one, .n_feeds = 1, .targets = &step, .n_targets = 1};
      const tarn_plan *plan;
      OK(tarn__session_plan(s, &q, false, &plan));
      int kernels = 0, up = 0; /* the ids: as fed, in a row, distinct */
      for (int at = 0; at < plan->root->steps && k; at++) {
        const tarn_step *t = &plan->root->step[at];
        if (t->removed || t->kind != TARN_STEP_KERNEL || !t->op) continue;
        ck_assert_str_ne(t->op->name, "_Download");
        up += !strcmp(t->op->name, "_Upload") &&
              plan->root->value[t->out[0]].storage != TARN_STORE_PREPARED;
        kernels += t->on_device;
        ck_assert_msg(t->on_device || strstr(t->op->name, "Var") || strstr(t->op->name, "Unique"),
                      "%s is the host's", t->op->name);
      }
      ck_assert_msg(
          !k || (kernels >= 5 && up <= (summed ? 3 : 2) && plan->device.recordings == 1 + summed),
          "%s: %d kernels, %d copies, %d recordings", rule, kernels, up, plan->device.recordings);
      OK(tarn_session_run(s, &one, 1, NULL, 0, &step, 1, NULL));
      tarn_tensor_release(ids);
    }
    if (summed) { /* who looks at the distinct ids sees them alone */
      const char *looks[] = {"unique", "sums"};
      tarn_tensor *seen[2], *ids = tensor(TARN_I32, 2, (int64_t[]){6, 5}, NULL);
      for (int i = 0; i < 30; i++) tarn__element_put(ids, i, i % 4, 0);
      const tarn_feed one = {"ids", ids};
      OK(tarn_session_run(s, &one, 1, looks, 2, &step, 1, seen));
      for (int i = 0; i < 2; i++)
        ck_assert_int_eq(tarn_tensor_elements(seen[i]), i ? 4 * COLUMNS : 4);
      tarn_tensor *all[] = {ids, seen[0], seen[1]};
      for (int i = 0; i < 3; i++) tarn_tensor_release(all[i]);
    }
    OK(tarn_session_run(s, NULL, 0, &fetch, 1, NULL, 0, &out[k]));
    tarn_session_destroy(s);
  }
  same(rule, "float", 1e-5, out[0], out[1]);
  for (int k = 0; k < 2; k++) tarn_tensor_release(out[k]);
  teardown();
}

START_TEST(test_rows_embedding) {
  for (int summed = 0; summed < 2; summed++) {
    embedding(false, "ScatterSub", summed);
    embedding(true, "ResourceScatterSub", summed);
    embedding(false, "SparseApplyAdagrad", summed);
    embedding(true, "ResourceSparseApplyAdagrad", summed);
  }
}
END_TEST

SUITE_MAIN_TEARDOWN("rows", teardown, test_rows_scatter, test_rows_scatter_tuples,
                    test_rows_trained, test_rows_indices_outside, test_rows_divided_by_zero,
                    test_rows_rates_of_the_wrong_sign, test_rows_read_outside, test_rows_embedding)
