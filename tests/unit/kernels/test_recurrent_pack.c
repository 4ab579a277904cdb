/* Recurrent weights in fixed point: how far off they are, and which are kept apart. */
#include <math.h>
#include <string.h>

#include "kernels/cpu/recurrent/pack.h"
#include "tests/unit/suite.h"

enum { LANES = 8, GATES = 2, WIDTH = 5, DEPTH = 1026, COLUMNS = GATES * WIDTH };

static float w[DEPTH][COLUMNS];
static float packed[32 * DEPTH];

static const tarn_blocks blocks = {.lanes = LANES,
                                   .gates = GATES,
                                   .spans = 1,
                                   .width = WIDTH,
                                   .column = {0, WIDTH},
                                   .form = TARN_BLOCKS_FIXED};

static const float *row_of(int64_t row) {
  return packed + row * GATES * LANES;
}

static void pack(void) {
  ck_assert_uint_le(tarn__blocks_bytes(&blocks, 0, DEPTH), sizeof packed);
  ck_assert_int_eq(tarn__blocks_pack(&blocks, 0, DEPTH, true, &w[0][0], COLUMNS, packed, NULL),
                   TARN_OK);
}

static const tarn_block_list *list(void) {
  return (const tarn_block_list *)(const void *)row_of(tarn__block_weights(&blocks, DEPTH) + 1);
}

/* What the kernels multiply with: k's weight in that lane, in units of 2^-31 of its scale. */
static double weight(int64_t k, int lane) {
  int32_t x[3];
  for (int j = 0; j < 3; j++) memcpy(&x[j], row_of(k / 4 * 3 + j) + lane, sizeof x[j]);
  if (k % 4 < 3) return x[k % 4];
  return (int32_t)((uint32_t)x[2] << 24 | ((uint32_t)x[1] & 255) << 16 |
                   ((uint32_t)x[0] & 255) << 8);
}

static double scale_of(int lane) {
  return (double)row_of(tarn__block_weights(&blocks, DEPTH))[lane] * 0x1p-31;
}

static void fill(void) {
  uint32_t state = 1;
  for (int k = 0; k < DEPTH; k++)
    for (int i = 0; i < COLUMNS; i++) {
      state = state * 1664525 + 1013904223;
      w[k][i] = ldexpf((float)(int32_t)state, -31 - 3 * i);
    }
}

START_TEST(test_recurrent_pack_fixed_is_off_by_its_last_bit_at_most) {
  fill();
  pack();
  ck_assert_int_eq(list()->count, 0);
  for (int k = 0; k < DEPTH; k++)
    for (int i = 0; i < COLUMNS; i++) {
      const int lane = i / WIDTH * LANES + i % WIDTH;
      const double off = weight(k, lane) * scale_of(lane) - (double)w[k][i];
      ck_assert_msg(fabs(off) <= 0x1.00001p-24 * ldexp(1, -3 * i), "weight %d of column %d: %g", k,
                    i, off);
    }
}
END_TEST

START_TEST(test_recurrent_pack_fixed_keeps_large_weights_apart) {
  fill();
  w[7][0] = 1e6f, w[1024][0] = -1e5f, w[9][6] = INFINITY;
  pack();
  ck_assert_int_eq(list()->count, 3);
  const int k[] = {7, 9}, column[] = {0, LANES + 1};
  const tarn_block_entry *first = &list()->entry[0], *last = &list()->entry[2];
  ck_assert(first->k == k[0] && first->column == column[0] && fabsf(first->w - 1e6f) <= 0.1f);
  ck_assert(last->k == k[1] && last->column == column[1] && isinf(last->w));
  ck_assert(list()->entry[1].k == 1024);
  /* The others have the accuracy that they have alone, and the sign of these stands in their place.
   */
  ck_assert(fabs(weight(8, 0) * scale_of(0) - (double)w[8][0]) <= 0x1.00001p-24);
  ck_assert(weight(7, 0) > 0 && weight(1024, 0) < 0 && weight(9, LANES + 1) > 0);
}
END_TEST

START_TEST(test_recurrent_pack_fixed_is_nan_where_many_are_not_finite) {
  fill();
  for (int k = 0; k < 9; k++) w[k][2] = NAN;
  pack();
  ck_assert_int_eq(list()->count, 0);
  ck_assert(isnan(scale_of(2)) && !isnan(scale_of(1)));
}
END_TEST

SUITE_MAIN("recurrent_pack", test_recurrent_pack_fixed_is_off_by_its_last_bit_at_most,
           test_recurrent_pack_fixed_keeps_large_weights_apart,
           test_recurrent_pack_fixed_is_nan_where_many_are_not_finite)
