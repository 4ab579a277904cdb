/* Attributes of the ops that train. */
#ifndef TARN_KERNELS_PARAMS_OPTIMISER_H
#define TARN_KERNELS_PARAMS_OPTIMISER_H

#include <stdbool.h>

typedef struct tarn_optimiser_params {
  bool nesterov;                 /* momentum, Adam */
  bool update_slots;             /* Adagrad: the sum of squares grows */
  bool padded;                   /* rows: padding among the indices (padding.h) is left out */
  bool linear_by_lr;             /* Ftrl: `linear` is kept times the learning rate */
} tarn_optimiser_params;

#endif
