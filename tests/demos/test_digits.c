/* The drawn digits: repeatable, in range, and what they claim to be as far as ink can tell. */
#include <math.h>
#include <string.h>

#include "demos/resnet/digits.h"
#include "demos/resnet/pictures.h"
#include "tests/unit/suite.h"

enum { DRAWN = 500 };

START_TEST(test_digit_draw_repeats_by_seed_and_index) {
  tarn_digit a, b, other;
  tarn__digit_draw(7, 41, &a);
  tarn__digit_draw(7, 3, &other);
  tarn__digit_draw(7, 41, &b); /* whatever was drawn in between */
  ck_assert_int_eq(a.label, b.label);
  ck_assert_mem_eq(a.ink, b.ink, sizeof a.ink);
  ck_assert_mem_ne(a.ink, other.ink, sizeof a.ink);
  tarn__digit_draw(8, 41, &other);
  ck_assert_mem_ne(a.ink, other.ink, sizeof a.ink);
}
END_TEST

START_TEST(test_digit_draw_stays_in_range_and_on_paper) {
  int seen[10] = {0};
  for (uint64_t i = 0; i < DRAWN; i++) {
    tarn_digit d;
    tarn__digit_draw(1, i, &d);
    ck_assert(d.label >= 0 && d.label <= 9);
    seen[d.label]++;
    double ink = 0;
    for (int p = 0; p < TARN_DIGIT_PIXELS; p++) {
      ck_assert(d.ink[p] >= 0 && d.ink[p] <= 1);
      ink += (double)d.ink[p];
      const int row = p / TARN_DIGIT_SIDE, col = p % TARN_DIGIT_SIDE;
      if (row == 0 || col == 0 || row == TARN_DIGIT_SIDE - 1 || col == TARN_DIGIT_SIDE - 1)
        ck_assert_msg(d.ink[p] < 0.51f, "digit %d runs off the paper",
                      (int)i); /* the pen's edge touches the rim */
    }
    ck_assert_msg(ink > 20 && ink < 250, "digit %d has ink %g", (int)i, ink);
  }
  for (int k = 0; k < 10; k++)
    ck_assert_msg(seen[k] > DRAWN / 30, "%d of %d digits are a %d", seen[k], DRAWN, k);
}
END_TEST

/* A big dark drawing on white paper becomes the digit's own kind of picture: light, 20 pixels tall,
 * in the middle. */
START_TEST(test_picture_digit_inverts_scales_and_centres) {
  enum { ROWS = 300, COLS = 200 };
  static float grey[ROWS * COLS];
  for (int i = 0; i < ROWS * COLS; i++) grey[i] = 0.95f;
  for (int r = 20; r < 220; r++)
    for (int c = 130; c < 160; c++) grey[r * COLS + c] = 0.1f;
  float ink[TARN_DIGIT_PIXELS];
  ck_assert_int_eq(tarn__picture_digit(grey, ROWS, COLS, ink), TARN_OK);
  int top = -1, bottom = -1, left = 28, right = -1;
  for (int p = 0; p < TARN_DIGIT_PIXELS; p++)
    if (ink[p] > 0.5f) {
      const int row = p / TARN_DIGIT_SIDE, col = p % TARN_DIGIT_SIDE;
      top = top < 0 ? row : top;
      bottom = row;
      left = col < left ? col : left;
      right = col > right ? col : right;
    }
  ck_assert_int_eq(top, 4);
  ck_assert_int_eq(bottom, 23);
  ck_assert_int_eq(right - left + 1, 3);
  ck_assert(left >= 12 && left <= 13);
}
END_TEST

START_TEST(test_picture_digit_keeps_pictures_of_the_right_size) {
  tarn_digit d;
  float dark[TARN_DIGIT_PIXELS], ink[TARN_DIGIT_PIXELS];
  tarn__digit_draw(3, 5, &d);
  for (int p = 0; p < TARN_DIGIT_PIXELS; p++) dark[p] = 1 - d.ink[p];
  ck_assert_int_eq(tarn__picture_digit(dark, 28, 28, ink), TARN_OK);
  for (int p = 0; p < TARN_DIGIT_PIXELS; p++) ck_assert(fabsf(ink[p] - d.ink[p]) < 1e-3f);
}
END_TEST

START_TEST(test_picture_digit_refuses_an_empty_sheet) {
  float grey[100], ink[TARN_DIGIT_PIXELS];
  for (int i = 0; i < 100; i++) grey[i] = 0.5f;
  ck_assert_int_eq(tarn__picture_digit(grey, 10, 10, ink), TARN_INVALID);
}
END_TEST

SUITE_MAIN("digits", test_digit_draw_repeats_by_seed_and_index,
           test_digit_draw_stays_in_range_and_on_paper,
           test_picture_digit_inverts_scales_and_centres,
           test_picture_digit_keeps_pictures_of_the_right_size,
           test_picture_digit_refuses_an_empty_sheet)
