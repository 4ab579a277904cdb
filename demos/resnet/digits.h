/* Handwritten digits drawn by us: an endless supply for the ResNet demo.
 *
 * Each digit is a few strokes (lines and arcs of ellipses), turned, slanted, bent, scaled and
 * shifted at random, then inked with a round pen of random width. Digit `index` of a `seed` is
 * always the same picture, whatever was drawn before, so a run can be repeated and any digit be
 * found again. */
#ifndef TARN_DEMOS_RESNET_DIGITS_H
#define TARN_DEMOS_RESNET_DIGITS_H

#include <stdint.h>

#define TARN_DIGIT_SIDE 28
#define TARN_DIGIT_PIXELS (TARN_DIGIT_SIDE * TARN_DIGIT_SIDE)

typedef struct tarn_digit {
  int label;                    /* 0..9 */
  float ink[TARN_DIGIT_PIXELS]; /* row-major, 0 (paper) to 1 (ink) */
} tarn_digit;

/* Draws digit `index` of `seed`. Pure; may be called from any thread. */
void tarn__digit_draw(uint64_t seed, uint64_t index, tarn_digit *digit);

#endif
