/* Measured choices of kernels: as text and back, what damaged text does, and that plans follow
 * them. */
#include "graph/tuning/tuning.h"
#include "kernels/kernel.h"
#include "tests/unit/graph/build_graph.h"
#include "tests/unit/suite.h"

static tarn_tuning *t;
static void setup(void) {
  OK(tarn__tuning_create(tarn__allocator_default(), &t));
}
static void teardown(void) {
  tarn__tuning_destroy(t);
  t = NULL;
}

static tarn_bytes text_of(const tarn_tuning *tuning) {
  tarn_bytes b;
  tarn__bytes_init(&b, tarn__allocator_default());
  OK(tarn__tuning_print(tuning, &b));
  return b;
}

START_TEST(test_tuning_reads_back) {
  setup();
  OK(tarn__tuning_set(t, "MatMul a", "matmul.packed.avx2", 12.5, 10));
  OK(tarn__tuning_set(t, "MatMul b", "matmul.gemm.openblas", 1, 2));
  OK(tarn__tuning_set(t, "MatMul a", "matmul.other.avx2", 3, 4)); /* replaces */
  ck_assert_uint_eq(tarn__tuning_count(t), 2);
  tarn_bytes text = text_of(t), again;
  tarn_tuning *read;
  OK(tarn__tuning_create(tarn__allocator_default(), &read));
  OK(tarn__tuning_parse(read, text.data, text.size));
  again = text_of(read);
  ck_assert_str_eq(text.data, again.data);
  ck_assert_ptr_nonnull(strstr(text.data, "choice\tmatmul.other.avx2\t3\t4\tMatMul a\n"));
  ck_assert(tarn__tuning_has(read, "MatMul b") && !tarn__tuning_has(read, "MatMul"));
  tarn__bytes_clear(&text);
  tarn__bytes_clear(&again);
  tarn__tuning_destroy(read);
}
END_TEST

/* Every cut, every flipped bit: refused, or a table of choices all the same; the table before stays
 * as it was. */
START_TEST(test_tuning_takes_no_damage) {
  setup();
  OK(tarn__tuning_set(t, "MatMul a", "matmul.packed.avx2", 12.5, 10));
  OK(tarn__tuning_set(t, "Conv2D b", "conv2d.implicit.avx2", 1e-3, 2e9));
  tarn_bytes text = text_of(t);
  const size_t n = text.size;
  char *copy = malloc(n + 1);
  long refused = 0;
  for (size_t cut = 0; cut < n; cut++) {
    tarn_tuning *read;
    OK(tarn__tuning_create(tarn__allocator_default(), &read));
    if (tarn__tuning_parse(read, text.data, cut) != TARN_OK) {
      refused++;
      ck_assert_uint_eq(tarn__tuning_count(read), 0);
    }
    tarn__tuning_destroy(read);
  }
  ck_assert_int_ge(refused, (long)n - 3); /* a cut after a whole line is a shorter table */
  for (size_t bit = 0; bit < 8 * n; bit++) {
    tarn_tuning *read;
    OK(tarn__tuning_create(tarn__allocator_default(), &read));
    memcpy(copy, text.data, n);
    copy[bit / 8] = (char)(copy[bit / 8] ^ 1 << bit % 8);
    const tarn_status status = tarn__tuning_parse(read, copy, n);
    ck_assert(status == TARN_OK || status == TARN_CORRUPT || status == TARN_NOT_FOUND);
    tarn__tuning_destroy(read);
  }
  free(copy);
  tarn__bytes_clear(&text);
}
END_TEST

START_TEST(test_tuning_says_what_is_wrong) {
  setup();
  tarn_bytes text = text_of(t);
  FAILS(tarn__tuning_parse(t, "hello\n", 6), TARN_CORRUPT, "begins with 'hello'");
  FAILS(tarn__tuning_parse(t, "", 0), TARN_CORRUPT, "line 1");
  const char *other = "tarn tuning 1\nmachine\tanother, avx2\nbuild\t0\t0\n";
  FAILS(tarn__tuning_parse(t, other, strlen(other)), TARN_NOT_FOUND, "another");
  static const char *const bad[] = {"choice\n",
                                    "choice\tk\tx\t1\tp\n",
                                    "choice\tk\t1\t-1\tp\n",
                                    "choice\tk\t1\tnan\tp\n",
                                    "choice\t\t1\t1\tp\n",
                                    "choice\tk\t1\t1\t\n",
                                    "other\tk\t1\t1\tp\n",
                                    "choice\tk\t1\t1\tp"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    const size_t before = text.size;
    OK(tarn__bytes_add(&text, bad[i], strlen(bad[i])));
    FAILS(tarn__tuning_parse(t, text.data, text.size), TARN_CORRUPT, "line 4");
    text.size = before;
  }
  tarn__bytes_clear(&text);
}
END_TEST

static const tarn_step *step_of(const tarn_plan *plan, const char *name) {
  for (int i = 0; i < plan->root->steps; i++)
    if (!plan->root->step[i].removed && !strcmp(plan->root->step[i].name, name))
      return &plan->root->step[i];
  ck_abort_msg("no step %s", name);
}

/* A plan made with choices takes each kernel that can; one that cannot, or is not there, leaves the
 * estimate's. */
START_TEST(test_tuning_is_followed) {
  setup();
  tarn_graph *g = new_graph();
  node(g, "x", "Placeholder", "", "dtype=float; shape=[16,32]");
  node(g, "w", "Placeholder", "", "dtype=float; shape=[32,16]");
  node(g, "y", "MatMul", "x w", "T=float");
  OK(tarn__graph_finish(g));
  tarn_tensor *x = tensor(TARN_F32, 2, (int64_t[]){16, 32}, NULL),
              *w = tensor(TARN_F32, 2, (int64_t[]){32, 16}, NULL);
  const tarn_feed feeds[] = {{"x", x}, {"w", w}};
  const char *fetch = "y";
  const tarn_run_request q = {.feeds = feeds, .n_feeds = 2, .fetches = &fetch, .n_fetches = 1};
  const tarn_session_options options = {.threads = 1};
  tarn_session *plain;
  const tarn_plan *plan;
  OK(tarn__session_create(g, NULL, &options, NULL, &plain));
  OK(tarn__session_plan(plain, &q, false, &plan));
  const tarn_step *step = step_of(plan, "y");
  tarn_bytes key;
  bool known;
  tarn__bytes_init(&key, tarn__allocator_default());
  OK(tarn__tuning_key(step, &step->binding->problem, 1, NULL, &key, &known));
  ck_assert(known);
  ck_assert_ptr_nonnull(
      strstr(key.data, "MatMul threads=1 f32 in:float[16,32],float[32,16] out:float[16,16]"));
  size_t count;
  const tarn_kernel_ref *rows = tarn__kernels_of("MatMul", &count);
  for (size_t i = 0; i < count + 1; i++) {
    char name[160] = "matmul.nobody.avx2";
    const bool able = i < count && !tarn__kernel_refusal(rows[i], &step->binding->problem);
    if (i < count) tarn__kernel_full_name(rows[i], name, sizeof name);
    tarn_tuning *choices;
    tarn_session *s;
    OK(tarn__tuning_create(tarn__allocator_default(), &choices));
    OK(tarn__tuning_set(choices, key.data, name, 1, 1));
    OK(tarn__session_create(g, NULL, &options, NULL, &s));
    tarn__session_take_tuning(s, choices);
    OK(tarn__session_plan(s, &q, false, &plan));
    const tarn_kernel *taken = step_of(plan, "y")->binding->kernel.kernel;
    ck_assert_msg(taken == (able ? rows[i].kernel : step->binding->kernel.kernel), "%s", name);
    tarn_session_destroy(s);
  }
  tarn__bytes_clear(&key);
  tarn_session_destroy(plain);
  tarn_tensor_release(x);
  tarn_tensor_release(w);
  tarn__graph_destroy(g);
}
END_TEST

SUITE_MAIN_TEARDOWN("tuning", teardown, test_tuning_reads_back, test_tuning_takes_no_damage,
                    test_tuning_says_what_is_wrong, test_tuning_is_followed)
