/* The AVX-512 micro-kernels. No op of its own: matmul, conv2d and others call them through
 * tarn__gemm_avx512. */
#include "kernels/cpu/gemm/few_rows.body.h"
#include "kernels/cpu/gemm/pack.body.h"
#include "kernels/cpu/gemm/tile.body.h"
#include "kernels/kernel.h"

const tarn_gemm_isa tarn__gemm_avx512 = {
    .mr = TILE_ROWS,
    .nr = NR,
    .b_bytes = sizeof(float),
    .raw_bytes = sizeof(float),
    .mr_aliased = 7,
    .tile = tile,
    .rows_by_matrix = rows_by_matrix,
    .rows_by_transposed = rows_by_transposed,
    .pack = pack_panel,
};

const tarn_kernel tarn_kernels_gemm_core_avx512[] = {{0}};
