/* Records out of files: TFRecords, lines, fixed lengths; no truncation is believed. */
#include "core/crc32c.h"
#include "core/wire/wire.h"
#include "kernels/state/reader.h"

#include "tests/unit/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

/* Reads records until a status other than TARN_OK; counts them. */
static tarn_status drain(const tarn_reader_params *p, const char *data, size_t bytes, int *records,
                         tarn_string *last) {
  const tarn_string file = {data, bytes};
  tarn_bytes text;
  tarn_status status;
  size_t at = 0;
  int64_t number = 0, key;
  tarn__bytes_init(&text, tarn__allocator_default());
  for (*records = 0;
       (status = tarn__record_next(p, &file, &at, &number, &key, &text, last)) == TARN_OK;
       ++*records) {
  }
  tarn__bytes_clear(&text);
  return status;
}

START_TEST(test_record_tfrecord_refuses_every_truncation) {
  static const tarn_reader_params p = {.kind = TARN_READER_TFRECORD};
  unsigned char whole[2 * 19];
  for (int i = 0; i < 2; i++) {
    unsigned char *r = whole + 19 * i;
    tarn__put_le64(r, 3);
    tarn__put_le32(r + 8, tarn__crc32c_mask(tarn__crc32c(0, r, 8)));
    memcpy(r + 12, "abc", 3);
    tarn__put_le32(r + 15, tarn__crc32c_mask(tarn__crc32c(0, "abc", 3)));
  }
  for (size_t n = 0; n <= sizeof whole; n++) {
    char *copy = malloc(n ? n : 1);
    tarn_string last;
    int records;
    memcpy(copy, whole, n);
    ck_assert_msg(drain(&p, copy, n, &records, &last) == (n % 19 ? TARN_CORRUPT : TARN_END),
                  "cut at byte %zu", n);
    ck_assert_int_eq(records, (int)(n / 19));
    free(copy);
  }
  for (size_t at = 0; at < sizeof whole; at++) {
    tarn_string last;
    int records;
    whole[at] ^= 0x10;
    ck_assert_msg(drain(&p, (const char *)whole, sizeof whole, &records, &last) == TARN_CORRUPT,
                  "byte %zu flipped", at);
    whole[at] ^= 0x10;
  }
}
END_TEST

START_TEST(test_record_lines_and_fixed_lengths) {
  static const tarn_reader_params text = {.kind = TARN_READER_TEXT, .skip_lines = 1};
  static const tarn_reader_params fixed = {.kind = TARN_READER_FIXED,
                                           .header_bytes = 1,
                                           .record_bytes = 3,
                                           .footer_bytes = 2,
                                           .hop_bytes = 2};
  tarn_string last;
  int records;
  ck_assert_int_eq(drain(&text, "head\nab\r\n\nc", 11, &records, &last), TARN_END);
  ck_assert_int_eq(records, 3);
  ck_assert_int_eq(drain(&fixed, "h1234567ff", 10, &records, &last), TARN_END);
  ck_assert_int_eq(records, 3);
  ck_assert(last.size == 3 && memcmp(last.data, "567", 3) == 0);
  ck_assert_int_eq(drain(&fixed, "h", 1, &records, &last), TARN_END);
  ck_assert_int_eq(records, 0);
}
END_TEST

SUITE_MAIN("record", test_record_tfrecord_refuses_every_truncation,
           test_record_lines_and_fixed_lengths)
