/* Checksums: known answers (RFC 3720, TensorFlow's files), and the two ways against each other. */
#include "core/crc32c.h"
#include "tests/unit/loader/files.h"

START_TEST(test_crc32c_known_answers) {
  unsigned char zeros[32] = {0}, ones[32], rising[32];
  memset(ones, 0xff, sizeof ones);
  for (int i = 0; i < 32; i++) rising[i] = (unsigned char)i;
  const struct {
    const void *data;
    size_t bytes;
    uint32_t crc;
  } cases[] = {{"", 0, 0},
               {"123456789", 9, 0xe3069283},
               {zeros, 32, 0x8a9136aa},
               {ones, 32, 0x62a8ab43},
               {rising, 32, 0x46dd794e}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    ck_assert_uint_eq(tarn__crc32c(0, cases[i].data, cases[i].bytes), cases[i].crc);
    ck_assert_uint_eq(tarn__crc32c_table(0, cases[i].data, cases[i].bytes), cases[i].crc);
  }
}
END_TEST

START_TEST(test_crc32c_masked) {
  ck_assert_uint_eq(tarn__crc32c_mask(0), 0xa282ead8);
  /* A TFRecord's: of the 8 bytes of its length, 5, and of "hello". */
  ck_assert_uint_eq(tarn__crc32c_mask(tarn__crc32c(0, "\5\0\0\0\0\0\0\0", 8)), 0x3e04b2ea);
  ck_assert_uint_eq(tarn__crc32c_mask(tarn__crc32c(0, "hello", 5)), 0x191c1fbb);
  for (uint32_t x = 1; x; x <<= 1) ck_assert_uint_eq(tarn__crc32c_unmask(tarn__crc32c_mask(x)), x);
}
END_TEST

/* Every length and misalignment up to 80, in one go and in two. */
START_TEST(test_crc32c_ways_agree) {
  unsigned char data[160];
  for (size_t i = 0; i < sizeof data; i++) data[i] = (unsigned char)(i * i * 31 + 7);
  for (size_t start = 0; start < 16; start++)
    for (size_t bytes = 0; bytes <= 80; bytes++) {
      uint32_t all = tarn__crc32c(0, data + start, bytes);
      ck_assert_uint_eq(all, tarn__crc32c_table(0, data + start, bytes));
      size_t cut = bytes / 3;
      ck_assert_uint_eq(
          all, tarn__crc32c(tarn__crc32c(0, data + start, cut), data + start + cut, bytes - cut));
    }
}
END_TEST

SUITE_MAIN("crc32c", test_crc32c_known_answers, test_crc32c_masked, test_crc32c_ways_agree)
