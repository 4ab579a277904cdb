/* Save and restore ops: the names and slices are theirs, the formats are the loader's, behind
 * kernels/files.h. */
#include "kernels/files.h"
#include "kernels/params/state.h"
#include "kernels/run.h"

#include <stdio.h>
#include <string.h>

static const tarn_string *strings(const tarn_call *call, int i) { return call->in[i]->data; }

static tarn_status refused(const tarn_call *call) {
  return tarn_fail(TARN_REFUSED, "op %s reaches for files, which the session does not allow",
                   call->problem->op);
}

static tarn_status restore(const tarn_call *call, const tarn_string *slices) {
  const tarn_restore_params *p = call->problem->params;
  const tarn_files *files = call->run->files;
  if (!files || !files->restore) return refused(call);
  const tarn_string *prefix = strings(call, 0);
  const size_t n = (size_t)p->count;
  const tarn_allocator *a = call->run->allocator;
  tarn_tensor *read = tarn__alloc_zero(a, (n + 1) * sizeof *read);
  if (!read) return TARN_NO_MEMORY;
  const tarn_status status = files->restore(files, a, prefix->data, prefix->size, n,
                                            strings(call, 1), slices, p->dtypes, read);
  for (size_t i = 0; i < n && status == TARN_OK; i++) {
    tarn__tensor_clear(call->out[i]);
    *call->out[i] = read[i];
  }
  tarn__free(a, read, (n + 1) * sizeof *read);
  return status;
}

static tarn_status restore_v2(const tarn_call *call) { return restore(call, strings(call, 2)); }
static tarn_status restore_whole(const tarn_call *call) {
  return restore(call, &(tarn_string){"", 0});
}

static tarn_status save(const tarn_call *call, const tarn_string *slices, int first, bool v1) {
  const tarn_files *files = call->run->files;
  if (!files || !files->save) return refused(call);
  const tarn_string *prefix = strings(call, 0);
  const int n = call->problem->inputs - first;
  return files->save(files, call->run->allocator, prefix->data, prefix->size, v1, (size_t)n,
                     strings(call, 1), slices, call->in + first);
}

static tarn_status save_v2(const tarn_call *call) { return save(call, strings(call, 2), 3, false); }
static tarn_status save_slices(const tarn_call *call) {
  return save(call, strings(call, 2), 3, true);
}

static tarn_status save_v1(const tarn_call *call) {
  const size_t n = (size_t)(call->problem->inputs - 2);
  tarn_string *slices = tarn__alloc_zero(call->run->allocator, (n + 1) * sizeof *slices);
  if (!slices) return TARN_NO_MEMORY;
  for (size_t i = 0; i < n; i++) slices[i].data = "";
  const tarn_status status = save(call, slices, 2, true);
  tarn__free(call->run->allocator, slices, (n + 1) * sizeof *slices);
  return status;
}

static tarn_status merge(const tarn_call *call) {
  const tarn_files *files = call->run->files;
  if (!files || !files->merge) return refused(call);
  const tarn_string *to = strings(call, 1);
  return files->merge(files, call->run->allocator, (size_t)call->in[0]->shape.dim[0],
                      strings(call, 0), to->data, to->size, *(const bool *)call->problem->params);
}

static tarn_status name(const tarn_call *call, bool spec) {
  const tarn_string *base = strings(call, 0);
  char tail[64];
  const int count = (int)tarn__tensor_int(call->in[spec ? 1 : 2], 0);
  if (spec) snprintf(tail, sizeof tail, "-\?\?\?\?\?-of-%05d", count);
  else snprintf(tail, sizeof tail, "-%05d-of-%05d", (int)tarn__tensor_int(call->in[1], 0), count);
  const size_t bytes = base->size + strlen(tail);
  char *joined = tarn__alloc(call->run->allocator, bytes);
  if (!joined) return TARN_NO_MEMORY;
  if (base->size) memcpy(joined, base->data, base->size);
  memcpy(joined + base->size, tail, strlen(tail));
  const tarn_status status = tarn__string_set(call->out[0], 0, joined, bytes);
  tarn__free(call->run->allocator, joined, bytes);
  return status;
}

static tarn_status sharded_filename(const tarn_call *call) { return name(call, false); }
static tarn_status sharded_filespec(const tarn_call *call) { return name(call, true); }

const tarn_kernel tarn_kernels_state_checkpoint_reference[] = {
  {.op = "RestoreV2", .name = "restore", .run = restore_v2},
  {.op = "Restore", .name = "restore", .run = restore_whole},
  {.op = "RestoreSlice", .name = "restore", .run = restore_v2},
  {.op = "SaveV2", .name = "save", .run = save_v2},
  {.op = "Save", .name = "save", .run = save_v1},
  {.op = "SaveSlices", .name = "save", .run = save_slices},
  {.op = "MergeV2Checkpoints", .name = "merge", .run = merge},
  {.op = "ShardedFilename", .name = "sharded_filename", .run = sharded_filename},
  {.op = "ShardedFilespec", .name = "sharded_filename", .run = sharded_filespec},
  {0},
};
