/* TensorArrays whose handles are names. The session keeps them under their names, and each op does
 * its work through the kernel of its V3 twin, which gets the array itself for a handle.
 *
 * A run does not say when it ends, so an array that is never closed stays until its node has made
 * KEPT others. */
#include <stdio.h>

#include "core/bytes.h"
#include "kernels/params/flow.h"
#include "kernels/run.h"
#include "kernels/state/arrays/tensor_array.h"
#include "kernels/state/counter.h"
#include "kernels/state/resources.h"

enum { KEPT = 1024, MAX_INPUTS = 4, NAME_BYTES = 64 };

/* ---- handles ------------------------------------------------------------------------------ */

static tarn_status keep(const tarn_allocator *a, const void *argument, void **object) {
  (void)a;
  *object = tarn__object_retain((void *)(uintptr_t)argument);
  return TARN_OK;
}

/* Keeps the array, whose reference is taken, under a name of its own; output 0 becomes that name.
 */
static tarn_status name_array(const tarn_call *call, tarn_tensor_array *array) {
  tarn_resources *resources = call->run->resources;
  tarn_counter *counter = NULL;
  void *kept = NULL;
  tarn_bytes name;
  tarn__bytes_init(&name, call->run->allocator);
  tarn_status status = tarn__bytes_printf(&name, "%s/old_arrays", call->problem->node);
  if (status == TARN_OK) status = tarn__counter_get(resources, name.data, &counter);
  if (status == TARN_OK) {
    const int64_t number = atomic_fetch_add(&counter->value, 1) & (KEPT - 1);
    status = tarn__bytes_printf(&name, "/%lld", (long long)number);
  }
  if (status == TARN_OK) {
    (void)tarn__resources_remove(resources, &tarn__tensor_array_type,
                                 name.data); /* mostly none is there */
    status =
        tarn__resources_get(resources, &tarn__tensor_array_type, name.data, keep, array, &kept);
  }
  if (status == TARN_OK) status = tarn__string_set(call->out[0], 0, "_tensor_arrays", 14);
  if (status == TARN_OK) status = tarn__string_set(call->out[0], 1, name.data, name.size);
  tarn__object_release(kept);
  tarn__object_release(counter);
  tarn__object_release(array);
  tarn__bytes_clear(&name);
  return status;
}

/* The name in a handle, ending with a zero; the caller clears it. */
static tarn_status name_of(const tarn_call *call, tarn_bytes *text) {
  const tarn_string *name = (const tarn_string *)call->in[0]->data + 1;
  tarn__bytes_init(text, call->run->allocator);
  TARN_TRY(tarn__bytes_add(text, name->size ? name->data : "", name->size));
  return tarn__bytes_add(text, "", 1);
}

/* Retained for the caller. */
static tarn_status array_of(const tarn_call *call, tarn_tensor_array **array) {
  char printable[200];
  tarn_bytes name;
  tarn_status status = name_of(call, &name);
  *array = status == TARN_OK
               ? tarn__resources_find(call->run->resources, &tarn__tensor_array_type, name.data)
               : NULL;
  if (status == TARN_OK && !*array)
    status = tarn_fail(TARN_NOT_FOUND, "there is no TensorArray '%s'",
                       tarn__printable(name.data, name.size - 1, printable, sizeof printable));
  tarn__bytes_clear(&name);
  return status;
}

/* ---- making ------------------------------------------------------------------------------- */

static tarn_status make(const tarn_call *call) {
  const tarn_tensor_array_params *p = call->problem->params;
  const tarn_tensor_array like = {.dtype = p->dtype,
                                  .element_shape = p->element_shape,
                                  .dynamic_size = p->dynamic_size,
                                  .clear_after_read = p->clear_after_read};
  tarn_tensor_array *array;
  TARN_TRY(tarn__tensor_array_create(call->run->allocator, &like, tarn__tensor_int(call->in[0], 0),
                                     &array));
  return name_array(call, array);
}

static tarn_status gradient(const tarn_call *call) {
  const tarn_tensor_array_params *p = call->problem->params;
  const tarn_shape prepend = {.rank = 0};
  tarn_tensor_array *array, *found;
  TARN_TRY(array_of(call, &array));
  const tarn_status status = tarn__tensor_array_gradient(array, &p->source, &prepend, &found);
  tarn__object_release(array);
  return status == TARN_OK ? name_array(call, found) : status;
}

/* ---- everything else ---------------------------------------------------------------------- */

/* "TensorArrayRead", "TensorArrayReadV2" to "TensorArrayReadV3"; the ops that lost their names in
 * V3 are given here. */
static const tarn_kernel *twin(const char *op) {
  char name[NAME_BYTES];
  size_t count, length = strlen(op);
  if (!strcmp(op, "TensorArrayPack")) op = "TensorArrayGather";
  if (!strcmp(op, "TensorArrayUnpack")) op = "TensorArrayScatter";
  length = strlen(op);
  if (length > 2 && !strcmp(op + length - 2, "V2")) length -= 2;
  snprintf(name, sizeof name, "%.*sV3", (int)length, op);
  const tarn_kernel_ref *kernels = tarn__kernels_of(name, &count);
  return count ? kernels[0].kernel : NULL;
}

/* Runs the twin on the array and `indices`, where that is not NULL between the handle and the other
 * inputs. */
static tarn_status run_twin(const tarn_call *call, tarn_tensor_array *array,
                            const tarn_tensor *indices) {
  const tarn_kernel *kernel = twin(call->problem->op);
  const tarn_shape scalar = tarn__shape_scalar();
  const tarn_tensor *in[MAX_INPUTS + 1];
  tarn_dtype dtype[MAX_INPUTS + 1];
  tarn_shape shape[MAX_INPUTS + 1];
  tarn_tensor handle;
  int n = 0;
  if (!kernel || call->problem->inputs > MAX_INPUTS)
    return tarn_fail(TARN_UNSUPPORTED, "%s has no twin", call->problem->op);
  TARN_TRY(tarn__tensor_new(call->run->allocator, TARN_RESOURCE, &scalar, &handle));
  tarn__object_set(&handle, 0, tarn__object_retain(array));
  in[n++] = &handle;
  if (indices) in[n++] = indices;
  for (int i = 1; i < call->problem->inputs; i++) in[n++] = call->in[i];
  for (int i = 0; i < n; i++) {
    dtype[i] = in[i]->dtype;
    shape[i] = in[i]->shape;
  }
  tarn_problem problem = *call->problem;
  problem.inputs = n;
  problem.in_dtype = dtype;
  problem.in_shape = shape;
  tarn_call inner = *call;
  inner.problem = &problem;
  inner.in = in;
  const tarn_status status = kernel->run(&inner);
  tarn__tensor_clear(&handle);
  return status;
}

static tarn_status delegate(const tarn_call *call) {
  tarn_tensor_array *array;
  TARN_TRY(array_of(call, &array));
  const tarn_status status = run_twin(call, array, NULL);
  tarn__object_release(array);
  return status;
}

/* Pack and Unpack: all indices. */
static tarn_status delegate_all(const tarn_call *call) {
  tarn_tensor_array *array;
  tarn_tensor indices;
  TARN_TRY(array_of(call, &array));
  const bool unpack = call->problem->inputs > 2;
  const tarn_shape shape =
      tarn__shape_vector(unpack ? call->in[1]->shape.dim[0] : tarn__tensor_array_size(array));
  tarn_status status = shape.dim[0] > TARN_ARRAY_MAX_SIZE
                           ? tarn_fail(TARN_LIMIT, "%lld elements", (long long)shape.dim[0])
                           : TARN_OK;
  if (status == TARN_OK)
    status = tarn__tensor_new(call->run->allocator, TARN_I32, &shape, &indices);
  if (status == TARN_OK) {
    for (int64_t i = 0; i < shape.dim[0]; i++) ((int32_t *)indices.data)[i] = (int32_t)i;
    status = run_twin(call, array, &indices);
    tarn__tensor_clear(&indices);
  }
  tarn__object_release(array);
  return status;
}

static tarn_status close_array(const tarn_call *call) {
  tarn_bytes name;
  TARN_TRY(delegate(call));
  tarn_status status = name_of(call, &name);
  if (status == TARN_OK)
    status = tarn__resources_remove(call->run->resources, &tarn__tensor_array_type, name.data);
  tarn__bytes_clear(&name);
  return status;
}

#define BOTH(V)                                                                       \
  {.op = "TensorArray" V, .name = "named_array", .run = make},                        \
      {.op = "TensorArrayGrad" V, .name = "named_array_gradient", .run = gradient},   \
      {.op = "TensorArrayWrite" V, .name = "named_array_write", .run = delegate},     \
      {.op = "TensorArrayRead" V, .name = "named_array_read", .run = delegate},       \
      {.op = "TensorArrayGather" V, .name = "named_array_gather", .run = delegate},   \
      {.op = "TensorArrayScatter" V, .name = "named_array_scatter", .run = delegate}, \
      {.op = "TensorArrayConcat" V, .name = "named_array_concat", .run = delegate},   \
      {.op = "TensorArraySplit" V, .name = "named_array_split", .run = delegate},     \
      {.op = "TensorArraySize" V, .name = "named_array_size", .run = delegate}, {     \
    .op = "TensorArrayClose" V, .name = "named_array_close", .run = close_array       \
  }

const tarn_kernel tarn_kernels_flow_tensor_array_old_reference[] = {
    BOTH(""),
    BOTH("V2"),
    {.op = "TensorArrayPack", .name = "named_array_pack", .run = delegate_all},
    {.op = "TensorArrayUnpack", .name = "named_array_unpack", .run = delegate_all},
    {0},
};
