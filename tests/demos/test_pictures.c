/* Pictures from files: idx (plain, gzipped, lying, cut short at every byte) and PNG. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#ifdef TARN_HAS_PNG
#include <png.h>
#endif

#include "demos/resnet/pictures.h"
#include "tests/unit/suite.h"

static char path[] = "test_pictures.XXXXXX";

static void open_temporary(void) {
  memcpy(path + sizeof path - 7, "XXXXXX", 6);
  const int fd = mkstemp(path);
  ck_assert_int_ge(fd, 0);
  close(fd);
}

static void remove_temporary(void) {
  unlink(path);
}

static void write_file(const void *data, size_t bytes) {
  FILE *f = fopen(path, "wb");
  ck_assert_ptr_nonnull(f);
  ck_assert_uint_eq(fwrite(data, 1, bytes, f), bytes);
  fclose(f);
}

/* Two pictures of 2 x 3. */
static const unsigned char sample[] = {0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2,  0,  0,
                                       0, 3, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};

static void check_sample(void) {
  tarn_idx idx;
  ck_assert_int_eq(tarn__idx_read(path, 3, &idx), TARN_OK);
  ck_assert_int_eq(idx.dims[0], 2);
  ck_assert_int_eq(idx.dims[1], 2);
  ck_assert_int_eq(idx.dims[2], 3);
  ck_assert_uint_eq(idx.bytes, 12);
  ck_assert_mem_eq(idx.data, sample + 16, 12);
  free(idx.data);
}

START_TEST(test_idx_read_takes_plain_and_gzipped_files) {
  write_file(sample, sizeof sample);
  check_sample();
  gzFile f = gzopen(path, "wb");
  ck_assert_int_eq(gzwrite(f, sample, sizeof sample), (int)sizeof sample);
  gzclose(f);
  check_sample();
}
END_TEST

START_TEST(test_idx_read_rejects_every_truncation_and_a_tail) {
  unsigned char longer[sizeof sample + 1] = {0};
  memcpy(longer, sample, sizeof sample);
  tarn_idx idx;
  for (size_t bytes = 0; bytes <= sizeof longer; bytes++) {
    write_file(longer, bytes);
    if (bytes != sizeof sample)
      ck_assert_msg(tarn__idx_read(path, 3, &idx) == TARN_CORRUPT, "%zu bytes", bytes);
  }
}
END_TEST

START_TEST(test_idx_read_rejects_other_kinds_and_sizes_that_lie) {
  tarn_idx idx;
  unsigned char changed[sizeof sample];
  write_file(sample, sizeof sample);
  ck_assert_int_eq(tarn__idx_read(path, 1, &idx), TARN_CORRUPT);
  memcpy(changed, sample, sizeof sample);
  changed[2] = 13; /* floats */
  write_file(changed, sizeof changed);
  ck_assert_int_eq(tarn__idx_read(path, 3, &idx), TARN_CORRUPT);
  memset(changed + 2, 0xff, sizeof changed - 2); /* 2^96 elements */
  changed[2] = 8;
  changed[3] = 3;
  write_file(changed, sizeof changed);
  ck_assert_int_eq(tarn__idx_read(path, 3, &idx), TARN_CORRUPT);
  ck_assert_int_eq(tarn__idx_read("no/such/file", 3, &idx), TARN_IO);
}
END_TEST

#ifdef TARN_HAS_PNG
/* A digit blown up ten times, dark on white, written as PNG, is read as nearly the digit again. */
START_TEST(test_picture_read_png_gives_the_digit_back) {
  enum { SCALE = 10, SIZE = 28 * SCALE };
  static unsigned char grey[SIZE * SIZE];
  tarn_digit d;
  tarn__digit_draw(5, 2, &d);
  for (int r = 0; r < SIZE; r++)
    for (int c = 0; c < SIZE; c++)
      grey[r * SIZE + c] = (unsigned char)lrintf(255 * (1 - d.ink[r / SCALE * 28 + c / SCALE]));
  png_image image = {
      .version = PNG_IMAGE_VERSION, .width = SIZE, .height = SIZE, .format = PNG_FORMAT_GRAY};
  ck_assert(png_image_write_to_file(&image, path, 0, grey, 0, NULL));
  float ink[TARN_DIGIT_PIXELS], most = 0, sum = 0;
  ck_assert_int_eq(tarn__picture_read_png(path, ink), TARN_OK);
  for (int p = 0; p < TARN_DIGIT_PIXELS; p++) {
    most = fmaxf(most, ink[p]);
    sum += ink[p];
  }
  ck_assert(fabsf(most - 1) < 1e-5f);
  ck_assert(sum > 20 && sum < 300);

  FILE *f = fopen(path, "rb");
  static char png[1 << 16];
  const size_t bytes = fread(png, 1, sizeof png, f);
  fclose(f);
  for (size_t cut = 0; cut + 20 < bytes; cut += 7) { /* cut inside the pixels or before */
    write_file(png, cut);
    ck_assert_msg(tarn__picture_read_png(path, ink) != TARN_OK, "cut at %zu of %zu bytes", cut,
                  bytes);
  }
}
END_TEST
#define PNG_TEST test_picture_read_png_gives_the_digit_back
#else
START_TEST(test_picture_read_png_says_that_it_cannot) {
  float ink[TARN_DIGIT_PIXELS];
  ck_assert_int_eq(tarn__picture_read_png(path, ink), TARN_UNSUPPORTED);
}
END_TEST
#define PNG_TEST test_picture_read_png_says_that_it_cannot
#endif

SUITE_MAIN_FIXTURE("pictures", open_temporary, remove_temporary,
                   test_idx_read_takes_plain_and_gzipped_files,
                   test_idx_read_rejects_every_truncation_and_a_tail,
                   test_idx_read_rejects_other_kinds_and_sizes_that_lie, PNG_TEST)
