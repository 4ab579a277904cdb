/* Pictures of digits from files: the idx files of handwriting collections, and PNG. */
#ifndef TARN_DEMOS_RESNET_PICTURES_H
#define TARN_DEMOS_RESNET_PICTURES_H

#include "demos/resnet/digits.h"
#include "tarn.h"

/* An idx file of bytes, gzipped or not: up to three dimensions. */
typedef struct tarn_idx {
  int rank;
  int64_t dims[3];
  size_t bytes;        /* the product of dims */
  unsigned char *data; /* free() it */
} tarn_idx;

/* Errors: TARN_IO, TARN_CORRUPT (another format, cut short, too long, or of other ranks than
 * `rank`), TARN_NO_MEMORY. */
TARN_MUST_CHECK tarn_status tarn__idx_read(const char *path, int rank, tarn_idx *idx);

/* The digit in a greyscale picture of rows x cols in 0..1, as the network wants it: light ink on
 * black. A picture on light ground is inverted; of any size but 28 x 28 the ink is cut out, scaled
 * so that its longer side is 20 pixels, and put with its centre of mass in the middle, as the
 * digits were that the network learned. TARN_INVALID: there is no ink. `ink` is [28 * 28]. */
TARN_MUST_CHECK tarn_status tarn__picture_digit(const float *grey, int64_t rows, int64_t cols,
                                                float *ink);

/* The same from a PNG file; transparency is taken as white paper. TARN_UNSUPPORTED where libpng is
 * not built in. */
TARN_MUST_CHECK tarn_status tarn__picture_read_png(const char *path, float *ink);

#endif
