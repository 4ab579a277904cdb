/* What begin, end, strides and masks mean, entry by entry, as Python's slices do. */
#include "kernels/params/strided_slice.h"
#include "core/status.h"
#include "tests/unit/suite.h"

static tarn_strided_slice slice;

/* Of a tensor of shape [rank dims]; n entries. */
static tarn_status make(int rank, const int64_t *dims, int64_t n, const int32_t *begin,
                        const int32_t *end, const int32_t *strides, tarn_strided_slice_params p) {
  tarn_shape x;
  ck_assert_int_eq(tarn__shape_make(rank, dims, &x), TARN_OK);
  const tarn_shape entries = tarn__shape_vector(n);
  const tarn_tensor b = {.dtype = TARN_I32, .shape = entries, .data = (void *)(uintptr_t)begin};
  const tarn_tensor e = {.dtype = TARN_I32, .shape = entries, .data = (void *)(uintptr_t)end};
  const tarn_tensor s = {.dtype = TARN_I32, .shape = entries, .data = (void *)(uintptr_t)strides};
  return tarn__strided_slice_make(&p, &x, &b, &e, &s, &slice);
}

#define DIMS(...) (const int64_t[]){__VA_ARGS__}
#define AT(...) (const int32_t[]){__VA_ARGS__}

static void check_dim(int d, int64_t begin, int64_t stride, int64_t size) {
  ck_assert_int_eq(slice.begin[d], begin);
  ck_assert_int_eq(slice.stride[d], stride);
  ck_assert_int_eq(slice.size[d], size);
}

static void check_out(int rank, const int64_t *dims) {
  ck_assert_int_eq(slice.out.rank, rank);
  for (int d = 0; d < rank; d++) ck_assert_int_eq(slice.out.dim[d], dims[d]);
}

START_TEST(test_strided_slice_clamps_to_the_dim) { /* x[-9:9:2] of 5 */
  ck_assert_int_eq(make(1, DIMS(5), 1, AT(-9), AT(9), AT(2), (tarn_strided_slice_params){0}),
                   TARN_OK);
  check_dim(0, 0, 2, 3);
  check_out(1, DIMS(3));
}
END_TEST

START_TEST(test_strided_slice_walks_backwards) { /* x[4:0:-3] and x[::-1] of 5 */
  ck_assert_int_eq(make(1, DIMS(5), 1, AT(4), AT(0), AT(-3), (tarn_strided_slice_params){0}),
                   TARN_OK);
  check_dim(0, 4, -3, 2);
  const tarn_strided_slice_params open = {.begin_mask = 1, .end_mask = 1};
  ck_assert_int_eq(make(1, DIMS(5), 1, AT(0), AT(0), AT(-1), open), TARN_OK);
  check_dim(0, 4, -1, 5);
}
END_TEST

START_TEST(test_strided_slice_is_empty_the_wrong_way) { /* x[3:1] of 5 */
  ck_assert_int_eq(make(1, DIMS(5), 1, AT(3), AT(1), AT(1), (tarn_strided_slice_params){0}),
                   TARN_OK);
  ck_assert_int_eq(slice.size[0], 0);
  check_out(1, DIMS(0));
}
END_TEST

START_TEST(
    test_strided_slice_indexes_from_the_end) { /* x[-1] of [3, 4]: end 0 means nothing here */
  const tarn_strided_slice_params p = {.shrink_axis_mask = 1};
  ck_assert_int_eq(make(2, DIMS(3, 4), 1, AT(-1), AT(0), AT(1), p), TARN_OK);
  check_dim(0, 2, 1, 1);
  check_dim(1, 0, 1, 4);
  check_out(1, DIMS(4));
}
END_TEST

START_TEST(test_strided_slice_ellipsis_leaves_the_last_entries) { /* x[..., new, 1] of [2, 3, 4] */
  const tarn_strided_slice_params p = {
      .ellipsis_mask = 1, .new_axis_mask = 2, .shrink_axis_mask = 4};
  ck_assert_int_eq(make(3, DIMS(2, 3, 4), 3, AT(0, 0, 1), AT(0, 0, 2), AT(1, 1, 1), p), TARN_OK);
  check_dim(2, 1, 1, 1);
  check_out(3, DIMS(2, 3, 1));
}
END_TEST

START_TEST(test_strided_slice_new_axis_wins_over_shrinking) { /* both bits: a new axis */
  const tarn_strided_slice_params p = {.new_axis_mask = 1, .shrink_axis_mask = 1};
  ck_assert_int_eq(make(1, DIMS(5), 1, AT(0), AT(1), AT(1), p), TARN_OK);
  check_out(2, DIMS(1, 5));
}
END_TEST

START_TEST(test_strided_slice_survives_extreme_numbers) {
  ck_assert_int_eq(make(1, DIMS(5), 1, AT(INT32_MIN), AT(INT32_MAX), AT(INT32_MAX),
                        (tarn_strided_slice_params){0}),
                   TARN_OK);
  check_dim(0, 0, 1, 1); /* the stride of a single element does not matter */
  ck_assert_int_eq(make(1, DIMS(5), 1, AT(INT32_MAX), AT(INT32_MIN), AT(INT32_MIN),
                        (tarn_strided_slice_params){0}),
                   TARN_OK);
  ck_assert_int_eq(slice.begin[0], 4);
  ck_assert_int_eq(slice.size[0], 1);
}
END_TEST

START_TEST(test_strided_slice_refuses_what_has_no_meaning) {
  const tarn_strided_slice_params none = {0}, shrink = {.shrink_axis_mask = 1},
                                  twice = {.ellipsis_mask = 3};
  ck_assert_int_ne(make(1, DIMS(5), 1, AT(0), AT(5), AT(0), none), TARN_OK);          /* stride 0 */
  ck_assert_int_ne(make(1, DIMS(5), 1, AT(5), AT(6), AT(1), shrink),
                   TARN_OK); /* index past the end */
  ck_assert_int_ne(make(1, DIMS(5), 1, AT(0), AT(1), AT(-1), shrink),
                   TARN_OK); /* index backwards */
  ck_assert_int_ne(make(1, DIMS(5), 2, AT(0, 0), AT(5, 5), AT(1, 1), none),
                   TARN_OK); /* more entries than dims */
  ck_assert_int_ne(make(2, DIMS(5, 5), 2, AT(0, 0), AT(5, 5), AT(1, 1), twice), TARN_OK);
}
END_TEST

SUITE_MAIN("strided_slice", test_strided_slice_clamps_to_the_dim,
           test_strided_slice_walks_backwards, test_strided_slice_is_empty_the_wrong_way,
           test_strided_slice_indexes_from_the_end,
           test_strided_slice_ellipsis_leaves_the_last_entries,
           test_strided_slice_new_axis_wins_over_shrinking,
           test_strided_slice_survives_extreme_numbers,
           test_strided_slice_refuses_what_has_no_meaning)
