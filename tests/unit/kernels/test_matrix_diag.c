/* Diagonals under the four alignments: read from a matrix that counts from 1, and put back where
 * they were. */
#include "graph/case/case.h"
#include "tests/unit/suite.h"

#include <stdio.h>

static tarn_case made;
static tarn_tensor out[2];

static void clear(void) {
  tarn__tensor_clear(&out[0]);
  tarn__case_clear(&made);
}

/* Runs the op's reference kernel with input 0 counting from 1. */
static const int32_t *run(const char *op, const char *text) {
  clear();
  const tarn_op *found = tarn__op_find(op);
  ck_assert_ptr_nonnull(found);
  ck_assert_msg(
      tarn__case_make(tarn__allocator_default(), found, text, TARN_NO_DTYPE, 1, &made) == TARN_OK,
      "%s", tarn_error());
  int32_t *x = made.in[0].data;
  for (int64_t i = 0; i < tarn__tensor_elements(&made.in[0]); i++) x[i] = (int32_t)i + 1;
  size_t count;
  const tarn_kernel_ref *kernels = tarn__kernels_of(op, &count);
  ck_assert_uint_ge(count, 1);
  out[0] = (tarn_tensor){.dtype = TARN_NO_DTYPE};
  ck_assert_msg(tarn__case_run(&made, kernels[0], NULL, out) == TARN_OK, "%s", tarn_error());
  return out[0].data;
}

static void check(const char *what, const int32_t *got, const int32_t *want, int n) {
  for (int i = 0; i < n; i++)
    ck_assert_msg(got[i] == want[i], "%s: element %d is %d, expected %d", what, i, got[i], want[i]);
}

/* Of a 4 by 3 matrix, diagonals -2 to 1: two of length 3, and 2 and 2, which are padded with 9. */
static const struct { const char *align; int32_t packed[12]; } alignments[] = {
  {"RIGHT_LEFT", {9, 2, 6, 1, 5, 9, 4, 8, 12, 7, 11, 9}},
  {"LEFT_RIGHT", {2, 6, 9, 1, 5, 9, 4, 8, 12, 9, 7, 11}},
  {"LEFT_LEFT", {2, 6, 9, 1, 5, 9, 4, 8, 12, 7, 11, 9}},
  {"RIGHT_RIGHT", {9, 2, 6, 1, 5, 9, 4, 8, 12, 9, 7, 11}},
};

START_TEST(test_matrix_diag_part_aligns) {
  for (size_t i = 0; i < sizeof alignments / sizeof alignments[0]; i++) {
    char text[120];
    snprintf(text, sizeof text, "input=i32[4x3] k=i32{-2,1} padding_value=i32(9) align=%s",
             alignments[i].align);
    check(alignments[i].align, run("MatrixDiagPartV3", text), alignments[i].packed, 12);
  }
}
END_TEST

START_TEST(test_matrix_diag_part_of_one_diagonal_has_no_row_dim) {
  const int32_t want[] = {4, 8, 12};
  check("k = -1", run("MatrixDiagPartV3", "input=i32[4x3] k=i32(-1) padding_value=i32(9)"), want,
        3);
  ck_assert_int_eq(out[0].shape.rank, 1);
}
END_TEST

START_TEST(test_matrix_diag_places_each_row_on_its_diagonal) {
  /* Rows are diagonals 1, 0 and -1; RIGHT_LEFT: 1 loses its first place, -1 its last. */
  const int32_t want[] = {4, 2, 9, 7, 5, 3, 9, 8, 6};
  check("3 by 3",
        run("MatrixDiagV3",
            "diagonal=i32[3x3] k=i32{-1,1} num_rows=i32(-1) num_cols=i32(-1) padding_value=i32(9)"),
        want, 9);
}
END_TEST

START_TEST(test_matrix_diag_of_one_diagonal_takes_a_given_size) {
  const int32_t want[] = {9, 1, 9, 9, 9, 9, 2, 9};
  check("2 by 4",
        run("MatrixDiagV3",
            "diagonal=i32[2] k=i32(1) num_rows=i32(2) num_cols=i32(4) padding_value=i32(9)"),
        want, 8);
}
END_TEST

START_TEST(test_matrix_set_diag_leaves_the_rest) {
  const int32_t *got = run("MatrixSetDiagV3", "input=i32[3x3] diagonal=i32{0,0} k=i32(-1)");
  const int32_t want[] = {1, 2, 3, 0, 5, 6, 7, 0, 9};
  check("k = -1", got, want, 9);
}
END_TEST

START_TEST(test_matrix_diag_refuses_sizes_that_do_not_fit) {
  const char *const bad[] = {
      "diagonal=i32[3] k=i32(0) num_rows=i32(4) num_cols=i32(4) padding_value=i32(9)",
      "diagonal=i32[3] k=i32(0) num_rows=i32(2) num_cols=i32(-1) padding_value=i32(9)",
      "diagonal=i32[2x3] k=i32{-1,1} num_rows=i32(-1) num_cols=i32(-1) padding_value=i32(9)",
      "diagonal=i32[2x3] k=i32{1,0} num_rows=i32(-1) num_cols=i32(-1) padding_value=i32(9)"};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    clear();
    ck_assert_msg(tarn__case_make(tarn__allocator_default(), tarn__op_find("MatrixDiagV3"), bad[i],
                                  TARN_NO_DTYPE, 1, &made) != TARN_OK,
                  "%s", bad[i]);
  }
}
END_TEST

SUITE_MAIN_TEARDOWN("matrix_diag", clear, test_matrix_diag_part_aligns,
                    test_matrix_diag_part_of_one_diagonal_has_no_row_dim,
                    test_matrix_diag_places_each_row_on_its_diagonal,
                    test_matrix_diag_of_one_diagonal_takes_a_given_size,
                    test_matrix_set_diag_leaves_the_rest,
                    test_matrix_diag_refuses_sizes_that_do_not_fit)
