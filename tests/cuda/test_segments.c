/* Reductions by rising segments and their gradients, with the module's kernels beside the CPU's:
 * more rows than a block has threads, and ids and indices that are wrong. Runs on the device that
 * TARN_CUDA_MODULE names. */
#include "beside.h"

enum { N = 270, ROWS = 31, COLUMNS = 40, SEGMENTS = 50 };

/* How a form is given its rows: ids alone, indices and ids, also their number; grad of the last. */
typedef enum form { SORTED, LISTED, COUNTED, GRADIENT } form;
static const struct {
  const char *op;
  form form;
} ops[] = {{"SegmentSum", SORTED},
           {"SegmentMean", SORTED},
           {"SegmentProd", SORTED},
           {"SegmentMin", SORTED},
           {"SegmentMax", SORTED},
           {"SparseSegmentSum", LISTED},
           {"SparseSegmentMean", LISTED},
           {"SparseSegmentSqrtN", LISTED},
           {"SparseSegmentSumWithNumSegments", COUNTED},
           {"SparseSegmentMeanWithNumSegments", COUNTED},
           {"SparseSegmentSqrtNWithNumSegments", COUNTED},
           {"SparseSegmentSumGrad", GRADIENT},
           {"SparseSegmentMeanGrad", GRADIENT},
           {"SparseSegmentSqrtNGrad", GRADIENT}};
enum { OPS = sizeof ops / sizeof *ops };

static const struct {
  tarn_dtype dtype;
  const char *name;
  double tolerance;
} dtypes[] = {{TARN_F32, "float", 1e-6}, {TARN_F16, "half", 1e-3}, {TARN_F64, "double", 1e-13}};

/* z = -y, y of n ids. Of forms without their number the ids are constants, which is what makes the
 * shape known. */
static void build(const char *op, form of, const char *dtype, const int32_t *ids, int n) {
  char attrs[80];
  const int64_t rows = of == SORTED ? n : of == GRADIENT ? SEGMENTS : ROWS;
  g = new_graph();
  snprintf(attrs, sizeof attrs, "dtype=%s; shape=[%d,40]", dtype, (int)rows);
  node(g, "x", "Placeholder", "", attrs);
  snprintf(attrs, sizeof attrs, "dtype=int32; shape=[%d]", n);
  constant(g, "known", "", TARN_I32, 1, (int64_t[]){n}, ids);
  node(g, "ids", "Placeholder", "", attrs);
  node(g, "indices", "Placeholder", "", attrs);
  constant(g, "count", "", TARN_I32, 0, NULL, (int32_t[]){of == GRADIENT ? ROWS : SEGMENTS});
  snprintf(attrs, sizeof attrs, of == SORTED ? "T=%s; Tindices=int32" : "T=%s", dtype);
  node(g, "y", op,
       of == SORTED   ? "x known"
       : of == LISTED ? "x indices known"
                      : "x indices ids count",
       attrs);
  snprintf(attrs, sizeof attrs, "T=%s", dtype);
  node(g, "z", "Neg", "y", attrs);
  OK(tarn__graph_finish(g));
}

static void compare(size_t o, size_t d) {
  const int64_t rows = ops[o].form == SORTED ? N : ops[o].form == GRADIENT ? SEGMENTS : ROWS;
  int32_t ids[N], indices[N];
  for (int i = 0; i < N; i++) {
    ids[i] = 2 + i / 7 + (i > 100);
    indices[i] = (i * i + 3 * i) % ROWS;
  }
  build(ops[o].op, ops[o].form, dtypes[d].name, ids, N);
  tarn_tensor *x = tensor(dtypes[d].dtype, 2, (int64_t[]){rows, COLUMNS}, NULL), *z[2];
  for (int64_t i = 0; i < tarn_tensor_elements(x); i++)
    tarn__element_put(x, i, (double)(i * 37 % 211) / 211 - 0.4, 0);
  const tarn_feed feeds[] = {{"x", x},
                             {"ids", tensor(TARN_I32, 1, (int64_t[]){N}, ids)},
                             {"indices", tensor(TARN_I32, 1, (int64_t[]){N}, indices)}};
  const size_t used = ops[o].form == SORTED ? 1 : 3;
  for (int k = 0; k < 2; k++) {
    tarn_session *s = session_for(k ? "cuda" : "reference");
    const char *fetch = "z";
    if (k) ck_assert_msg(are_there(s, feeds, used, "z", ops[o].op, 1), "%s", ops[o].op);
    for (int turn = 0; turn < 3; turn++) { /* recorded, replayed */
      if (turn) tarn_tensor_release(z[k]);
      OK(tarn_session_run(s, feeds, used, &fetch, 1, NULL, 0, &z[k]));
    }
    tarn_session_destroy(s);
  }
  same(ops[o].op, dtypes[d].name, dtypes[d].tolerance, z[0], z[1]);
  for (int k = 0; k < 2; k++) tarn_tensor_release(z[k]);
  for (int k = 0; k < 3; k++) tarn_tensor_release(feeds[k].tensor);
  teardown();
}

START_TEST(test_segments_values) {
  for (size_t o = 0; o < OPS; o++)
    for (size_t d = 0; d < 3; d++) compare(o, d);
}
END_TEST

/* Each run with wrong ids or indices fails in the CPU's words; the next is well. */
START_TEST(test_segments_wrong_ids) {
  static const int32_t ids[][3] = {{0, 2, 1}, {0, 1, 50}, {-1, 0, 1}, {0, 1, 1}, {0, 1, 1}},
                       indices[][3] = {{0, 1, 2}, {0, 1, 2}, {0, 1, 2}, {0, 31, 99}, {0, -1, 1}},
                       well[] = {0, 1, 1};
  for (size_t o = 0; o < OPS; o++) {
    if (ops[o].form < COUNTED) continue;
    for (int w = ops[o].form == GRADIENT; w < 5; w++) { /* ids of gradients may fall */
      char want[TARN_ERROR_BYTES] = "";
      const int64_t n = 3;
      build(ops[o].op, ops[o].form, "float", well, 3);
      tarn_feed good[3], bad[3];
      good[0] = (tarn_feed){
          "x", tensor(TARN_F32, 2, (int64_t[]){ops[o].form == GRADIENT ? SEGMENTS : ROWS, COLUMNS},
                      NULL)};
      bad[0] = good[0];
      good[1] = (tarn_feed){"ids", tensor(TARN_I32, 1, &n, well)};
      good[2] = (tarn_feed){"indices", tensor(TARN_I32, 1, &n, well)};
      bad[1] = (tarn_feed){"ids", tensor(TARN_I32, 1, &n, ids[w])};
      bad[2] = (tarn_feed){"indices", tensor(TARN_I32, 1, &n, indices[w])};
      for (int k = 0; k < 2; k++) {
        tarn_session *s = session_for(k ? "cuda" : "reference");
        for (int turn = 0; turn < 3; turn++) {
          const char *fetch = "z";
          tarn_tensor *z;
          OK(tarn_session_run(s, good, 3, &fetch, 1, NULL, 0, &z));
          tarn_tensor_release(z);
          FAILS(tarn_session_run(s, bad, 3, &fetch, 1, NULL, 0, &z), TARN_INVALID, ops[o].op);
          const size_t line = strcspn(tarn_error(), "\n[");
          if (!k) snprintf(want, sizeof want, "%.*s", (int)line, tarn_error());
          ck_assert_msg(strlen(want) == line && !strncmp(tarn_error(), want, line),
                        "%s: '%s' instead of '%s'", ops[o].op, tarn_error(), want);
        }
        tarn_session_destroy(s);
      }
      for (int i = 0; i < 3; i++) tarn_tensor_release(good[i].tensor);
      for (int i = 1; i < 3; i++) tarn_tensor_release(bad[i].tensor);
      teardown();
    }
  }
}
END_TEST

SUITE_MAIN_TEARDOWN("segments", teardown, test_segments_values, test_segments_wrong_ids)
