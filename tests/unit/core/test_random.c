/* Philox against the published known answers, and the conversions against what TensorFlow 2.21
 * gives for RandomUniform and RandomStandardNormal of shape [6] with seed 87654321 and seed2 12345.
 */
#include <stdlib.h>
#include <string.h>

#include "core/random.h"
#include "core/tensor/dtype.h"
#include "tests/unit/suite.h"

/* Of the authors' Random123 library: counter, key, output of Philox4x32-10. */
START_TEST(test_philox_known_answers) {
  static const struct {
    tarn_philox g;
    uint32_t out[4];
  } answers[] = {
      {{{0, 0, 0, 0}, {0, 0}}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
      {{{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, {0xffffffff, 0xffffffff}},
       {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
      {{{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}},
       {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
  };
  for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
    tarn_philox g = answers[i].g;
    uint32_t out[4];
    tarn__philox_next(&g, out);
    ck_assert_mem_eq(out, answers[i].out, sizeof out);
  }
}
END_TEST

START_TEST(test_philox_skips_with_carries) {
  tarn_philox g = {.counter = {0xfffffffe, 0xffffffff, 0xffffffff, 7}};
  tarn__philox_skip(&g, 3);
  const uint32_t wanted[] = {1, 0, 0, 8};
  ck_assert_mem_eq(g.counter, wanted, sizeof wanted);

  tarn_philox stepped, skipped;
  uint32_t a[4], b[4];
  tarn__philox_init(&stepped, 0x123456789abcdef0, 0xfedcba9876543210);
  skipped = stepped;
  for (int i = 0; i < 1000; i++) tarn__philox_next(&stepped, a);
  tarn__philox_skip(&skipped, 999);
  tarn__philox_next(&skipped, b);
  ck_assert_mem_eq(a, b, sizeof a);
  ck_assert_mem_eq(&stepped, &skipped, sizeof stepped);
}
END_TEST

static void first_words(uint32_t words[12]) {
  tarn_philox g;
  tarn__philox_init(&g, 87654321, 12345);
  for (int i = 0; i < 3; i++) tarn__philox_next(&g, words + 4 * i);
}

static uint32_t float_bits(float f) {
  uint32_t bits;
  memcpy(&bits, &f, sizeof bits);
  return bits;
}

static uint64_t double_bits(double d) {
  uint64_t bits;
  memcpy(&bits, &d, sizeof bits);
  return bits;
}

START_TEST(test_uniform_equals_tensorflow) {
  static const uint32_t f32[] = {0x3f2ca182, 0x3e719510, 0x3f5272cc,
                                 0x3eee19e4, 0x3dbdead0, 0x3ead4a90};
  static const uint64_t f64[] = {0x3fd943077c78ca88, 0x3fe272cd1f770cf2, 0x3fe7bd5aa956a548,
                                 0x3fed9d72189256d0, 0x3fdbdb1f6a4e719c, 0x3feca20fafeb6c18};
  static const uint16_t f16[] = {0x3208, 0x3944, 0x3598, 0x38f2, 0x395a, 0x3948};
  static const uint16_t bf16[] = {0x3f02, 0x3e88, 0x3f4c, 0x3f72, 0x3eb4, 0x3e90};
  uint32_t words[12];
  first_words(words);
  for (int i = 0; i < 6; i++) {
    ck_assert_uint_eq(float_bits(tarn__uint32_to_float(words[i])), f32[i]);
    ck_assert_uint_eq(double_bits(tarn__uint64_to_double(words[2 * i], words[2 * i + 1])), f64[i]);
    ck_assert_uint_eq(tarn__uint16_to_half((uint16_t)words[i]), f16[i]);
    ck_assert_uint_eq(tarn__uint16_to_bfloat16((uint16_t)words[i]), bf16[i]);
  }
}
END_TEST

/* log, sin and cos are the C library's: bits equal those of a TensorFlow on glibc. Elsewhere the
 * last ones may differ, so that 2 ULP are allowed. */
START_TEST(test_normal_equals_tensorflow) {
  static const uint32_t f32[] = {0x3f625dfd, 0x3da0a028, 0x3e0bac20,
                                 0xbf1c67b6, 0x3fed20f4, 0xbf93494f};
  static const uint64_t f64[] = {0xbfe42d794f186b8a, 0xbff357e58d9db235, 0xbfd652b89bbe473b,
                                 0x3fe611040b8cbcc1, 0xbfe9578f1ef99c0c, 0x3ff04a187c8ca9a6};
#ifdef __GLIBC__
  const int64_t ulps = 0;
#else
  const int64_t ulps = 2;
#endif
  uint32_t words[12];
  first_words(words);
  for (int i = 0; i < 6; i += 2) {
    float f[2];
    double d[2];
    tarn__box_muller_float(words[i], words[i + 1], &f[0], &f[1]);
    const uint32_t *w = words + 2 * i;
    tarn__box_muller_double(w[0], w[1], w[2], w[3], &d[0], &d[1]);
    for (int k = 0; k < 2; k++) {
      ck_assert_int_le(llabs((int64_t)float_bits(f[k]) - (int64_t)f32[i + k]), ulps);
      ck_assert_int_le(llabs((int64_t)(double_bits(d[k]) - f64[i + k])), ulps);
    }
  }
}
END_TEST

START_TEST(test_uniform_16_bit_by_definition) {
  for (uint32_t x = 0; x < 65536; x++) {
    ck_assert(tarn__f16_to_f32(tarn__uint16_to_half((uint16_t)x)) == (float)(x & 1023) / 1024.0f);
    ck_assert(tarn__bf16_to_f32(tarn__uint16_to_bfloat16((uint16_t)x)) ==
              (float)(x & 127) / 128.0f);
  }
}
END_TEST

START_TEST(test_box_muller_is_finite_at_zero) {
  float f0, f1;
  double d0, d1;
  tarn__box_muller_float(0, 0, &f0, &f1);
  ck_assert(f0 == 0.0f && f1 > 5.0f && f1 < 6.0f);
  tarn__box_muller_double(0, 0, 0, 0, &d0, &d1);
  ck_assert(d0 == 0.0 && d1 > 5.0 && d1 < 6.0);
}
END_TEST

START_TEST(test_random_seed_differs) {
  uint64_t a = tarn__random_seed(), b = tarn__random_seed();
  ck_assert_uint_ne(a, b);
}
END_TEST

SUITE_MAIN("random", test_philox_known_answers, test_philox_skips_with_carries,
           test_uniform_equals_tensorflow, test_normal_equals_tensorflow,
           test_uniform_16_bit_by_definition, test_box_muller_is_finite_at_zero,
           test_random_seed_differs)
