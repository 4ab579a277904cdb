/* Parsed attributes of the ops that decode and encode image files. */
#ifndef TARN_KERNELS_PARAMS_CODEC_H
#define TARN_KERNELS_PARAMS_CODEC_H

#include "core/tensor/tensor.h"

/* How a JPEG is decoded. */
typedef struct tarn_jpeg_reading {
  int ratio;      /* 1, 2, 4, 8: one pixel for so many in each direction */
  bool smooth;    /* chroma is interpolated, else repeated (fancy_upscaling) */
  bool recover;   /* what a truncated file lacks is made up */
  bool exact_dct; /* the accurate integer transform, else the fast one */
  float least;    /* the share of rows that must be there */
} tarn_jpeg_reading;

/* DecodePng, DecodeJpeg, DecodeAndCropJpeg, DecodeGif, DecodeBmp, DecodeImage. Each takes files of
 * other formats too, as far as TensorFlow's does. */
typedef struct tarn_decode_image_params {
  enum {
    TARN_DECODE_PNG,
    TARN_DECODE_JPEG,
    TARN_DECODE_CROP,
    TARN_DECODE_GIF,
    TARN_DECODE_BMP,
    TARN_DECODE_ANY
  } op;
  int channels;    /* 0: as the file has; 1, 3, 4 */
  bool animations; /* all frames, in a dim of their own; else the first */
  tarn_jpeg_reading jpeg;
} tarn_decode_image_params;

/* EncodePng, EncodeJpeg, EncodeJpegVariableQuality. */
typedef struct tarn_encode_image_params {
  int level;    /* of PNG: 0..9, or -1 for zlib's default */
  int channels; /* of JPEG: 1 or 3 as `format` demands; 0: any of them */
  int quality;  /* of JPEG: 0..100 */
  bool progressive, optimise, subsampled;
  int density_unit; /* 1: dots an inch, 2: a centimetre */
  int density[2];   /* x, y */
  tarn_string xmp;  /* an XMP packet to put in; empty: none */
} tarn_encode_image_params;

/* ImageSummary. */
typedef struct tarn_image_summary_params {
  int64_t images;       /* at most so many */
  unsigned char bad[4]; /* the colour of pixels that are not finite */
  int bad_channels;     /* how many of them were given */
} tarn_image_summary_params;

#endif
