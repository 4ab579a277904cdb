/* Protobuf text into wire bytes: against bytes made by hand, the notations, and errors with line
 * and column. */
#include "loader/graphdef/pbtxt_write.h"
#include "tests/unit/model_text.h"
#include "tests/unit/suite.h"

#define G &tarn__proto_graph_def

static void same(const char *text, const void *bytes, size_t size) {
  tarn_bytes b = wire_of(text, G);
  ck_assert_msg(b.size == size && memcmp(b.data, bytes, size) == 0, "%s gives %zu other bytes",
                text, b.size);
  tarn__bytes_clear(&b);
}

static void equal(const char *one, const char *two) {
  tarn_bytes b = wire_of(two, G);
  ck_assert_uint_gt(b.size, 0);
  same(one, b.data, b.size);
  tarn__bytes_clear(&b);
}

static void refuses(const char *text, size_t size, const char *where) {
  tarn_bytes b;
  tarn__bytes_init(&b, tarn__allocator_default());
  ck_assert_msg(tarn__pbtxt_to_wire(text, size, G, &b) == TARN_CORRUPT, "%s", text);
  ck_assert_msg(strstr(tarn_error(), where) != NULL, "'%s' should say %s", tarn_error(), where);
  tarn__bytes_clear(&b);
}
#define REFUSES(text, where) refuses(text, sizeof(text) - 1, where)

/* Text to bytes to text to bytes. */
START_TEST(test_pbtxt_written_reads_the_same) {
  tarn_bytes wire = wire_of(
                 "node { name: 'n' op: 'U' input: ['m:3', '^m'] attr { key: 'i' value { i: -3 } } "
                 "attr { key: 'f' value { f: 0.1 } }"
                 "attr { key: 'inf' value { list { f: [inf, -inf, 3e-45, 1e30] } } } attr { key: "
                 "'b' value { b: true } }"
                 "attr { key: 's' value { s: 'a\\000\\377\\\\\\n\"\\047' } } attr { key: 't' value "
                 "{ type: DT_FLOAT_REF } }"
                 "attr { key: 'l' value { list { i: [1, -2, 300] type: [DT_INT4, DT_HALF] } } }"
                 "attr { key: 'd' value { tensor { dtype: DT_DOUBLE double_val: [0.1, -1e300] "
                 "tensor_shape { dim { size: -1 } } } } } }"
                 "versions { producer: 134 }",
                 G),
             again;
  tarn_bytes text;
  tarn__bytes_init(&text, tarn__allocator_default());
  ck_assert_int_eq(tarn__pbtxt_from_wire(tarn__wire(wire.data, wire.size, 0, "GraphDef"), G, &text),
                   TARN_OK);
  again = wire_of(text.data, G);
  ck_assert_uint_eq(again.size, wire.size);
  ck_assert_mem_eq(again.data, wire.data, wire.size);
  ck_assert_ptr_nonnull(strstr(text.data, "type: DT_FLOAT_REF"));
  text.size = 0;
  ck_assert_int_eq(
      tarn__pbtxt_from_wire(tarn__wire(wire.data, wire.size - 1, 0, "GraphDef"), G, &text),
      TARN_CORRUPT);
  tarn__bytes_clear(&wire);
  tarn__bytes_clear(&again);
  tarn__bytes_clear(&text);
}
END_TEST

START_TEST(test_pbtxt_bytes_by_hand) {
  static const unsigned char node[] = {0x0a, 6, 0x0a, 1, 'n', 0x12, 1, 'U'};
  same("node { name: \"n\" op: \"U\" }", node, sizeof node);
  static const unsigned char version[] = {0x22, 5, 0x08, 0x96, 0x01, 0x10, 0x01};
  same("versions { producer: 150 min_consumer: 1 }", version, sizeof version);
  static const unsigned char negative[] = {0x18, 0xff, 0xff, 0xff, 0xff, 0xff,
                                           0xff, 0xff, 0xff, 0xff, 0x01};
  same("version: -1", negative, sizeof negative);
}
END_TEST

START_TEST(test_pbtxt_notations_are_one) {
  const char *plain = "node { name: 'ab' op: 'U' input: 'x' input: 'y' } versions { producer: 16 }";
  equal("node < name: 'ab' op: 'U' input: 'x' input: 'y' > versions < producer: 16 >", plain);
  equal("node: { name: 'ab', op: 'U'; input: ['x', 'y'] }, versions: { producer: 0x10 };", plain);
  equal(
      "# a comment\nnode{name:'a' \"b\" op:\"U\"input:['x'] # another\n input:'y'} "
      "versions{producer:020}",
      plain);
  equal("node [{ name: '\\141\\x62' op: 'U' input: 'x' input: 'y' }] versions { producer: 16 }",
        plain);
}
END_TEST

START_TEST(test_pbtxt_escapes) {
  static const unsigned char bytes[] = {0x0a, 22,  0x0a, 1,    'n',  0x2a, 17,   0x0a,
                                        1,    'a', 0x12, 12,   0x12, 10,   0x00, '\n',
                                        '\t', '"', '\'', '\\', 0xff, 0xe2, 0x82, 0xac};
  same("node { name: 'n' attr { key: 'a' value { s: '\\0\\n\\t\\\"\\'\\\\\\377\\u20ac' } } }",
       bytes, sizeof bytes);
  equal("node { name: '\\U0001F600' }", "node { name: '\\xf0\\x9f\\x98\\x80' }");
  equal("node { name: '\\ud83d\\ude00' }", "node { name: '\\U0001F600' }");
}
END_TEST

static float float_of(const char *value) {
  char text[200];
  snprintf(text, sizeof text, "node { attr { key: '' value { f: %s } } }", value);
  tarn_bytes b = wire_of(text, G);
  ck_assert_uint_ge(b.size, 4);
  float f;
  memcpy(&f, b.data + b.size - 4, 4);
  tarn__bytes_clear(&b);
  return f;
}

START_TEST(test_pbtxt_floats) {
  ck_assert_float_eq(float_of("1"), 1);
  ck_assert_float_eq(float_of("-2.5e-1"), -0.25f);
  ck_assert_float_eq(float_of("1e+2f"), 100);
  ck_assert_float_eq(float_of(".5"), 0.5f);
  ck_assert_float_infinite(float_of("inf"));
  ck_assert_float_infinite(float_of("-Infinity"));
  ck_assert_float_nan(float_of("nan"));
  ck_assert_float_infinite(float_of("1e999999999999"));
}
END_TEST

START_TEST(test_pbtxt_enums) {
  equal("node { attr { key: 'T' value { type: DT_BFLOAT16 } } }",
        "node { attr { key: 'T' value { type: 14 } } }");
  equal("node { attr { key: 'T' value { type: DT_FLOAT_REF } } }",
        "node { attr { key: 'T' value { type: 101 } } }");
  equal("node { attr { key: 'b' value { b: True } } }",
        "node { attr { key: 'b' value { b: 1 } } }");
}
END_TEST

/* What tarn never looks into may hold anything that is well formed. */
START_TEST(test_pbtxt_opaque_is_skipped) {
  equal(
      "node { name: 'n' } debug_info { files: ['a', 'b'] traces { key: 'x' value < file_line_cols "
      "{ line: -3 } > }"
      "[type.googleapis.com/some.Type] { what: WORD } n: [[1, 2], []] }",
      "node { name: 'n' }");
  REFUSES("debug_info { a: }", "line 1, column 17");
  REFUSES("debug_info { a { }", "line 1");
}
END_TEST

START_TEST(test_pbtxt_errors_say_where) {
  REFUSES("node {\n  name: 'n'\n  bogus: 1\n}", "line 3, column 3: found 'bogus'");
  REFUSES("node { name 'n' }", "line 1, column 13");
  REFUSES("node { name: 'n' name: 'm' }", "line 1, column 18");
  REFUSES("node { name: 'n }", "line 1, column 14");
  REFUSES("node { name: 'n\n' }", "line 1, column 14");
  REFUSES("node { name: '\\q' }", "line 1, column 15");
  REFUSES("node { name: '\\x' }", "hexadecimal");
  REFUSES("node { name: '\\400' }", "octal");
  REFUSES("node { name: '\\ud800' }", "unicode");
  REFUSES("node { name: '\\U00110000' }", "unicode");
  REFUSES("node { name: '\\u12' }", "unicode");
  REFUSES("node { name: '\\ud83dx' }", "unicode");
  REFUSES("node { name: n }", "expected a string");
  REFUSES("node {", "the text ends");
  REFUSES("}", "line 1, column 1");
  REFUSES("node { } >", "line 1, column 10");
  REFUSES("node { name: 'n' >", "line 1, column 18");
  REFUSES("version: 1.5", "whole number");
  REFUSES("version: 2147483648", "32 bits");
  REFUSES("version: 0x", "whole number");
  REFUSES("version: 08", "whole number");
  REFUSES("version: --1", "whole number");
  REFUSES("node { attr { value { f: banana } } }", "a number");
  REFUSES("node { attr { value { f: 1.2.3 } } }", "a number");
  REFUSES("node { attr { value { b: 2 } } }", "true or false");
  REFUSES("node { attr { value { type: DT_EVIL } } }", "DT_FLOAT");
  REFUSES("node { input: ['a' 'b', }", "expected a string");
  REFUSES("node { input: ['a'; 'b'] }", "',' or ']'");
  REFUSES("node \x01", "byte 0x01");
  refuses("node { }\0", 9, "byte 0x00");
}
END_TEST

START_TEST(test_pbtxt_depth_is_bounded) {
  static const char open[] = "node { attr { value { func { ", next[] = "attr { value { func { ",
                    skip[] = "a { ";
  static char text[400000];
  char *at = stpcpy(text, open);
  for (int i = 0; i < 10000; i++) at = stpcpy(at, next);
  refuses(text, (size_t)(at - text), "nested deeper");
  at = stpcpy(text, "debug_info { ");
  for (int i = 0; i < 90000; i++) at = stpcpy(at, skip);
  refuses(text, (size_t)(at - text), "nested deeper");
  at = stpcpy(text, "debug_info { a: ");
  for (int i = 0; i < 90000; i++) *at++ = '[';
  refuses(text, (size_t)(at - text), "nested deeper");
}
END_TEST

/* Every prefix and every changed byte of a text ends with a status. */
START_TEST(test_pbtxt_damage) {
  static const char right[] =
      "# c\nnode { name: 'n\\n' input: [\"x\", 'y'] attr { key: 'a' value { list { f: [1.5, -inf] "
      "} } } }"
      " debug_info < a: [1] > versions { producer: 0x1f }\n";
  char text[sizeof right];
  for (size_t i = 0; i < sizeof right - 1; i++) {
    for (int bit = -1; bit < 8; bit++) {
      memcpy(text, right, sizeof right);
      if (bit >= 0) text[i] = (char)(text[i] ^ 1 << bit);
      tarn_bytes b;
      tarn__bytes_init(&b, tarn__allocator_default());
      tarn_status status = tarn__pbtxt_to_wire(text, bit < 0 ? i : sizeof right - 1, G, &b);
      ck_assert(status == TARN_OK || status == TARN_CORRUPT);
      tarn__bytes_clear(&b);
    }
  }
}
END_TEST

START_TEST(test_pbtxt_kinds) {
  static const struct { const char *text; const tarn_proto_message *kind;
  } cases[] = {{"# x\nnode {", &tarn__proto_graph_def},
               {"library {", &tarn__proto_graph_def},
               {"meta_info_def {", &tarn__proto_meta_graph_def},
               {"signature_def:", &tarn__proto_meta_graph_def},
               {"saved_model_schema_version: 1", &tarn__proto_saved_model},
               {"hello", NULL},
               {"", NULL},
               {"{", NULL}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
    ck_assert_ptr_eq(tarn__pbtxt_kind(cases[i].text, strlen(cases[i].text)), cases[i].kind);
}
END_TEST

START_TEST(test_pbtxt_every_allocation_may_fail) {
  static const char text[] =
      "node { name: 'a' 'b' attr { key: 'a' value { f: 1.5 s: '\\n' i: 12 } } }";
  tarn_status status = TARN_NO_MEMORY;
  for (long n = 0; status != TARN_OK && n < 200; n++) {
    tarn_failing failing;
    tarn__failing_init(&failing, n, false);
    tarn_bytes b;
    tarn__bytes_init(&b, &failing.allocator);
    status = tarn__pbtxt_to_wire(text, sizeof text - 1, G, &b);
    ck_assert(status == TARN_OK || status == TARN_NO_MEMORY);
    tarn__bytes_clear(&b);
    ck_assert_int_eq(failing.live, 0);
  }
  ck_assert_int_eq(status, TARN_OK);
}
END_TEST

SUITE_MAIN("pbtxt", test_pbtxt_bytes_by_hand, test_pbtxt_written_reads_the_same,
           test_pbtxt_notations_are_one, test_pbtxt_escapes, test_pbtxt_floats, test_pbtxt_enums,
           test_pbtxt_opaque_is_skipped, test_pbtxt_errors_say_where, test_pbtxt_depth_is_bounded,
           test_pbtxt_damage, test_pbtxt_kinds, test_pbtxt_every_allocation_may_fail)
