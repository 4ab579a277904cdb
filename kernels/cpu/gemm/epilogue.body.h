/* The epilogue as a pass over rows of y, for what the micro-kernels do not do in registers;
 * compiled per target. */
#include "kernels/cpu/gemm/epilogue.h"
#include "kernels/cpu/simd/math.h"

static inline vf epilogue_activate(vf x, tarn_fused_activation a) {
  switch (a) {
    case TARN_FUSED_NONE: return x;
    case TARN_FUSED_RELU: return vf_max(vf_zero(), x);
    case TARN_FUSED_RELU6: return vf_min(vf_set1(6.0f), vf_max(vf_zero(), x));
    case TARN_FUSED_ELU: return vf_pick(vf_lt(x, vf_zero()), vf_expm1(x), x);
    case TARN_FUSED_TANH: return vf_tanh(x);
    case TARN_FUSED_SIGMOID: return vf_sigmoid(x);
  }
  return x;
}

/* y = activation(y + bias + add); bias and add may be NULL. */
static void epilogue_rows(float *y, const float *bias, const float *add, tarn_fused_activation a,
                          int64_t rows, int64_t cols) {
  for (int64_t r = 0; r < rows; r++, y += cols)
    for (int64_t j = 0; j < cols; j += VF) {
      vm m = vm_first(cols - j < VF ? cols - j : VF);
      vf x = vf_load_m(y + j, m);
      if (bias) x = vf_add(x, vf_load_m(bias + j, m));
      if (add) x = vf_add(x, vf_load_m(add + r * cols + j, m));
      vf_store_m(y + j, m, epilogue_activate(x, a));
    }
}

typedef struct epilogue_job {
  float *y;
  const float *bias, *add;
  tarn_fused_activation activation;
  int64_t rows, cols, step;
} epilogue_job;

static tarn_status epilogue_chunk(void *argument, int64_t chunk, int worker) {
  (void)worker;
  const epilogue_job *j = argument;
  int64_t r = chunk * j->step, rows = j->rows - r < j->step ? j->rows - r : j->step;
  epilogue_rows(j->y + r * j->cols, j->bias, j->add ? j->add + r * j->cols : NULL, j->activation,
                rows, j->cols);
  return TARN_OK;
}

static tarn_status epilogue_pass(float *y, const float *bias, const float *add,
                                 tarn_fused_activation a, int64_t rows, int64_t cols,
                                 tarn_pool *pool) {
  epilogue_job j = {y, bias, add, a, rows, cols, cols < 8192 ? 8192 / (cols > 0 ? cols : 1) : 1};
  return tarn__pool_run(rows * cols < 16384 ? NULL : pool, (rows + j.step - 1) / j.step,
                        epilogue_chunk, &j);
}
