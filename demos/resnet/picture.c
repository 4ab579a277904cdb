/* From a user's picture to the 28 x 28 that the network wants. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/status.h"
#include "demos/resnet/pictures.h"

#ifdef TARN_HAS_PNG
#include <png.h>
#endif

enum { SIDE = TARN_DIGIT_SIDE, FIT = 20 };

/* The mean over the picture's edge: what the paper looks like. */
static float paper_of(const float *grey, int64_t rows, int64_t cols) {
  double sum = 0;
  for (int64_t c = 0; c < cols; c++) sum += (double)grey[c] + (double)grey[(rows - 1) * cols + c];
  for (int64_t r = 0; r < rows; r++)
    sum += (double)grey[r * cols] + (double)grey[r * cols + cols - 1];
  return (float)(sum / (double)(2 * (rows + cols)));
}

typedef struct look {
  float paper, sign, span; /* ink = sign * (grey - paper) / span */
} look;

static float ink_at(look l, float grey) {
  const float ink = l.sign * (grey - l.paper) / l.span;
  return ink < 0 ? 0 : ink > 1 ? 1 : ink;
}

/* How much of pixel i lies in [from, to). */
static double overlap(int64_t i, double from, double to) {
  return fmax(0, fmin((double)i + 1, to) - fmax((double)i, from));
}

/* Mean ink of the rectangle [y0, y1) x [x0, x1) of the picture. */
static float mean_ink(const float *grey, int64_t rows, int64_t cols, look l, double y0, double y1,
                      double x0, double x1) {
  double sum = 0;
  for (int64_t r = (int64_t)y0; r < rows && (double)r < y1; r++)
    for (int64_t c = (int64_t)x0; c < cols && (double)c < x1; c++)
      sum += overlap(r, y0, y1) * overlap(c, x0, x1) * (double)ink_at(l, grey[r * cols + c]);
  return (float)(sum / ((y1 - y0) * (x1 - x0)));
}

/* Puts small [high, wide] (at most 20 x 20) into ink [28, 28], the centre of mass in the middle. */
static void centre(const float *small, int high, int wide, float *ink) {
  double mass = 0, y = 0, x = 0;
  for (int r = 0; r < high; r++)
    for (int c = 0; c < wide; c++) {
      const double m = (double)small[r * wide + c];
      mass += m;
      y += m * (r + 0.5);
      x += m * (c + 0.5);
    }
  int top = (int)lrint(SIDE / 2.0 - y / mass), left = (int)lrint(SIDE / 2.0 - x / mass);
  top = top < 0 ? 0 : top > SIDE - high ? SIDE - high : top;
  left = left < 0 ? 0 : left > SIDE - wide ? SIDE - wide : left;
  memset(ink, 0, TARN_DIGIT_PIXELS * sizeof *ink);
  for (int r = 0; r < high; r++)
    memcpy(ink + (top + r) * SIDE + left, small + r * wide, (size_t)wide * sizeof *ink);
}

tarn_status tarn__picture_digit(const float *grey, int64_t rows, int64_t cols, float *ink) {
  if (rows < 1 || cols < 1) return tarn_fail(TARN_INVALID, "an empty picture");
  look l = {.paper = paper_of(grey, rows, cols)};
  float low = grey[0], high = grey[0];
  for (int64_t i = 1; i < rows * cols; i++) {
    low = fminf(low, grey[i]);
    high = fmaxf(high, grey[i]);
  }
  /* The ink is what differs most from the edge. */
  l.sign = l.paper - low > high - l.paper ? -1.0f : 1.0f;
  l.span = l.sign < 0 ? l.paper - low : high - l.paper;
  if (!(l.span > 0.1f)) return tarn_fail(TARN_INVALID, "no ink: the picture is of one shade");
  if (rows == SIDE && cols == SIDE) {
    for (int i = 0; i < TARN_DIGIT_PIXELS; i++) ink[i] = ink_at(l, grey[i]);
    return TARN_OK;
  }

  int64_t top = rows, bottom = -1, left = cols, right = -1;
  for (int64_t r = 0; r < rows; r++)
    for (int64_t c = 0; c < cols; c++)
      if (ink_at(l, grey[r * cols + c]) > 0.3f) {
        top = r < top ? r : top;
        bottom = r;
        left = c < left ? c : left;
        right = c > right ? c : right;
      }
  const double box_high = (double)(bottom - top + 1), box_wide = (double)(right - left + 1);
  const double scale = FIT / fmax(box_high, box_wide);
  const int tall = (int)fmax(1, rint(box_high * scale)),
            wide = (int)fmax(1, rint(box_wide * scale));
  float small[FIT * FIT], most = 0;
  for (int r = 0; r < tall; r++)
    for (int c = 0; c < wide; c++) {
      const float mean =
          mean_ink(grey, rows, cols, l, (double)top + box_high * r / tall,
                   (double)top + box_high * (r + 1) / tall, (double)left + box_wide * c / wide,
                   (double)left + box_wide * (c + 1) / wide);
      small[r * wide + c] = mean;
      most = fmaxf(most, mean);
    }
  for (int i = 0; i < tall * wide; i++)
    small[i] /= most; /* a thin pen on a large sheet turns grey when it shrinks: back to full ink */
  centre(small, tall, wide, ink);
  return TARN_OK;
}

#ifdef TARN_HAS_PNG
tarn_status tarn__picture_read_png(const char *path, float *ink) {
  enum { MAX_PIXELS = 1 << 26 };
  tarn_status status = TARN_OK;
  unsigned char *pairs = NULL;
  float *grey = NULL;
  png_image image = {.version = PNG_IMAGE_VERSION};
  if (!png_image_begin_read_from_file(&image, path))
    return tarn_fail(TARN_CORRUPT, "%s: %s", path, image.message);
  image.format = PNG_FORMAT_GA;
  const size_t pixels = (size_t)image.width * image.height;
  if (pixels == 0 || pixels > MAX_PIXELS) {
    status = tarn_fail(TARN_LIMIT, "%s: %u x %u pixels; at most %d are read", path, image.width,
                       image.height, MAX_PIXELS);
    goto done;
  }
  pairs = malloc(pixels * 2);
  grey = malloc(pixels * sizeof *grey);
  if (!pairs || !grey) {
    status = tarn_fail(TARN_NO_MEMORY, "%s: %zu pixels", path, pixels);
    goto done;
  }
  if (!png_image_finish_read(&image, NULL, pairs, 0, NULL)) {
    status = tarn_fail(TARN_CORRUPT, "%s: %s", path, image.message);
    goto done;
  }
  for (size_t i = 0; i < pixels; i++) {
    const float alpha = (float)pairs[2 * i + 1] / 255.0f;
    grey[i] = alpha * (float)pairs[2 * i] / 255.0f + 1.0f - alpha;
  }
  status = tarn__picture_digit(grey, (int64_t)image.height, (int64_t)image.width, ink);
  if (status != TARN_OK) tarn__context("reading '%s'", path);
done:
  png_image_free(&image);
  free(pairs);
  free(grey);
  return status;
}
#else
tarn_status tarn__picture_read_png(const char *path, float *ink) {
  (void)ink;
  return tarn_fail(TARN_UNSUPPORTED,
                   "%s: this build reads no PNG; build it where libpng is installed", path);
}
#endif
