/* Boxes: keys, messages, text. */
#include "loader/checkpoint/slice.h"
#include "tests/unit/loader/files.h"

static void key_is(const char *name, const tarn_slice *s, const void *bytes, size_t n) {
  tarn_bytes key;
  tarn__bytes_init(&key, plain());
  ck_assert_ok(tarn__slice_key(&key, name, strlen(name), s));
  ck_assert_uint_eq(key.size, n);
  ck_assert_mem_eq(key.data, bytes, n);
  tarn__bytes_clear(&key);
}

/* From files that TensorFlow wrote. */
START_TEST(test_slice_key_known_answers) {
  key_is("part", &(tarn_slice){2, {0, 0}, {4, 300}}, "\0part\0\1\1\2\x80\x84\x80\xc1\x2c", 14);
  key_is("part", &(tarn_slice){2, {4, 0}, {3, -1}}, "\0part\0\1\1\2\x84\x83\x80\x7f", 13);
  key_is("a", &(tarn_slice){0}, "\0a\0\1\0", 5);
  key_is("\xff", &(tarn_slice){1, {0}, {-1}}, "\0\xff\0\0\1\1\1\x80\x7f", 9);
}
END_TEST

/* Longer numbers keep their order and do not run into one another. */
START_TEST(test_slice_key_keeps_order) {
  static const int64_t rising[] = {0,         1,         63,        64,        8191,      8192,
                                   1048575,   1048576,   1 << 27,   INT32_MAX, 1ll << 34, 1ll << 41,
                                   1ll << 48, 1ll << 55, 1ll << 62, INT64_MAX};
  char last[64];
  size_t last_bytes = 0;
  for (size_t i = 0; i < sizeof rising / sizeof *rising; i++) {
    tarn_bytes key;
    tarn__bytes_init(&key, plain());
    ck_assert_ok(tarn__slice_key(&key, "n", 1, &(tarn_slice){1, {rising[i]}, {-1}}));
    size_t n = key.size < last_bytes ? key.size : last_bytes;
    if (i > 0)
      ck_assert_msg(memcmp(key.data, last, n) > 0, "%lld is not after the one before",
                    (long long)rising[i]);
    memcpy(last, key.data, key.size);
    last_bytes = key.size;
    tarn__bytes_clear(&key);
  }
}
END_TEST

START_TEST(test_slice_key_number_lengths) {
  /* 2^62 takes 9 bytes, 2^63 - 1 takes 10 (its headers are ff 80 and ff c0). */
  key_is("n", &(tarn_slice){1, {1ll << 61}, {-1}}, "\0n\0\1\1\1\xff\xa0\0\0\0\0\0\0\0\x7f", 16);
  key_is("n", &(tarn_slice){1, {INT64_MAX}, {-1}},
         "\0n\0\1\1\1\xff\xc0\x7f\xff\xff\xff\xff\xff\xff\xff\x7f", 17);
}
END_TEST

static tarn_status spec(const char *text, tarn_shape *shape, tarn_slice *slice) {
  bool any;
  return tarn__slice_spec(text, strlen(text), &any, shape, slice);
}

START_TEST(test_slice_spec_text) {
  tarn_shape shape;
  tarn_slice s;
  bool any = true;
  ck_assert_ok(tarn__slice_spec("", 0, &any, &shape, &s));
  ck_assert(!any);
  ck_assert_ok(spec("10 300 0,4:-", &shape, &s));
  ck_assert_int_eq(shape.rank, 2);
  ck_assert_int_eq(shape.dim[1], 300);
  ck_assert_int_eq(s.start[0], 0);
  ck_assert_int_eq(s.length[0], 4);
  ck_assert_int_eq(s.length[1], -1);
  ck_assert_ok(spec("5 2,3", &shape, &s));
  static const char *const bad[] = {"5",
                                    "x",
                                    "5 ",
                                    " 5 -",
                                    "5 -:-",
                                    "5 6 -",
                                    "5 1",
                                    "5 1,",
                                    "5 1,2x",
                                    "5 -1,2",
                                    "5 a,b",
                                    "5 6 - -",
                                    "10 -:",
                                    "5 0,1:0,1",
                                    "99999999999999999999 -",
                                    "5 0,99999999999999999999"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    ck_assert_msg(spec(bad[i], &shape, &s) == TARN_INVALID, "'%s' was taken", bad[i]);
  ck_assert_int_ne(spec("5 3,3", &shape, &s), TARN_OK);
  ck_assert_int_ne(spec("5 9223372036854775807,2", &shape, &s), TARN_OK);
  ck_assert_int_ne(spec("1 1 1 1 1 1 1 1 1 1 1 1 1 -", &shape, &s), TARN_OK);
}
END_TEST

START_TEST(test_slice_resolve_and_intersect) {
  tarn_shape shape = {2, {10, 4}};
  tarn_slice a, b, both;
  ck_assert_ok(tarn__slice_resolve(&(tarn_slice){2, {2, 0}, {5, -1}}, &shape, &a));
  ck_assert_ok(tarn__slice_resolve(&(tarn_slice){2, {6, 1}, {4, 2}}, &shape, &b));
  ck_assert_int_eq(tarn__slice_elements(&a), 20);
  ck_assert(tarn__slice_intersect(&a, &b, &both));
  ck_assert_int_eq(both.start[0], 6);
  ck_assert_int_eq(both.length[0], 1);
  ck_assert_int_eq(both.length[1], 2);
  ck_assert_ok(tarn__slice_resolve(&(tarn_slice){2, {7, 0}, {0, 4}}, &shape, &b));
  ck_assert(!tarn__slice_intersect(&a, &b, &both));
  ck_assert_int_eq(tarn__slice_resolve(&(tarn_slice){1, {0}, {1}}, &shape, &a), TARN_CORRUPT);
  ck_assert_int_eq(tarn__slice_resolve(&(tarn_slice){2, {8, 0}, {3, 4}}, &shape, &a), TARN_CORRUPT);
  ck_assert_int_eq(tarn__slice_resolve(&(tarn_slice){2, {INT64_MAX, 0}, {2, 4}}, &shape, &a),
                   TARN_CORRUPT);
  ck_assert_int_eq(tarn__slice_resolve(&(tarn_slice){2, {-1, 0}, {2, 4}}, &shape, &a),
                   TARN_CORRUPT);
}
END_TEST

static tarn_status shape_from(const void *data, size_t bytes, tarn_shape *shape) {
  tarn_wire_field f = {
      .number = 2, .type = TARN_WIRE_BYTES, .data = data, .size = bytes, .what = "Thing"};
  return tarn__shape_read(&f, shape);
}

START_TEST(test_shape_message) {
  tarn_shape shape;
  ck_assert_ok(shape_from("", 0, &shape));
  ck_assert_int_eq(shape.rank, 0);
  ck_assert_ok(shape_from("\x12\x00\x12\x02\x08\x03", 6, &shape));
  ck_assert_int_eq(shape.rank, 2);
  ck_assert_int_eq(shape.dim[0], 0);
  ck_assert_int_eq(shape.dim[1], 3);
  ck_assert_int_eq(shape_from("\x18\x01", 2, &shape), TARN_CORRUPT);
  ck_assert_int_eq(shape_from("\x12\x0b\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 13, &shape),
                   TARN_CORRUPT);
  static const char huge[] =
      "\x12\x07\x08\x80\x80\x80\x80\x80\x40\x12\x07\x08\x80\x80\x80\x80\x80\x40"; /* 2^41 each */
  ck_assert_int_eq(shape_from(huge, sizeof huge - 1, &shape), TARN_CORRUPT);
  char many[4 * 13];
  for (int i = 0; i < 13; i++) memcpy(many + 4 * i, "\x12\x02\x08\x01", 4);
  ck_assert_ok(shape_from(many, 48, &shape));
  ck_assert_int_eq(shape_from(many, 52, &shape), TARN_LIMIT);
}
END_TEST

SUITE_MAIN("slice", test_slice_key_known_answers, test_slice_key_keeps_order,
           test_slice_key_number_lengths, test_slice_spec_text, test_slice_resolve_and_intersect,
           test_shape_message)
