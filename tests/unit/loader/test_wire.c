/* The protobuf wire format. */
#include "core/wire/wire.h"
#include "tests/unit/loader/files.h"

static tarn_status next(const void *data, size_t bytes, tarn_wire_field *f) {
  tarn_wire w = tarn__wire(data, bytes, 100, "Thing");
  return tarn__wire_next(&w, f);
}

START_TEST(test_wire_reads_every_type) {
  static const unsigned char m[] = {0x08, 0x96, 0x01, 0x15, 1, 2, 3,    4, 0x19, 1,  2,
                                    3,    4,    5,    6,    7, 8, 0x22, 2, 'h',  'i'};
  tarn_wire w = tarn__wire(m, sizeof m, 1000, "Thing");
  tarn_wire_field f;
  int64_t i;
  uint32_t u;
  uint64_t l;
  const char *text;
  size_t bytes;
  ck_assert_ok(tarn__wire_next(&w, &f));
  ck_assert_uint_eq(f.number, 1);
  ck_assert_uint_eq(f.offset, 1000);
  ck_assert_ok(tarn__wire_int64(&f, &i));
  ck_assert_int_eq(i, 150);
  ck_assert_int_eq(tarn__wire_text(&f, &text, &bytes), TARN_CORRUPT);
  ck_assert_ptr_nonnull(strstr(tarn_error(), "offset 1000: field 1 of Thing is a varint"));
  ck_assert_ok(tarn__wire_next(&w, &f));
  ck_assert_ok(tarn__wire_fixed32(&f, &u));
  ck_assert_uint_eq(u, 0x04030201);
  ck_assert_ok(tarn__wire_next(&w, &f));
  ck_assert_ok(tarn__wire_fixed64(&f, &l));
  ck_assert_uint_eq(l, 0x0807060504030201u);
  ck_assert_ok(tarn__wire_next(&w, &f));
  ck_assert_ok(tarn__wire_text(&f, &text, &bytes));
  ck_assert_uint_eq(bytes, 2);
  ck_assert_mem_eq(text, "hi", 2);
  ck_assert_uint_eq(f.data_offset, 1000 + sizeof m - 2);
  ck_assert_ok(tarn__wire_next(&w, &f));
  ck_assert_uint_eq(f.number, 0);
  ck_assert_ok(tarn__wire_next(&w, &f));
  ck_assert_uint_eq(f.number, 0);
}
END_TEST

START_TEST(test_wire_negative_numbers_take_ten_bytes) {
  static const unsigned char m[] = {0x08, 0xfb, 0xff, 0xff, 0xff, 0xff,
                                    0xff, 0xff, 0xff, 0xff, 0x01};
  tarn_wire_field f;
  int32_t i;
  ck_assert_ok(next(m, sizeof m, &f));
  ck_assert_ok(tarn__wire_int32(&f, &i));
  ck_assert_int_eq(i, -5);
}
END_TEST

START_TEST(test_wire_refuses_what_lies) {
  static const struct {
    const char *name, *text;
    size_t bytes;
    const unsigned char data[16];
  } lies[] = {
      {"varint of 11 bytes",
       "longer than 10 bytes|does not fit",
       12,
       {8, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1}},
      {"varint above 64 bits",
       "does not fit 64 bits",
       11,
       {8, 255, 255, 255, 255, 255, 255, 255, 255, 255, 2}},
      {"cut varint", "ends inside a varint", 2, {8, 0x80}},
      {"cut tag", "ends inside a varint", 1, {0x88}},
      {"field 0", "field number 0", 2, {0, 1}},
      {"field 2^29", "field number 536870912", 6, {0x80, 0x80, 0x80, 0x80, 0x10, 1}},
      {"group", "wire type 3", 1, {0x0b}},
      {"end of group", "wire type 4", 1, {0x0c}},
      {"wire type 7", "wire type 7", 1, {0x0f}},
      {"length past the end", "claims 5 bytes, expected at most the 1", 3, {0x0a, 5, 0}},
      {"length of 2^64 - 1",
       "claims 18446744073709551615 bytes",
       11,
       {0x0a, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1}},
      {"cut fixed32", "claims 4 bytes", 3, {0x0d, 0, 0}},
      {"cut fixed64", "claims 8 bytes", 8, {0x09, 0, 0, 0, 0, 0, 0, 0}},
  };
  for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
    tarn_wire_field f;
    ck_assert_msg(next(lies[i].data, lies[i].bytes, &f) == TARN_CORRUPT, "%s was read",
                  lies[i].name);
    const char *bar = strchr(lies[i].text, '|');
    bool said =
        bar ? strstr(tarn_error(), bar + 1) != NULL : strstr(tarn_error(), lies[i].text) != NULL;
    ck_assert_msg(said, "%s: %s", lies[i].name, tarn_error());
    ck_assert_msg(strstr(tarn_error(), "offset 10") && strstr(tarn_error(), "Thing"), "%s: %s",
                  lies[i].name, tarn_error());
  }
}
END_TEST

START_TEST(test_wire_int32_refuses_more) {
  static const unsigned char m[] = {0x08, 0x80, 0x80, 0x80, 0x80, 0x08};
  tarn_wire_field f;
  int32_t i;
  ck_assert_ok(next(m, sizeof m, &f));
  ck_assert_int_eq(tarn__wire_int32(&f, &i), TARN_CORRUPT);
}
END_TEST

START_TEST(test_wire_values_packed_or_not) {
  static const unsigned char packed[] = {0x0a, 4, 1, 0x96, 0x01, 3},
                             fixed[] = {0x0a, 8, 1, 0, 0, 0, 2, 0, 0, 0},
                             ragged[] = {0x0a, 3, 1, 0, 0}, cut[] = {0x0a, 2, 1, 0x80},
                             single[] = {0x08, 7};
  tarn_wire_field f;
  tarn_wire_values v;
  uint64_t x;
  ck_assert_ok(next(packed, sizeof packed, &f));
  ck_assert_ok(tarn__wire_values(&f, TARN_WIRE_VARINT, &v));
  ck_assert_uint_eq(v.count, 3);
  static const uint64_t wanted[] = {1, 150, 3};
  for (size_t i = 0; i < 3; i++) {
    ck_assert_ok(tarn__wire_value(&v, &x));
    ck_assert_uint_eq(x, wanted[i]);
  }
  ck_assert_ok(next(fixed, sizeof fixed, &f));
  ck_assert_ok(tarn__wire_values(&f, TARN_WIRE_FIXED32, &v));
  ck_assert_uint_eq(v.count, 2);
  ck_assert_ok(tarn__wire_value(&v, &x));
  ck_assert_ok(tarn__wire_value(&v, &x));
  ck_assert_uint_eq(x, 2);
  ck_assert_ok(next(ragged, sizeof ragged, &f));
  ck_assert_int_eq(tarn__wire_values(&f, TARN_WIRE_FIXED32, &v), TARN_CORRUPT);
  ck_assert_ok(next(cut, sizeof cut, &f));
  ck_assert_int_eq(tarn__wire_values(&f, TARN_WIRE_VARINT, &v), TARN_CORRUPT);
  ck_assert_ok(next(single, sizeof single, &f));
  ck_assert_ok(tarn__wire_values(&f, TARN_WIRE_VARINT, &v));
  ck_assert_uint_eq(v.count, 1);
  ck_assert_ok(tarn__wire_value(&v, &x));
  ck_assert_uint_eq(x, 7);
  ck_assert_int_eq(tarn__wire_values(&f, TARN_WIRE_FIXED32, &v), TARN_CORRUPT);
}
END_TEST

/* 200 messages inside one another, each a field 1. */
START_TEST(test_wire_limits_depth) {
  tarn_bytes b;
  tarn__bytes_init(&b, plain());
  size_t mark[200];
  for (int i = 0; i < 200; i++) ck_assert_ok(tarn__wire_begin(&b, 1, &mark[i]));
  for (int i = 199; i >= 0; i--) ck_assert_ok(tarn__wire_end(&b, mark[i]));
  tarn_wire w = tarn__wire(b.data, b.size, 0, "Thing");
  tarn_status status = TARN_OK;
  int depth = 0;
  while (status == TARN_OK) {
    tarn_wire_field f;
    ck_assert_ok(tarn__wire_next(&w, &f));
    ck_assert_uint_eq(f.number, 1);
    status = tarn__wire_message(&f, "Thing", &w);
    depth++;
  }
  ck_assert_int_eq(status, TARN_CORRUPT);
  ck_assert_int_eq(depth, TARN_WIRE_DEPTH + 1);
  tarn__bytes_clear(&b);
}
END_TEST

static tarn_status write_all(tarn_bytes *b) {
  size_t outer, inner;
  char long_text[300];
  memset(long_text, 'x', sizeof long_text);
  TARN_TRY(tarn__wire_add_int(b, 1, (uint64_t)(int64_t)-5));
  TARN_TRY(tarn__wire_begin(b, 2, &outer));
  TARN_TRY(tarn__wire_begin(b, 3, &inner));
  TARN_TRY(tarn__wire_add_bytes(b, 4, long_text, sizeof long_text));
  TARN_TRY(tarn__wire_end(b, inner));
  TARN_TRY(tarn__wire_add_float(b, 5, 1.5f));
  TARN_TRY(tarn__wire_end(b, outer));
  TARN_TRY(tarn__wire_add_double(b, 100, -2.25));
  return tarn__wire_add_bytes(b, 7, NULL, 0);
}

START_TEST(test_wire_reads_what_it_writes) {
  tarn_bytes b;
  tarn__bytes_init(&b, plain());
  ck_assert_ok(write_all(&b));
  tarn_wire w = tarn__wire(b.data, b.size, 0, "Thing"), outer, inner;
  tarn_wire_field f;
  int64_t i;
  float x;
  double d;
  const char *text;
  size_t bytes;
  ck_assert_ok(tarn__wire_next(&w, &f));
  ck_assert_ok(tarn__wire_int64(&f, &i));
  ck_assert_int_eq(i, -5);
  ck_assert_ok(tarn__wire_next(&w, &f));
  ck_assert_ok(tarn__wire_message(&f, "Outer", &outer));
  ck_assert_ok(tarn__wire_next(&outer, &f));
  ck_assert_ok(tarn__wire_message(&f, "Inner", &inner));
  ck_assert_ok(tarn__wire_next(&inner, &f));
  ck_assert_ok(tarn__wire_text(&f, &text, &bytes));
  ck_assert_uint_eq(bytes, 300);
  ck_assert_int_eq(text[299], 'x');
  ck_assert_ok(tarn__wire_next(&outer, &f));
  ck_assert_ok(tarn__wire_float(&f, &x));
  ck_assert(x == 1.5f);
  ck_assert_ok(tarn__wire_next(&w, &f));
  ck_assert_uint_eq(f.number, 100);
  ck_assert_ok(tarn__wire_double(&f, &d));
  ck_assert(d == -2.25);
  ck_assert_ok(tarn__wire_next(&w, &f));
  ck_assert_uint_eq(f.size, 0);
  tarn__bytes_clear(&b);
}
END_TEST

START_TEST(test_wire_survives_every_cut_and_flip) {
  tarn_bytes b;
  tarn__bytes_init(&b, plain());
  ck_assert_ok(write_all(&b));
  for (size_t cut = 0; cut <= b.size; cut++)
    for (int bit = 0; bit <= 8; bit++) {
      if (bit < 8 && cut < b.size) b.data[cut] = (char)(b.data[cut] ^ 1 << bit);
      /* All of it, or, for bit 8, just the bytes before the cut: in memory of just that size. */
      size_t bytes = bit < 8 ? b.size : cut;
      unsigned char *copy = malloc(bytes + !bytes);
      memcpy(copy, b.data, bytes);
      tarn_wire w = tarn__wire(copy, bytes, 0, "Thing");
      tarn_wire_field f = {.number = 1};
      while (tarn__wire_next(&w, &f) == TARN_OK && f.number != 0) {
        tarn_wire_values v;
        if (tarn__wire_values(&f, TARN_WIRE_VARINT, &v) == TARN_OK) {
          uint64_t x;
          for (size_t i = 0; i < v.count && tarn__wire_value(&v, &x) == TARN_OK; i++) {
          }
        }
      }
      free(copy);
      if (bit < 8 && cut < b.size) b.data[cut] = (char)(b.data[cut] ^ 1 << bit);
    }
  tarn__bytes_clear(&b);
}
END_TEST

START_TEST(test_wire_writer_survives_every_failed_allocation) {
  long n = 0;
  for (;; n++) {
    tarn_failing f;
    tarn_bytes b;
    tarn__failing_init(&f, n, false);
    tarn__bytes_init(&b, &f.allocator);
    tarn_status status = write_all(&b);
    tarn__bytes_clear(&b);
    ck_assert_int_eq(f.live, 0);
    if (status == TARN_OK) break;
    ck_assert_int_eq(status, TARN_NO_MEMORY);
  }
  ck_assert_int_gt(n, 1);
}
END_TEST

SUITE_MAIN("wire", test_wire_reads_every_type, test_wire_negative_numbers_take_ten_bytes,
           test_wire_refuses_what_lies, test_wire_int32_refuses_more,
           test_wire_values_packed_or_not, test_wire_limits_depth, test_wire_reads_what_it_writes,
           test_wire_survives_every_cut_and_flip, test_wire_writer_survives_every_failed_allocation)
