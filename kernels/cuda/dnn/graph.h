/* cuDNN's graph API: a graph of operations becomes an execution plan.
 *
 * A builder owns every descriptor that it makes. Functions return a status; after a failure the
 * builder is only cleared. Engines that a session may not have are passed over: those whose results
 * vary from run to run or whose sums are narrower than f32, and, where f32 has to stay f32, those
 * that multiply in TF32 or round inputs down, or transform with large tiles. */
#ifndef TARN_KERNELS_CUDA_DNN_GRAPH_H
#define TARN_KERNELS_CUDA_DNN_GRAPH_H

#include "kernels/cuda/cuda.h"

enum {
  TARN_DNN_DESCRIPTORS = 40,
  TARN_DNN_OPERATIONS = 6,
  TARN_DNN_TENSORS = 12,
  TARN_DNN_SPATIAL = 3,
  TARN_DNN_RANK = 2 + TARN_DNN_SPATIAL
};

typedef struct tarn_dnn_builder {
  cudnnHandle_t dnn;
  cudnnBackendDescriptor_t owned[TARN_DNN_DESCRIPTORS];
  int count;
  cudnnBackendDescriptor_t operation[TARN_DNN_OPERATIONS];
  int operations;
} tarn_dnn_builder;

typedef struct tarn_dnn_plan {
  cudnnBackendDescriptor_t plan; /* NULL: cuDNN has none for the graph */
  size_t workspace;
} tarn_dnn_plan;

void tarn__dnn_clear(tarn_dnn_builder *b);
/* For operations.c: a descriptor of the builder's; and one that becomes the graph's next operation.
 */
tarn_status tarn__dnn_create(tarn_dnn_builder *b, cudnnBackendDescriptorType_t type,
                             cudnnBackendDescriptor_t *made);
tarn_status tarn__dnn_operation(tarn_dnn_builder *b, cudnnBackendDescriptor_t operation);
#define TARN_DNN_SET(descriptor, name, type, n, value) \
  TARN_DNN(cudnnBackendSetAttribute(descriptor, name, type, n, value))
cudnnDataType_t tarn__dnn_type(tarn_dtype dtype); /* floats */

/* Dims in the order N, C, D, H, W (filters: out, in, D, H, W), strides in elements. */
typedef struct tarn_dnn_shape {
  int rank;
  int64_t dim[TARN_DNN_RANK], stride[TARN_DNN_RANK];
} tarn_dnn_shape;

/* Contiguous with the channels last: [N, size..., C]. */
tarn_dnn_shape tarn__dnn_channels_last(int64_t N, int64_t C, int spatial, const int64_t *size);
/* One number a channel, to be broadcast over such a tensor. */
tarn_dnn_shape tarn__dnn_channels(int64_t C, int spatial);

/* `name` is what run's pointers go by, above 0. 16-byte aligned. */
tarn_status tarn__dnn_tensor(tarn_dnn_builder *b, int64_t name, cudnnDataType_t type,
                             const tarn_dnn_shape *shape, cudnnBackendDescriptor_t *tensor);
/* What the graph alone holds: it has no memory. */
tarn_status tarn__dnn_held(tarn_dnn_builder *b, int64_t name, cudnnDataType_t type,
                           const tarn_dnn_shape *shape, cudnnBackendDescriptor_t *tensor);
/* One number of f32; run's pointer is the host's, which is read before run returns. */
tarn_status tarn__dnn_number(tarn_dnn_builder *b, int64_t name, int rank,
                             cudnnBackendDescriptor_t *tensor);

/* ---- operations (operations.c), each the graph's next one ----------------------------------- */

typedef enum tarn_dnn_direction {
  TARN_DNN_FORWARD,
  TARN_DNN_DATA,
  TARN_DNN_FILTER
} tarn_dnn_direction;
typedef struct tarn_dnn_convolution {
  tarn_dnn_direction direction;
  cudnnDataType_t compute;
  int spatial;
  int64_t before[TARN_DNN_SPATIAL], after[TARN_DNN_SPATIAL]; /* padding */
  int64_t stride[TARN_DNN_SPATIAL], dilation[TARN_DNN_SPATIAL];
} tarn_dnn_convolution;
/* y from x and w, x from w and y, or w from x and y. */
tarn_status tarn__dnn_convolve(tarn_dnn_builder *b, const tarn_dnn_convolution *c,
                               cudnnBackendDescriptor_t x, cudnnBackendDescriptor_t w,
                               cudnnBackendDescriptor_t y);

/* y = f(x), or f(x, more) with `more` broadcast; computed in `compute`. */
tarn_status tarn__dnn_pointwise(tarn_dnn_builder *b, cudnnPointwiseMode_t f,
                                cudnnDataType_t compute, cudnnBackendDescriptor_t x,
                                cudnnBackendDescriptor_t more, cudnnBackendDescriptor_t y);

/* Pooling, computed in f32. Averages leave padding out. */
typedef struct tarn_dnn_window {
  bool largest;
  int spatial;
  int64_t size[TARN_DNN_SPATIAL], stride[TARN_DNN_SPATIAL];
  int64_t before[TARN_DNN_SPATIAL], after[TARN_DNN_SPATIAL]; /* padding */
} tarn_dnn_window;
/* y from x. `winner`, of int8 and y's shape, says for the gradient of the largest where each was;
 * with it a NaN is never the largest, without it always: so have it cuDNN's engines, whatever is
 * asked for. NULL for averages. */
tarn_status tarn__dnn_pool(tarn_dnn_builder *b, const tarn_dnn_window *w,
                           cudnnBackendDescriptor_t x, cudnnBackendDescriptor_t winner,
                           cudnnBackendDescriptor_t y);
/* dx from dy (and winner). */
tarn_status tarn__dnn_pool_gradient(tarn_dnn_builder *b, const tarn_dnn_window *w,
                                    cudnnBackendDescriptor_t dy, cudnnBackendDescriptor_t winner,
                                    cudnnBackendDescriptor_t dx);

/* Batch normalization in training. Per channel, f32: scale, offset, mean and inverse, which is
 * 1 / sqrt(variance + epsilon); running statistics, of which the variance is unbiased, move by
 * `factor`. epsilon and factor are numbers. */
typedef struct tarn_dnn_norm {
  cudnnBackendDescriptor_t x, y, scale, offset, epsilon, factor;
  cudnnBackendDescriptor_t old_mean, old_variance, new_mean, new_variance; /* running */
  cudnnBackendDescriptor_t mean, inverse;
} tarn_dnn_norm;
tarn_status tarn__dnn_normalize(tarn_dnn_builder *b, const tarn_dnn_norm *n);
typedef struct tarn_dnn_norm_gradient {
  cudnnBackendDescriptor_t x, dy, dx, scale, mean, inverse, dscale, doffset;
} tarn_dnn_norm_gradient;
tarn_status tarn__dnn_normalize_gradient(tarn_dnn_builder *b, const tarn_dnn_norm_gradient *n);

/* ---- plans ---------------------------------------------------------------------------------- */

/* The first plan that heuristics offer, that the rules above allow and whose workspace is within
 * the limit, behind `skip` that are allowed. plan->plan NULL where there is none, which is no
 * failure. exact: f32 has to stay f32, in graphs with products; in others engines note tensor cores
 * that they do not use. */
tarn_status tarn__dnn_plan_make(tarn_dnn_builder *b, bool exact, int skip, size_t limit,
                                tarn_dnn_plan *plan);
/* Puts the plan's work into the handle's stream. */
tarn_status tarn__dnn_plan_run(cudnnHandle_t dnn, const tarn_dnn_plan *plan, int n,
                               const int64_t *names, void *const *data, void *workspace);
void tarn__dnn_plan_clear(tarn_dnn_plan *plan);

/* The plan of a graph without products, made once and kept by the queue under a key
 * (tarn__queue_keep). `describe` adds the graph's operations. (*plan)->plan is NULL where cuDNN has
 * none. */
typedef tarn_status tarn_dnn_describe(tarn_dnn_builder *b, const void *context);
tarn_status tarn__dnn_plan_keep(tarn_queue *queue, const void *key, size_t key_bytes,
                                tarn_dnn_describe *describe, const void *context, size_t limit,
                                const tarn_dnn_plan **plan);
/* Whether pointers are aligned as tensors' descriptors say. */
bool tarn__dnn_aligned(int n, void *const *data);

#endif
