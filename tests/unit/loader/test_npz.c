/* .npz files: zip archives of arrays. */
#include <zlib.h>

#include "loader/npy/npz.h"
#include "loader/npy/zip.h"
#include "tests/unit/loader/files.h"

static const char *const names[] = {"a", "dir/b", "\xc3\xa9"};

static tarn_status write_three(const tarn_allocator *a) {
  tarn_npz_writer *w;
  TARN_TRY(tarn__npz_writer_create(a, file("z.npz"), &w));
  tarn_status status = TARN_OK;
  for (unsigned i = 0; i < 3 && status == TARN_OK; i++) {
    tarn_tensor t;
    sample(i == 1 ? TARN_I16 : TARN_F32, (int)i, (int64_t[]){2, 3}, i, &t);
    status = tarn__npz_writer_add(w, names[i], &t);
    tarn__tensor_clear(&t);
  }
  if (status == TARN_OK) return tarn__npz_writer_commit(w);
  tarn__npz_writer_discard(w);
  return status;
}

static tarn_status read_all(const tarn_allocator *a) {
  tarn_npz *z;
  TARN_TRY(tarn__npz_open(a, file("z.npz"), &z));
  tarn_status status = TARN_OK;
  for (size_t i = 0; i < tarn__npz_count(z) && status == TARN_OK; i++) {
    tarn_tensor t;
    status = tarn__npz_read(z, a, i, &t);
    if (status == TARN_OK) tarn__tensor_clear(&t);
  }
  tarn__npz_close(z);
  return status;
}
static tarn_status read_default(void) {
  return read_all(plain());
}

START_TEST(test_npz_round_trip) {
  ck_assert_ok(write_three(plain()));
  tarn_npz *z;
  ck_assert_ok(tarn__npz_open(plain(), file("z.npz"), &z));
  ck_assert_uint_eq(tarn__npz_count(z), 3);
  for (unsigned i = 0; i < 3; i++) {
    ck_assert_str_eq(tarn__npz_name(z, i), names[i]);
    tarn_tensor t, back;
    sample(i == 1 ? TARN_I16 : TARN_F32, (int)i, (int64_t[]){2, 3}, i, &t);
    ck_assert_ok(tarn__npz_read(z, plain(), i, &back));
    ck_assert(same(&t, &back));
    tarn__tensor_clear(&t);
    tarn__tensor_clear(&back);
  }
  tarn__npz_close(z);
  files_end();
}
END_TEST

/* ---- archives by hand ---- */

typedef struct member {
  const char *name;
  const void *data;
  size_t packed, bytes;
  unsigned method, flags;
  uint32_t crc;
  long header; /* where its entry says it is; -1: where it is */
} member;

static void put(tarn_bytes *b, uint64_t v, int n) {
  unsigned char p[8];
  for (int i = 0; i < n; i++) p[i] = (unsigned char)(v >> 8 * i);
  ck_assert_ok(tarn__bytes_add(b, p, (size_t)n));
}

static void archive(const member *m, size_t n) {
  tarn_bytes b, d;
  tarn__bytes_init(&b, plain());
  tarn__bytes_init(&d, plain());
  for (size_t i = 0; i < n; i++) {
    size_t at = b.size;
    put(&b, 0x04034b50, 4);
    for (int k = 0; k < 22; k++) put(&b, 0, 1);
    put(&b, strlen(m[i].name), 2);
    put(&b, 0, 2);
    ck_assert_ok(tarn__bytes_add(&b, m[i].name, strlen(m[i].name)));
    ck_assert_ok(tarn__bytes_add(&b, m[i].data, m[i].packed));
    put(&d, 0x02014b50, 4);
    put(&d, 0x00140014, 4);
    put(&d, m[i].flags, 2);
    put(&d, m[i].method, 2);
    put(&d, 0, 4);
    put(&d, m[i].crc, 4);
    put(&d, m[i].packed, 4);
    put(&d, m[i].bytes, 4);
    put(&d, strlen(m[i].name), 2);
    for (int k = 0; k < 12; k++) put(&d, 0, 1);
    put(&d, (uint64_t)(m[i].header < 0 ? (long)at : m[i].header), 4);
    ck_assert_ok(tarn__bytes_add(&d, m[i].name, strlen(m[i].name)));
  }
  size_t at = b.size;
  ck_assert_ok(tarn__bytes_add(&b, d.data, d.size));
  put(&b, 0x06054b50, 4);
  put(&b, 0, 4);
  put(&b, n, 2);
  put(&b, n, 2);
  put(&b, d.size, 4);
  put(&b, at, 4);
  put(&b, 0, 2);
  file_put("z.npz", b.data, b.size);
  tarn__bytes_clear(&b);
  tarn__bytes_clear(&d);
}

/* 1000 int8 zeros as an .npy image, and deflated. */
static unsigned char image[1200], packed[400];
static size_t image_bytes, packed_bytes;
static uint32_t image_crc;

static void image_make(void) {
  static const char header[] =
      "\x93NUMPY\1\0\x40\0{'descr': '|i1', 'fortran_order': False, 'shape': (1000,), }     \n";
  memset(image, 0, sizeof image);
  memcpy(image, header, sizeof header - 1);
  image_bytes = sizeof header - 1 + 1000;
  image[8] = (unsigned char)(sizeof header - 1 - 10);
  image_crc = (uint32_t)crc32(0, image, (uInt)image_bytes);
  z_stream s = {0};
  ck_assert_int_eq(deflateInit2(&s, 9, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
  s.next_in = image;
  s.avail_in = (uInt)image_bytes;
  s.next_out = packed;
  s.avail_out = sizeof packed;
  ck_assert_int_eq(deflate(&s, Z_FINISH), Z_STREAM_END);
  packed_bytes = s.total_out;
  deflateEnd(&s);
}

START_TEST(test_npz_reads_deflated) {
  image_make();
  archive(&(member){"x.npy", packed, packed_bytes, image_bytes, 8, 0, image_crc, -1}, 1);
  ck_assert_ok(read_default());
  size_t bytes;
  free(file_get("z.npz", &bytes));
  file_damage("z.npz", read_default, 0, 4);
  files_end();
}
END_TEST

START_TEST(test_npz_refuses) {
  image_make();
  const member right = {"x.npy", image, image_bytes, image_bytes, 0, 0, image_crc, -1};
  archive(&right, 1);
  ck_assert_ok(read_default());
  struct {
    const char *what;
    tarn_status status;
    size_t n;
    member m[2];
  } cases[] = {
      {"another crc", TARN_CORRUPT, 1, {right}},
      {"an encrypted member", TARN_UNSUPPORTED, 1, {right}},
      {"another compression", TARN_UNSUPPORTED, 1, {right}},
      {"two sizes of a stored member", TARN_CORRUPT, 1, {right}},
      {"a size past the file", TARN_CORRUPT, 1, {right}},
      {"a header past the file", TARN_CORRUPT, 1, {right}},
      {"a name that climbs out", TARN_CORRUPT, 1, {right}},
      {"an absolute name", TARN_CORRUPT, 1, {right}},
      {"a name that is no array", TARN_CORRUPT, 1, {right}},
      {"one name twice", TARN_CORRUPT, 2, {right, right}},
      {"two members at one place", TARN_CORRUPT, 2, {right, right}},
      {"a bomb", TARN_CORRUPT, 1, {{"x.npy", packed, packed_bytes, 1u << 30, 8, 0, 0, -1}}},
      {"fewer bytes than claimed",
       TARN_CORRUPT,
       1,
       {{"x.npy", packed, packed_bytes, image_bytes + 1, 8, 0, 0, -1}}},
      {"more bytes than claimed",
       TARN_CORRUPT,
       1,
       {{"x.npy", packed, packed_bytes, image_bytes - 1, 8, 0, 0, -1}}},
      {"noise for deflated data", TARN_CORRUPT, 1, {{"x.npy", image, 300, 1000, 8, 0, 0, -1}}},
      {"a pickle", TARN_CORRUPT, 1, {{"x.npy", "\x80\4.", 3, 3, 0, 0, 0, -1}}},
  };
  cases[15].m[0].crc = (uint32_t)crc32(0, cases[15].m[0].data, 3);
  cases[0].m[0].crc ^= 1;
  cases[1].m[0].flags = 1;
  cases[2].m[0].method = 12;
  cases[3].m[0].bytes--;
  cases[4].m[0].bytes = 5000;
  cases[5].m[0].header = 1 << 20;
  cases[6].m[0].name = "a/../../x.npy";
  cases[7].m[0].name = "/x.npy";
  cases[8].m[0].name = "x.txt";
  cases[10].m[1].name = "y.npy";
  cases[10].m[1].header = 0;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    archive(cases[i].m, cases[i].n);
    if (i == 4) { /* its packed size is that of the file: say more in the directory */
      size_t bytes;
      unsigned char *data = file_get("z.npz", &bytes);
      data[bytes - 22 - 51 + 20 + 1] = 0xff;
      data[bytes - 22 - 51 + 24 + 1] = 0xff;
      file_put("z.npz", data, bytes);
      free(data);
    }
    tarn_status status = read_default();
    ck_assert_msg(status == cases[i].status, "%s: %s: %s", cases[i].what, tarn_status_text(status),
                  tarn_error());
    ck_assert_msg(strstr(tarn_error(), "z.npz'"), "%s: %s", cases[i].what, tarn_error());
  }
  file_put("z.npz", "PK\5\6", 4);
  ck_assert_int_eq(read_default(), TARN_CORRUPT);
  archive(&right, 0);
  ck_assert_ok(read_default()); /* no arrays: an archive all the same */
  files_end();
}
END_TEST

/* The writer's cuts must be refused: the end record is at the end. Flips in unused fields may pass.
 */
START_TEST(test_npz_survives_every_cut_and_flip) {
  ck_assert_ok(write_three(plain()));
  file_damage("z.npz", read_default, 0, 4);
  ck_assert_ok(read_default());
  files_end();
}
END_TEST

START_TEST(test_npz_survives_every_failed_allocation) {
  image_make();
  for (int way = 0; way < 3; way++) {
    long n = 0;
    if (way == 0) ck_assert_ok(write_three(plain()));
    if (way == 1)
      archive(&(member){"x.npy", packed, packed_bytes, image_bytes, 8, 0, image_crc, -1}, 1);
    for (;; n++) {
      tarn_failing f;
      tarn__failing_init(&f, n, false);
      tarn_status status = way == 2 ? write_three(&f.allocator) : read_all(&f.allocator);
      ck_assert_int_eq(f.live, 0);
      if (status == TARN_OK) break;
      ck_assert_msg(status == TARN_NO_MEMORY, "allocation %ld: %s", n, tarn_error());
    }
    ck_assert_int_gt(n, 3);
  }
  ck_assert_int_eq(files_clear(), 1);
  files_end();
}
END_TEST

SUITE_MAIN("npz", test_npz_round_trip, test_npz_reads_deflated, test_npz_refuses,
           test_npz_survives_every_cut_and_flip, test_npz_survives_every_failed_allocation)
