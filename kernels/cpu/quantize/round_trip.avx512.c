/* QuantizeAndDequantize for AVX-512; see round_trip.body.h. */
#include "kernels/cpu/quantize/round_trip.body.h"

const tarn_kernel tarn_kernels_quantize_round_trip_avx512[] = {ROWS {0}};
