/* Selection, on a table of kernels of its own: defining tarn__kernel_files here keeps the real
 * table out of this program. */
#include "kernels/kernel.h"
#include "tests/unit/suite.h"


static tarn_status run(const tarn_call *call) {
  (void)call;
  return TARN_OK;
}
static double one(const tarn_problem *p, const tarn_machine *m) {
  (void)p;
  (void)m;
  return 1;
}
static double two(const tarn_problem *p, const tarn_machine *m) {
  (void)p;
  (void)m;
  return 2;
}
static double not_a_number(const tarn_problem *p, const tarn_machine *m) {
  return one(p, m) * 0.0 / 0.0;
}
static const char *small_only(const tarn_problem *p) {
  return p->in_shape[0].dim[0] <= 10 ? NULL : "more than 10 rows";
}

static const tarn_kernel a_reference[] = {
  {.op = "A", .dtypes = TARN_REALS, .run = run},
  {.op = "Tie", .cost_us = one, .run = run},
  {.op = "Nan", .cost_us = one, .run = run},
  {0},
};
static const tarn_kernel a_fast[] = {
    {.op = "A",
     .name = "small",
     .dtypes = TARN_BIT(TARN_F32),
     .supports = small_only,
     .cost_us = one,
     .run = run},
    {.op = "OnlyOutput", .dtypes = TARN_BIT(TARN_I32), .keyed = -1, .run = run},
    {0},
};
static const tarn_kernel a_slow[] = {
  {.op = "A", .dtypes = TARN_BIT(TARN_F32), .cost_us = two, .run = run},
  {.op = "Tie", .cost_us = one, .run = run},
  {.op = "Nan", .cost_us = not_a_number, .run = run},
  {0},
};

/* Two files of `reference`, so that the test runs on any machine; the target of the slow one says
 * AVX2 where there is. */
const tarn_kernel_file tarn__kernel_files[] = {
  {a_slow, "slow", TARN_TARGET_AVX2, "kernels/cpu/a/slow.avx2.c"},
  {a_fast, "fast", TARN_TARGET_REFERENCE, "kernels/cpu/a/fast.reference.c"},
  {a_reference, "plain", TARN_TARGET_REFERENCE, "kernels/cpu/a/plain.reference.c"},
  {0},
};

static tarn_dtype in_dtype, out_dtype;
static tarn_shape shape;
static tarn_problem problem(const char *op, tarn_dtype in, tarn_dtype out, int64_t rows) {
  in_dtype = in;
  out_dtype = out;
  shape = tarn__shape_vector(rows);
  return (tarn_problem){.op = op, .node = "n", .inputs = 1, .outputs = 1, .in_dtype = &in_dtype,
                        .out_dtype = &out_dtype, .in_shape = &shape, .out_shape = &shape};
}
static const char *chosen(const tarn_problem *p, tarn_target request) {
  static char name[100];
  tarn_machine m;
  tarn_kernel_ref k;
  tarn__machine_guess(1, &m);
  ck_assert_msg(tarn__kernel_select(p, &m, request, &k) == TARN_OK, "%s", tarn_error());
  return tarn__kernel_full_name(k, name, sizeof name);
}
static bool avx2(void) { return tarn__target_refusal(TARN_TARGET_AVX2) == NULL; }

START_TEST(test_select_takes_the_cheapest) {
  tarn_problem p = problem("A", TARN_F32, TARN_F32, 5);
  /* Even where its estimate is far under a microsecond, the reference is the last resort. */
  ck_assert_str_eq(chosen(&p, TARN_TARGETS), avx2() ? "a.slow.avx2" : "a.plain.reference");
  p = problem("A", TARN_F32, TARN_F32, 1 << 24);
  ck_assert_str_eq(chosen(&p, TARN_TARGETS), avx2() ? "a.slow.avx2" : "a.plain.reference");
}
END_TEST

START_TEST(test_select_obeys_requests) {
  tarn_problem p = problem("A", TARN_F32, TARN_F32, 1 << 24);
  ck_assert_str_eq(chosen(&p, TARN_TARGET_REFERENCE), "a.plain.reference");
  if (avx2()) ck_assert_str_eq(chosen(&p, TARN_TARGET_AVX2), "a.slow.avx2");
  /* No such kernel here: reference stands in. */
  ck_assert_str_eq(chosen(&p, TARN_TARGET_CUDA), "a.plain.reference");
  p = problem("A", TARN_I32, TARN_I32, 1 << 24);
  ck_assert_str_eq(chosen(&p, TARN_TARGET_AVX2), "a.plain.reference");
}
END_TEST

START_TEST(test_select_prefers_later_targets_on_ties) {
  tarn_problem p = problem("Tie", TARN_F32, TARN_F32, 5);
  ck_assert_str_eq(chosen(&p, TARN_TARGETS), avx2() ? "a.slow.avx2" : "a.plain.reference");
}
END_TEST

START_TEST(test_select_survives_costs_that_are_no_numbers) {
  tarn_problem p = problem("Nan", TARN_F32, TARN_F32, 5);
  ck_assert_str_eq(chosen(&p, TARN_TARGETS), avx2() ? "a.slow.avx2" : "a.plain.reference");
}
END_TEST

START_TEST(test_select_keys_on_outputs) {
  tarn_problem p = problem("OnlyOutput", TARN_F32, TARN_I32, 5);
  ck_assert_str_eq(chosen(&p, TARN_TARGETS), "a.fast.reference");
}
END_TEST

START_TEST(test_select_says_why_not) {
  tarn_machine m;
  tarn_kernel_ref k;
  tarn__machine_guess(1, &m);
  tarn_problem p = problem("A", TARN_STRING, TARN_STRING, 5);
  ck_assert_int_eq(tarn__kernel_select(&p, &m, TARN_TARGETS, &k), TARN_UNSUPPORTED);
  ck_assert_ptr_nonnull(strstr(tarn_error(), "a.plain.reference: does not take string"));
  p = problem("Unknown", TARN_F32, TARN_F32, 5);
  ck_assert_int_eq(tarn__kernel_select(&p, &m, TARN_TARGETS, &k), TARN_UNSUPPORTED);
  ck_assert_ptr_nonnull(strstr(tarn_error(), "Unknown"));
}
END_TEST

START_TEST(test_select_lists_reference_first) {
  size_t count;
  const tarn_kernel_ref *rows = tarn__kernels_of("A", &count);
  ck_assert_uint_eq(count, 3);
  ck_assert_int_eq(rows[0].file->target, TARN_TARGET_REFERENCE);
  for (size_t i = 1; i < count; i++)
    ck_assert_int_le(rows[i - 1].file->target, rows[i].file->target);
  tarn_problem p = problem("A", TARN_F32, TARN_F32, 11);
  for (size_t i = 0; i < count; i++)
    if (strcmp(tarn__kernel_name(rows[i]), "small") == 0)
      ck_assert_str_eq(tarn__kernel_refusal(rows[i], &p), "more than 10 rows");
  tarn__kernels_of("B", &count);
  ck_assert_uint_eq(count, 0);
}
END_TEST

START_TEST(test_select_names_targets) {
  for (int i = 0; i < TARN_TARGETS; i++)
    ck_assert_int_eq(tarn__target_from_name(tarn__target_name((tarn_target)i)), i);
  ck_assert_int_eq(tarn__target_from_name("sse"), TARN_TARGETS);
  ck_assert_ptr_null(tarn__target_refusal(TARN_TARGET_REFERENCE));
}
END_TEST

START_TEST(test_select_machine_is_sane) {
  tarn_machine m;
  tarn__machine_guess(0, &m);
  ck_assert_int_eq(m.threads, 1);
  ck_assert(m.gbytes_per_s > 1);
  for (int i = 0; i < TARN_TARGETS; i++) ck_assert(m.gflops[i] > 0);
  ck_assert(m.gflops[TARN_TARGET_AVX2] > m.gflops[TARN_TARGET_REFERENCE]);
}
END_TEST

SUITE_MAIN("select", test_select_takes_the_cheapest, test_select_obeys_requests,
           test_select_prefers_later_targets_on_ties,
           test_select_survives_costs_that_are_no_numbers, test_select_keys_on_outputs,
           test_select_says_why_not, test_select_lists_reference_first, test_select_names_targets,
           test_select_machine_is_sane)
