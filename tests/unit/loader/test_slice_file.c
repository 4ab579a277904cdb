/* V1 checkpoints, and the choice between kinds of checkpoint by path. */
#include "loader/checkpoint/checkpoint.h"
#include "loader/checkpoint/table.h"
#include "tests/unit/loader/files.h"
#include "tests/unit/loader/tensorflow_files.h"

static tarn_status verify_with(const tarn_allocator *a, const char *path) {
  tarn_checkpoint *c;
  tarn_checkpoint_summary s;
  TARN_TRY(tarn__checkpoint_open(a, path, &c));
  tarn_status status = tarn__checkpoint_verify(c, a, &s);
  tarn_checkpoint_close(c);
  return status;
}
static tarn_status verify(void) {
  return verify_with(plain(), file("c"));
}

static tarn_tensor read_ok(const tarn_checkpoint *c, const char *name) {
  size_t i;
  tarn_tensor t;
  ck_assert_ok(tarn__checkpoint_need(c, name, strlen(name), &i));
  ck_assert_ok(tarn__checkpoint_read(c, plain(), i, &t));
  return t;
}

START_TEST(test_slice_file_reads_what_tensorflow_wrote) {
  file_put("c", tf_v1, sizeof tf_v1);
  tarn_checkpoint *c;
  ck_assert_ok(tarn__checkpoint_open(plain(), file("c"), &c));
  ck_assert_int_eq(tarn__checkpoint_version(c), 1);
  ck_assert_uint_eq(tarn_checkpoint_count(c), 5);
  tarn_tensor h = read_ok(c, "h"), n = read_ok(c, "n"), s = read_ok(c, "s"),
              part = read_ok(c, "part"), none = read_ok(c, "e");
  ck_assert_int_eq(h.dtype, TARN_F16);
  ck_assert(tarn__f16_to_f32(((uint16_t *)h.data)[1]) == -2.0f);
  ck_assert_int_eq(*(int64_t *)n.data, 1ll << 40);
  const tarn_string *text = s.data;
  ck_assert_mem_eq(text[0].data, "ab", 2);
  ck_assert_uint_eq(text[1].size, 0);
  ck_assert_uint_eq(text[2].size, 20);
  for (int i = 0; i < 12; i++) ck_assert(((float *)part.data)[i] == (float)i);
  ck_assert_int_eq(none.shape.dim[1], 3);
  tarn_tensor *all[] = {&h, &n, &s, &part, &none};
  for (int i = 0; i < 5; i++) tarn__tensor_clear(all[i]);
  size_t at;
  tarn_tensor rows;
  ck_assert(tarn__checkpoint_find(c, "part", 4, &at));
  ck_assert_ok(tarn__checkpoint_read_spec(c, plain(), at, "4 3 0,2:1,2", 11, &rows));
  static const float wanted[] = {1, 2, 4, 5};
  ck_assert_mem_eq(rows.data, wanted, sizeof wanted);
  tarn__tensor_clear(&rows);
  tarn_checkpoint_close(c);
  files_end();
}
END_TEST

static tarn_status write_tensorflow(const tarn_allocator *a) {
  file_put("c", tf_v1, sizeof tf_v1);
  tarn_checkpoint *c;
  ck_assert_ok(tarn__checkpoint_open(plain(), file("c"), &c));
  tarn_slice_file_writer *w;
  tarn_status status = tarn__slice_file_writer_create(a, file("o"), &w);
  for (size_t i = 0; status == TARN_OK && i < tarn_checkpoint_count(c); i++) {
    tarn_checkpoint_info info;
    tarn__checkpoint_info(c, i, &info);
    const tarn_slice whole = tarn__slice_whole(info.shape.rank),
                     cut[2] = {{2, {0, 0}, {1, -1}}, {2, {1, 0}, {3, -1}}};
    for (size_t k = 0; k < info.parts && status == TARN_OK; k++) {
      const tarn_slice *slice = info.parts > 1 ? &cut[k] : &whole;
      tarn_tensor t;
      ck_assert_ok(tarn__checkpoint_read_slice(c, plain(), i, slice, &t));
      status = tarn__slice_file_writer_add(w, info.name, &info.shape, slice, &t);
      tarn__tensor_clear(&t);
    }
    if (status != TARN_OK) tarn__slice_file_writer_discard(w);
  }
  tarn_checkpoint_close(c);
  return status == TARN_OK ? tarn__slice_file_writer_commit(w) : status;
}

START_TEST(test_slice_file_writes_what_tensorflow_writes) {
  ck_assert_ok(write_tensorflow(plain()));
  ck_assert_file("o", tf_v1, sizeof tf_v1);
  files_end();
}
END_TEST

START_TEST(test_slice_file_round_trips_every_dtype) {
  static const tarn_dtype dtypes[] = {
#define X(name, number, bytes, text) name,
      TARN_DTYPE_MAP(X)
#undef X
  };
  enum { N = sizeof dtypes / sizeof *dtypes };
  tarn_tensor t[N] = {0};
  tarn_slice_file_writer *w;
  ck_assert_ok(tarn__slice_file_writer_create(plain(), file("c"), &w));
  size_t written = 0;
  for (int i = 0; i < N; i++) {
    if (dtypes[i] == TARN_RESOURCE || dtypes[i] == TARN_VARIANT) continue;
    sample(dtypes[i], 2, (int64_t[]){3, 5}, (unsigned)i, &t[i]);
    tarn_status status =
        tarn__slice_file_writer_add(w, tarn_dtype_name(dtypes[i]), NULL, NULL, &t[i]);
    if (dtypes[i] == TARN_BF16) {
      ck_assert_int_eq(status, TARN_UNSUPPORTED);
      tarn__slice_file_writer_discard(w); /* as a failed writer is left */
      ck_assert_ok(tarn__slice_file_writer_create(plain(), file("c"), &w));
      for (int k = 0; k < i; k++)
        ck_assert_ok(tarn__slice_file_writer_add(w, tarn_dtype_name(dtypes[k]), NULL, NULL, &t[k]));
      tarn__tensor_clear(&t[i]);
    } else {
      ck_assert_ok(status);
      written++;
    }
  }
  ck_assert_ok(tarn__slice_file_writer_commit(w));
  tarn_checkpoint *c;
  ck_assert_ok(tarn__checkpoint_open(plain(), file("c"), &c));
  ck_assert_uint_eq(tarn_checkpoint_count(c), written);
  for (int i = 0; i < N; i++) {
    if (t[i].dtype == TARN_NO_DTYPE) continue;
    tarn_tensor back = read_ok(c, tarn_dtype_name(dtypes[i]));
    ck_assert_msg(same(&back, &t[i]), "%s", tarn_dtype_name(dtypes[i]));
    tarn__tensor_clear(&back);
    tarn__tensor_clear(&t[i]);
  }
  tarn_checkpoint_close(c);
  files_end();
}
END_TEST

/* Rows 0 and 1 in one shard, 2 in the other. */
static void shards_put(void) {
  for (int k = 0; k < 2; k++) {
    tarn_slice_file_writer *w;
    tarn_tensor t;
    tarn_shape full = {2, {3, 2}};
    tarn_slice slice = {2, {2 * k, 0}, {2 - k, -1}};
    sample(TARN_I32, 2, (int64_t[]){2 - k, 2}, 1, &t);
    for (int i = 0; i < 4 - 2 * k; i++) ((int32_t *)t.data)[i] = 4 * k + i;
    ck_assert_ok(tarn__slice_file_writer_create(
        plain(), file(k ? "c-00001-of-00002" : "c-00000-of-00002"), &w));
    ck_assert_ok(tarn__slice_file_writer_add(w, "x", &full, &slice, &t));
    ck_assert_ok(tarn__slice_file_writer_add(w, k ? "b" : "a", NULL, NULL, &t));
    ck_assert_ok(tarn__slice_file_writer_commit(w));
    tarn__tensor_clear(&t);
  }
}

START_TEST(test_slice_file_reads_shards) {
  shards_put();
  tarn_checkpoint *c;
  ck_assert_ok(tarn__checkpoint_open(plain(), file("c"), &c));
  ck_assert_uint_eq(tarn_checkpoint_count(c), 3);
  tarn_tensor x = read_ok(c, "x");
  for (int i = 0; i < 6; i++) ck_assert_int_eq(((int32_t *)x.data)[i], i);
  tarn__tensor_clear(&x);
  tarn_checkpoint_close(c);
  ck_assert_ok(verify());
  remove(file("c-00001-of-00002"));
  ck_assert_int_eq(verify(), TARN_IO);
  shards_put();
  file_put("c-00000-of-00003", "x", 1);
  ck_assert_int_eq(verify(), TARN_IO);
  files_end();
}
END_TEST

START_TEST(test_slice_file_survives_every_cut_and_flip) {
  file_put("c", tf_v1, sizeof tf_v1);
  file_damage("c", verify, 0, sizeof tf_v1 - 48);
  ck_assert_ok(verify());
  files_end();
}
END_TEST

START_TEST(test_slice_file_survives_every_failed_allocation) {
  file_put("c", tf_v1, sizeof tf_v1);
  shards_put();
  for (int way = 0; way < 3; way++) {
    long n = 0;
    for (;; n++) {
      tarn_failing f;
      tarn__failing_init(&f, n, false);
      if (way == 1) remove(file("c"));
      tarn_status status =
          way == 2 ? write_tensorflow(&f.allocator) : verify_with(&f.allocator, file("c"));
      ck_assert_int_eq(f.live, 0);
      if (status == TARN_OK) break;
      ck_assert_msg(status == TARN_NO_MEMORY, "allocation %ld: %s", n, tarn_error());
    }
    ck_assert_int_gt(n, 10);
  }
  files_end();
}
END_TEST

/* ---- which checkpoint a path means ---- */

static void state_put(const char *text) {
  file_put("checkpoint", text, strlen(text));
}

static void v2_put(const char *index, const char *data) {
  file_put(index, tf_v2_index, sizeof tf_v2_index);
  file_put(data, tf_v2_data, sizeof tf_v2_data);
}

static void opens(const char *path, const char *prefix, int version) {
  tarn_checkpoint *c;
  ck_assert_ok(tarn__checkpoint_open(plain(), path, &c));
  ck_assert_str_eq(tarn__checkpoint_prefix(c), prefix);
  ck_assert_int_eq(tarn__checkpoint_version(c), version);
  tarn_checkpoint_close(c);
}

START_TEST(test_checkpoint_paths) {
  file_put("m", tf_v1, sizeof tf_v1);
  opens(file("m"), file("m"), 1);
  v2_put("m.index", "m.data-00000-of-00001");
  opens(file("m"), file("m"), 2); /* V2 wins */
  opens(file("m.index"), file("m"), 2);
  opens(file("m.data-00000-of-00001"), file("m"), 2);
  file_put("m.meta", "x", 1);
  opens(file("m.meta"), file("m"), 2);
  v2_put("m-10.index", "m-10.data-00000-of-00001");
  state_put(
      "# the newest\nmodel_checkpoint_path: \"m-10\"\nall_model_checkpoint_paths: \"m\"\n"
      "all_model_checkpoint_timestamps: 1.5e9\n");
  opens(folder(), file("m-10"), 2);
  state_put("model_checkpoint_path: \"/gone/elsewhere/m-\\061\\x30\"");
  opens(folder(), file("m-10"), 2);
  state_put("model_checkpoint_path: 'm' '-10'\n");
  opens(folder(), file("m-10"), 2);
  files_end();
}
END_TEST

START_TEST(test_checkpoint_paths_absolute) {
  char here[512], text[1024];
  ck_assert_ptr_nonnull(realpath(folder(), here));
  v2_put("m.index", "m.data-00000-of-00001");
  snprintf(text, sizeof text, "model_checkpoint_path: \"%s/m\"", here);
  state_put(text);
  snprintf(text, sizeof text, "%s/m", here);
  opens(folder(), text, 2);
  files_end();
}
END_TEST

START_TEST(test_checkpoint_state_refuses_what_it_is_not) {
  static const char *const bad[] = {"",
                                    "\x89PNG",
                                    "model_checkpoint_path",
                                    "model_checkpoint_path:",
                                    "model_checkpoint_path: \"m",
                                    "model_checkpoint_path: \"m\n\"",
                                    "model_checkpoint_path: \"\\q\"",
                                    "model_checkpoint_path: \"\\000\"",
                                    "model_checkpoint_path: \"\\777\"",
                                    "all_model_checkpoint_paths: \"m\"",
                                    "model_checkpoint_path: \"\"",
                                    "model_checkpoint_path: 5",
                                    "model_checkpoint_path { }"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    state_put(bad[i]);
    tarn_checkpoint *c;
    ck_assert_msg(tarn__checkpoint_open(plain(), folder(), &c) == TARN_CORRUPT, "'%s': %s", bad[i],
                  tarn_error());
  }
  /* Names itself: opened as a checkpoint, which it is not. */
  state_put("model_checkpoint_path: \"checkpoint\"");
  ck_assert_int_eq(verify_with(plain(), folder()), TARN_CORRUPT);
  remove(file("checkpoint"));
  ck_assert_int_eq(verify_with(plain(), folder()), TARN_IO);
  ck_assert_int_eq(verify_with(plain(), file("nothing")), TARN_IO);
  ck_assert_ptr_nonnull(strstr(tarn_error(), "nothing"));
  files_end();
}
END_TEST

SUITE_MAIN("slice_file", test_slice_file_reads_what_tensorflow_wrote,
           test_slice_file_writes_what_tensorflow_writes, test_slice_file_round_trips_every_dtype,
           test_slice_file_reads_shards, test_slice_file_survives_every_cut_and_flip,
           test_slice_file_survives_every_failed_allocation, test_checkpoint_paths,
           test_checkpoint_paths_absolute, test_checkpoint_state_refuses_what_it_is_not)
