/* NthElement of numbers. The few least of a row are kept in order while it is read, which for a
 * small n is one comparison an element; any other n is found by partitions of a copy (Hoare 1961,
 * "Find", with the median of three).
 *
 * Where the row has NaN TensorFlow's answer depends on how its sort happens to go; so does this
 * one. */
#include "kernels/kernel.h"
#include "kernels/params/array.h"

enum { FEW = 16 };   /* kept in order */

/* The element that `before` of the row's are less than; with `reverse` greater than. copy [n]. */
#define FIND(NAME, T)                                                                              \
  static T few_##NAME(const T *row, int64_t n, int64_t before, bool reverse) {                     \
    T kept[FEW];                                                                                   \
    int64_t count = 0;                                                                             \
    for (int64_t i = 0; i < n; i++) {                                                              \
      const T x = row[i];                                                                          \
      if (count > before && !(reverse ? x > kept[before] : x < kept[before])) continue;            \
      int64_t at = count > before ? before : count++;                                              \
      for (; at > 0 && (reverse ? x > kept[at - 1] : x < kept[at - 1]); at--)                      \
        kept[at] = kept[at - 1];                                                                   \
      kept[at] = x;                                                                                \
    }                                                                                              \
    return kept[before];                                                                           \
  }                                                                                                \
  static T any_##NAME(const T *row, int64_t n, int64_t before, T *copy) {                          \
    for (int64_t i = 0; i < n; i++) copy[i] = row[i];                                              \
    int64_t low = 0, high = n - 1;                                                                 \
    while (low < high) {                                                                           \
      const T a = copy[low], b = copy[low + (high - low) / 2], c = copy[high];                     \
      const T pivot = a < b ? (b < c ? b : a < c ? c : a) : (a < c ? a : b < c ? c : b);           \
      int64_t i = low, j = high;                                                                   \
      while (i <= j) {                                                                             \
        while (i < high && copy[i] < pivot) i++;                                                   \
        while (j > low && pivot < copy[j]) j--;                                                    \
        if (i > j) break;                                                                          \
        const T x = copy[i];                                                                       \
        copy[i++] = copy[j];                                                                       \
        copy[j--] = x;                                                                             \
      }                                                                                            \
      if (before <= j)                                                                             \
        high = j;                                                                                  \
      else if (before >= i)                                                                        \
        low = i;                                                                                   \
      else                                                                                         \
        break;                                                                                     \
    }                                                                                              \
    return copy[before];                                                                           \
  }                                                                                                \
  static void rows_##NAME(const T *x, T *y, int64_t rows, int64_t n, int64_t before, bool reverse, \
                          T *copy) {                                                               \
    for (int64_t r = 0; r < rows; r++, x += n)                                                     \
      y[r] = before < FEW        ? few_##NAME(x, n, before, reverse)                               \
             : n - before <= FEW ? few_##NAME(x, n, n - 1 - before, !reverse)                      \
                                 : any_##NAME(x, n, reverse ? n - 1 - before : before, copy);      \
  }
FIND(f32, float)
FIND(f64, double)
FIND(i32, int32_t)
FIND(i64, int64_t)

static size_t scratch_bytes(const tarn_problem *p, int threads) {
  (void)threads;
  return ((size_t)p->in_shape[0].dim[p->in_shape[0].rank - 1] + 1) * sizeof(int64_t);
}

static tarn_status run(const tarn_call *call) {
  const tarn_tensor *x = call->in[0];
  const bool reverse = ((const tarn_nth_element_params *)call->problem->params)->reverse;
  const int64_t n = x->shape.dim[x->shape.rank - 1], rows = tarn__tensor_elements(call->out[0]);
  const int64_t before = tarn__tensor_int(call->in[1], 0);
#define ROWS(DTYPE, NAME)                                                                         \
  case DTYPE:                                                                                     \
    rows_##NAME(x->data, call->out[0]->data, rows, n, before, reverse, call->scratch);            \
    break;
  switch ((int)x->dtype) {
    ROWS(TARN_F32, f32)
    ROWS(TARN_F64, f64)
    ROWS(TARN_I32, i32)
    ROWS(TARN_I64, i64)
    default: break;
  }
  return TARN_OK;
}

const tarn_kernel tarn_kernels_array_nth_avx2[] = {
    {.op = "NthElement", .run = run, .scratch_bytes = scratch_bytes,
     .dtypes = TARN_BIT(TARN_F32) | TARN_BIT(TARN_F64) | TARN_BIT(TARN_I32) | TARN_BIT(TARN_I64)},
    {0},
};
