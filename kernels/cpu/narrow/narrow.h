/* Matrix products whose factors are narrower than f32: bfloat16, or 8-bit integers. Operands and
 * results are f32 tensors; B is narrowed once, when it is packed, and A at every run.
 *
 *   C[M,N] = act(A[M,K] B[K,N] + bias[N] + add[M,N])
 *
 *   bf16   factors rounded to nearest even, products and sums in f32
 *   int8   B: w = ws[j] wq, wq in [-127, 127], one scale a column
 *          A: x = xs (xq - zero), xq in [0, 255], a scale and a zero for each `range` of rows (a
 * row of a matrix, a picture) C = xs ws[j] (sum xq wq - zero sum wq), the sums exact in 32 bits
 *
 * K is cut into groups of four bytes (2 or 4 elements), and one instruction takes 16 (8) such
 * groups. A lies in memory narrowed, in rows of whole groups; a convolution's rows are parts of one
 * padded picture, so `tap` tells how far on the elements of each filter row are.
 *
 * Results do not depend on the number of threads. Thread-safe; nothing is allocated. */
#ifndef TARN_KERNELS_CPU_NARROW_NARROW_H
#define TARN_KERNELS_CPU_NARROW_NARROW_H

#include "core/thread/threads.h"
#include "kernels/cpu/gemm/tile.h"

#include <stddef.h>

enum { TARN_NARROW_MAX_MR = 14, TARN_NARROW_MAX_TAPS = 64 };

/* How the numbers of a range of A are made from floats (int8 only). */
typedef struct tarn_narrow_scale {
  float scale;                  /* NaN where the range holds a number that is not finite */
  int32_t zero;
} tarn_narrow_scale;

/* One tile of C: at most mr rows and nr columns. */
typedef struct tarn_narrow_tile {
  int rows, cols;
  int64_t taps, depth;          /* depth in groups */
  const char *a[TARN_NARROW_MAX_MR];
  const int64_t *tap;           /* [taps] offsets in bytes */
  const uint32_t *b;            /* a packed panel: [taps*depth][nr] groups */
  float *c;
  int64_t ldc;                  /* of c and add, in elements */
  const float *bias, *add;      /* or NULL */
  tarn_activation activation;
  const tarn_narrow_scale *scale_a[TARN_NARROW_MAX_MR];   /* int8, by row */
  const float *scale_b;         /* int8: [nr] */
  const int32_t *sum_b;         /* int8: [nr] sums of wq over k */
  const char *ahead; /* what will be wanted after this tile, one line a group; NULL: nothing (see
                        tarn_tile) */
  int64_t ahead_step;
} tarn_narrow_tile;

/* The micro-kernels of one instruction set and precision. */
typedef struct tarn_narrow_isa {
  int mr, nr;
  int element_bytes;            /* of A and B: 1, or 2 */
  bool quantized;
  void (*tile)(const tarn_narrow_tile *t);
  /* Copies `count` floats as narrow elements; s is NULL for bf16. */
  void (*narrow)(const float *from, int64_t count, const tarn_narrow_scale *s, void *to);
  /* The scale of `count` floats, zero among them. */
  void (*range)(const float *from, int64_t count, float *least, float *most);
} tarn_narrow_isa;

/* Defined in <method>.<target>.c of this folder; the second word of the name is what the processor
 * must have. */
extern const tarn_narrow_isa tarn__narrow_bf16_avx512, tarn__narrow_int8_avx512,
    tarn__narrow_int8_avx2;

typedef struct tarn_narrow_gemm {
  int64_t M, N;
  int64_t taps, depth;          /* of a row of A: taps x depth groups */
  const int64_t *tap;
  const void *a;                /* narrowed */
  /* Where rows [first, first + rows) of A begin, in bytes from a. NULL: row m at m * row_bytes. */
  void (*rows_at)(const void *source, int64_t first, int rows, int64_t *at);
  const void *source;
  int64_t row_bytes;
  const tarn_narrow_scale *scale_a;   /* int8: of rows [i * range, (i + 1) * range) */
  int64_t range;
  const void *b;                /* tarn__narrow_pack */
  float *c;
  int64_t ldc;
  const float *bias, *add;
  tarn_activation activation;
} tarn_narrow_gemm;

/* Elements of one group. */
static inline int64_t tarn__narrow_group(const tarn_narrow_isa *isa) {
  return 4 / isa->element_bytes;
}
static inline int64_t tarn__narrow_round_up(const tarn_narrow_isa *isa, int64_t n) {
  int64_t g = tarn__narrow_group(isa);
  return (n + g - 1) / g * g;
}

/* B for rows of taps x depth groups. from[((t * parts + p) * part + k) * ldb + j] holds row (t, p,
 * k) of B, of which every part of `part` rows is filled up to whole groups with zeros; from[... ]
 * is transposed (j * ldb + k) with `transposed`, which wants taps = parts = 1. */
typedef struct tarn_narrow_matrix {
  int64_t taps, parts, part, N, ldb;
  const float *from;
  bool transposed;
} tarn_narrow_matrix;
size_t tarn__narrow_packed_bytes(const tarn_narrow_isa *isa, const tarn_narrow_matrix *b);
tarn_status tarn__narrow_pack(const tarn_narrow_isa *isa, const tarn_narrow_matrix *b, void *packed,
                              tarn_pool *pool);

/* The scale for numbers between least and most (zero among them), or of a range that is not
 * finite. */
tarn_narrow_scale tarn__narrow_scale_of(float least, float most);

tarn_status tarn__narrow_run(const tarn_narrow_isa *isa, const tarn_narrow_gemm *g,
                             tarn_pool *pool);

#endif
