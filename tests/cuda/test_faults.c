/* Elements that kernels of the module cannot take: the run fails in the CPU's words, and the next
 * is well. Runs on the device that TARN_CUDA_MODULE names. */
#include "beside.h"

enum { MOST = 4 };

/* Inputs in their order; the one called "bad" is fed what is right and what is wrong by turns. */
typedef struct fault_case {
  const char *op, *attrs, *inputs;
  struct {
    const char *name;
    tarn_dtype dtype;
    int rank;
    int64_t dims[4];
  } input[MOST];
  const int64_t *right, *wrong;
} fault_case;

static const fault_case cases[] = {
    {"MaxPoolGradWithArgmax",
     "T=float; Targmax=int64; ksize=[1,1,2,1]; strides=[1,1,2,1]; padding=VALID",
     "x grad bad",
     {{"x", TARN_F32, 4, {1, 1, 8, 1}},
      {"grad", TARN_F32, 4, {1, 1, 4, 1}},
      {"bad", TARN_I64, 4, {1, 1, 4, 1}}},
     (const int64_t[]){0, 3, 4, 1},
     (const int64_t[]){0, 9, 4, 1}},
    {"ReverseSequence",
     "T=float; Tlen=int64; seq_dim=1; batch_dim=0",
     "x bad",
     {{"x", TARN_F32, 2, {3, 5}}, {"bad", TARN_I64, 1, {3}}},
     (const int64_t[]){0, 3, 5},
     (const int64_t[]){0, 6, -1}},
    {"SparseTensorDenseMatMul",
     "T=float; Tindices=int64",
     "bad x shape b",
     {{"bad", TARN_I64, 2, {3, 2}}, {"x", TARN_F32, 1, {3}}, {"b", TARN_F32, 2, {4, 5}}},
     (const int64_t[]){0, 0, 2, 3, 2, 1},
     (const int64_t[]){0, 0, 2, 4, 3, 1}},
};

static tarn_tensor *fed(const fault_case *c, int i, const int64_t *numbers) {
  const bool real = c->input[i].dtype == TARN_F32;
  tarn_tensor *t = tensor(c->input[i].dtype, c->input[i].rank, c->input[i].dims, NULL);
  for (int64_t k = 0; k < tarn_tensor_elements(t); k++)
    tarn__element_put(t, k, real ? 0.5 + (double)k : (double)numbers[k], 0);
  return t;
}

static void fails_alike(const fault_case *c) {
  char want[TARN_ERROR_BYTES] = "", attrs[80], text[TARN_SHAPE_TEXT];
  tarn_feed right[MOST], wrong[MOST];
  size_t n = 0;
  g = new_graph();
  constant(g, "shape", "", TARN_I64, 1, (int64_t[]){2}, (int64_t[]){3, 4});
  for (; n < MOST && c->input[n].name; n++) {
    right[n] = (tarn_feed){c->input[n].name, fed(c, (int)n, c->right)};
    wrong[n] = (tarn_feed){c->input[n].name, fed(c, (int)n, c->wrong)};
    snprintf(attrs, sizeof attrs, "dtype=%s; shape=%s",
             c->input[n].dtype == TARN_F32 ? "float" : "int64",
             tarn__shape_print(&right[n].tensor->shape, text));
    node(g, c->input[n].name, "Placeholder", "", attrs);
  }
  node(g, "y", c->op, c->inputs, c->attrs);
  node(g, "z", "Neg", "y", "T=float");
  OK(tarn__graph_finish(g));
  for (int k = 0; k < 2; k++) {
    tarn_session *s = session_for(k ? "cuda" : "reference");
    if (k) ck_assert_msg(are_there(s, right, n, "z", c->op, 1), "%s", c->op);
    for (int turn = 0; turn < 3; turn++) { /* recorded, replayed */
      const char *fetch = "z";
      tarn_tensor *z;
      OK(tarn_session_run(s, right, n, &fetch, 1, NULL, 0, &z));
      tarn_tensor_release(z);
      FAILS(tarn_session_run(s, wrong, n, &fetch, 1, NULL, 0, &z), TARN_INVALID, c->op);
      const size_t line = strcspn(tarn_error(), "\n");
      if (!k) snprintf(want, sizeof want, "%.*s", (int)strcspn(tarn_error(), "["), tarn_error());
      ck_assert_msg(line >= strlen(want) && !strncmp(tarn_error(), want, strlen(want)),
                    "%s: '%s' instead of '%s'", c->op, tarn_error(), want);
    }
    tarn_session_destroy(s);
  }
  for (size_t i = 0; i < n; i++) {
    tarn_tensor_release(right[i].tensor);
    tarn_tensor_release(wrong[i].tensor);
  }
  teardown();
}

START_TEST(test_faults_in_the_same_words) {
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) fails_alike(&cases[i]);
}
END_TEST

SUITE_MAIN_TEARDOWN("faults", teardown, test_faults_in_the_same_words)
