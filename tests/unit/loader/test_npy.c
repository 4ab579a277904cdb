/* .npy files. */
#include "loader/npy/npy.h"
#include "tests/unit/loader/files.h"

/* "\x93NUMPY", version, length, `header`, `data`. */
static tarn_status parse(int version, const char *header, const void *data, size_t bytes,
                         tarn_tensor *out) {
  size_t n = strlen(header), at = version == 1 ? 10 : 12;
  unsigned char *all = malloc(at + n + bytes);
  memcpy(all, "\x93NUMPY", 6);
  all[6] = (unsigned char)version;
  all[7] = 0;
  all[8] = (unsigned char)n;
  all[9] = (unsigned char)(n >> 8);
  if (version > 1) all[10] = all[11] = 0;
  memcpy(all + at, header, n);
  if (bytes) memcpy(all + at + n, data, bytes);
  tarn_status status = tarn__npy_parse(plain(), all, at + n + bytes, out);
  free(all);
  return status;
}

START_TEST(test_npy_reads_what_numpy_writes) {
  tarn_tensor t;
  static const float x[] = {1, 2, 3, 4, 5, 6};
  for (int version = 1; version <= 3; version++) {
    ck_assert_ok(parse(version,
                       "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }     \n", x,
                       sizeof x, &t));
    ck_assert_int_eq(t.dtype, TARN_F32);
    ck_assert_int_eq(t.shape.dim[1], 3);
    ck_assert_mem_eq(t.data, x, sizeof x);
    tarn__tensor_clear(&t);
  }
  ck_assert_ok(parse(1, "{\"shape\":(),\"fortran_order\":True,\"descr\":\"|u1\"}", "\x07", 1, &t));
  ck_assert_int_eq(t.shape.rank, 0);
  tarn__tensor_clear(&t);
  ck_assert_ok(
      parse(1, "{'descr': '<i2', 'fortran_order': False, 'shape': (2L,), }", "\1\0\2\0", 4, &t));
  tarn__tensor_clear(&t);
  ck_assert_ok(parse(1, "{'descr': '=f8', 'fortran_order': False, 'shape': (0, 9), }", "", 0, &t));
  tarn__tensor_clear(&t);
}
END_TEST

START_TEST(test_npy_reads_fortran_order) {
  static const int16_t columns[] = {1, 4, 2, 5, 3, 6}, rows[] = {1, 2, 3, 4, 5, 6};
  tarn_tensor t;
  ck_assert_ok(parse(1, "{'descr': '<i2', 'fortran_order': True, 'shape': (2, 3), }", columns,
                     sizeof columns, &t));
  ck_assert_mem_eq(t.data, rows, sizeof rows);
  tarn__tensor_clear(&t);
  /* [2, 2, 2]: element (i, j, k) is at i + 2 j + 4 k. */
  static const uint8_t cube[] = {0, 4, 2, 6, 1, 5, 3, 7};
  ck_assert_ok(
      parse(1, "{'descr': '|u1', 'fortran_order': True, 'shape': (2, 2, 2), }", cube, 8, &t));
  for (int i = 0; i < 8; i++) ck_assert_int_eq(((uint8_t *)t.data)[i], i);
  tarn__tensor_clear(&t);
}
END_TEST

START_TEST(test_npy_swaps_big_endian) {
  tarn_tensor t;
  ck_assert_ok(parse(1, "{'descr': '>i4', 'fortran_order': False, 'shape': (2,), }",
                     "\0\0\0\1\xff\xff\xff\xfe", 8, &t));
  ck_assert_int_eq(((int32_t *)t.data)[0], 1);
  ck_assert_int_eq(((int32_t *)t.data)[1], -2);
  tarn__tensor_clear(&t);
  /* Each half of a complex number by itself. */
  ck_assert_ok(parse(1, "{'descr': '>c8', 'fortran_order': False, 'shape': (), }",
                     "\x3f\x80\0\0\x40\0\0\0", 8, &t));
  ck_assert(((float *)t.data)[0] == 1 && ((float *)t.data)[1] == 2);
  tarn__tensor_clear(&t);
}
END_TEST

START_TEST(test_npy_refuses) {
  static const struct {
    tarn_status status;
    const char *header, *text;
    size_t bytes;
  } cases[] = {
      {TARN_DTYPE, "{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", "unpickled", 8},
      {TARN_DTYPE, "{'descr': '<U3', 'fortran_order': False, 'shape': (1,), }", "text", 12},
      {TARN_DTYPE, "{'descr': '|Sx', 'fortran_order': False, 'shape': (1,), }", "'|Sx'", 3},
      {TARN_CORRUPT, "{'descr': '|S3', 'fortran_order': False, 'shape': (1,), }",
       "4 bytes of elements", 4},
      {TARN_CORRUPT, "{'descr': '|S0', 'fortran_order': False, 'shape': (9999999999,), }",
       "some width", 0},
      {TARN_CORRUPT,
       "{'descr': '|S999999999', 'fortran_order': False, 'shape': (9999999999999,), }",
       "bytes of elements", 4},
      {TARN_DTYPE, "{'descr': '|V4', 'fortran_order': False, 'shape': (1,), }", "records", 4},
      {TARN_DTYPE, "{'descr': '<M8[ns]', 'fortran_order': False, 'shape': (1,), }", "dates", 8},
      {TARN_DTYPE, "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }", "records",
       4},
      {TARN_DTYPE, "{'descr': '<f16', 'fortran_order': False, 'shape': (1,), }", "'<f16'", 16},
      {TARN_DTYPE, "{'descr': '<f3', 'fortran_order': False, 'shape': (1,), }", "'<f3'", 3},
      {TARN_DTYPE, "{'descr': '', 'fortran_order': False, 'shape': (1,), }", "type ''", 4},
      {TARN_CORRUPT, "{'descr': 5, 'fortran_order': False, 'shape': (1,), }", "a type such as", 4},
      {TARN_CORRUPT, "{'descr': '<f4', 'fortran_order': Maybe, 'shape': (1,), }", "True or False",
       4},
      {TARN_CORRUPT, "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }",
       "4 bytes of elements", 4},
      {TARN_CORRUPT, "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }",
       "5 bytes of elements", 5},
      {TARN_CORRUPT, "{'descr': '<f4', 'fortran_order': False, 'shape': (1), }",
       "a comma behind the only dim", 4},
      {TARN_CORRUPT, "{'descr': '<f4', 'fortran_order': False, 'shape': (1 1), }",
       "a comma between dims", 4},
      {TARN_CORRUPT, "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }",
       "a dim of 0 or more", 4},
      {TARN_CORRUPT, "{'descr': '<f4', 'fortran_order': False, 'shape': (1.0,), }", "expected", 4},
      {TARN_CORRUPT, "{'descr': '<f4', 'fortran_order': False, 'shape': [1], }", "a shape such as",
       4},
      {TARN_CORRUPT, "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,), }",
       "below 2^63", 4},
      {TARN_CORRUPT,
       "{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296), }",
       "below 2^63", 4},
      {TARN_CORRUPT, "{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904,), }",
       "bytes of elements", 4},
      {TARN_LIMIT,
       "{'descr': '<f4', 'fortran_order': False, 'shape': (1,1,1,1,1,1,1,1,1,1,1,1,1), }", "dims",
       4},
      {TARN_CORRUPT, "{'descr': '<f4', 'fortran_order': False}", "all of descr", 4},
      {TARN_CORRUPT, "{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (1,)}",
       "once each", 4},
      {TARN_CORRUPT, "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'x': 1}", "once each",
       4},
      {TARN_CORRUPT, "{'descr': '<f4' 'fortran_order': False, 'shape': (1,)}",
       "a comma between entries", 4},
      {TARN_CORRUPT, "{'descr': '<f4', 'fortran_order': False, 'shape': (1,)",
       "a comma between entries", 4},
      {TARN_CORRUPT, "{'descr': '<f4', 'fortran_order': False, 'shape': (1,)} x",
       "nothing but spaces", 4},
      {TARN_CORRUPT, "__import__('os').system('true')", "'{'", 4},
      {TARN_CORRUPT, "{{{{{{{{", "a quoted key", 4},
      {TARN_CORRUPT, "", "'{'", 4},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    tarn_tensor t;
    tarn_status status = parse(1, cases[i].header, "0123456789abcdef", cases[i].bytes, &t);
    ck_assert_msg(status == cases[i].status, "%s: %s: %s", cases[i].header,
                  tarn_status_text(status), tarn_error());
    ck_assert_msg(strstr(tarn_error(), cases[i].text), "%s: %s", cases[i].header, tarn_error());
  }
  tarn_tensor t;
  ck_assert_int_eq(
      tarn__npy_parse(plain(), (const unsigned char *)"\x93NUMPY\1\0\xff\xff{}", 12, &t),
      TARN_CORRUPT);
  ck_assert_int_eq(
      tarn__npy_parse(plain(), (const unsigned char *)"\x93NUMPY\2\0\xff\xff\xff\xff{}", 14, &t),
      TARN_CORRUPT);
  ck_assert_int_eq(tarn__npy_parse(plain(), (const unsigned char *)"\x93NUMPY\2\0\1\0", 10, &t),
                   TARN_CORRUPT);
  ck_assert_int_eq(
      tarn__npy_parse(plain(), (const unsigned char *)"\x93NUMPY\x9\x9\0\0\0\0", 12, &t),
      TARN_CORRUPT);
  ck_assert_int_eq(tarn__npy_parse(plain(), (const unsigned char *)"", 0, &t), TARN_CORRUPT);
}
END_TEST

/* The bytes of numpy.save(numpy.arange(6, dtype='<f4').reshape(2, 3)). */
START_TEST(test_npy_writes_what_numpy_writes) {
  tarn_tensor t;
  sample(TARN_F32, 2, (int64_t[]){2, 3}, 0, &t);
  for (int i = 0; i < 6; i++) ((float *)t.data)[i] = (float)i;
  ck_assert_ok(tarn__npy_save(plain(), &t, file("a.npy")));
  char wanted[128 + 24];
  memset(wanted, ' ', sizeof wanted);
  memcpy(wanted, "\x93NUMPY\1\0v\0", 10);
  static const char header[] = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }";
  memcpy(wanted + 10, header, sizeof header - 1);
  wanted[127] = '\n';
  memcpy(wanted + 128, t.data, 24);
  ck_assert_file("a.npy", wanted, sizeof wanted);
  tarn__tensor_clear(&t);
  files_end();
}
END_TEST

START_TEST(test_npy_round_trips_every_dtype) {
  static const tarn_dtype dtypes[] = {
#define X(name, number, bytes, text) name,
      TARN_DTYPE_MAP(X)
#undef X
  };
  for (size_t i = 0; i < sizeof dtypes / sizeof *dtypes; i++)
    for (int rank = 0; rank < 4; rank++) {
      /* Strings: test_npy_keeps_strings. */
      if (dtypes[i] == TARN_RESOURCE || dtypes[i] == TARN_VARIANT || dtypes[i] == TARN_STRING)
        continue;
      tarn_tensor t, back;
      sample(dtypes[i], rank, (int64_t[]){3, 1, 5}, (unsigned)i, &t);
      tarn_status status = tarn__npy_save(plain(), &t, file("a.npy"));
      if (dtypes[i] == TARN_BF16) {
        ck_assert_int_eq(status, TARN_DTYPE);
        ck_assert_int_eq(files_clear(), 0);
      } else {
        ck_assert_ok(status);
        ck_assert_ok(tarn__npy_load(plain(), file("a.npy"), &back));
        ck_assert_uint_eq(tarn__tensor_bytes(&back), tarn__tensor_bytes(&t));
        ck_assert_mem_eq(back.data, t.data, tarn__tensor_bytes(&t));
        ck_assert(tarn__shape_equal(&back.shape, &t.shape));
        bool quantized = tarn__dtype_in(dtypes[i], TARN_QUANTIZED);
        ck_assert(quantized ? back.dtype != t.dtype : back.dtype == t.dtype);
        tarn__tensor_clear(&back);
        files_clear();
      }
      tarn__tensor_clear(&t);
    }
  files_end();
}
END_TEST

START_TEST(test_npy_keeps_strings) {
  static const struct {
    const char *data;
    size_t bytes;
  } words[] = {{"a", 1}, {"", 0}, {"\xff\0x", 3}, {"four", 4}};
  tarn_tensor t, back;
  const tarn_shape shape = {.rank = 2, .dim = {2, 2}};
  ck_assert_ok(tarn__tensor_new(plain(), TARN_STRING, &shape, &t));
  for (int i = 0; i < 4; i++) ck_assert_ok(tarn__string_set(&t, i, words[i].data, words[i].bytes));
  ck_assert_ok(tarn__npy_save(plain(), &t, file("a.npy")));
  ck_assert_ok(tarn__npy_load(plain(), file("a.npy"), &back));
  ck_assert_int_eq(back.dtype, TARN_STRING);
  ck_assert(tarn__shape_equal(&back.shape, &shape));
  for (int i = 0; i < 4; i++) {
    const tarn_string *s = (const tarn_string *)back.data + i;
    ck_assert_uint_eq(s->size, words[i].bytes);
    ck_assert(!s->size || !memcmp(s->data, words[i].data, s->size));
  }
  tarn__tensor_clear(&back);
  ck_assert_ok(parse(1, "{'descr': '|S2', 'fortran_order': True, 'shape': (2, 2), }", "a\0c\0b\0dd",
                     8, &back));
  ck_assert_mem_eq(((const tarn_string *)back.data)[1].data, "b", 1);
  ck_assert_uint_eq(((const tarn_string *)back.data)[3].size, 2);
  tarn__tensor_clear(&back);
  ck_assert_ok(tarn__string_set(&t, 3, "ends\0", 5));
  ck_assert_int_eq(tarn__npy_save(plain(), &t, file("b.npy")), TARN_DTYPE);
  ck_assert_ptr_nonnull(strstr(tarn_error(), "string 3 ends in a zero byte"));
  tarn__tensor_clear(&t);
  ck_assert_int_eq(files_clear(), 1);
  files_end();
}
END_TEST

static tarn_status load(void) {
  tarn_tensor t;
  TARN_TRY(tarn__npy_load(plain(), file("a.npy"), &t));
  tarn__tensor_clear(&t);
  return TARN_OK;
}

START_TEST(test_npy_survives_every_cut_and_flip) {
  tarn_tensor t;
  sample(TARN_I32, 2, (int64_t[]){2, 3}, 0, &t);
  ck_assert_ok(tarn__npy_save(plain(), &t, file("a.npy")));
  file_damage("a.npy", load, 0,
              6); /* the format has no checksums: beyond the magic a flip may give another array */
  ck_assert_ok(load());
  tarn__tensor_clear(&t);
  files_end();
}
END_TEST

START_TEST(test_npy_names_the_file) {
  file_put("a.npy", "no array here", 13);
  tarn_tensor *t;
  ck_assert_int_eq(tarn_tensor_load_npy(file("a.npy"), &t), TARN_CORRUPT);
  ck_assert_ptr_nonnull(strstr(tarn_error(), "a.npy': offset 0"));
  ck_assert_int_eq(tarn_tensor_load_npy(file("b.npy"), &t), TARN_IO);
  files_end();
}
END_TEST

START_TEST(test_npy_survives_every_failed_allocation) {
  tarn_tensor t, back;
  sample(TARN_F64, 2, (int64_t[]){2, 3}, 0, &t);
  ck_assert_ok(tarn__npy_save(plain(), &t, file("a.npy")));
  for (int writing = 0; writing < 2; writing++) {
    long n = 0;
    for (;; n++) {
      tarn_failing f;
      tarn__failing_init(&f, n, false);
      tarn_status status = writing ? tarn__npy_save(&f.allocator, &t, file("b.npy"))
                                   : tarn__npy_load(&f.allocator, file("a.npy"), &back);
      if (status == TARN_OK && !writing) tarn__tensor_clear(&back);
      ck_assert_int_eq(f.live, 0);
      if (status == TARN_OK) break;
      ck_assert_int_eq(status, TARN_NO_MEMORY);
    }
    ck_assert_int_gt(n, 0);
  }
  tarn__tensor_clear(&t);
  ck_assert_int_eq(files_clear(), 2);
  files_end();
}
END_TEST

SUITE_MAIN("npy", test_npy_reads_what_numpy_writes, test_npy_reads_fortran_order,
           test_npy_swaps_big_endian, test_npy_refuses, test_npy_writes_what_numpy_writes,
           test_npy_round_trips_every_dtype, test_npy_keeps_strings,
           test_npy_survives_every_cut_and_flip, test_npy_names_the_file,
           test_npy_survives_every_failed_allocation)
