/* V2 checkpoints: TensorFlow's bytes, round trips, slices, damage. */
#include <pthread.h>

#include "loader/checkpoint/checkpoint.h"
#include "core/crc32c.h"
#include "loader/checkpoint/table.h"
#include "tests/unit/loader/files.h"
#include "tests/unit/loader/tensorflow_files.h"

#define INDEX "c.index"
#define DATA "c.data-00000-of-00001"

static tarn_checkpoint *open_ok(const char *name) {
  tarn_checkpoint *c;
  ck_assert_ok(tarn__checkpoint_open(plain(), file(name), &c));
  return c;
}

static tarn_tensor read_ok(const tarn_checkpoint *c, const char *name) {
  size_t i;
  tarn_tensor t;
  ck_assert_ok(tarn__checkpoint_need(c, name, strlen(name), &i));
  ck_assert_ok(tarn__checkpoint_read(c, plain(), i, &t));
  return t;
}

static void tensorflow_put(void) {
  file_put(INDEX, tf_v2_index, sizeof tf_v2_index);
  file_put(DATA, tf_v2_data, sizeof tf_v2_data);
}

/* Opens, reads and checks everything. */
static tarn_status verify_with(const tarn_allocator *a, const char *name) {
  tarn_checkpoint *c;
  tarn_checkpoint_summary s;
  TARN_TRY(tarn__checkpoint_open(a, file(name), &c));
  tarn_status status = tarn__checkpoint_verify(c, a, &s);
  tarn_checkpoint_close(c);
  return status;
}
static tarn_status verify(void) {
  return verify_with(plain(), "c");
}

START_TEST(test_bundle_reads_what_tensorflow_wrote) {
  tensorflow_put();
  tarn_checkpoint *c = open_ok("c");
  ck_assert_uint_eq(tarn_checkpoint_count(c), 5);
  tarn_checkpoint_entry e;
  ck_assert_ok(tarn_checkpoint_at(c, 3, &e));
  ck_assert_str_eq(e.name, "part");
  ck_assert_int_eq(e.rank, 2);
  ck_assert_int_eq(e.dims[0], 4);
  ck_assert_int_eq(tarn_checkpoint_at(c, 5, &e), TARN_INVALID);
  tarn_tensor b = read_ok(c, "b"), n = read_ok(c, "n"), s = read_ok(c, "s"),
              part = read_ok(c, "part"), none = read_ok(c, "e");
  ck_assert_int_eq(b.dtype, TARN_BF16);
  ck_assert(tarn__bf16_to_f32(((uint16_t *)b.data)[0]) == 1.5f);
  ck_assert(tarn__bf16_to_f32(((uint16_t *)b.data)[1]) == -2.0f);
  ck_assert_int_eq(*(int64_t *)n.data, 1ll << 40);
  ck_assert_int_eq(n.shape.rank, 0);
  const tarn_string *text = s.data;
  ck_assert_uint_eq(text[0].size, 2);
  ck_assert_mem_eq(text[0].data, "ab", 2);
  ck_assert_uint_eq(text[1].size, 0);
  ck_assert_uint_eq(text[2].size, 20);
  for (int i = 0; i < 12; i++) ck_assert(((float *)part.data)[i] == (float)i);
  ck_assert_int_eq(tarn__tensor_elements(&none), 0);
  ck_assert_int_eq(none.shape.dim[1], 3);
  tarn_tensor *all[] = {&b, &n, &s, &part, &none};
  for (int i = 0; i < 5; i++) tarn__tensor_clear(all[i]);
  tarn_checkpoint_summary sum;
  ck_assert_ok(tarn__checkpoint_verify(c, plain(), &sum));
  ck_assert_uint_eq(sum.tensors, 5);
  ck_assert_uint_eq(sum.files, 2);
  tarn_checkpoint_close(c);
  files_end();
}
END_TEST

/* The same tensors, in the same order. */
static tarn_status write_tensorflow(const tarn_allocator *a) {
  tensorflow_put();
  tarn_checkpoint *c = open_ok("c");
  tarn_checkpoint_writer *w;
  tarn_status status = tarn__checkpoint_writer_create(a, file("o"), &w);
  for (size_t i = 0; status == TARN_OK && i < tarn_checkpoint_count(c); i++) {
    tarn_checkpoint_info info;
    tarn_tensor t;
    tarn__checkpoint_info(c, i, &info);
    ck_assert_ok(tarn__checkpoint_read(c, plain(), i, &t));
    if (info.parts == 1) {
      status = tarn__checkpoint_writer_add(w, info.name, &t);
    } else {
      const tarn_slice slices[2] = {{2, {0, 0}, {1, -1}}, {2, {1, 0}, {3, -1}}};
      for (int k = 0; k < 2 && status == TARN_OK; k++) {
        tarn_tensor piece;
        ck_assert_ok(tarn__checkpoint_read_slice(c, plain(), i, &slices[k], &piece));
        status = tarn__checkpoint_writer_add_slice(w, info.name, &info.shape, &slices[k], &piece);
        tarn__tensor_clear(&piece);
      }
    }
    tarn__tensor_clear(&t);
    if (status != TARN_OK) tarn__checkpoint_writer_discard(w);
  }
  tarn_checkpoint_close(c);
  return status == TARN_OK ? tarn__checkpoint_writer_commit(w) : status;
}

START_TEST(test_bundle_writes_what_tensorflow_writes) {
  ck_assert_ok(write_tensorflow(plain()));
  ck_assert_file("o.index", tf_v2_index, sizeof tf_v2_index);
  ck_assert_file("o.data-00000-of-00001", tf_v2_data, sizeof tf_v2_data);
  files_end();
}
END_TEST

static const tarn_dtype dtypes[] = {
#define X(name, number, bytes, text) name,
    TARN_DTYPE_MAP(X)
#undef X
};
enum { DTYPES = sizeof dtypes / sizeof *dtypes };

START_TEST(test_bundle_round_trips_every_dtype) {
  static const int64_t shapes[][3] = {{0}, {5}, {3, 4}, {0, 7}, {2, 3, 4}};
  static const int ranks[] = {0, 1, 2, 2, 3};
  tarn_tensor t[DTYPES * 5];
  char name[DTYPES * 5][32];
  size_t n = 0;
  tarn_checkpoint_writer *w;
  ck_assert_ok(tarn__checkpoint_writer_create(plain(), file("c"), &w));
  for (int d = 0; d < DTYPES; d++)
    for (int s = 0; s < 5; s++) {
      tarn_shape shape;
      if (dtypes[d] == TARN_RESOURCE || dtypes[d] == TARN_VARIANT) {
        tarn_tensor object;
        ck_assert_ok(tarn__shape_make(0, NULL, &shape));
        ck_assert_ok(tarn__tensor_new(plain(), dtypes[d], &shape, &object));
        ck_assert_int_eq(tarn__checkpoint_writer_add(w, "object", &object), TARN_DTYPE);
        tarn__tensor_clear(&object);
        continue;
      }
      sample(dtypes[d], ranks[s], shapes[s], (unsigned)(d * 10 + s), &t[n]);
      snprintf(name[n], sizeof name[n], "%s/%d", tarn_dtype_name(dtypes[d]), s);
      ck_assert_ok(tarn__checkpoint_writer_add(w, name[n], &t[n]));
      n++;
    }
  ck_assert_int_eq(tarn__checkpoint_writer_add(w, name[0], &t[0]), TARN_INVALID);
  ck_assert_int_eq(tarn__checkpoint_writer_add(w, "", &t[0]), TARN_INVALID);
  ck_assert_ok(tarn__checkpoint_writer_commit(w));
  tarn_checkpoint *c = open_ok("c");
  ck_assert_uint_eq(tarn_checkpoint_count(c), n);
  for (size_t i = 0; i < n; i++) {
    tarn_tensor back = read_ok(c, name[i]), view;
    ck_assert_msg(same(&back, &t[i]), "%s", name[i]);
    size_t k;
    ck_assert(tarn__checkpoint_find(c, name[i], strlen(name[i]), &k));
    ck_assert_ok(tarn__checkpoint_view(c, plain(), k, &view));
    ck_assert_msg(same(&view, &t[i]), "a view of %s", name[i]);
    tarn__tensor_clear(&view);
    tarn__tensor_clear(&back);
    tarn__tensor_clear(&t[i]);
  }
  tarn_checkpoint_close(c);
  files_end();
}
END_TEST

START_TEST(test_bundle_view_outlives_the_checkpoint) {
  tarn_tensor t, view;
  sample(TARN_F32, 1, (int64_t[]){1000}, 7, &t);
  tarn_checkpoint_writer *w;
  ck_assert_ok(tarn__checkpoint_writer_create(plain(), file("c"), &w));
  ck_assert_ok(tarn__checkpoint_writer_add(w, "x", &t));
  ck_assert_ok(tarn__checkpoint_writer_commit(w));
  tarn_checkpoint *c = open_ok("c");
  ck_assert_ok(tarn__checkpoint_view(c, plain(), 0, &view));
  ck_assert_uint_eq((uintptr_t)view.data % TARN_ALIGN, 0);
  tarn_checkpoint_close(c);
  files_clear();
  ck_assert(same(&view, &t));
  tarn__tensor_clear(&view);
  tarn__tensor_clear(&t);
  files_end();
}
END_TEST

/* Every box of a 5x4x3 tensor that was cut along two dimensions, against the whole. */
START_TEST(test_bundle_reads_boxes_across_slices) {
  static const int64_t dims[] = {5, 4, 3};
  static const tarn_slice cuts[] = {
      {3, {0, 0, 0}, {2, 3, -1}}, {3, {0, 3, 0}, {2, 1, -1}}, {3, {2, 0, 0}, {3, -1, -1}}};
  for (int strings = 0; strings < 2; strings++) {
    tarn_tensor whole;
    sample(strings ? TARN_STRING : TARN_I16, 3, dims, 3, &whole);
    tarn_checkpoint_writer *w;
    ck_assert_ok(tarn__checkpoint_writer_create(plain(), file("whole"), &w));
    ck_assert_ok(tarn__checkpoint_writer_add(w, "x", &whole));
    ck_assert_ok(tarn__checkpoint_writer_commit(w));
    tarn_checkpoint *one = open_ok("whole");
    ck_assert_ok(tarn__checkpoint_writer_create(plain(), file("cut"), &w));
    for (int k = 0; k < 3; k++) {
      tarn_tensor piece;
      ck_assert_ok(tarn__checkpoint_read_slice(one, plain(), 0, &cuts[k], &piece));
      ck_assert_ok(tarn__checkpoint_writer_add_slice(w, "x", &whole.shape, &cuts[k], &piece));
      tarn__tensor_clear(&piece);
    }
    ck_assert_ok(tarn__checkpoint_writer_commit(w));
    tarn_checkpoint *many = open_ok("cut");
    tarn_tensor back = read_ok(many, "x");
    ck_assert(same(&back, &whole));
    tarn__tensor_clear(&back);
    for (int64_t a = 0; a < 5; a++)
      for (int64_t an = 1; an <= 5 - a; an++)
        for (int64_t b = 0; b < 4; b++)
          for (int64_t bn = 1; bn <= 4 - b; bn++)
            for (int64_t k = 0; k < 3; k++) {
              tarn_slice box = {3, {a, b, k}, {an, bn, k == 0 ? -1 : 1}};
              tarn_tensor x, y;
              ck_assert_ok(tarn__checkpoint_read_slice(one, plain(), 0, &box, &x));
              ck_assert_ok(tarn__checkpoint_read_slice(many, plain(), 0, &box, &y));
              ck_assert(same(&x, &y));
              if (!strings)
                ck_assert_int_eq(((int16_t *)x.data)[0],
                                 ((int16_t *)whole.data)[(a * 4 + b) * 3 + k]);
              tarn__tensor_clear(&x);
              tarn__tensor_clear(&y);
            }
    tarn_tensor x;
    ck_assert_ok(tarn__checkpoint_read_spec(many, plain(), 0, "5 4 3 1,2:-:0,1", 15, &x));
    ck_assert_int_eq(tarn__tensor_elements(&x), 8);
    tarn__tensor_clear(&x);
    ck_assert_int_eq(tarn__checkpoint_read_spec(many, plain(), 0, "5 4 4 1,2:-:0,1", 15, &x),
                     TARN_SHAPE);
    ck_assert_int_eq(
        tarn__checkpoint_read_slice(many, plain(), 0, &(tarn_slice){3, {0, 0, 0}, {6, 1, 1}}, &x),
        TARN_SHAPE);
    tarn_checkpoint_close(one);
    tarn_checkpoint_close(many);
    tarn__tensor_clear(&whole);
  }
  files_end();
}
END_TEST

START_TEST(test_bundle_refuses_slices_that_do_not_tile) {
  static const struct {
    const char *what;
    tarn_slice slices[2];
  } cases[] = {
      {"an overlap", {{1, {0}, {3}}, {1, {2}, {2}}}},
      {"a hole", {{1, {0}, {1}}, {1, {2}, {2}}}},
      {"an overlap as large as the hole", {{1, {0}, {2}}, {1, {1}, {2}}}},
  };
  for (size_t i = 0; i < 3; i++) {
    tarn_shape full = {1, {4}};
    tarn_checkpoint_writer *w;
    ck_assert_ok(tarn__checkpoint_writer_create(plain(), file("c"), &w));
    for (int k = 0; k < 2; k++) {
      tarn_tensor t;
      sample(TARN_F32, 1, cases[i].slices[k].length, 1, &t);
      ck_assert_ok(tarn__checkpoint_writer_add_slice(w, "x", &full, &cases[i].slices[k], &t));
      tarn__tensor_clear(&t);
    }
    ck_assert_ok(tarn__checkpoint_writer_commit(w));
    ck_assert_msg(verify() == TARN_CORRUPT, "%s was read", cases[i].what);
  }
  files_end();
}
END_TEST

START_TEST(test_bundle_names_what_is_near) {
  tensorflow_put();
  tarn_checkpoint *c = open_ok("c");
  size_t i;
  ck_assert_int_eq(tarn__checkpoint_need(c, "prat", 4, &i), TARN_NOT_FOUND);
  ck_assert_ptr_nonnull(strstr(tarn_error(), "'part'"));
  tarn_tensor *t;
  ck_assert_int_eq(tarn_checkpoint_read(c, "parts", &t), TARN_NOT_FOUND);
  ck_assert_ok(tarn_checkpoint_read(c, "part", &t));
  ck_assert_int_eq(tarn_tensor_rank(t), 2);
  tarn_tensor_release(t);
  tarn_checkpoint_close(c);
  files_end();
}
END_TEST

START_TEST(test_bundle_lists_without_its_data) {
  tensorflow_put();
  remove(file(DATA));
  tarn_checkpoint *c = open_ok("c");
  size_t i;
  tarn_tensor t;
  ck_assert(tarn__checkpoint_find(c, "n", 1, &i));
  ck_assert_int_eq(tarn__checkpoint_read(c, plain(), i, &t), TARN_IO);
  ck_assert_ptr_nonnull(strstr(tarn_error(), DATA));
  tarn_checkpoint_close(c);
  ck_assert_int_eq(verify(), TARN_IO);
  files_end();
}
END_TEST

START_TEST(test_bundle_survives_every_cut_and_flip) {
  tensorflow_put();
  file_damage(INDEX, verify, 0, sizeof tf_v2_index - 48);
  file_damage(DATA, verify, 0, sizeof tf_v2_data);
  ck_assert_ok(verify());
  files_end();
}
END_TEST

START_TEST(test_bundle_names_file_and_byte) {
  tensorflow_put();
  unsigned char data[sizeof tf_v2_data];
  memcpy(data, tf_v2_data, sizeof data);
  data[5] ^= 1; /* in n, at offset 4 */
  file_put(DATA, data, sizeof data);
  ck_assert_int_eq(verify(), TARN_CORRUPT);
  ck_assert_ptr_nonnull(strstr(tarn_error(), DATA "': offset 4: tensor crc"));
  ck_assert_ptr_nonnull(strstr(tarn_error(), "while reading the tensor 'n'"));
  files_end();
}
END_TEST

START_TEST(test_bundle_survives_every_failed_allocation) {
  tensorflow_put();
  for (int writing = 0; writing < 2; writing++) {
    long n = 0;
    for (;; n++) {
      tarn_failing f;
      tarn__failing_init(&f, n, false);
      tarn_status status =
          writing ? write_tensorflow(&f.allocator) : verify_with(&f.allocator, "c");
      ck_assert_int_eq(f.live, 0);
      if (status == TARN_OK) break;
      ck_assert_msg(status == TARN_NO_MEMORY, "allocation %ld: %s", n, tarn_error());
      /* Nothing half-written: the files of the next test are those of "c" alone. */
      if (writing) ck_assert_int_eq(access(file("o.index"), F_OK), -1);
    }
    ck_assert_int_gt(n, 10);
  }
  files_end();
}
END_TEST

START_TEST(test_bundle_writes_whole_or_not_at_all) {
  tarn_tensor t;
  sample(TARN_F32, 1, (int64_t[]){3}, 1, &t);
  tarn_checkpoint_writer *w;
  ck_assert_ok(tarn__checkpoint_writer_create(plain(), file("c"), &w));
  ck_assert_ok(tarn__checkpoint_writer_add(w, "x", &t));
  tarn__checkpoint_writer_discard(w);
  ck_assert_int_eq(files_clear(), 0);
  ck_assert_int_eq(tarn__checkpoint_writer_create(plain(), file("no/such/folder"), &w), TARN_IO);
  /* The index cannot get its name: the data must not stay either. */
  mkdir(file("c.index"), 0777);
  ck_assert_ok(tarn__checkpoint_writer_create(plain(), file("c"), &w));
  ck_assert_ok(tarn__checkpoint_writer_add(w, "x", &t));
  ck_assert_int_eq(tarn__checkpoint_writer_commit(w), TARN_IO);
  rmdir(file("c.index"));
  ck_assert_int_eq(files_clear(), 0);
  tarn_tensor *handle;
  ck_assert_ok(tarn__tensor_handle(plain(), &t, &handle));
  ck_assert_ok(tarn_checkpoint_write(file("c"), 1, (const char *[]){"x"}, &handle));
  ck_assert_ok(verify());
  tarn_tensor_release(handle);
  files_end();
}
END_TEST

/* As savers of several shards write, PREFIX_temp/part-...: the folder is not there yet. */
START_TEST(test_bundle_makes_its_folder) {
  tarn_tensor t, *handle;
  sample(TARN_F32, 1, (int64_t[]){3}, 1, &t);
  ck_assert_ok(tarn__tensor_handle(plain(), &t, &handle));
  ck_assert_ok(tarn_checkpoint_write(file("shards/part"), 1, (const char *[]){"x"}, &handle));
  ck_assert_int_eq(unlink(file("shards/part.index")), 0);
  ck_assert_int_eq(unlink(file("shards/part.data-00000-of-00001")), 0);
  ck_assert_int_eq(rmdir(file("shards")), 0);
  tarn_tensor_release(handle);
  files_end();
}
END_TEST

/* A bundle by hand: one int32 and one string tensor of a big-endian machine. */
START_TEST(test_bundle_swaps_big_endian) {
  static const unsigned char numbers[] = {0, 0, 0, 1, 0xff, 0xff, 0xff, 0xfe};
  unsigned char data[64], length[4] = {0, 0, 0, 3}, p[4];
  memcpy(data, numbers, 8);
  data[8] = 3;
  uint32_t crc = tarn__crc32c(0, length, 4);
  tarn__put_le32(p, tarn__crc32c_mask(crc));
  for (int i = 0; i < 4; i++) data[9 + i] = p[3 - i];
  memcpy(data + 13, "abc", 3);
  crc = tarn__crc32c(crc, data + 9, 7);
  file_put(DATA, data, 16);
  tarn_output *output;
  tarn_table_writer w;
  tarn_bytes n, s;
  tarn__bytes_init(&n, plain());
  tarn__bytes_init(&s, plain());
  ck_assert_ok(tarn__wire_add_int(&n, 1, 3));
  ck_assert_ok(tarn__wire_add_bytes(&n, 2, "\x12\x02\x08\x02", 4));
  ck_assert_ok(tarn__wire_add_int(&n, 5, 8));
  ck_assert_ok(tarn__wire_add_fixed32(&n, 6, tarn__crc32c_mask(tarn__crc32c(0, numbers, 8))));
  ck_assert_ok(tarn__wire_add_int(&s, 1, 7));
  ck_assert_ok(tarn__wire_add_int(&s, 4, 8));
  ck_assert_ok(tarn__wire_add_int(&s, 5, 8));
  ck_assert_ok(tarn__wire_add_fixed32(&s, 6, tarn__crc32c_mask(crc)));
  ck_assert_ok(tarn__output_open(plain(), file(INDEX), &output));
  tarn__table_writer_init(&w, plain(), output);
  ck_assert_ok(tarn__table_writer_add(&w, "", 0, "\x08\x01\x10\x01\x1a\x02\x08\x01", 8));
  ck_assert_ok(tarn__table_writer_add(&w, "n", 1, n.data, n.size));
  ck_assert_ok(tarn__table_writer_add(&w, "s", 1, s.data, s.size));
  ck_assert_ok(tarn__table_writer_finish(&w));
  ck_assert_ok(tarn__output_commit(output));
  tarn__table_writer_clear(&w);
  tarn__bytes_clear(&n);
  tarn__bytes_clear(&s);
  tarn_checkpoint *c = open_ok("c");
  tarn_tensor x = read_ok(c, "n"), y = read_ok(c, "s");
  ck_assert_int_eq(((int32_t *)x.data)[0], 1);
  ck_assert_int_eq(((int32_t *)x.data)[1], -2);
  ck_assert_mem_eq(((tarn_string *)y.data)->data, "abc", 3);
  tarn__tensor_clear(&x);
  tarn__tensor_clear(&y);
  tarn_checkpoint_close(c);
  files_end();
}
END_TEST

/* An index of one header and one entry given as bytes. */
static tarn_status verify_entry(const void *header, size_t header_bytes, const void *entry,
                                size_t entry_bytes) {
  tarn_output *output;
  tarn_table_writer w;
  file_put(DATA, "0123456789abcdef", 16);
  ck_assert_ok(tarn__output_open(plain(), file(INDEX), &output));
  tarn__table_writer_init(&w, plain(), output);
  ck_assert_ok(tarn__table_writer_add(&w, "", 0, header, header_bytes));
  ck_assert_ok(tarn__table_writer_add(&w, "x", 1, entry, entry_bytes));
  ck_assert_ok(tarn__table_writer_finish(&w));
  ck_assert_ok(tarn__output_commit(output));
  tarn__table_writer_clear(&w);
  return verify();
}

#define BYTES(text) text, sizeof text - 1
#define RIGHT_HEADER "\x08\x01\x1a\x02\x08\x01"

START_TEST(test_bundle_refuses_entries_that_lie) {
  static const struct {
    const char *what;
    tarn_status status;
    const char *header;
    size_t header_bytes;
    const char *entry;
    size_t entry_bytes;
  } cases[] = {
      {"no shards", TARN_CORRUPT, BYTES("\x1a\x02\x08\x01"), BYTES("\x08\x01")},
      {"endianness 2", TARN_CORRUPT, BYTES("\x08\x01\x10\x02"), BYTES("\x08\x01")},
      {"min_consumer 2", TARN_UNSUPPORTED, BYTES("\x08\x01\x1a\x04\x08\x02\x10\x02"),
       BYTES("\x08\x01")},
      {"bad_consumers 1", TARN_UNSUPPORTED, BYTES("\x08\x01\x1a\x05\x08\x01\x1a\x01\x01"),
       BYTES("\x08\x01")},
      {"no dtype", TARN_CORRUPT, BYTES(RIGHT_HEADER), BYTES("\x28\x04")},
      {"dtype 99", TARN_CORRUPT, BYTES(RIGHT_HEADER), BYTES("\x08\x63\x28\x04")},
      {"a reference type", TARN_CORRUPT, BYTES(RIGHT_HEADER), BYTES("\x08\x65\x28\x04")},
      {"an 8-bit float", TARN_UNSUPPORTED, BYTES(RIGHT_HEADER), BYTES("\x08\x18\x28\x01")},
      {"a resource", TARN_UNSUPPORTED, BYTES(RIGHT_HEADER), BYTES("\x08\x14\x28\x01")},
      {"shard 1 of 1", TARN_CORRUPT, BYTES(RIGHT_HEADER), BYTES("\x08\x01\x18\x01\x28\x04")},
      {"a size too small", TARN_CORRUPT, BYTES(RIGHT_HEADER), BYTES("\x08\x01\x28\x03")},
      {"a size too large", TARN_CORRUPT, BYTES(RIGHT_HEADER), BYTES("\x08\x01\x28\x05")},
      {"no size", TARN_CORRUPT, BYTES(RIGHT_HEADER), BYTES("\x08\x01")},
      {"a negative offset", TARN_CORRUPT, BYTES(RIGHT_HEADER),
       BYTES("\x08\x01\x20\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x28\x04")},
      {"an offset that wraps", TARN_CORRUPT, BYTES(RIGHT_HEADER),
       BYTES("\x08\x01\x20\xff\xff\xff\xff\xff\xff\xff\xff\x7f\x28\x04")},
      {"an offset past the file", TARN_CORRUPT, BYTES(RIGHT_HEADER),
       BYTES("\x08\x01\x20\x0d\x28\x04")},
      {"a crc of zero", TARN_CORRUPT, BYTES(RIGHT_HEADER), BYTES("\x08\x01\x28\x04")},
      {"strings of 3 bytes", TARN_CORRUPT, BYTES(RIGHT_HEADER), BYTES("\x08\x07\x28\x03")},
      {"more strings than bytes", TARN_CORRUPT, BYTES(RIGHT_HEADER),
       BYTES("\x08\x07\x12\x04\x12\x02\x08\x7f\x28\x10")},
      {"a shard that is missing", TARN_IO, BYTES("\x08\x02"), BYTES("\x08\x01\x28\x04")},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    tarn_status status =
        verify_entry(cases[i].header, cases[i].header_bytes, cases[i].entry, cases[i].entry_bytes);
    ck_assert_msg(status == cases[i].status, "%s: %s, expected %s: %s", cases[i].what,
                  tarn_status_text(status), tarn_status_text(cases[i].status), tarn_error());
  }
  /* And the right one, so that the frame is not what is refused. */
  unsigned char entry[9] = {8, 1, 0x28, 4, 0x35};
  tarn__put_le32(entry + 5, tarn__crc32c_mask(tarn__crc32c(0, "0123", 4)));
  ck_assert_ok(verify_entry(RIGHT_HEADER, sizeof RIGHT_HEADER - 1, entry, sizeof entry));
  files_end();
}
END_TEST

START_TEST(test_bundle_finds_by_full_name) {
  tarn_bytes g;
  tarn__bytes_init(&g, plain());
  size_t node, attribute;
  ck_assert_ok(tarn__wire_begin(&g, 1, &node));
  ck_assert_ok(tarn__wire_begin(&g, 2, &attribute));
  ck_assert_ok(tarn__wire_add_bytes(&g, 1, "VARIABLE_VALUE", 14));
  ck_assert_ok(tarn__wire_add_bytes(&g, 2, "dense/kernel", 12));
  ck_assert_ok(tarn__wire_add_bytes(&g, 3, "model/w/.ATTRIBUTES/VARIABLE_VALUE", 34));
  ck_assert_ok(tarn__wire_end(&g, attribute));
  ck_assert_ok(tarn__wire_end(&g, node));
  tarn_tensor graph, value;
  sample(TARN_STRING, 0, NULL, 0, &graph);
  ck_assert_ok(tarn__string_set(&graph, 0, g.data, g.size));
  sample(TARN_F32, 1, (int64_t[]){2}, 1, &value);
  tarn_checkpoint_writer *w;
  ck_assert_ok(tarn__checkpoint_writer_create(plain(), file("c"), &w));
  ck_assert_ok(tarn__checkpoint_writer_add(w, "model/w/.ATTRIBUTES/VARIABLE_VALUE", &value));
  ck_assert_ok(tarn__checkpoint_writer_add(w, "_CHECKPOINTABLE_OBJECT_GRAPH", &graph));
  ck_assert_ok(tarn__checkpoint_writer_commit(w));
  tarn_checkpoint *c = open_ok("c");
  size_t i;
  ck_assert_ok(tarn__checkpoint_find_by_full_name(c, plain(), "dense/kernel", 12, &i));
  ck_assert_uint_eq(i, 1);
  ck_assert_int_eq(tarn__checkpoint_find_by_full_name(c, plain(), "dense/bias", 10, &i),
                   TARN_NOT_FOUND);
  long n = 0;
  for (;; n++) {
    tarn_failing f;
    tarn__failing_init(&f, n, false);
    tarn_status status =
        tarn__checkpoint_find_by_full_name(c, &f.allocator, "dense/kernel", 12, &i);
    ck_assert_int_eq(f.live, 0);
    if (status == TARN_OK) break;
    ck_assert_int_eq(status, TARN_NO_MEMORY);
  }
  ck_assert_int_gt(n, 2);
  tarn_checkpoint_close(c);
  tarn__tensor_clear(&graph);
  tarn__tensor_clear(&value);
  tarn__bytes_clear(&g);
  tensorflow_put();
  c = open_ok("c");
  ck_assert_int_eq(tarn__checkpoint_find_by_full_name(c, plain(), "x", 1, &i), TARN_NOT_FOUND);
  tarn_checkpoint_close(c);
  files_end();
}
END_TEST

static void *read_everything(void *checkpoint) {
  const tarn_checkpoint *c = checkpoint;
  intptr_t bad = 0;
  for (int round = 0; round < 20; round++)
    for (size_t i = 0; i < tarn_checkpoint_count(c); i++) {
      tarn_tensor t;
      tarn_status status = round % 2 ? tarn__checkpoint_view(c, plain(), i, &t)
                                     : tarn__checkpoint_read(c, plain(), i, &t);
      bad += status != TARN_OK;
      if (status == TARN_OK) tarn__tensor_clear(&t);
    }
  return (void *)bad;
}

START_TEST(test_bundle_is_read_by_many_threads) {
  tensorflow_put();
  tarn_checkpoint *c = open_ok("c");
  pthread_t thread[4];
  for (int i = 0; i < 4; i++)
    ck_assert_int_eq(pthread_create(&thread[i], NULL, read_everything, c), 0);
  for (int i = 0; i < 4; i++) {
    void *bad;
    ck_assert_int_eq(pthread_join(thread[i], &bad), 0);
    ck_assert_int_eq((intptr_t)bad, 0);
  }
  tarn_checkpoint_close(c);
  files_end();
}
END_TEST

SUITE_MAIN("bundle", test_bundle_reads_what_tensorflow_wrote,
           test_bundle_writes_what_tensorflow_writes, test_bundle_round_trips_every_dtype,
           test_bundle_view_outlives_the_checkpoint, test_bundle_reads_boxes_across_slices,
           test_bundle_refuses_slices_that_do_not_tile, test_bundle_names_what_is_near,
           test_bundle_lists_without_its_data, test_bundle_survives_every_cut_and_flip,
           test_bundle_names_file_and_byte, test_bundle_survives_every_failed_allocation,
           test_bundle_writes_whole_or_not_at_all, test_bundle_makes_its_folder,
           test_bundle_swaps_big_endian, test_bundle_refuses_entries_that_lie,
           test_bundle_finds_by_full_name, test_bundle_is_read_by_many_threads)
