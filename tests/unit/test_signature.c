/* The notation of op signatures: what it means, and that what is malformed is refused. */
#include "graph/signature/signature.h"
#include "tests/unit/suite.h"

#include <math.h>

static tarn_arena *arena;
static tarn_signature sig;

static void setup(void) {
  ck_assert_int_eq(tarn__arena_create(tarn__allocator_default(), &arena), TARN_OK);
}
static void teardown(void) { tarn__arena_destroy(arena); }

static tarn_status parse(const char *inputs, const char *outputs, const char *attrs) {
  tarn_op op = {.name = "Test", .inputs = inputs, .outputs = outputs, .attrs = attrs};
  return tarn__signature_parse(arena, &op, &sig);
}
static void good(const char *inputs, const char *outputs, const char *attrs) {
  ck_assert_msg(parse(inputs, outputs, attrs) == TARN_OK, "%s", tarn_error());
}
static const tarn_attr_def *attr(const char *name) {
  const tarn_attr_def *def = tarn__signature_attr(&sig, name);
  ck_assert_msg(def != NULL, "no attribute %s", name);
  return def;
}

START_TEST(test_signature_reads_arguments) {
  good("input: T, values: N * T, args: Tin, ref: Ref(T), refs: Ref(N * T), shape: int32, flag:bool",
       "y: float", "T: type; N: int >= 1; Tin: list(type) >= 0");
  ck_assert_uint_eq(sig.inputs, 7);
  ck_assert_uint_eq(sig.outputs, 1);
  ck_assert_str_eq(sig.input[0].type_attr, "T");
  ck_assert_ptr_null(sig.input[0].number_attr);
  ck_assert_str_eq(sig.input[1].number_attr, "N");
  ck_assert_str_eq(sig.input[1].type_attr, "T");
  ck_assert_str_eq(sig.input[2].list_attr, "Tin");
  ck_assert(sig.input[3].is_ref);
  ck_assert(!sig.input[2].is_ref);
  ck_assert(sig.input[4].is_ref);
  ck_assert_str_eq(sig.input[4].number_attr, "N");
  ck_assert_int_eq(sig.input[5].dtype, TARN_I32);
  ck_assert_str_eq(sig.input[6].name, "flag");
  ck_assert_int_eq(sig.output[0].dtype, TARN_F32);
}
END_TEST

START_TEST(test_signature_reads_nothing) {
  good(NULL, NULL, NULL);
  good("", " ", "");
  ck_assert_uint_eq(sig.inputs + sig.outputs + sig.attrs, 0);
}
END_TEST

START_TEST(test_signature_reads_defaults) {
  good(NULL, NULL,
       "i: int = -3; f: float = 1e-4; g: float = -inf; b: bool = true; s: string = 'a;b'; e: "
       "string = '';"
       "t: type = DT_INT64; l: list(int) = [1, 2,3]; n: list(string) = []; x: list(float) = [0.5];"
       "p: shape = {}; q: shape = { unknown_rank: true }; r: shape = [2, ?]; k: list(shape) = "
       "[[1], {}];"
       "m: int >= 2 = 4; o: int = 4 >= 2; y: list(type) = [float, DT_BOOL]; c: list(bool) = [true, "
       "false]");
  ck_assert_int_eq(attr("i")->initial.i, -3);
  ck_assert(attr("f")->initial.f == 1e-4f);
  ck_assert(isinf(attr("g")->initial.f) && attr("g")->initial.f < 0);
  ck_assert(attr("b")->initial.b);
  ck_assert_str_eq(attr("s")->initial.s.data, "a;b");
  ck_assert_uint_eq(attr("e")->initial.s.size, 0);
  ck_assert_int_eq(attr("t")->initial.type.dtype, TARN_I64);
  const tarn_attr *l = &attr("l")->initial;
  ck_assert_int_eq(l->element, TARN_ATTR_INT);
  ck_assert_uint_eq(l->list.count, 3);
  ck_assert_int_eq(l->list.i[2], 3);
  ck_assert_uint_eq(attr("n")->initial.list.count, 0);
  ck_assert(attr("x")->initial.list.f[0] == 0.5f);
  ck_assert_int_eq(attr("p")->initial.shape->rank, 0);
  ck_assert_int_eq(attr("q")->initial.shape->rank, -1);
  ck_assert_int_eq(attr("r")->initial.shape->rank, 2);
  ck_assert_int_eq(attr("r")->initial.shape->dim[1], -1);
  ck_assert_int_eq(attr("k")->initial.list.shape[0].dim[0], 1);
  ck_assert_int_eq(attr("m")->minimum, 2);
  ck_assert_int_eq(attr("m")->initial.i, 4);
  ck_assert_int_eq(attr("o")->minimum, 2);
  ck_assert_int_eq(attr("y")->initial.list.type[1], TARN_BOOL);
  ck_assert(!attr("c")->initial.list.b[1]);
}
END_TEST

START_TEST(test_signature_reads_allowed_values) {
  good(NULL, NULL,
       "T: {half, float, DT_INT32} = float; p: {'SAME', 'VALID'}; L: list({int32, int64}) >= 1;"
       "n: numbertype; r: realnumbertype; S: list({'a', 'b'}) = ['a']");
  ck_assert_uint_eq(attr("T")->types, TARN_BIT(TARN_F16) | TARN_BIT(TARN_F32) | TARN_BIT(TARN_I32));
  ck_assert_uint_eq(attr("p")->allowed_count, 2);
  ck_assert_int_eq(attr("p")->kind, TARN_ATTR_STRING);
  ck_assert_int_eq(attr("L")->element, TARN_ATTR_TYPE);
  ck_assert_uint_eq(attr("L")->types, TARN_BIT(TARN_I32) | TARN_BIT(TARN_I64));
  ck_assert_uint_eq(attr("n")->types, TARN_NUMBERS);
  ck_assert_uint_eq(attr("r")->types, TARN_REALS);
  ck_assert_int_eq(attr("S")->element, TARN_ATTR_STRING);
}
END_TEST

START_TEST(test_signature_checks_values) {
  good(NULL, NULL,
       "T: {float, int32}; p: {'SAME', 'VALID'}; m: int >= 2; l: list(int) >= 1; t: list({float}); "
       "f: float");
  tarn_attr bf16 = {.kind = TARN_ATTR_TYPE, .type = {TARN_BF16, false}},
            i32 = {.kind = TARN_ATTR_TYPE, .type = {TARN_I32, false}};
  ck_assert_ptr_nonnull(tarn__attr_refusal(arena, attr("T"), &bf16));
  ck_assert_ptr_null(tarn__attr_refusal(arena, attr("T"), &i32));
  ck_assert_ptr_nonnull(tarn__attr_refusal(arena, attr("p"), &i32));
  tarn_attr same = {.kind = TARN_ATTR_STRING, .s = {"SAME", 4}},
            sam = {.kind = TARN_ATTR_STRING, .s = {"SAM", 3}};
  ck_assert_ptr_null(tarn__attr_refusal(arena, attr("p"), &same));
  ck_assert_ptr_nonnull(tarn__attr_refusal(arena, attr("p"), &sam));
  tarn_attr one = {.kind = TARN_ATTR_INT, .i = 1}, two = {.kind = TARN_ATTR_INT, .i = 2};
  ck_assert_ptr_nonnull(tarn__attr_refusal(arena, attr("m"), &one));
  ck_assert_ptr_null(tarn__attr_refusal(arena, attr("m"), &two));
  tarn_attr empty = {.kind = TARN_ATTR_LIST};   /* of unknown kind, as files have them */
  ck_assert_ptr_nonnull(tarn__attr_refusal(arena, attr("l"), &empty));
  ck_assert_ptr_null(tarn__attr_refusal(arena, attr("t"), &empty));
  static const tarn_dtype types[] = {TARN_F32, TARN_I32};
  tarn_attr mixed = {
      .kind = TARN_ATTR_LIST, .element = TARN_ATTR_TYPE, .list = {.count = 2, .type = types}};
  ck_assert_ptr_nonnull(tarn__attr_refusal(arena, attr("t"), &mixed));
  mixed.list.count = 1;
  ck_assert_ptr_null(tarn__attr_refusal(arena, attr("t"), &mixed));
  ck_assert_ptr_nonnull(tarn__attr_refusal(arena, attr("l"), &mixed));
  ck_assert_ptr_nonnull(tarn__attr_refusal(arena, attr("f"), &one));
}
END_TEST

START_TEST(test_signature_refuses_malformed_text) {
  static const struct { const char *inputs, *attrs;
  } wrong[] = {
      {"x", NULL},
      {"x:", NULL},
      {"x: T", NULL},
      {"x: N * float", NULL},
      {"x: float y: float", NULL},
      {"x: float,", NULL},
      {"x: Ref(float", NULL},
      {"x: L", "L: list(int)"},
      {"x: N", "N: int"},
      {"x: T * float", "T: type"},
      {NULL, "a"},
      {NULL, "a:"},
      {NULL, "a: thing"},
      {NULL, "a: int = x"},
      {NULL, "a: int = 1.5"},
      {NULL, "a: int = 99999999999999999999"},
      {NULL, "a: list(int) = [1"},
      {NULL, "a: list int"},
      {NULL, "a: bool = yes"},
      {NULL, "a: type = nothing"},
      {NULL, "a: {float"},
      {NULL, "a: {thing}"},
      {NULL, "a: {'x', float}"},
      {NULL, "a: {'x', 'y'} = 'z'"},
      {NULL, "a: {float} = int32"},
      {NULL, "a: int >= 2 = 1"},
      {NULL, "a: int = 1 >= 2"},
      {NULL, "a: int; a: int"},
      {NULL, "a: int b: int"},
      {NULL, "a: bool >= 1"},
      {NULL, "a: shape = [-2]"},
      {NULL, "a: tensor = 3"},
  };
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
    ck_assert_msg(parse(wrong[i].inputs, NULL, wrong[i].attrs) == TARN_INVALID,
                  "taken: '%s' / '%s'", wrong[i].inputs ? wrong[i].inputs : "",
                  wrong[i].attrs ? wrong[i].attrs : "");
}
END_TEST

START_TEST(test_signature_counts_tensors) {
  good("a: N * T, b: L, c: bool", NULL, "N: int; T: type; L: list(type)");
  static const tarn_dtype types[] = {TARN_I32, TARN_BOOL};
  struct tarn_attr_row rows[] = {
    {"N", {.kind = TARN_ATTR_INT, .i = 3}},
    {"T", {.kind = TARN_ATTR_TYPE, .type = {TARN_F64, false}}},
    {"L", {.kind = TARN_ATTR_LIST, .element = TARN_ATTR_TYPE, .list = {.count = 2, .type = types}}},
  };
  tarn_attrs attrs = {.count = 3, .rows = rows};
  ck_assert_int_eq(tarn__arg_count(&sig.input[0], &attrs), 3);
  ck_assert_int_eq(tarn__arg_dtype(&sig.input[0], &attrs, 2), TARN_F64);
  ck_assert_int_eq(tarn__arg_count(&sig.input[1], &attrs), 2);
  ck_assert_int_eq(tarn__arg_dtype(&sig.input[1], &attrs, 1), TARN_BOOL);
  ck_assert_int_eq(tarn__arg_dtype(&sig.input[1], &attrs, 2), TARN_NO_DTYPE);
  ck_assert_int_eq(tarn__arg_count(&sig.input[2], &attrs), 1);
  rows[0].value.i = -1;
  ck_assert_int_eq(tarn__arg_count(&sig.input[0], &attrs), -1);
}
END_TEST

SUITE_MAIN_FIXTURE("signature", setup, teardown, test_signature_reads_arguments,
                   test_signature_reads_nothing, test_signature_reads_defaults,
                   test_signature_reads_allowed_values, test_signature_checks_values,
                   test_signature_refuses_malformed_text, test_signature_counts_tensors)
