/* Parsed attributes of the image ops. */
#ifndef TARN_KERNELS_PARAMS_IMAGE_H
#define TARN_KERNELS_PARAMS_IMAGE_H

#include <stdbool.h>
#include <stdint.h>

/* ResizeBilinear, ResizeNearestNeighbor and their gradients, ResizeBicubic, ResizeArea. */
typedef struct tarn_resize_params {
  bool align_corners, half_pixel_centers; /* at most one of them */
} tarn_resize_params;

typedef struct tarn_crop_and_resize_params {
  bool nearest;        /* else bilinear */
  float extrapolation; /* outside the image */
} tarn_crop_and_resize_params;

/* ExtractImagePatches: of height and width. */
typedef struct tarn_patches_params {
  int64_t size[2], stride[2], rate[2];
  bool same; /* padding SAME, else VALID */
} tarn_patches_params;

/* NonMaxSuppression, where the thresholds are attributes or outputs are padded. */
typedef struct tarn_suppression_params {
  float iou_threshold;
  bool pad;
} tarn_suppression_params;

#endif
