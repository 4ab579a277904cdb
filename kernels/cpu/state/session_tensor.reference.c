/* GetSessionHandle, GetSessionTensor and DeleteSessionTensor: tensors that a session keeps from run
 * to run, under names that it gives out. */
#include <inttypes.h>
#include <stdio.h>

#include "kernels/data/optional.h"
#include "kernels/state/counter.h"

enum { LONGEST_HANDLE = 256 };

static tarn_status keep(const tarn_allocator *a, const void *argument, void **object) {
  return tarn__optional_create(a, 1, argument, object);
}

static tarn_status get_handle(const tarn_call *call) {
  tarn_counter *counter;
  void *kept;
  char name[LONGEST_HANDLE];
  TARN_TRY(tarn__counter_get(call->run->resources, "GetSessionHandle", &counter));
  const int64_t number = atomic_fetch_add(&counter->value, 1);
  tarn__object_release(counter);
  const int n =
      snprintf(name, sizeof name,
               "GetSessionHandle;%" PRId64 ";/job:localhost/replica:0/task:0/device:CPU:0", number);
  TARN_TRY(tarn__resources_get(call->run->resources, &tarn__optional_type, name, keep, call->in[0],
                               &kept));
  tarn__object_release(kept);
  return tarn__string_set(call->out[0], 0, name, (size_t)n);
}

/* Input 0 as a name; longer ones than are given out name nothing. */
static tarn_status name_of(const tarn_call *call, char name[LONGEST_HANDLE]) {
  const tarn_string *handle = call->in[0]->data;
  if (handle->size < LONGEST_HANDLE && (!handle->size || !memchr(handle->data, 0, handle->size))) {
    if (handle->size) memcpy(name, handle->data, handle->size);
    name[handle->size] = 0;
    return TARN_OK;
  }
  return tarn_fail(TARN_INVALID, "no handle of a session's tensor: %zu bytes", handle->size);
}

static tarn_status get_tensor(const tarn_call *call) {
  char name[LONGEST_HANDLE];
  TARN_TRY(name_of(call, name));
  tarn_optional *kept = tarn__resources_find(call->run->resources, &tarn__optional_type, name);
  if (!kept)
    return tarn_fail(TARN_INVALID, "The tensor with handle '%s' is not in the session store.",
                     name);
  tarn_status status = TARN_OK;
  if (kept->value[0].dtype == call->problem->out_dtype[0]) {
    tarn__tensor_clear(call->out[0]);
    tarn__tensor_share(&kept->value[0], call->out[0]);
  } else {
    status = tarn_fail(TARN_DTYPE, "the tensor with handle '%s' is %s, expected %s", name,
                       tarn_dtype_name(kept->value[0].dtype),
                       tarn_dtype_name(call->problem->out_dtype[0]));
  }
  tarn__object_release(kept);
  return status;
}

static tarn_status forget(const tarn_call *call) {
  char name[LONGEST_HANDLE];
  TARN_TRY(name_of(call, name));
  if (tarn__resources_remove(call->run->resources, &tarn__optional_type, name) == TARN_OK)
    return TARN_OK;
  return tarn_fail(TARN_INVALID, "Failed to delete a tensor with handle '%s' in the session store.",
                   name);
}

const tarn_kernel tarn_kernels_state_session_tensor_reference[] = {
    {.op = "GetSessionHandle", .name = "session_keep", .run = get_handle},
    {.op = "GetSessionTensor", .name = "session_get", .run = get_tensor},
    {.op = "DeleteSessionTensor", .name = "session_forget", .run = forget},
    {0},
};
