/* Parsed attributes of activations that have one: LeakyRelu and its gradient. */
#ifndef TARN_KERNELS_PARAMS_ACTIVATION_H
#define TARN_KERNELS_PARAMS_ACTIVATION_H

typedef struct tarn_activation_params {
  float alpha;   /* LeakyRelu's slope below 0 */
} tarn_activation_params;

#endif
