/* Rules on the rows that indices name. Rows may be named more than once, and are changed in the
 * order of the indices, as on the CPU (index/owned.cuh). What has to be looked at before anything
 * is written is looked at by a kernel before. */
#include "kernels/cuda/each/fault.cuh"
#include "kernels/cuda/index/owned.cuh"
#include "kernels/cuda/optimiser/rules.cuh"
#include "kernels/params/padding.h"

/* The rates of all dtypes are doubles in words. */
__device__ inline void note_rates(const tarn_cuda_apply &work, const double (&rate)[5], int kind) {
  fault_note(work.fault, work.fault_step, -1, [&](tarn_fault *f) {
    f->kind = kind;
    for (int k = 0; k < 5; k++) f->rate[k] = rate[k];
  });
}

template <class S, class A>
__device__ void check_rates(const tarn_cuda_apply &work) {
  A given[TARN_CUDA_RATES];
  double rate[5];
  read_rates<S>(work, given);
  for (int k = 0; k < 5; k++) rate[k] = (double)given[k];
  if (!(rate[0] > 0) && !(rate[0] == 0 && work.flags.linear_by_lr))
    note_rates(work, rate, TARN_FAULT_RATE);
  else if (!(rate[1] >= 0) || !(rate[2] >= 0))
    note_rates(work, rate, TARN_FAULT_L1_L2);
  else if (work.has_power && (!(rate[3] >= 0) || !(rate[4] <= 0)))
    note_rates(work, rate, TARN_FAULT_POWER);
}

template <class S, class A>
__global__ void check(tarn_cuda_apply work) {
  if (work.has_signs && EACH_FIRST == 0) check_rates<S, A>(work);
  if (!work.indices) return;
  for (int64_t i = EACH_FIRST; i < work.rows; i += EACH_STEP) {
    const int64_t r = index_number(work.indices, work.wide, i);
    if (r >= 0 && r < work.dim) continue;
    if (work.flags.padded && r == TARN_PADDING(work.wide)) continue;
    fault_note(work.fault, work.fault_step, i, [&](tarn_fault *f) {
      f->kind = TARN_FAULT_OFFSET;
      f->index[0] = r;
    });
  }
}

template <class S, class A>
__global__ void apply_rows(tarn_cuda_apply work) {
  A rate[TARN_CUDA_RATES];
  if (fault_noted(work.fault)) return;
  read_rates<S>(work, rate);
  each_owned(
      work.rows, work.row,
      [&work](int64_t i) {
        const int64_t r = index_number(work.indices, work.wide, i);
        return r < 0 || r >= work.dim ? (int64_t)-1 : r;
      },
      [&work, &rate](int64_t r, int64_t i, int64_t column) {
        const int64_t at = r * work.row + column, from = i * work.row + column;
        switch (work.rule) {
#define X(OP, f)                                \
  case TARN_CUDA_RULE_##OP:                     \
    rule_##f<S, A>::step(work, rate, at, from); \
    break;
          SPARSE_RULES(X)
          RESOURCE_SPARSE_RULES(X)
#undef X
          default:
            break;
        }
      });
}

#define CHECK(NAME, E, DT, S, A)                           \
  case DT:                                                 \
    EACH_LAUNCH((check<S, A>), work->rows, stream, *work); \
    break;
extern "C" int tarn__cuda_apply_check(cudaStream_t stream, int dtype, const tarn_cuda_apply *work) {
  switch (dtype) { EACH_FLOAT(CHECK, , ) default : break; }
  return tarn_launched();
}

#define APPLY(NAME, E, DT, S, A)                                            \
  case DT:                                                                  \
    OWNED_LAUNCH((apply_rows<S, A>), work->rows, work->row, stream, *work); \
    break;
extern "C" int tarn__cuda_apply_rows(cudaStream_t stream, int dtype, const tarn_cuda_apply *work) {
  switch (dtype) { EACH_FLOAT(APPLY, , ) default : break; }
  return tarn_launched();
}
