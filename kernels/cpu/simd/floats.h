/* Whole tensors of half floats as floats, for kernels that compute in float: their scratch holds
 * the copies. */
#ifndef TARN_KERNELS_CPU_SIMD_FLOATS_H
#define TARN_KERNELS_CPU_SIMD_FLOATS_H

#include "core/tensor/tensor.h"
#include "kernels/cpu/simd/half.h"

/* The n elements of a float32 tensor themselves; those of half floats copied to *room, which moves
 * on. */
static inline const float *lane_floats_of(const tarn_tensor *t, float **room, int64_t n) {
  if (t->dtype == TARN_F32) return t->data;
  float *to = *room;
  *room += n;
  const uint16_t *from = t->data;
  if (t->dtype == TARN_F16) lane_floats_of_halves(to, from, n);
  else
    for (int64_t i = 0; i < n; i++) to[i] = tarn__bf16_to_f32(from[i]);
  return to;
}
/* Where the floats of an output go: into it, or to *room, which moves on. */
static inline float *lane_floats_for(const tarn_tensor *t, float **room, int64_t n) {
  if (t->dtype == TARN_F32) return t->data;
  *room += n;
  return *room - n;
}
/* And from there into it, where they are not in it yet. */
static inline void lane_round_into(tarn_tensor *t, const float *from, int64_t n) {
  uint16_t *to = t->data;
  if (t->dtype == TARN_F16) lane_halves_of_floats(to, from, n);
  if (t->dtype == TARN_BF16)
    for (int64_t i = 0; i < n; i++) to[i] = tarn__f32_to_bf16(from[i]);
}

#endif
