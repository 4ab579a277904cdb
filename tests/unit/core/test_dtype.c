/* Element types, and both 16-bit floats over all of their values and every rounding boundary. */
#include <math.h>
#include <string.h>

#include "core/tensor/dtype.h"
#include "tests/unit/suite.h"

static const tarn_dtype all[] = {
#define X(name, number, bytes, text) name,
    TARN_DTYPE_MAP(X)
#undef X
};

START_TEST(test_dtype_facts) {
  ck_assert_str_eq(tarn_dtype_name(TARN_F32), "float");
  ck_assert_str_eq(tarn_dtype_name(TARN_F16), "half");
  ck_assert_str_eq(tarn__dtype_numpy(TARN_F16), "float16");
  ck_assert_str_eq(tarn__dtype_short(TARN_STRING), "str");
  ck_assert_str_eq(tarn_dtype_name(TARN_NO_DTYPE), "?");
  ck_assert_str_eq(tarn_dtype_name((tarn_dtype)9999), "?");
  ck_assert_uint_eq(tarn_dtype_bytes(TARN_C128), 16);
  ck_assert_uint_eq(tarn_dtype_bytes(TARN_NO_DTYPE), 0);
  ck_assert_uint_eq(tarn_dtype_bytes(TARN_STRING), sizeof(tarn_string));
  ck_assert_uint_eq(tarn_dtype_bytes((tarn_dtype)-5), 0);
}
END_TEST

START_TEST(test_dtype_names_lead_back) {
  ck_assert_uint_eq(sizeof all / sizeof *all, 23);
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
    const char *names[] = {tarn_dtype_name(all[i]), tarn__dtype_numpy(all[i]),
                           tarn__dtype_short(all[i])};
    for (int k = 0; k < 3; k++)
      ck_assert_int_eq(tarn__dtype_from_name(names[k], strlen(names[k])), all[i]);
  }
  ck_assert_int_eq(tarn__dtype_from_name("DT_FLOAT", 8), TARN_F32);
  ck_assert_int_eq(tarn__dtype_from_name("DT_HALF", 7), TARN_F16);
  ck_assert_int_eq(tarn__dtype_from_name("DT_float", 8), TARN_NO_DTYPE);
  ck_assert_int_eq(tarn__dtype_from_name("DT_", 3), TARN_NO_DTYPE);
  ck_assert_int_eq(tarn__dtype_from_name("floaty", 5), TARN_F32);
  ck_assert_int_eq(tarn__dtype_from_name("floa", 4), TARN_NO_DTYPE);
  ck_assert_int_eq(tarn__dtype_from_name("", 0), TARN_NO_DTYPE);
}
END_TEST

START_TEST(test_dtype_numbers_and_references) {
  bool ref = true;
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
    ck_assert_int_eq(tarn__dtype_from_number((int64_t)all[i], &ref), all[i]);
    ck_assert(!ref);
    ck_assert_int_eq(tarn__dtype_from_number((int64_t)all[i] + 100, &ref), all[i]);
    ck_assert(ref);
  }
  const int64_t bad[] = {0, -1, 24, 25, 99, 100, 124, 201, INT64_MIN, INT64_MAX};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    ck_assert_int_eq(tarn__dtype_from_number(bad[i], &ref), TARN_NO_DTYPE);
  ck_assert(tarn__dtype_in(TARN_BF16, TARN_FLOATS) && !tarn__dtype_in(TARN_I32, TARN_FLOATS));
  ck_assert(!tarn__dtype_in(TARN_STRING, TARN_PLAIN) && tarn__dtype_in(TARN_U64, TARN_PLAIN));
}
END_TEST

/* The value by the definition of the format. */
static double half_value(uint16_t h) {
  int exponent = h >> 10 & 31, mantissa = h & 0x3ff;
  double magnitude = exponent == 0 ? ldexp(mantissa, -24) : ldexp(1024 + mantissa, exponent - 25);
  if (exponent == 31) magnitude = mantissa ? (double)NAN : (double)INFINITY;
  return h & 0x8000 ? -magnitude : magnitude;
}

START_TEST(test_half_all_values_widen_and_come_back) {
  for (uint32_t h = 0; h < 65536; h++) {
    float f = tarn__f16_to_f32((uint16_t)h);
    if ((h & 0x7fff) > 0x7c00) {
      ck_assert(isnan(f));
      ck_assert_uint_eq(tarn__f32_to_f16(f), h | 0x200); /* quiet, sign and payload kept */
    } else {
      ck_assert_msg((double)f == half_value((uint16_t)h), "%04x", h);
      ck_assert_uint_eq(signbit(f) != 0, h >> 15);
      ck_assert_uint_eq(tarn__f32_to_f16(f), h);
    }
  }
}
END_TEST

/* Between each two neighbours: the middle goes to the even one, anything off it to the nearer. */
START_TEST(test_half_rounds_to_nearest_even) {
  for (uint32_t h = 0; h < 0x7c00; h++) {
    /* 65536 is where the format would go on after the largest value, 65504. */
    double low = half_value((uint16_t)h),
           high = h == 0x7bff ? 65536.0 : half_value((uint16_t)(h + 1));
    float middle = (float)((low + high) / 2);
    uint32_t even = h & 1 ? h + 1 : h;
    ck_assert_uint_eq(tarn__f32_to_f16(middle), even);
    ck_assert_uint_eq(tarn__f32_to_f16(nextafterf(middle, 0.0f)), h);
    ck_assert_uint_eq(tarn__f32_to_f16(nextafterf(middle, INFINITY)), h + 1);
    ck_assert_uint_eq(tarn__f32_to_f16(-middle), even | 0x8000);
  }
  ck_assert_uint_eq(tarn__f32_to_f16(3.4e38f), 0x7c00);
  ck_assert_uint_eq(tarn__f32_to_f16(-INFINITY), 0xfc00);
  ck_assert_uint_eq(tarn__f32_to_f16(1e-45f), 0);
  ck_assert_uint_eq(tarn__f32_to_f16(-0.0f), 0x8000);
}
END_TEST

START_TEST(test_bfloat16_rounds_to_nearest_even) {
  for (uint32_t h = 0; h < 65536; h++) {
    float f = tarn__bf16_to_f32((uint16_t)h);
    if ((h & 0x7fff) > 0x7f80) {
      ck_assert(isnan(f));
      ck_assert_uint_eq(tarn__f32_to_bf16(f), (h & 0x8000) | 0x7fc0);
      continue;
    }
    ck_assert_uint_eq(tarn__f32_to_bf16(f), h);
    if ((h & 0x7fff) >= 0x7f80) continue;
    uint32_t bits[3] = {h << 16 | 0x7fff, h << 16 | 0x8000, h << 16 | 0x8001};
    float between[3];
    memcpy(between, bits, sizeof bits);
    ck_assert_uint_eq(tarn__f32_to_bf16(between[0]), h);
    ck_assert_uint_eq(tarn__f32_to_bf16(between[1]), h & 1 ? h + 1 : h);
    ck_assert_uint_eq(tarn__f32_to_bf16(between[2]), h + 1);
  }
}
END_TEST

SUITE_MAIN("dtype", test_dtype_facts, test_dtype_names_lead_back, test_dtype_numbers_and_references,
           test_half_all_values_widen_and_come_back, test_half_rounds_to_nearest_even,
           test_bfloat16_rounds_to_nearest_even)
