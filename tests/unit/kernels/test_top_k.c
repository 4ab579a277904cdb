/* Top k: ties, and the order of a heap that is handed out unsorted. */
#include "graph/case/case.h"
#include "tests/unit/suite.h"

static tarn_case made;
static tarn_tensor out[2];

static void clear(void) {
  tarn__tensor_clear(&out[0]);
  tarn__tensor_clear(&out[1]);
  tarn__case_clear(&made);
}

static void check(const char *text, const int32_t *indices, int n) {
  clear();
  ck_assert_msg(tarn__case_make(tarn__allocator_default(), tarn__op_find("TopKV2"), text,
                                TARN_NO_DTYPE, 1, &made) == TARN_OK,
                "%s", tarn_error());
  size_t count;
  out[0] = out[1] = (tarn_tensor){.dtype = TARN_NO_DTYPE};
  ck_assert_int_eq(tarn__case_run(&made, tarn__kernels_of("TopKV2", &count)[0], NULL, out),
                   TARN_OK);
  for (int i = 0; i < n; i++)
    ck_assert_msg(((const int32_t *)out[1].data)[i] == indices[i],
                  "%s: index %d is %d, expected %d", text, i, ((const int32_t *)out[1].data)[i],
                  indices[i]);
}

START_TEST(test_top_k_gives_ties_in_order) {
  check("input=f32{1,3,3,2,3} k=i32(4)", (const int32_t[]){1, 2, 4, 3}, 4);
  check("input=i32{5,5} k=i32(2)", (const int32_t[]){0, 1}, 2);
}
END_TEST

START_TEST(test_top_k_unsorted_is_tensorflows_heap) {
  check("input=f32{2,0,0,4,5,5} k=i32(3) sorted=false", (const int32_t[]){3, 4, 5}, 3);
  check("input=f32{0,4,1,4,1,2} k=i32(3) sorted=false", (const int32_t[]){5, 1, 3}, 3);
  check("input=f32{1,2,3,4,5,6,7,8,9} k=i32(5) sorted=false", (const int32_t[]){4, 5, 7, 6, 8}, 5);
}
END_TEST

SUITE_MAIN_TEARDOWN("top_k", clear, test_top_k_gives_ties_in_order,
                    test_top_k_unsorted_is_tensorflows_heap)
