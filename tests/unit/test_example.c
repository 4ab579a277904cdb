/* Examples: what is found and read, and that no truncation is believed. */
#include "kernels/cpu/input/example.h"

#include "suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

/* {"f": floats 1, 2 (packed), "i": int64 3, -1 (one by one), "s": bytes "ab", "", "n": nothing} */
static const unsigned char whole[] = {
    0x0a, 0x41, 0x0a, 0x11, 0x0a, 0x01, 'f',  0x12, 0x0c, 0x12, 0x0a, 0x0a, 0x08, 0,
    0,    0x80, 0x3f, 0,    0,    0,    0x40, 0x0a, 0x16, 0x0a, 0x01, 'i',  0x12, 0x11,
    0x1a, 0x0f, 0x08, 0x03, 0x0a, 0x0b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xff, 0x01, 0x07, 0x0a, 0x0d, 0x0a, 0x01, 's',  0x12, 0x08, 0x0a, 0x06, 0x0a, 0x02,
    'a',  'b',  0x0a, 0x00, 0x0a, 0x05, 0x0a, 0x01, 'n',  0x12, 0x00};
static const tarn_string keys[] = {{"f", 1}, {"i", 1}, {"s", 1}, {"n", 1}, {"absent", 6}};

static tarn_status read_all(const char *data, size_t bytes, int64_t counts[5], tarn_tensor out[5]) {
  const tarn_string s = {data, bytes};
  tarn_feature found[5];
  TARN_TRY(tarn__example_find(&s, 5, keys, found));
  for (int i = 0; i < 5; i++) {
    TARN_TRY(tarn__feature_count(&found[i], &counts[i]));
    if (found[i].dtype == TARN_NO_DTYPE) continue;
    const tarn_shape shape = tarn__shape_vector(counts[i]);
    TARN_TRY(tarn__tensor_new(tarn__allocator_default(), found[i].dtype, &shape, &out[i]));
    TARN_TRY(tarn__feature_read(&found[i], &out[i], 0));
  }
  return TARN_OK;
}

START_TEST(test_example_reads_every_kind) {
  int64_t counts[5];
  tarn_tensor out[5] = {{.dtype = TARN_NO_DTYPE}};
  ck_assert_msg(read_all((const char *)whole, sizeof whole, counts, out) == TARN_OK, "%s",
                tarn_error());
  ck_assert_int_eq(counts[0], 2);
  ck_assert(((float *)out[0].data)[0] == 1 && ((float *)out[0].data)[1] == 2);
  ck_assert_int_eq(counts[1], 3);
  ck_assert(((int64_t *)out[1].data)[0] == 3 && ((int64_t *)out[1].data)[1] == -1 &&
            ((int64_t *)out[1].data)[2] == 7);
  ck_assert_int_eq(counts[2], 2);
  ck_assert(((tarn_string *)out[2].data)[0].size == 2 &&
            memcmp(((tarn_string *)out[2].data)[0].data, "ab", 2) == 0);
  ck_assert(((tarn_string *)out[2].data)[1].size == 0);
  ck_assert(counts[3] == 0 && counts[4] == 0);
  for (int i = 0; i < 5; i++) tarn__tensor_clear(&out[i]);
}
END_TEST

/* Each prefix lies in a block of its own size, so that a sanitizer sees one byte too far. Only the
 * empty one is an Example. */
START_TEST(test_example_refuses_every_truncation) {
  for (size_t n = 0; n < sizeof whole; n++) {
    char *copy = malloc(n ? n : 1);
    int64_t counts[5];
    tarn_tensor out[5] = {{.dtype = TARN_NO_DTYPE}};
    memcpy(copy, whole, n);
    ck_assert_msg(read_all(copy, n, counts, out) == (n ? TARN_CORRUPT : TARN_OK), "cut at byte %zu",
                  n);
    for (int i = 0; i < 5; i++) tarn__tensor_clear(&out[i]);
    free(copy);
  }
}
END_TEST

/* Any byte may be anything: an answer or a refusal, and never a byte outside. */
START_TEST(test_example_survives_every_byte) {
  for (size_t at = 0; at < sizeof whole; at++)
    for (int value = 0; value < 256; value += 3) {
      char *copy = malloc(sizeof whole);
      int64_t counts[5];
      tarn_tensor out[5] = {{.dtype = TARN_NO_DTYPE}};
      memcpy(copy, whole, sizeof whole);
      copy[at] = (char)value;
      const tarn_status status = read_all(copy, sizeof whole, counts, out);
      ck_assert_msg(status == TARN_OK || status == TARN_CORRUPT, "byte %zu as %d: %s", at, value,
                    tarn_error());
      for (int i = 0; i < 5; i++) tarn__tensor_clear(&out[i]);
      free(copy);
    }
}
END_TEST

SUITE_MAIN("example", test_example_reads_every_kind, test_example_refuses_every_truncation,
           test_example_survives_every_byte)
