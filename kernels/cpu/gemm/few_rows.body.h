/* Products of at most four rows with a matrix that lies row-major and is used once: packing it
 * would read and write it once more, so it is read where it lies. Bound by memory. */
#include "kernels/cpu/simd/vec.h"

/* ROWS x V vectors of accumulators: named, as in tile.body.h. */
#define EACH_V1(X, r) X(r, 0)
#define EACH_V2(X, r) EACH_V1(X, r) X(r, 1)
#define EACH_V4(X, r) EACH_V2(X, r) X(r, 2) X(r, 3)
#define EACH_R1(V, X) EACH_V##V(X, 0)
#define EACH_R2(V, X) EACH_R1(V, X) EACH_V##V(X, 1)
#define EACH_R3(V, X) EACH_R2(V, X) EACH_V##V(X, 2)
#define EACH_R4(V, X) EACH_R3(V, X) EACH_V##V(X, 3)
#define EACH_ROW1(X) X(0)
#define EACH_ROW2(X) EACH_ROW1(X) X(1)
#define EACH_ROW3(X) EACH_ROW2(X) X(2)
#define EACH_ROW4(X) EACH_ROW3(X) X(3)

#define START(r, v) vf s##r##v = vf_zero();
#define LOAD(r, v) vf b##v = vf_load(row + v * VF);
#define SPREAD(r) vf x##r = vf_set1(x[r * ldx + k]);
#define MULTIPLY(r, v) s##r##v = vf_fma(x##r, b##v, s##r##v);
#define KEEP(r, v) vf_store(y + r * ldy + v * VF, s##r##v);
#define FEW_ROWS(ROWS, V)                                                                      \
  static void rows_##ROWS##_by_##V(int64_t depth, const float *x, int64_t ldx, const float *b, \
                                   int64_t ldb, float *y, int64_t ldy) {                       \
    EACH_R##ROWS(V, START) const float *row = b;                                               \
    for (int64_t k = 0; k < depth; k++, row += ldb) {                                          \
      EACH_V##V(LOAD, 0) EACH_ROW##ROWS(SPREAD) EACH_R##ROWS(V, MULTIPLY)                      \
    }                                                                                          \
    EACH_R##ROWS(V, KEEP)(void) ldx, (void)ldy;                                                \
  }
FEW_ROWS(1, 4)
FEW_ROWS(1, 2)
FEW_ROWS(2, 4)
FEW_ROWS(3, 2)
FEW_ROWS(4, 2)

/* The last columns, fewer than one block: a masked vector at a time. */
static void rows_by_tail(int rows, int64_t depth, int64_t cols, const float *x, int64_t ldx,
                         const float *b, int64_t ldb, float *y, int64_t ldy) {
  for (int64_t j = 0; j < cols; j += VF) {
    vm m = vm_first(cols - j < VF ? cols - j : VF);
    for (int r = 0; r < rows; r++) {
      vf s = vf_zero();
      for (int64_t k = 0; k < depth; k++)
        s = vf_fma(vf_set1(x[r * ldx + k]), vf_load_m(b + k * ldb + j, m), s);
      vf_store_m(y + r * ldy + j, m, s);
    }
  }
}

/* One row times a wide matrix goes along its rows, eight at a time, with y in L1: by blocks of
 * columns every row would be read in pieces of another page. The sums are the same, bit for bit. */
static void one_row_along(int64_t depth, int64_t cols, const float *x, const float *b, int64_t ldb,
                          float *y) {
  for (int64_t k = 0; k < depth; k += 8) {
    const int64_t rows = depth - k < 8 ? depth - k : 8;
    const float *row = b + k * ldb;
    for (int64_t j = 0; j < cols; j += VF) {
      const vm m = vm_first(cols - j < VF ? cols - j : VF);
      vf s = k > 0 ? vf_load_m(y + j, m) : vf_zero();
      if (rows == 8 && cols - j >= VF) {
#pragma GCC unroll 8
        for (int64_t i = 0; i < 8; i++)
          s = vf_fma(vf_set1(x[k + i]), vf_load(row + i * ldb + j), s);
      } else {
        for (int64_t i = 0; i < rows; i++)
          s = vf_fma(vf_set1(x[k + i]), vf_load_m(row + i * ldb + j, m), s);
      }
      vf_store_m(y + j, m, s);
    }
  }
}

static void rows_by_matrix(int rows, int64_t depth, int64_t cols, const float *x, int64_t ldx,
                           const float *b, int64_t ldb, float *y, int64_t ldy) {
  static void (*const block[])(int64_t, const float *, int64_t, const float *, int64_t, float *,
                               int64_t) = {rows_1_by_4, rows_2_by_4, rows_3_by_2, rows_4_by_2};
  static const int vectors[] = {4, 4, 2, 2};
  int64_t width = vectors[rows - 1] * VF, j = 0;
  if (rows == 1 && cols >= 2 * width && depth > 0) {
    one_row_along(depth, cols, x, b, ldb, y);
    return;
  }
  for (; j + width <= cols; j += width) block[rows - 1](depth, x, ldx, b + j, ldb, y + j, ldy);
  /* A vector at a time each addition of what is left would wait for the one before. */
  if (rows == 1 && j + 2 * VF <= cols)
    rows_1_by_2(depth, x, ldx, b + j, ldb, y + j, ldy), j += 2 * VF;
  if (j < cols) rows_by_tail(rows, depth, cols - j, x, ldx, b + j, ldb, y + j, ldy);
}

/* Four dot products with one x at a time: its loads are shared and four chains of additions
 * overlap. */
static void rows_by_transposed(int rows, int64_t depth, int64_t cols, const float *x, int64_t ldx,
                               const float *b, int64_t ldb, float *y, int64_t ldy) {
  int64_t whole = depth / VF * VF;
  vm m = vm_first(depth - whole);
  for (int64_t j = 0; j < cols; j += 4) {
    /* Past the last column the pointers repeat it; the results are dropped. */
    int64_t last = cols - 1 - j;
    const float *b0 = b + j * ldb, *b1 = b0 + (last < 1 ? last : 1) * ldb;
    const float *b2 = b0 + (last < 2 ? last : 2) * ldb, *b3 = b0 + (last < 3 ? last : 3) * ldb;
    for (int r = 0; r < rows; r++) {
      const float *row = x + r * ldx;
      vf s0 = vf_zero(), s1 = vf_zero(), s2 = vf_zero(), s3 = vf_zero();
      for (int64_t k = 0; k < whole; k += VF) {
        vf v = vf_load(row + k);
        s0 = vf_fma(v, vf_load(b0 + k), s0);
        s1 = vf_fma(v, vf_load(b1 + k), s1);
        s2 = vf_fma(v, vf_load(b2 + k), s2);
        s3 = vf_fma(v, vf_load(b3 + k), s3);
      }
      if (whole < depth) {
        vf v = vf_load_m(row + whole, m);
        s0 = vf_fma(v, vf_load_m(b0 + whole, m), s0);
        s1 = vf_fma(v, vf_load_m(b1 + whole, m), s1);
        s2 = vf_fma(v, vf_load_m(b2 + whole, m), s2);
        s3 = vf_fma(v, vf_load_m(b3 + whole, m), s3);
      }
      float *out = y + r * ldy + j;
      out[0] = vf_sum(s0);
      if (last >= 1) out[1] = vf_sum(s1);
      if (last >= 2) out[2] = vf_sum(s2);
      if (last >= 3) out[3] = vf_sum(s3);
    }
  }
}
