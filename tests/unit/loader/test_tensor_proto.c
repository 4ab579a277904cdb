/* Constants in every form that TensorFlow writes: raw content, typed values, repetition, and what
 * is wrong with each. */
#include "tests/unit/model_text.h"
#include "tests/unit/suite.h"

static tarn_graph *graph;

static void teardown(void) {
  tarn__graph_destroy(graph);
  graph = NULL;
}

/* The constant whose TensorProto has these fields; NULL when the node has a problem. */
static const tarn_tensor *constant(const char *fields) {
  char text[4096];
  snprintf(text, sizeof text,
           "node { name: 'c' op: 'UnknownOp' attr { key: 'value' value { tensor { %s } } } }",
           fields);
  teardown();
  graph = graph_of_text(text);
  ck_assert_ptr_nonnull(graph);
  return tarn__attr_find(&tarn__graph_node(graph, "c")->attrs, "value")->tensor;
}

static tarn_status refused(const char *fields) {
  char text[4096];
  snprintf(text, sizeof text,
           "node { name: 'c' op: 'UnknownOp' attr { key: 'value' value { tensor { %s } } } }",
           fields);
  return refusal_of_text(text);
}

#define SHAPE3 " tensor_shape { dim { size: 3 } } "
#define SHAPE32 " tensor_shape { dim { size: 3 } dim { size: 2 } } "

START_TEST(test_tensor_proto_scalar_has_no_shape) {
  const tarn_tensor *t = constant("dtype: DT_FLOAT float_val: 2.5");
  ck_assert_int_eq(t->shape.rank, 0);
  ck_assert_float_eq(*(float *)t->data, 2.5f);
}
END_TEST

START_TEST(test_tensor_proto_last_value_repeats) {
  const tarn_tensor *t = constant("dtype: DT_FLOAT" SHAPE32 "float_val: [1, 2]");
  const float want[] = {1, 2, 2, 2, 2, 2};
  ck_assert_int_eq(tarn__tensor_elements(t), 6);
  ck_assert_mem_eq(t->data, want, sizeof want);
  t = constant("dtype: DT_STRING" SHAPE3 "string_val: ['a', 'bc']");
  ck_assert_uint_eq(((tarn_string *)t->data)[2].size, 2);
  ck_assert_mem_eq(((tarn_string *)t->data)[2].data, "bc", 2);
}
END_TEST

START_TEST(test_tensor_proto_no_values_are_zeros) {
  const tarn_tensor *t = constant("dtype: DT_INT64" SHAPE3);
  const int64_t want[3] = {0};
  ck_assert_mem_eq(t->data, want, sizeof want);
  t = constant("dtype: DT_FLOAT int_val: 7");   /* another type's field is not this one's */
  ck_assert_float_eq(*(float *)t->data, 0);
}
END_TEST

/* The lengths, then the bytes. */
START_TEST(test_tensor_proto_strings_as_content) {
  const tarn_tensor *t = constant("dtype: DT_STRING" SHAPE3 "tensor_content: '\\001\\000\\002abb'");
  const char *const want[] = {"a", "", "bb"};
  for (int i = 0; i < 3; i++) {
    const tarn_string s = ((const tarn_string *)t->data)[i];
    ck_assert_uint_eq(s.size, strlen(want[i]));
    ck_assert(s.size == 0 || memcmp(s.data, want[i], s.size) == 0);
  }
  ck_assert_int_eq(refused("dtype: DT_STRING" SHAPE3 "tensor_content: '\\001\\000\\003abb'"),
                   TARN_CORRUPT);
  ck_assert_int_eq(refused("dtype: DT_STRING" SHAPE3 "tensor_content: '\\001\\000\\001abb'"),
                   TARN_CORRUPT);
  ck_assert_int_eq(refused("dtype: DT_STRING" SHAPE3 "tensor_content: '\\001\\000'"), TARN_CORRUPT);
}
END_TEST

START_TEST(test_tensor_proto_every_type) {
  static const struct {
    const char *fields;
    unsigned char bytes[32];
    size_t size;
  } cases[] = {
      {"dtype: DT_DOUBLE double_val: 1", {0, 0, 0, 0, 0, 0, 0xf0, 0x3f}, 8},
      {"dtype: DT_INT32 int_val: -2", {0xfe, 0xff, 0xff, 0xff}, 4},
      {"dtype: DT_UINT8 int_val: 200", {200}, 1},
      {"dtype: DT_INT8 int_val: -1", {0xff}, 1},
      {"dtype: DT_INT16 int_val: -2", {0xfe, 0xff}, 2},
      {"dtype: DT_UINT16 int_val: 65535", {0xff, 0xff}, 2},
      {"dtype: DT_QINT32 int_val: 5", {5}, 4},
      {"dtype: DT_INT64 int64_val: -3", {0xfd, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, 8},
      {"dtype: DT_UINT32 uint32_val: 4294967295", {0xff, 0xff, 0xff, 0xff}, 4},
      {"dtype: DT_UINT64 uint64_val: 18446744073709551615",
       {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
       8},
      {"dtype: DT_BOOL bool_val: true", {1}, 1},
      {"dtype: DT_HALF half_val: 15360", {0x00, 0x3c}, 2},
      {"dtype: DT_BFLOAT16 half_val: 16256", {0x80, 0x3f}, 2},
      {"dtype: DT_COMPLEX64 scomplex_val: [1, -1]", {0, 0, 0x80, 0x3f, 0, 0, 0x80, 0xbf}, 8},
      {"dtype: DT_COMPLEX128 dcomplex_val: [1, 2]",
       {0, 0, 0, 0, 0, 0, 0xf0, 0x3f, 0, 0, 0, 0, 0, 0, 0, 0x40},
       16},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    const tarn_tensor *t = constant(cases[i].fields);
    ck_assert_msg(t != NULL, "%s", cases[i].fields);
    ck_assert_msg(tarn__tensor_bytes(t) == cases[i].size &&
                      memcmp(t->data, cases[i].bytes, cases[i].size) == 0,
                  "%s", cases[i].fields);
  }
}
END_TEST

START_TEST(test_tensor_proto_content) {
  const tarn_tensor *t =
      constant("dtype: DT_INT32" SHAPE3
               "tensor_content: '\\001\\000\\000\\000\\002\\0\\0\\0\\003\\0\\0\\0'");
  const int32_t want[] = {1, 2, 3};
  ck_assert_mem_eq(t->data, want, sizeof want);
  t = constant("dtype: DT_BOOL" SHAPE3 "tensor_content: '\\000\\007\\377'");
  ck_assert_mem_eq(t->data, "\0\1\1", 3);   /* kernels count on 0 and 1 */
  ck_assert_int_eq(refused("dtype: DT_INT32" SHAPE3 "tensor_content: 'abcd'"), TARN_CORRUPT);
  ck_assert_int_eq(refused("dtype: DT_INT32" SHAPE3 "tensor_content: 'abcdefghijklm'"),
                   TARN_CORRUPT);
  ck_assert_int_eq(refused("dtype: DT_STRING tensor_content: 'abcd'"), TARN_CORRUPT);
}
END_TEST

START_TEST(test_tensor_proto_too_many_values) {
  ck_assert_int_eq(refused("dtype: DT_FLOAT" SHAPE3 "float_val: [1, 2, 3, 4]"), TARN_CORRUPT);
  ck_assert_int_eq(refused("dtype: DT_STRING string_val: ['a', 'b']"), TARN_CORRUPT);
  ck_assert_int_eq(refused("dtype: DT_COMPLEX64 scomplex_val: [1]"), TARN_CORRUPT);
  ck_assert_int_eq(refused("dtype: DT_FLOAT tensor_shape { dim { size: 0 } } float_val: 1"),
                   TARN_CORRUPT);
}
END_TEST

START_TEST(test_tensor_proto_bad_shapes) {
  ck_assert_int_eq(refused("dtype: DT_FLOAT tensor_shape { dim { size: -1 } }"), TARN_CORRUPT);
  ck_assert_int_eq(refused("dtype: DT_FLOAT tensor_shape { dim { size: -7 } }"), TARN_CORRUPT);
  ck_assert_int_eq(refused("dtype: DT_FLOAT tensor_shape { unknown_rank: true }"), TARN_CORRUPT);
  ck_assert_int_eq(
      refused("dtype: DT_FLOAT tensor_shape { dim { size: 4294967296 } dim { size: 4294967296 } }"),
      TARN_CORRUPT);
  ck_assert_int_eq(refused("dtype: DT_FLOAT tensor_shape { dim { size: 4294967296 } dim { size: "
                           "4294967296 } dim { size: 0 } }"),
                   TARN_CORRUPT);
  /* The elements fit 63 bits, their bytes do not. */
  ck_assert_int_eq(refused("dtype: DT_DOUBLE tensor_shape { dim { size: 4611686018427387904 } }"),
                   TARN_LIMIT);
}
END_TEST

START_TEST(test_tensor_proto_bombs_are_limits) {
  ck_assert_int_eq(
      refused("dtype: DT_FLOAT tensor_shape { dim { size: 3000000000 } } float_val: 1"),
      TARN_LIMIT);
  ck_assert_int_eq(refused("dtype: DT_STRING tensor_shape { dim { size: 1099511627776 } }"),
                   TARN_LIMIT);
  ck_assert_int_eq(
      refused("dtype: DT_STRING tensor_shape { dim { size: 100000000 } }"
              "string_val: 'a string of sixty-four bytes, which each of the elements copies.'"),
      TARN_LIMIT);
}
END_TEST

START_TEST(test_tensor_proto_bad_types) {
  ck_assert_int_eq(refused("dtype: DT_INVALID"), TARN_CORRUPT);
  ck_assert_int_eq(refused("float_val: 1"), TARN_CORRUPT);
  ck_assert_int_eq(refused("dtype: DT_FLOAT_REF float_val: 1"), TARN_CORRUPT);
  ck_assert_int_eq(refused("dtype: 1000"), TARN_CORRUPT);
  ck_assert_int_eq(refused("dtype: -1"), TARN_CORRUPT);
}
END_TEST

/* Types that tarn does not have, and ranks above its own, are the node's problem only. */
START_TEST(test_tensor_proto_unheld_is_a_problem) {
  static const char *const cases[] = {
      "dtype: DT_RESOURCE", "dtype: DT_VARIANT", "dtype: DT_FLOAT8_E5M2", "dtype: DT_INT4",
      "dtype: DT_FLOAT tensor_shape { dim: [{size: 1}, {size: 1}, {size: 1}, {size: 1},"
      "{size: 1}, {size: 1}, {size: 1}, {size: 1}, {size: 1}, {size: 1}, {size: 1},"
      "{size: 1}, {size: 1}] }"};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    ck_assert_ptr_null(constant(cases[i]));
    ck_assert_ptr_nonnull(tarn__graph_node(graph, "c")->problem);
  }
}
END_TEST

/* The same values one by one and packed, by hand: 8 floats would be 8 tags of 0x2d, or one of
 * 0x2a. */
START_TEST(test_tensor_proto_packed_and_unpacked) {
  static const unsigned char packed[] = {
      0x0a, 0x31, 0x0a, 1,    'c',  0x12, 1,    'U',  0x2a, 0x29, 0x0a, 5, 'v',
      'a',  'l',  'u',  'e',  0x12, 0x20, 0x42, 0x1e, 0x08, 1,    0x12, 4, 0x12,
      2,    0x08, 2,    0x2a, 8,    0,    0,    0x80, 0x3f, 0,    0,    0, 0x40,
      0x18, 0,    0x18, 0,    0x18, 0,    0x18, 0,    0x18, 0,    0x18, 0};
  static const unsigned char unpacked[] = {
      0x0a, 0x31, 0x0a, 1,    'c',  0x12, 1,    'U',  0x2a, 0x29, 0x0a, 5, 'v',
      'a',  'l',  'u',  'e',  0x12, 0x20, 0x42, 0x1e, 0x08, 1,    0x12, 4, 0x12,
      2,    0x08, 2,    0x2d, 0,    0,    0x80, 0x3f, 0x2d, 0,    0,    0, 0x40,
      0x18, 0,    0x18, 0,    0x18, 0,    0x18, 0,    0x18, 0,    0x18, 0};
  const float want[] = {1, 2};
  const unsigned char *cases[] = {packed, unpacked};
  for (int i = 0; i < 2; i++) {
    tarn_status status;
    teardown();
    graph = graph_of_bytes(tarn__allocator_default(), cases[i], i ? sizeof unpacked : sizeof packed,
                           &status);
    ck_assert_msg(graph != NULL, "%s", tarn_error());
    const tarn_tensor *t = tarn__attr_find(&tarn__graph_node(graph, "c")->attrs, "value")->tensor;
    ck_assert_int_eq(tarn__tensor_elements(t), 2);
    ck_assert_mem_eq(t->data, want, sizeof want);
  }
}
END_TEST

SUITE_MAIN_TEARDOWN("tensor_proto", teardown,
                    test_tensor_proto_scalar_has_no_shape,
                    test_tensor_proto_last_value_repeats,
                    test_tensor_proto_no_values_are_zeros,
                    test_tensor_proto_strings_as_content, test_tensor_proto_every_type,
                    test_tensor_proto_content,
                    test_tensor_proto_too_many_values,
                    test_tensor_proto_bad_shapes,
                    test_tensor_proto_bombs_are_limits,
                    test_tensor_proto_bad_types,
                    test_tensor_proto_unheld_is_a_problem,
                    test_tensor_proto_packed_and_unpacked)
