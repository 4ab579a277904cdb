/* ResizeNearestNeighbor and ResizeBilinear, and their gradients. */
#include "kernels/cuda/cuda.h"
#include "kernels/cuda/each/sets.h"
#include "kernels/cuda/image/resize.h"
#include "kernels/params/image.h"

/* Input pixels per output pixel along a dim. */
static float scale_of(const tarn_resize_params *p, int64_t in, int64_t out) {
  return p->align_corners && out > 1 ? (float)(in - 1) / (float)(out - 1) : (float)in / (float)out;
}

/* image: what is resized, or its gradient; to: how large it becomes. */
static tarn_cuda_resize numbers(const tarn_call *call, const tarn_shape *image,
                                const tarn_shape *to) {
  const tarn_resize_params *p = call->problem->params;
  const int64_t *x = image->dim, *y = to->dim;
  return (tarn_cuda_resize){.N = x[0],
                            .H = x[1],
                            .W = x[2],
                            .C = x[3],
                            .OH = y[1],
                            .OW = y[2],
                            .scale_h = scale_of(p, x[1], y[1]),
                            .scale_w = scale_of(p, x[2], y[2]),
                            .align_corners = p->align_corners,
                            .half_pixel_centers = p->half_pixel_centers,
                            .bytes = (int)tarn_dtype_bytes(call->in[0]->dtype),
                            .x = call->in[0]->data,
                            .y = call->out[0]->data};
}

static tarn_status nearest(const tarn_call *call) {
  if (tarn__tensor_elements(call->out[0]) == 0) return TARN_OK;
  const tarn_cuda_resize work = numbers(call, &call->in[0]->shape, &call->out[0]->shape);
  TARN_LAUNCHED(tarn__cuda_resize_nearest(tarn__stream(call), &work));
  return TARN_OK;
}
static tarn_status bilinear(const tarn_call *call) {
  if (tarn__tensor_elements(call->out[0]) == 0) return TARN_OK;
  const tarn_cuda_resize work = numbers(call, &call->in[0]->shape, &call->out[0]->shape);
  TARN_LAUNCHED(tarn__cuda_resize_bilinear(tarn__stream(call), (int)call->in[0]->dtype, &work));
  return TARN_OK;
}

static tarn_status nearest_gradient(const tarn_call *call) {
  if (tarn__tensor_elements(call->out[0]) == 0) return TARN_OK;
  const tarn_cuda_resize work = numbers(call, &call->out[0]->shape, &call->in[0]->shape);
  TARN_LAUNCHED(
      tarn__cuda_resize_nearest_gradient(tarn__stream(call), (int)call->out[0]->dtype, &work));
  return TARN_OK;
}
static tarn_status bilinear_gradient(const tarn_call *call) {
  if (tarn__tensor_elements(call->out[0]) == 0) return TARN_OK;
  const tarn_cuda_resize work = numbers(call, &call->out[0]->shape, &call->in[0]->shape);
  TARN_LAUNCHED(
      tarn__cuda_resize_bilinear_gradient(tarn__stream(call), (int)call->out[0]->dtype, &work));
  return TARN_OK;
}

const tarn_kernel tarn_kernels_image_resize_cuda[] = {
    {.op = "ResizeNearestNeighbor", .dtypes = TARN_PLAIN, .host_in = 2, .run = nearest},
    {.op = "ResizeBilinear", .dtypes = EACH_ORDERED_BITS, .host_in = 2, .run = bilinear},
    {.op = "ResizeNearestNeighborGrad",
     .dtypes = EACH_FLOAT_BITS | EACH_WRAP_BITS,
     .host_in = 2,
     .run = nearest_gradient},
    {.op = "ResizeBilinearGrad", .dtypes = EACH_FLOAT_BITS, .keyed = 1, .run = bilinear_gradient},
    {0},
};
