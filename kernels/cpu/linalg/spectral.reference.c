/* Eigenvalues and singular values; see spectral.body.h. Here without vectors; tests/unit/kernels
 * holds what is made against its definition, as this is no oracle for the other two. */
#include "kernels/cpu/linalg/spectral.body.h"

size_t tarn__dense_singular_bytes(int64_t M, int64_t N) {
  return (size_t)(3 * M * N + N * N + 3 * N + M) * sizeof(tarn_z) +
         (size_t)(2 * N * N + 6 * N) * sizeof(double);
}

tarn_status tarn__dense_singular(const tarn_run *run, tarn_z *a, int64_t M, int64_t N, double *s,
                                 tarn_z *v, void *scratch) {
  room_complex r = room_at_complex(scratch, M, N, N);
  memcpy(r.a, a, (size_t)(M * N) * sizeof *a);
  TARN_TRY(singular_values_complex(run, &r, M, N, N, false, false));
  for (int64_t i = 0; i < M * N; i++) a[i] = r.u[i] * r.d[i % N];
  memcpy(s, r.d, (size_t)N * sizeof *s);
  memcpy(v, r.v, (size_t)(N * N) * sizeof *v);
  return TARN_OK;
}

const tarn_kernel tarn_kernels_linalg_spectral_reference[] = {ROWS {0}};
