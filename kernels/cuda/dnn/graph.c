#include "kernels/cuda/dnn/graph.h"

#include <stdlib.h>

/* Engines that are tried. Of f32 the first thirty multiply in TF32; exact ones come behind them. */
enum { CHOICES = 64 };

#define SET TARN_DNN_SET

void tarn__dnn_clear(tarn_dnn_builder *b) {
  while (b->count > 0) cudnnBackendDestroyDescriptor(b->owned[--b->count]);
  b->operations = 0;
}

cudnnDataType_t tarn__dnn_type(tarn_dtype dtype) {
  switch ((int)dtype) {
    case TARN_F16:
      return CUDNN_DATA_HALF;
    case TARN_BF16:
      return CUDNN_DATA_BFLOAT16;
    case TARN_F64:
      return CUDNN_DATA_DOUBLE;
    default:
      return CUDNN_DATA_FLOAT;
  }
}

tarn_status tarn__dnn_create(tarn_dnn_builder *b, cudnnBackendDescriptorType_t type,
                             cudnnBackendDescriptor_t *made) {
  if (b->count == TARN_DNN_DESCRIPTORS)
    return tarn_fail(TARN_LIMIT, "cuDNN: a graph of more than %d descriptors",
                     TARN_DNN_DESCRIPTORS);
  TARN_DNN(cudnnBackendCreateDescriptor(type, made));
  b->owned[b->count++] = *made;
  return TARN_OK;
}

tarn_dnn_shape tarn__dnn_channels_last(int64_t N, int64_t C, int spatial, const int64_t *size) {
  tarn_dnn_shape s = {.rank = 2 + spatial, .dim = {N, C}};
  int64_t stride = C;
  s.stride[1] = 1;
  for (int a = spatial - 1; a >= 0; a--) {
    s.dim[2 + a] = size[a];
    s.stride[2 + a] = stride;
    stride *= size[a];
  }
  s.stride[0] = stride;
  return s;
}

tarn_dnn_shape tarn__dnn_channels(int64_t C, int spatial) {
  static const int64_t ones[TARN_DNN_SPATIAL] = {1, 1, 1};
  return tarn__dnn_channels_last(1, C, spatial, ones);
}

/* flag: an attribute that is set to true, or -1. */
static tarn_status tensor_of(tarn_dnn_builder *b, int64_t name, cudnnDataType_t type,
                             const tarn_dnn_shape *shape, int flag,
                             cudnnBackendDescriptor_t *tensor) {
  const int64_t alignment = 16;
  const bool yes = true;
  cudnnBackendDescriptor_t t;
  TARN_TRY(tarn__dnn_create(b, CUDNN_BACKEND_TENSOR_DESCRIPTOR, &t));
  SET(t, CUDNN_ATTR_TENSOR_DATA_TYPE, CUDNN_TYPE_DATA_TYPE, 1, &type);
  SET(t, CUDNN_ATTR_TENSOR_DIMENSIONS, CUDNN_TYPE_INT64, shape->rank, shape->dim);
  SET(t, CUDNN_ATTR_TENSOR_STRIDES, CUDNN_TYPE_INT64, shape->rank, shape->stride);
  SET(t, CUDNN_ATTR_TENSOR_UNIQUE_ID, CUDNN_TYPE_INT64, 1, &name);
  SET(t, CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT, CUDNN_TYPE_INT64, 1, &alignment);
  if (flag >= 0) SET(t, (cudnnBackendAttributeName_t)flag, CUDNN_TYPE_BOOLEAN, 1, &yes);
  TARN_DNN(cudnnBackendFinalize(t));
  *tensor = t;
  return TARN_OK;
}

tarn_status tarn__dnn_tensor(tarn_dnn_builder *b, int64_t name, cudnnDataType_t type,
                             const tarn_dnn_shape *shape, cudnnBackendDescriptor_t *tensor) {
  return tensor_of(b, name, type, shape, -1, tensor);
}
tarn_status tarn__dnn_held(tarn_dnn_builder *b, int64_t name, cudnnDataType_t type,
                           const tarn_dnn_shape *shape, cudnnBackendDescriptor_t *tensor) {
  return tensor_of(b, name, type, shape, CUDNN_ATTR_TENSOR_IS_VIRTUAL, tensor);
}
tarn_status tarn__dnn_number(tarn_dnn_builder *b, int64_t name, int rank,
                             cudnnBackendDescriptor_t *tensor) {
  const tarn_dnn_shape one = tarn__dnn_channels(1, rank - 2);
  return tensor_of(b, name, CUDNN_DATA_FLOAT, &one, CUDNN_ATTR_TENSOR_IS_BY_VALUE, tensor);
}

tarn_status tarn__dnn_operation(tarn_dnn_builder *b, cudnnBackendDescriptor_t operation) {
  TARN_DNN(cudnnBackendFinalize(operation));
  if (b->operations == TARN_DNN_OPERATIONS)
    return tarn_fail(TARN_LIMIT, "cuDNN: a graph of more than %d operations", TARN_DNN_OPERATIONS);
  b->operation[b->operations++] = operation;
  return TARN_OK;
}

/* ---- plans --------------------------------------------------------------------------------- */

static bool allowed(cudnnBackendDescriptor_t config, bool exact) {
  cudnnBackendDescriptor_t engine;
  cudnnBackendNumericalNote_t notes[CUDNN_NUMERICAL_NOTE_TYPE_COUNT];
  int64_t got = 0;
  if (cudnnBackendCreateDescriptor(CUDNN_BACKEND_ENGINE_DESCRIPTOR, &engine) !=
      CUDNN_STATUS_SUCCESS)
    return false;
  bool fine =
      cudnnBackendGetAttribute(config, CUDNN_ATTR_ENGINECFG_ENGINE, CUDNN_TYPE_BACKEND_DESCRIPTOR,
                               1, &got, &engine) == CUDNN_STATUS_SUCCESS &&
      cudnnBackendGetAttribute(engine, CUDNN_ATTR_ENGINE_NUMERICAL_NOTE, CUDNN_TYPE_NUMERICAL_NOTE,
                               CUDNN_NUMERICAL_NOTE_TYPE_COUNT, &got,
                               notes) == CUDNN_STATUS_SUCCESS;
  for (int64_t i = 0; fine && i < got && i < CUDNN_NUMERICAL_NOTE_TYPE_COUNT; i++) {
    const cudnnBackendNumericalNote_t n = notes[i];
    if (n == CUDNN_NUMERICAL_NOTE_NONDETERMINISTIC ||
        n == CUDNN_NUMERICAL_NOTE_REDUCED_PRECISION_REDUCTION)
      fine = false;
    if (exact &&
        (n == CUDNN_NUMERICAL_NOTE_TENSOR_CORE || n == CUDNN_NUMERICAL_NOTE_DOWN_CONVERT_INPUTS ||
         n == CUDNN_NUMERICAL_NOTE_FFT || n == CUDNN_NUMERICAL_NOTE_WINOGRAD_TILE_6x6 ||
         n == CUDNN_NUMERICAL_NOTE_WINOGRAD_TILE_13x13))
      fine = false;
  }
  cudnnBackendDestroyDescriptor(engine);
  return fine;
}

/* false: this engine does not do it here; the next one may. */
static bool plan_of(cudnnHandle_t dnn, cudnnBackendDescriptor_t config, size_t limit,
                    tarn_dnn_plan *plan) {
  cudnnBackendDescriptor_t p;
  int64_t workspace = 0, got = 0;
  if (cudnnBackendCreateDescriptor(CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR, &p) !=
      CUDNN_STATUS_SUCCESS)
    return false;
  if (cudnnBackendSetAttribute(p, CUDNN_ATTR_EXECUTION_PLAN_HANDLE, CUDNN_TYPE_HANDLE, 1, &dnn) ==
          CUDNN_STATUS_SUCCESS &&
      cudnnBackendSetAttribute(p, CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG,
                               CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &config) == CUDNN_STATUS_SUCCESS &&
      cudnnBackendFinalize(p) == CUDNN_STATUS_SUCCESS &&
      cudnnBackendGetAttribute(p, CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE, CUDNN_TYPE_INT64, 1,
                               &got, &workspace) == CUDNN_STATUS_SUCCESS &&
      workspace >= 0 && (uint64_t)workspace <= limit) {
    plan->plan = p;
    plan->workspace = (size_t)workspace;
    return true;
  }
  cudnnBackendDestroyDescriptor(p);
  return false;
}

/* Engines of one mode of heuristics, best first, but for the first *skip of those that are allowed.
 * That a mode knows none is no failure. */
static tarn_status try_mode(tarn_dnn_builder *b, cudnnBackendDescriptor_t graph,
                            cudnnBackendHeurMode_t mode, bool exact, int *skip, size_t limit,
                            tarn_dnn_plan *plan) {
  cudnnBackendDescriptor_t heuristics, configs[CHOICES];
  int64_t got = 0;
  TARN_TRY(tarn__dnn_create(b, CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR, &heuristics));
  SET(heuristics, CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &graph);
  SET(heuristics, CUDNN_ATTR_ENGINEHEUR_MODE, CUDNN_TYPE_HEUR_MODE, 1, &mode);
  if (cudnnBackendFinalize(heuristics) != CUDNN_STATUS_SUCCESS) return TARN_OK;
  int made = 0;
  while (made < CHOICES && cudnnBackendCreateDescriptor(CUDNN_BACKEND_ENGINECFG_DESCRIPTOR,
                                                        &configs[made]) == CUDNN_STATUS_SUCCESS)
    made++;
  if (cudnnBackendGetAttribute(heuristics, CUDNN_ATTR_ENGINEHEUR_RESULTS,
                               CUDNN_TYPE_BACKEND_DESCRIPTOR, made, &got,
                               configs) == CUDNN_STATUS_SUCCESS)
    for (int i = 0; i < made && i < got && !plan->plan; i++)
      if (allowed(configs[i], exact) && --*skip < 0) plan_of(b->dnn, configs[i], limit, plan);
  while (made > 0) cudnnBackendDestroyDescriptor(configs[--made]);
  return TARN_OK;
}

tarn_status tarn__dnn_plan_make(tarn_dnn_builder *b, bool exact, int skip, size_t limit,
                                tarn_dnn_plan *plan) {
  cudnnBackendDescriptor_t graph;
  *plan = (tarn_dnn_plan){0};
  TARN_TRY(tarn__dnn_create(b, CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR, &graph));
  SET(graph, CUDNN_ATTR_OPERATIONGRAPH_OPS, CUDNN_TYPE_BACKEND_DESCRIPTOR, b->operations,
      b->operation);
  SET(graph, CUDNN_ATTR_OPERATIONGRAPH_HANDLE, CUDNN_TYPE_HANDLE, 1, &b->dnn);
  if (cudnnBackendFinalize(graph) != CUDNN_STATUS_SUCCESS)
    return TARN_OK; /* no graph that cuDNN knows */
  TARN_TRY(try_mode(b, graph, CUDNN_HEUR_MODE_A, exact, &skip, limit, plan));
  if (!plan->plan)
    TARN_TRY(try_mode(b, graph, CUDNN_HEUR_MODE_FALLBACK, exact, &skip, limit, plan));
  return TARN_OK;
}

static tarn_status fill_pack(cudnnBackendDescriptor_t pack, int n, const int64_t *names,
                             void *const *data, void *workspace) {
  SET(pack, CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS, CUDNN_TYPE_INT64, n, names);
  SET(pack, CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS, CUDNN_TYPE_VOID_PTR, n, data);
  SET(pack, CUDNN_ATTR_VARIANT_PACK_WORKSPACE, CUDNN_TYPE_VOID_PTR, 1, &workspace);
  TARN_DNN(cudnnBackendFinalize(pack));
  return TARN_OK;
}

tarn_status tarn__dnn_plan_run(cudnnHandle_t dnn, const tarn_dnn_plan *plan, int n,
                               const int64_t *names, void *const *data, void *workspace) {
  cudnnBackendDescriptor_t pack;
  TARN_DNN(cudnnBackendCreateDescriptor(CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR, &pack));
  tarn_status status = fill_pack(pack, n, names, data, workspace);
  if (status == TARN_OK) {
    const cudnnStatus_t error = cudnnBackendExecute(dnn, plan->plan, pack);
    if (error != CUDNN_STATUS_SUCCESS)
      status = tarn__dnn_failed(error, "cudnnBackendExecute", __FILE__, __LINE__);
  }
  cudnnBackendDestroyDescriptor(pack);
  return status;
}

void tarn__dnn_plan_clear(tarn_dnn_plan *plan) {
  if (plan->plan) cudnnBackendDestroyDescriptor(plan->plan);
  *plan = (tarn_dnn_plan){0};
}

/* ---- kept plans ------------------------------------------------------------------------------ */

typedef struct request {
  tarn_dnn_describe *describe;
  const void *context;
  size_t limit;
} request;

static void destroy(void *object) {
  tarn__dnn_plan_clear(object);
  free(object);
}

static tarn_status make(tarn_queue *queue, const void *context, void **object) {
  const request *r = context;
  tarn_dnn_builder b = {0};
  TARN_TRY(tarn__queue_dnn(queue, &b.dnn));
  tarn_dnn_plan *plan = calloc(1, sizeof *plan);
  if (!plan) return tarn_fail(TARN_NO_MEMORY, "no memory for a plan of cuDNN's");
  tarn_status status = r->describe(&b, r->context);
  if (status == TARN_OK) status = tarn__dnn_plan_make(&b, false, 0, r->limit, plan);
  tarn__dnn_clear(&b);
  if (status == TARN_UNSUPPORTED) status = TARN_OK; /* cuDNN does not know it: without a plan */
  if (status == TARN_OK)
    *object = plan;
  else
    destroy(plan);
  return status;
}

tarn_status tarn__dnn_plan_keep(tarn_queue *queue, const void *key, size_t key_bytes,
                                tarn_dnn_describe *describe, const void *context, size_t limit,
                                const tarn_dnn_plan **plan) {
  const request r = {describe, context, limit};
  void *object;
  TARN_TRY(tarn__queue_keep(queue, key, key_bytes, make, destroy, &r, &object));
  *plan = object;
  return TARN_OK;
}

bool tarn__dnn_aligned(int n, void *const *data) {
  for (int i = 0; i < n; i++)
    if ((uintptr_t)data[i] & 15) return false;
  return true;
}
