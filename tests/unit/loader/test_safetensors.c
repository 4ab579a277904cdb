/* .safetensors files. */
#include "loader/safetensors/safetensors.h"
#include "tests/unit/loader/files.h"

static tarn_status read_all(const tarn_allocator *a) {
  tarn_safetensors *f;
  TARN_TRY(tarn__safetensors_open(a, file("s.safetensors"), &f));
  tarn_status status = TARN_OK;
  for (size_t i = 0; i < tarn__safetensors_count(f) && status == TARN_OK; i++) {
    tarn_tensor t;
    status = tarn__safetensors_read(f, a, i, &t);
    if (status == TARN_OK) tarn__tensor_clear(&t);
  }
  tarn__safetensors_close(f);
  return status;
}
static tarn_status read_default(void) {
  return read_all(plain());
}

static tarn_status header(const char *json, size_t data) {
  unsigned char all[1024] = {0};
  size_t n = strlen(json);
  all[0] = (unsigned char)n;
  all[1] = (unsigned char)(n >> 8);
  memcpy(all + 8, json, n);
  file_put("s.safetensors", all, 8 + n + data);
  return read_default();
}

static tarn_status write_two(const tarn_allocator *a) {
  const tarn_safetensors_entry entries[] = {{"z", TARN_F32, {1, {3}}},
                                            {"a/b", TARN_BF16, {2, {2, 2}}}};
  tarn_safetensors_writer *w;
  TARN_TRY(tarn__safetensors_writer_create(a, file("s.safetensors"), 2, entries, &w));
  tarn_status status = TARN_OK;
  for (unsigned i = 0; i < 2 && status == TARN_OK; i++) {
    tarn_tensor t;
    sample(entries[i].dtype, entries[i].shape.rank, entries[i].shape.dim, i, &t);
    status = tarn__safetensors_writer_add(w, &t);
    tarn__tensor_clear(&t);
  }
  if (status == TARN_OK) return tarn__safetensors_writer_commit(w);
  tarn__safetensors_writer_discard(w);
  return status;
}

START_TEST(test_safetensors_reads_by_hand) {
  ck_assert_ok(
      header("{\"__metadata__\":{\"format\":\"pt\"},\"x\":{\"dtype\":\"F32\",\"shape\":[2],\"data_"
             "offsets\":[0,8]},"
             "\"e\":{\"dtype\":\"I64\",\"shape\":[0,4],\"data_offsets\":[8,8]},"
             "\"s\":{\"dtype\":\"U8\",\"shape\":[],\"data_offsets\":[8,9]}}  ",
             9));
  tarn_safetensors *f;
  ck_assert_ok(tarn__safetensors_open(plain(), file("s.safetensors"), &f));
  ck_assert_uint_eq(tarn__safetensors_count(f), 3);
  ck_assert_str_eq(tarn__safetensors_entry_at(f, 0)->name, "e");
  ck_assert_str_eq(tarn__safetensors_entry_at(f, 2)->name, "x");
  tarn__safetensors_close(f);
  ck_assert_ok(header("{}", 0));
  files_end();
}
END_TEST

START_TEST(test_safetensors_round_trip) {
  static const tarn_dtype dtypes[] = {
#define X(name, number, bytes, text) name,
      TARN_DTYPE_MAP(X)
#undef X
  };
  enum { N = sizeof dtypes / sizeof *dtypes };
  tarn_safetensors_entry entries[N];
  tarn_tensor t[N];
  size_t n = 0;
  for (int i = 0; i < N; i++) {
    bool no = dtypes[i] == TARN_STRING || dtypes[i] == TARN_C128 || dtypes[i] == TARN_RESOURCE ||
              dtypes[i] == TARN_VARIANT;
    ck_assert(tarn__safetensors_holds(dtypes[i]) == !no);
    if (no) continue;
    sample(dtypes[i], 2, (int64_t[]){3, 5}, (unsigned)i, &t[n]);
    entries[n] = (tarn_safetensors_entry){tarn_dtype_name(dtypes[i]), dtypes[i], t[n].shape};
    n++;
  }
  tarn_safetensors_writer *w;
  ck_assert_ok(tarn__safetensors_writer_create(plain(), file("s.safetensors"), n, entries, &w));
  ck_assert_int_eq(tarn__safetensors_writer_add(w, &t[1]), TARN_INVALID);
  for (size_t i = 0; i < n; i++) ck_assert_ok(tarn__safetensors_writer_add(w, &t[i]));
  ck_assert_ok(tarn__safetensors_writer_commit(w));
  tarn_safetensors *f;
  ck_assert_ok(tarn__safetensors_open(plain(), file("s.safetensors"), &f));
  ck_assert_uint_eq(tarn__safetensors_count(f), n);
  for (size_t i = 0; i < n; i++) {
    const tarn_safetensors_entry *e = tarn__safetensors_entry_at(f, i);
    size_t k = 0;
    while (strcmp(entries[k].name, e->name) != 0) k++;
    tarn_tensor back;
    ck_assert_ok(tarn__safetensors_read(f, plain(), i, &back));
    ck_assert_mem_eq(back.data, t[k].data, tarn__tensor_bytes(&t[k]));
    ck_assert(tarn__dtype_in(t[k].dtype, TARN_QUANTIZED) || back.dtype == t[k].dtype);
    tarn__tensor_clear(&back);
  }
  for (size_t i = 0; i < n; i++) tarn__tensor_clear(&t[i]);
  tarn__safetensors_close(f);
  files_end();
}
END_TEST

START_TEST(test_safetensors_refuses) {
#define X(dtype, shape, offsets) \
  "{\"x\":{\"dtype\":" dtype ",\"shape\":" shape ",\"data_offsets\":" offsets "}}"
  static const struct {
    const char *json;
    size_t data;
    tarn_status status;
  } cases[] = {
      {X("\"F32\"", "[2]", "[0,8]"), 8, TARN_OK},
      {X("\"F8_E4M3\"", "[8]", "[0,8]"), 8, TARN_DTYPE},
      {X("\"F32\"", "[2]", "[0,8]"), 7, TARN_CORRUPT},
      {X("\"F32\"", "[2]", "[0,8]"), 9, TARN_CORRUPT},
      {X("\"F32\"", "[3]", "[0,8]"), 8, TARN_CORRUPT},
      {X("\"F32\"", "[2]", "[8,0]"), 8, TARN_CORRUPT},
      {X("\"F32\"", "[2]", "[1,9]"), 9, TARN_CORRUPT},
      {X("\"F32\"", "[-2]", "[0,8]"), 8, TARN_CORRUPT},
      {X("\"F32\"", "[2.0]", "[0,8]"), 8, TARN_CORRUPT},
      {X("\"F32\"", "[2]", "[-8,0]"), 8, TARN_CORRUPT},
      {X("\"F32\"", "[2]", "[0]"), 8, TARN_CORRUPT},
      {X("\"F32\"", "2", "[0,8]"), 8, TARN_CORRUPT},
      {X("1", "[2]", "[0,8]"), 8, TARN_CORRUPT},
      {X("\"F32\"", "[4294967296,4294967296]", "[0,8]"), 8, TARN_CORRUPT},
      {X("\"F32\"", "[4611686018427387904]", "[0,0]"), 0, TARN_CORRUPT},
      {X("\"F32\"", "[99999999999999999999]", "[0,8]"), 8, TARN_CORRUPT},
      {X("\"U8\"", "[1,1,1,1,1,1,1,1,1,1,1,1,1]", "[0,1]"), 1, TARN_LIMIT},
      {"{\"x\":1}", 0, TARN_CORRUPT},
      {"[]", 0, TARN_CORRUPT},
      {"{", 0, TARN_CORRUPT},
      {"", 0, TARN_CORRUPT},
      {"{\"x\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]},\"x\":{\"dtype\":\"U8\","
       "\"shape\":[1],\"data_offsets\":[0,1]}}",
       1, TARN_CORRUPT},
      {"{\"x\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]},\"y\":{\"dtype\":\"U8\","
       "\"shape\":[2],\"data_offsets\":[1,3]}}",
       3, TARN_CORRUPT},
  };
#undef X
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    tarn_status status = header(cases[i].json, cases[i].data);
    ck_assert_msg(status == cases[i].status, "%s: %s: %s", cases[i].json, tarn_status_text(status),
                  tarn_error());
  }
  file_put("s.safetensors", "\xff\xff\xff\xff\xff\xff\xff\xff{}", 10);
  ck_assert_int_eq(read_default(), TARN_CORRUPT);
  tarn_safetensors_entry twice[] = {{"x", TARN_U8, {0}}, {"x", TARN_U8, {0}}},
                         text = {"x", TARN_STRING, {0}}, bad = {"\xff", TARN_U8, {0}};
  tarn_safetensors_writer *w;
  files_clear();
  ck_assert_int_eq(tarn__safetensors_writer_create(plain(), file("o"), 2, twice, &w), TARN_INVALID);
  ck_assert_int_eq(tarn__safetensors_writer_create(plain(), file("o"), 1, &text, &w), TARN_DTYPE);
  ck_assert_int_eq(tarn__safetensors_writer_create(plain(), file("o"), 1, &bad, &w), TARN_INVALID);
  ck_assert_ok(tarn__safetensors_writer_create(plain(), file("o"), 1, twice, &w));
  ck_assert_int_eq(tarn__safetensors_writer_commit(w), TARN_INVALID);
  ck_assert_int_eq(files_clear(), 0);
  files_end();
}
END_TEST

START_TEST(test_safetensors_survives_every_cut_and_flip) {
  ck_assert_ok(write_two(plain()));
  file_damage("s.safetensors", read_default, 0, 8);
  ck_assert_ok(read_default());
  files_end();
}
END_TEST

START_TEST(test_safetensors_survives_every_failed_allocation) {
  ck_assert_ok(write_two(plain()));
  for (int writing = 0; writing < 2; writing++) {
    long n = 0;
    for (;; n++) {
      tarn_failing f;
      tarn__failing_init(&f, n, false);
      tarn_status status = writing ? write_two(&f.allocator) : read_all(&f.allocator);
      ck_assert_int_eq(f.live, 0);
      if (status == TARN_OK) break;
      ck_assert_int_eq(status, TARN_NO_MEMORY);
    }
    ck_assert_int_gt(n, 1);
  }
  files_end();
}
END_TEST

SUITE_MAIN("safetensors", test_safetensors_reads_by_hand, test_safetensors_round_trip,
           test_safetensors_refuses, test_safetensors_survives_every_cut_and_flip,
           test_safetensors_survives_every_failed_allocation)
