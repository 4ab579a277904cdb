/* The AVX-512 micro-kernels for a B of bfloat16, without instructions for products of those:
 * widened in registers, so that A and all sums are f32, at the speed of f32 and for half as much to
 * read. No op of its own. */
#define PACKED_BF16
#include "kernels/cpu/gemm/pack.body.h"
#include "kernels/cpu/gemm/tile.body.h"
#include "kernels/kernel.h"

#define ISA .mr = TILE_ROWS, .nr = NR, .mr_aliased = 7, .b_bytes = sizeof(packed), .tile = tile
const tarn_gemm_isa tarn__gemm_bf16_avx512 = {ISA, .raw_bytes = sizeof(float), .pack = pack_panel};
const tarn_gemm_isa tarn__gemm_brain_avx512 = {ISA, .raw_bytes = sizeof(uint16_t),
                                               .pack = pack_brain_panel};

const tarn_kernel tarn_kernels_gemm_core_bf16_avx512[] = {{0}};
