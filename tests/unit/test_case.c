/* Case strings: inputs, attributes, what is derived, and what is refused. On ops of its own:
 * defining tarn__op_files and tarn__kernel_files here keeps the real tables out of this program. */
#include "graph/case/case.h"
#include "graph/case/case_input.h"
#include "tests/unit/suite.h"


static tarn_status concat_infer(tarn_infer *t) {
  t->out[0] = t->in[0];
  t->out[0].dim[0] = 0;
  for (int i = 0; i < t->inputs - 1; i++) t->out[0].dim[0] += t->in[i].dim[0];
  return TARN_OK;
}

const tarn_op tarn_ops_case[] = {
    {.name = "Add",
     .inputs = "x: T, y: T",
     .outputs = "z: T",
     .attrs = "T: {float, int32, string, bool, complex64}",
     .infer = tarn__infer_binary},
    {.name = "Concat",
     .inputs = "values: N * T, axis: int32",
     .outputs = "output: T",
     .attrs = "N: int >= 2; T: type",
     .infer = concat_infer},
    {.name = "Cast",
     .inputs = "x: SrcT",
     .outputs = "y: DstT",
     .attrs = "SrcT: type; DstT: type; strides: list(int) = [1, 1];"
              "padding: {'SAME', 'VALID'} = 'SAME'; note: string = ''"},
    {.name = "Pack",
     .inputs = "args: Tin",
     .outputs = "n: int32",
     .attrs = "Tin: list(type)",
     .infer = tarn__infer_scalars},
    {.name = "Write", .inputs = "ref: Ref(T)", .attrs = "T: type"},
    {.name = "Placeholder",
     .outputs = "output: dtype",
     .attrs = "dtype: type",
     .infer = tarn__infer_unknown},
    {0},
};
const tarn_op_file tarn__op_files[] = {{tarn_ops_case, "graph/ops/case.c"}, {0}};

static tarn_status add(const tarn_call *call) {
  const float *x = call->in[0]->data, *y = call->in[1]->data;
  for (int64_t i = 0; i < tarn__tensor_elements(call->out[0]); i++)
    ((float *)call->out[0]->data)[i] = x[i] + y[i];
  return TARN_OK;
}
static const tarn_kernel kernels[] = {{.op = "Add", .dtypes = TARN_BIT(TARN_F32), .run = add}, {0}};
const tarn_kernel_file tarn__kernel_files[] = {
  {kernels, "plain", TARN_TARGET_REFERENCE, "kernels/cpu/case/plain.reference.c"}, {0}};

static tarn_case made;
static void make(const char *op, const char *text, tarn_dtype dtype) {
  ck_assert_msg(tarn__case_make(tarn__allocator_default(), tarn__op_find(op), text, dtype, 7,
                                &made) == TARN_OK,
                "%s", tarn_error());
}

START_TEST(test_case_reads_inputs) {
  make("Add", "x=T[2x3] y=f32{1,-2.5,1e2}", TARN_NO_DTYPE);
  ck_assert_int_eq(made.problem.inputs, 2);
  ck_assert_int_eq(made.in[0].dtype, TARN_F32);
  ck_assert_int_eq(made.in_shape[0].rank, 2);
  ck_assert(((float *)made.in[1].data)[1] == -2.5f);
  ck_assert(((float *)made.in[1].data)[2] == 100.0f);
  ck_assert_int_eq(made.out_shape[0].dim[1], 3);
  ck_assert_int_eq(made.problem.out_dtype[0], TARN_F32);
  tarn__case_clear(&made);
}
END_TEST

START_TEST(test_case_orders_inputs) {
  make("Add", "y=i32(5) x=i32[2x2]{1,2,3,4}", TARN_NO_DTYPE);
  ck_assert_int_eq(made.in_shape[0].rank, 2);
  ck_assert_int_eq(((int32_t *)made.in[0].data)[3], 4);
  ck_assert_int_eq(((int32_t *)made.in[1].data)[0], 5);
  tarn__case_clear(&made);
}
END_TEST

START_TEST(test_case_replaces_t) {
  make("Add", "x=T[5] y=T[]", TARN_I32);
  ck_assert_int_eq(made.in[0].dtype, TARN_I32);
  tarn__case_clear(&made);
  make("Cast", "x=T[5] DstT=T", TARN_F64);
  ck_assert_int_eq(made.problem.out_dtype[0], TARN_F64);
  tarn__case_clear(&made);
}
END_TEST

START_TEST(test_case_reads_attributes) {
  make("Cast", "x=f32[1] DstT=bool strides=[2, 3] padding=VALID note='a b'", TARN_NO_DTYPE);
  const tarn_attrs *attrs = &made.node->attrs;
  ck_assert_int_eq(tarn__attr_type(attrs, "SrcT"), TARN_F32);
  ck_assert_int_eq(tarn__attr_type(attrs, "DstT"), TARN_BOOL);
  ck_assert_int_eq(tarn__attr_list(attrs, "strides")->list.i[1], 3);
  ck_assert(tarn__attr_is(attrs, "padding", "VALID"));
  ck_assert(tarn__attr_is(attrs, "note", "a b"));
  tarn__case_clear(&made);
}
END_TEST

START_TEST(test_case_derives_numbers_and_lists) {
  make("Concat", "values=f32[2x1] axis=i32(0) values=f32[3x1]", TARN_NO_DTYPE);
  ck_assert_int_eq(tarn__attr_int(&made.node->attrs, "N"), 2);
  ck_assert_int_eq(made.in_shape[1].dim[0], 3);
  ck_assert_int_eq(made.out_shape[0].dim[0], 5);
  tarn__case_clear(&made);
  make("Pack", "args=f32[2] args=str{'a','b c'} args=bool{true,false}", TARN_NO_DTYPE);
  ck_assert_uint_eq(tarn__attr_list(&made.node->attrs, "Tin")->list.count, 3);
  ck_assert_uint_eq(((tarn_string *)made.in[1].data)[1].size, 3);
  ck_assert_int_eq(((uint8_t *)made.in[2].data)[0], 1);
  ck_assert_int_eq(((uint8_t *)made.in[2].data)[1], 0);
  tarn__case_clear(&made);
}
END_TEST

START_TEST(test_case_random_elements_follow_the_seed) {
  tarn_tensor a, b, c;
  const tarn_allocator *alloc = tarn__allocator_default();
  ck_assert_int_eq(tarn__case_input(alloc, "f32[100]:-1..1", TARN_F32, 1, &a), TARN_OK);
  ck_assert_int_eq(tarn__case_input(alloc, "f32[100]:-1..1", TARN_F32, 1, &b), TARN_OK);
  ck_assert_int_eq(tarn__case_input(alloc, "f32[100]:-1..1", TARN_F32, 2, &c), TARN_OK);
  ck_assert_mem_eq(a.data, b.data, 400);
  ck_assert_mem_ne(a.data, c.data, 400);
  double low = 0, high = 0;
  for (int i = 0; i < 100; i++) {
    double x = tarn__element_get(&a, i);
    ck_assert(x >= -1 && x <= 1);
    low = x < low ? x : low;
    high = x > high ? x : high;
  }
  ck_assert(low < -0.8 && high > 0.8);
  tarn__tensor_clear(&a);
  tarn__tensor_clear(&b);
  tarn__tensor_clear(&c);
  ck_assert_int_eq(tarn__case_input(alloc, "u8[300]:3..5", TARN_F32, 1, &a), TARN_OK);
  bool seen[8] = {false};
  for (int i = 0; i < 300; i++) seen[(int)tarn__element_get(&a, i)] = true;
  ck_assert(!seen[2] && seen[3] && seen[4] && seen[5] && !seen[6]);
  tarn__tensor_clear(&a);
}
END_TEST

START_TEST(test_case_follows_formulas) {
  make("Pack", "args=i32[2x4]:5+-2/3 args=f32[3x3]:dominant", TARN_NO_DTYPE);
  static const int32_t steps[] = {5, 5, 5, 3, 3, 3, 1, 1};
  for (int i = 0; i < 8; i++) ck_assert_int_eq(((int32_t *)made.in[0].data)[i], steps[i]);
  const float *m = made.in[1].data;
  for (int i = 0; i < 9; i++) ck_assert(i % 4 ? m[i] < 6 : m[i] > 6);
  tarn__case_clear(&made);
  make("Add", "x=str[50]:-3..3 y=str[50]", TARN_NO_DTYPE);
  for (int i = 0; i < 50; i++) {
    const tarn_string *s = (const tarn_string *)made.in[0].data + i;
    ck_assert(s->size == 1 || (s->size == 2 && s->data[0] == '-'));
    ck_assert(s->data[s->size - 1] >= '0' && s->data[s->size - 1] <= '3');
  }
  tarn__case_clear(&made);
}
END_TEST

START_TEST(test_case_keeps_64_bit_integers) {
  tarn_tensor a;
  ck_assert_int_eq(
      tarn__case_input(tarn__allocator_default(), "i64{9223372036854775807,-9223372036854775808}",
                       TARN_F32, 1, &a),
      TARN_OK);
  ck_assert(((int64_t *)a.data)[0] == INT64_MAX && ((int64_t *)a.data)[1] == INT64_MIN);
  tarn__tensor_clear(&a);
}
END_TEST

START_TEST(test_case_runs_kernels) {
  make("Add", "x=f32{1,2} y=f32{10,20}", TARN_NO_DTYPE);
  size_t count;
  const tarn_kernel_ref *k = tarn__kernels_of("Add", &count);
  tarn_tensor out[1] = {0};
  ck_assert_int_eq(tarn__case_run(&made, k[0], NULL, out), TARN_OK);
  ck_assert(((float *)out[0].data)[1] == 22);
  tarn__tensor_clear(&out[0]);
  float mine[2];
  out[0] = (tarn_tensor){.dtype = TARN_F32, .shape = made.out_shape[0], .data = mine};
  ck_assert_int_eq(tarn__case_run(&made, k[0], NULL, out), TARN_OK);
  ck_assert(mine[0] == 11);
  tarn__case_clear(&made);
}
END_TEST

START_TEST(test_case_refuses_malformed_text) {
  static const struct { const char *op, *text;
  } wrong[] = {
      {"Add", "x=f32[2]"},
      {"Add", "x=f32[2] y=f32[3]"},
      {"Add", "x=f32[2] y=i32[2]"},
      {"Add", "x"},
      {"Add", "x=f32"},
      {"Add", "x=f32[2"},
      {"Add", "x=f32[-2]"},
      {"Add", "x=f32[2]junk"},
      {"Add", "x=f32[2]{1}"},
      {"Add", "x=f32[2]{1,2,3}"},
      {"Add", "x=f32[2]:1"},
      {"Add", "x=f32[2]:2..1"},
      {"Add", "x=f32[2]:1+2 y=f32[2]"},
      {"Add", "x=f32[2]:1+2/0 y=f32[2]"},
      {"Add", "x=f32[2]:dominant y=f32[2]"},
      {"Add", "x=f99[2]"},
      {"Add", "q=f32[2]"},
      {"Add", "x=i32{1.5}"},
      {"Add", "x=f64[2] y=f64[2]"},
      {"Add", "x=resource[]"},
      {"Add", "x=f32[99999999999x99999999999]"},
      {"Cast", "x=f32[2]"},
      {"Cast", "x=f32[2] DstT=thing"},
      {"Cast", "x=f32[2] DstT=i32 padding=BOTH"},
      {"Cast", "x=f32[2] DstT=i32 strides=[1"},
      {"Concat", "values=f32[2] axis=i32(0)"},
      {"Write", "ref=f32[2]"},
  };
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
    ck_assert_msg(tarn__case_make(tarn__allocator_default(), tarn__op_find(wrong[i].op),
                                  wrong[i].text, TARN_F32, 1, &made) != TARN_OK,
                  "%s took '%s'", wrong[i].op, wrong[i].text);
}
END_TEST

SUITE_MAIN("case", test_case_reads_inputs, test_case_orders_inputs, test_case_replaces_t,
           test_case_reads_attributes, test_case_derives_numbers_and_lists,
           test_case_random_elements_follow_the_seed, test_case_follows_formulas,
           test_case_keeps_64_bit_integers, test_case_runs_kernels,
           test_case_refuses_malformed_text)
