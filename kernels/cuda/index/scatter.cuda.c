/* ScatterNd, TensorScatter*, UnsortedSegment*: rows combined in the order of their indices. */
#include <float.h>
#include <string.h>

#include "kernels/cuda/cuda.h"
#include "kernels/cuda/each/sets.h"
#include "kernels/cuda/index/run.h"
#include "kernels/params/array.h"

/* Tuples of in[indices] into y, which has its first elements. */
static tarn_status tuples(const tarn_call *call, int indices, tarn_scatter_way way) {
  const tarn_tensor *y = call->out[0];
  tarn_cuda_scatter work = tarn__cuda_scatter_tuples(call, y, indices, indices + 1);
  if (((const tarn_bad_indices_params *)call->problem->params)->ignore) work.fault = NULL;
  work.way = way;
  return tarn__cuda_scatter_run(call, y->dtype, false, &work);
}

static tarn_status scatter_nd(const tarn_call *call) {
  const size_t bytes = tarn__tensor_bytes(call->out[0]);
  if (bytes) TARN_CUDA(cudaMemsetAsync(call->out[0]->data, 0, bytes, tarn__stream(call)));
  return tuples(call, 0, TARN_SCATTER_ADD);
}

static tarn_status into(const tarn_call *call, tarn_scatter_way way) {
  const tarn_tensor *x = call->in[0], *y = call->out[0];
  const size_t bytes = tarn__tensor_bytes(y);
  if (bytes && x->data != y->data)
    TARN_CUDA(
        cudaMemcpyAsync(y->data, x->data, bytes, cudaMemcpyDeviceToDevice, tarn__stream(call)));
  return tuples(call, 1, way);
}
static tarn_status into_put(const tarn_call *call) {
  return into(call, TARN_SCATTER_PUT);
}
static tarn_status into_add(const tarn_call *call) {
  return into(call, TARN_SCATTER_ADD);
}
static tarn_status into_sub(const tarn_call *call) {
  return into(call, TARN_SCATTER_SUB);
}
static tarn_status into_min(const tarn_call *call) {
  return into(call, TARN_SCATTER_MIN);
}
static tarn_status into_max(const tarn_call *call) {
  return into(call, TARN_SCATTER_MAX);
}

/* ---- segments -------------------------------------------------------------------------------- */

/* The bits of an element that changes nothing: 0, 1, the largest or the smallest finite number. */
static uint64_t identity(tarn_dtype dtype, tarn_scatter_way way) {
  const bool one = way == TARN_SCATTER_MUL, large = way == TARN_SCATTER_LEAST;
  uint64_t bits = 0;
  if (way == TARN_SCATTER_ADD) return 0;
  switch ((int)dtype) {
#define ROW(DT, TYPE, ONE, LOW, HIGH)                        \
  case DT: {                                                 \
    const TYPE value = one ? (ONE) : large ? (HIGH) : (LOW); \
    memcpy(&bits, &value, sizeof value);                     \
    break;                                                   \
  }
    ROW(TARN_F32, float, 1, -FLT_MAX, FLT_MAX)
    ROW(TARN_F64, double, 1, -DBL_MAX, DBL_MAX)
    ROW(TARN_F16, uint16_t, 0x3c00, 0xfbff, 0x7bff)
    ROW(TARN_BF16, uint16_t, 0x3f80, 0xff7f, 0x7f7f)
    ROW(TARN_I32, int32_t, 1, INT32_MIN, INT32_MAX)
    ROW(TARN_I64, int64_t, 1, INT64_MIN, INT64_MAX)
    ROW(TARN_U8, uint8_t, 1, 0, UINT8_MAX)
#undef ROW
    default:
      break;
  }
  return bits;
}

static tarn_status segments(const tarn_call *call, tarn_scatter_way way) {
  const tarn_tensor *y = call->out[0];
  const int64_t n = tarn__tensor_elements(y);
  tarn_cuda_scatter work = tarn__cuda_scatter_rows(call, y, 1, 0);
  work.way = way;
  work.outside = TARN_FAULT_SEGMENT;
  work.below_passes = true;
  if (n > 0)
    TARN_LAUNCHED(tarn__cuda_scatter_fill(tarn__stream(call), n, (int)tarn_dtype_bytes(y->dtype),
                                          identity(y->dtype, way), y->data));
  return tarn__cuda_scatter_run(call, y->dtype, false, &work);
}
static tarn_status segment_sum(const tarn_call *call) {
  return segments(call, TARN_SCATTER_ADD);
}
static tarn_status segment_product(const tarn_call *call) {
  return segments(call, TARN_SCATTER_MUL);
}
static tarn_status segment_least(const tarn_call *call) {
  return segments(call, TARN_SCATTER_LEAST);
}
static tarn_status segment_most(const tarn_call *call) {
  return segments(call, TARN_SCATTER_MOST);
}

static const char *refuse_first(const tarn_problem *p) {
  return tarn__cuda_refuse_index(p, 0);
}
static const char *refuse_second(const tarn_problem *p) {
  return tarn__cuda_refuse_index(p, 1);
}

#define ANY (TARN_PLAIN & ~TARN_BIT(TARN_C128))
#define INTO(OP, DTYPES, RUN) \
  { .op = OP, .dtypes = DTYPES, .faults = true, .supports = refuse_second, .run = RUN }
#define SEGMENTS(OP, RUN)                                                \
  {                                                                      \
    .op = OP, .dtypes = EACH_ORDERED_BITS, .host_in = 4, .faults = true, \
    .supports = refuse_second, .run = RUN                                \
  }
const tarn_kernel tarn_kernels_index_scatter_cuda[] = {
    {.op = "ScatterNd",
     .dtypes = EACH_ORDERED_BITS,
     .keyed = 1,
     .host_in = 4,
     .faults = true,
     .supports = refuse_first,
     .run = scatter_nd},
    INTO("TensorScatterUpdate", ANY, into_put),
    INTO("TensorScatterAdd", EACH_ORDERED_BITS, into_add),
    INTO("TensorScatterSub", EACH_ORDERED_BITS, into_sub),
    INTO("TensorScatterMin", EACH_ORDERED_BITS, into_min),
    INTO("TensorScatterMax", EACH_ORDERED_BITS, into_max),
    SEGMENTS("UnsortedSegmentSum", segment_sum),
    SEGMENTS("UnsortedSegmentProd", segment_product),
    SEGMENTS("UnsortedSegmentMin", segment_least),
    SEGMENTS("UnsortedSegmentMax", segment_most),
    {0},
};
