/* What the kernels of batch normalization share: the work of a call, and how the plain kernels do
 * it. */
#ifndef TARN_KERNELS_CUDA_BATCH_NORM_PLAIN_H
#define TARN_KERNELS_CUDA_BATCH_NORM_PLAIN_H

#include "kernels/cuda/batch_norm/norm.h"
#include "kernels/cuda/cuda.h"
#include "kernels/params/batch_norm.h"

tarn_cuda_norm tarn__norm_work(const tarn_call *call);
/* .sums is call->scratch. */
tarn_cuda_norm_gradient tarn__norm_gradient_work(const tarn_call *call);
/* cuDNN's reserve, output 5 of V3, which nothing here reads: zeros. */
tarn_status tarn__norm_reserve(const tarn_call *call);
tarn_status tarn__norm_plain(const tarn_call *call);
tarn_status tarn__norm_gradient_plain(const tarn_call *call);

#endif
