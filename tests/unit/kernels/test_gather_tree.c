/* GatherTree, which TensorFlow itself no longer has: beams that end, cross, and are longer than
 * they should be. */
#include "graph/case/case.h"
#include "tests/unit/suite.h"

static tarn_case made;
static tarn_tensor out;

static void clear(void) {
  tarn__tensor_clear(&out);
  tarn__case_clear(&made);
}

static tarn_status run(const char *text) {
  clear();
  ck_assert_msg(tarn__case_make(tarn__allocator_default(), tarn__op_find("GatherTree"), text,
                                TARN_NO_DTYPE, 1, &made) == TARN_OK,
                "%s", tarn_error());
  size_t count;
  return tarn__case_run(&made, tarn__kernels_of("GatherTree", &count)[0], NULL, &out);
}

#define CHECK(text, ...)                                           \
  do {                                                             \
    static const int32_t wanted[] = {__VA_ARGS__};                 \
    ck_assert_msg(run(text) == TARN_OK, "%s", tarn_error());       \
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)    \
      ck_assert_int_eq(((const int32_t *)out.data)[i], wanted[i]); \
  } while (0)

#define IDS "step_ids=i32[3x1x3]{1,2,3,4,5,6,7,8,9} "
#define PARENTS "parent_ids=i32[3x1x3]{0,0,0,0,1,1,2,1,2} "

START_TEST(test_gather_tree_follows_parents) {
  CHECK(IDS PARENTS "max_sequence_lengths=i32{3} end_token=i32(10)", 2, 2, 2, 6, 5, 6, 7, 8, 9);
}
END_TEST

START_TEST(test_gather_tree_fills_behind_the_end) {
  CHECK(IDS PARENTS "max_sequence_lengths=i32{2} end_token=i32(10)", 1, 2, 2, 4, 5, 6, 10, 10, 10);
  CHECK(IDS PARENTS "max_sequence_lengths=i32{9} end_token=i32(6)", 2, 2, 2, 6, 5, 6, 6, 8, 6);
  CHECK(IDS "parent_ids=i32[3x1x3] max_sequence_lengths=i32{0} end_token=i32(6)", 6, 6, 6, 6, 6, 6);
}
END_TEST

START_TEST(test_gather_tree_refuses_parents) {
  ck_assert_int_eq(run(IDS "parent_ids=i32[3x1x3]{0,0,0,0,1,1,2,3,2} max_sequence_lengths=i32{3} "
                           "end_token=i32(10)"),
                   TARN_INVALID);
  ck_assert_int_eq(run(IDS "parent_ids=i32[3x1x3]{0,0,0,0,1,-1,2,1,2} max_sequence_lengths=i32{3} "
                           "end_token=i32(10)"),
                   TARN_INVALID);
}
END_TEST

SUITE_MAIN_TEARDOWN("gather_tree", clear, test_gather_tree_follows_parents,
                    test_gather_tree_fills_behind_the_end, test_gather_tree_refuses_parents)
