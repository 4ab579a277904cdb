/* Small dense matrices in double complex, whatever the tensor's type: row-major, in scratch. */
#ifndef TARN_KERNELS_CPU_LINALG_DENSE_H
#define TARN_KERNELS_CPU_LINALG_DENSE_H

#include "kernels/params/linalg.h"
#include "kernels/run.h"

#include <complex.h>
#include <math.h>
#undef I /* complex.h's */

typedef double _Complex tarn_z;

/* The types that TensorFlow's CPU decomposes. */
#define TARN_DECOMPOSED \
  (TARN_BIT(TARN_F16) | TARN_BIT(TARN_F32) | TARN_BIT(TARN_F64) | TARN_COMPLEX)

/* n elements of t from `at` on. */
void tarn__dense_load(const tarn_tensor *t, int64_t at, int64_t n, tarn_z *x);
void tarn__dense_store(tarn_tensor *t, int64_t at, int64_t n, const tarn_z *x);
/* The conjugate transpose of a square matrix, in place. */
void tarn__dense_adjoint(tarn_z *a, int64_t n);

/* P a = L U in place (L below the diagonal, of unit diagonal), partial pivoting: row i was
 * exchanged with row pivot[i]. *sign is that of the permutation. false: a pivot is 0, the matrix is
 * singular (the factors are still right). */
bool tarn__dense_lu(tarn_z *a, int64_t n, int64_t *pivot, int *sign);
/* x (n rows of k columns) becomes a^-1 x, with the factors from tarn__dense_lu. */
void tarn__dense_lu_solve(const tarn_z *lu, int64_t n, const int64_t *pivot, tarn_z *x, int64_t k);
/* x becomes t^-1 x for the triangle of t that `lower` names; `unit`: its diagonal is 1. */
void tarn__dense_triangular_solve(const tarn_z *t, int64_t n, bool lower, bool unit, tarn_z *x,
                                  int64_t k);

/* a = l l^H in place, row by row; only the lower triangle of a is read. false: a is not positive
 * definite. */
bool tarn__dense_cholesky(tarn_z *a, int64_t n);

/* a [M,N], M >= N, becomes u s: its columns are orthogonal, in descending order of their norms, the
 * singular values, which are in s [N]; a was u s v^H, v [N,N]. scratch: so many bytes, aligned for
 * doubles. run may be NULL. */
size_t tarn__dense_singular_bytes(int64_t M, int64_t N);
tarn_status tarn__dense_singular(const tarn_run *run, tarn_z *a, int64_t M, int64_t N, double *s,
                                 tarn_z *v, void *scratch);

#endif
