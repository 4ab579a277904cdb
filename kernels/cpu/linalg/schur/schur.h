/* The Schur decomposition of a square matrix, a = u t u^H: u unitary, t upper triangular with the
 * eigenvalues of a on its diagonal. */
#ifndef TARN_KERNELS_CPU_LINALG_SCHUR_SCHUR_H
#define TARN_KERNELS_CPU_LINALG_SCHUR_SCHUR_H

#include "kernels/cpu/linalg/dense.h"

/* a [n,n] becomes t, u [n,n] is set; v [n] is scratch. run may be NULL. *found is false where no
 * eigenvalue was found after as many steps as are allowed, or a has NaN or Inf: t and u mean
 * nothing then. Errors: those of tarn__run_check. */
tarn_status tarn__schur(const tarn_run *run, tarn_z *a, int64_t n, tarn_z *u, tarn_z *v,
                        bool *found);
/* out = u t u^H; product [n,n] is scratch. t's lower part is not read. */
void tarn__schur_back(const tarn_z *t, int64_t n, const tarn_z *u, tarn_z *product, tarn_z *out);

#endif
