/* Reference kernels of neural networks against numbers worked out by hand. */
#include "graph/case/case.h"
#include "tests/unit/suite.h"

#include <math.h>

/* Runs the reference kernel of an op on a case whose float inputs hold `first` and `second` (NULL:
 * as the case says). */
static tarn_status run(const char *op, const char *text, const float *first, const float *second,
                       float *y, int64_t n, int output) {
  tarn_case made;
  tarn_tensor out[TARN_CASE_MAX_INPUTS] = {{0}};
  size_t kernels;
  const tarn_op *entry = tarn__op_find(op);
  ck_assert_ptr_nonnull(entry);
  ck_assert_msg(
      tarn__case_make(tarn__allocator_default(), entry, text, TARN_F32, 1, &made) == TARN_OK, "%s",
      tarn_error());
  const float *given[] = {first, second};
  for (int i = 0, k = 0; i < made.problem.inputs && k < 2; i++) {
    if (made.in[i].dtype != TARN_F32) continue;
    if (given[k]) memcpy(made.in[i].data, given[k], tarn__tensor_bytes(&made.in[i]));
    k++;
  }
  tarn_kernel_ref k = tarn__kernels_of(op, &kernels)[0];
  ck_assert_uint_gt(kernels, 0);
  tarn_status status = tarn__case_run(&made, k, NULL, out);
  if (status == TARN_OK) {
    ck_assert_int_eq(tarn__tensor_elements(&out[output]), n);
    memcpy(y, out[output].data, (size_t)n * sizeof *y);
  }
  for (int o = 0; o < made.problem.outputs; o++) tarn__tensor_clear(&out[o]);
  tarn__case_clear(&made);
  return status;
}

static void expect(const float *y, const float *wanted, int n) {
  for (int i = 0; i < n; i++)
    ck_assert_msg(fabsf(y[i] - wanted[i]) <= 1e-4f, "element %d: %g, expected %g", i, y[i],
                  wanted[i]);
}

static const float square[] = {1, 2, 3, 4};
static const float powers[] = {1, 10, 100, 1000};

START_TEST(test_nn_conv2d_reads_the_right_pixels) {
  float y[4];
  ck_assert(run("Conv2D", "input=f32[1x2x2x1] filter=f32[2x2x1x1] strides=[1,1,1,1] padding=SAME",
                square, powers, y, 4, 0) == TARN_OK);
  expect(y, (float[]){4321, 402, 43, 4}, 4);   /* the padding of an even window is behind */
}
END_TEST

START_TEST(test_nn_conv2d_gradients_are_its_transposes) {
  const float ones[] = {1, 1, 1, 1};
  float y[4];
  ck_assert(run("Conv2DBackpropInput",
                "input_sizes=i32{1,2,2,1} filter=f32[2x2x1x1] out_backprop=f32[1x2x2x1] "
                "strides=[1,1,1,1] padding=SAME",
                powers, ones, y, 4, 0) == TARN_OK);
  expect(y, (float[]){1, 11, 101, 1111}, 4);
  ck_assert(run("Conv2DBackpropFilter",
                "input=f32[1x2x2x1] filter_sizes=i32{2,2,1,1} out_backprop=f32[1x2x2x1] "
                "strides=[1,1,1,1] padding=SAME",
                square, ones, y, 4, 0) == TARN_OK);
  expect(y, (float[]){10, 6, 7, 4}, 4);
}
END_TEST

START_TEST(test_nn_max_pool_passes_over_nan) {
  const float x[] = {NAN, 1, 2, -INFINITY};
  float y[1];
  ck_assert(run("MaxPool", "input=f32[1x2x2x1] ksize=[1,2,2,1] strides=[1,1,1,1] padding=VALID", x,
                NULL, y, 1, 0) == TARN_OK);
  expect(y, (float[]){2}, 1);
}
END_TEST

START_TEST(test_nn_average_pool_does_not_count_padding) {
  float y[4];
  ck_assert(run("AvgPool", "value=f32[1x2x2x1] ksize=[1,2,2,1] strides=[1,1,1,1] padding=SAME",
                square, NULL, y, 4, 0) == TARN_OK);
  expect(y, (float[]){2.5f, 3, 3.5f, 4}, 4);
}
END_TEST

START_TEST(test_nn_batch_norm_gives_unbiased_variance_and_keeps_the_biased_one) {
  const float x[] = {1, 3}, one[] = {1};
  const char *text = "x=f32[2x1x1x1] scale=f32[1] offset=f32[1]:0..0 mean=f32[0] variance=f32[0]";
  float y[2];
  ck_assert(run("FusedBatchNormV3", text, x, one, y, 2, 0) == TARN_OK);
  expect(y, (float[]){-0.99995f, 0.99995f}, 2);
  ck_assert(run("FusedBatchNormV3", text, x, one, y, 1, 2) == TARN_OK);
  expect(y, (float[]){2}, 1);
  ck_assert(run("FusedBatchNormV3", text, x, one, y, 1, 4) == TARN_OK);
  expect(y, (float[]){1}, 1);
}
END_TEST

START_TEST(test_nn_cross_entropy_refuses_a_label_out_of_range) {
  const float x[] = {0, 0, 0, 0};
  float y[1];
  ck_assert(run("SparseSoftmaxCrossEntropyWithLogits", "features=f32[1x4] labels=i32{3}", x, NULL,
                y, 1, 0) == TARN_OK);
  expect(y, (float[]){logf(4)}, 1);
  ck_assert(run("SparseSoftmaxCrossEntropyWithLogits", "features=f32[1x4] labels=i32{4}", x, NULL,
                y, 1, 0) == TARN_INVALID);
  ck_assert(run("SparseSoftmaxCrossEntropyWithLogits", "features=f32[1x4] labels=i32{-1}", x, NULL,
                y, 1, 0) == TARN_INVALID);
}
END_TEST

START_TEST(test_nn_einsum_sums_what_the_output_leaves_out) {
  float y[4];
  ck_assert(run("Einsum", "inputs=f32[2x2] inputs=f32[2x2] equation='ij,jk->ik'", square, powers, y,
                4, 0) == TARN_OK);
  expect(y, (float[]){201, 2010, 403, 4030}, 4);
  ck_assert(run("Einsum", "inputs=f32[2x2] equation='ii->'", square, NULL, y, 1, 0) == TARN_OK);
  expect(y, (float[]){5}, 1);
}
END_TEST

START_TEST(test_nn_fake_quant_snaps_to_steps_that_hold_zero) {
  const float x[] = {-5, 0, 0.3f, 9}, low[] = {-0.1f};
  float y[4];
  ck_assert(run("FakeQuantWithMinMaxVars", "inputs=f32[4] min=f32[] max=f32(0.27) num_bits=3", x,
                low, y, 4, 0) == TARN_OK);
  /* step 0.37/7; the range moves to [-2, 5] steps */
  expect(y, (float[]){-0.105714f, 0, 0.264286f, 0.264286f}, 4);
}
END_TEST

SUITE_MAIN("nn", test_nn_conv2d_reads_the_right_pixels,
           test_nn_conv2d_gradients_are_its_transposes, test_nn_max_pool_passes_over_nan,
           test_nn_average_pool_does_not_count_padding,
           test_nn_batch_norm_gives_unbiased_variance_and_keeps_the_biased_one,
           test_nn_cross_entropy_refuses_a_label_out_of_range,
           test_nn_einsum_sums_what_the_output_leaves_out,
           test_nn_fake_quant_snaps_to_steps_that_hold_zero)
