/* What a GEMM micro-kernel is asked to do: one tile of C, at most mr rows by nr columns, in
 * registers.
 *
 *   c[r, j] = act(sum over t, k of a[t][r][k] * b[t*depth + k, j]  (+ c[r, j])  (+ bias[j])  (+
 * add[r, j]))
 *
 * A is read in place through row pointers: one per row and tap. A plain product has one tap; a
 * convolution has one per filter position, and points at a row of zeros outside the picture (the
 * indirection buffer of Dukhan, "The Indirect Convolution Algorithm", 2019). B is one packed panel,
 * [taps*depth][nr], 64-byte aligned, zeros beyond the last column. */
#ifndef TARN_KERNELS_CPU_GEMM_TILE_H
#define TARN_KERNELS_CPU_GEMM_TILE_H

#include <stdbool.h>
#include <stdint.h>

typedef enum tarn_activation {
  TARN_ACT_NONE,
  TARN_ACT_RELU,       /* max(x, 0); NaN stays NaN */
  TARN_ACT_RELU6       /* min(max(x, 0), 6); NaN stays NaN */
} tarn_activation;

typedef struct tarn_tile {
  int rows;                     /* 1..mr */
  int cols;                     /* 1..nr */
  int64_t taps, depth;
  const float *const *a; /* [taps][a_stride] row pointers, the first `rows` of each tap used */
  int64_t a_stride;
  const void *b; /* of the elements that the micro-kernels' B is packed in */
  float *c;
  int64_t ldc;                  /* of c and add, in elements */
  const float *bias;            /* [cols] or NULL */
  const float *add;             /* [rows, cols] with row stride ldc, or NULL */
  bool accumulate;
  tarn_activation activation;
  /* What will be wanted after this tile: one line is asked for (into L2) at each k, ahead_step
   * bytes on. NULL: nothing. Weights that come from memory are then read while the tiles before
   * compute. */
  const char *ahead;
  int64_t ahead_step;
  /* So many tiles of the same rows after this one, each the next nr columns: all of them whole.
   * Their B is panel_elems further on each, and what each asks for, with the same step, is
   * aheads[its number] (this tile's too: then `ahead` is not looked at). */
  int more;
  int64_t panel_elems;
  const char *const *aheads;    /* [1 + more], or NULL */
} tarn_tile;

/* The micro-kernels of one instruction set (kernels/cpu/gemm/core.<target>.c). */
typedef struct tarn_gemm_isa {
  int mr, nr;
  /* Bytes of an element of B, as it is packed and as it lies before: floats, or bfloat16, which are
   * widened in registers on their way to the multiply-adds (half as much to read). */
  int b_bytes, raw_bytes;
  /* mr where rows lie a multiple of 4 KiB apart: they share one set of L1, which holds only so many
   * lines. */
  int mr_aliased;
  void (*tile)(const tarn_tile *t);
  /* y[m, j] = sum_k x[m*ldx + k] b[k*ldb + j] for m < rows <= 4, j < cols: B read where it lies,
   * row-major. */
  void (*rows_by_matrix)(int rows, int64_t depth, int64_t cols, const float *x, int64_t ldx,
                         const float *b, int64_t ldb, float *y, int64_t ldy);
  /* y[m, j] = sum_k x[m*ldx + k] b[j*ldb + k]: B transposed, so every element is a dot product. */
  void (*rows_by_transposed)(int rows, int64_t depth, int64_t cols, const float *x, int64_t ldx,
                             const float *b, int64_t ldb, float *y, int64_t ldy);
  /* A panel: to[k*nr + j] = b[k*ldb + j], or b[j*ldb + k] when transposed, for k < depth; zeros for
   * j in [cols, nr). bfloat16 are rounded to nearest even, and their order in a row of the panel is
   * what widening wants (tile.body.h). */
  void (*pack)(int64_t depth, int64_t cols, const void *b, int64_t ldb, bool transposed, void *to);
} tarn_gemm_isa;

extern const tarn_gemm_isa tarn__gemm_avx2, tarn__gemm_avx512;
/* B packed in bfloat16, from floats and from bfloat16; rows_by_* are NULL. */
extern const tarn_gemm_isa tarn__gemm_bf16_avx2, tarn__gemm_bf16_avx512;
extern const tarn_gemm_isa tarn__gemm_brain_avx2, tarn__gemm_brain_avx512;

#endif
