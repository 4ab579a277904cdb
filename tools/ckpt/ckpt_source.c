/* Reading tensors by name out of whatever holds them: see ckpt.h. */
#include <stdlib.h>
#include <string.h>

#include "loader/npy/npz.h"
#include "loader/safetensors/safetensors.h"
#include "tools/ckpt/ckpt.h"

struct ckpt_source {
  tarn_checkpoint *checkpoint;
  tarn_npz *npz;
  tarn_safetensors *safetensors;
  size_t count;
  ckpt_tensor *tensor;
};

bool ckpt_path_ends(const char *path, const char *suffix) {
  size_t n = strlen(path), m = strlen(suffix);
  return n > m && strcmp(path + n - m, suffix) == 0;
}

static tarn_status list(ckpt_source *s) {
  const tarn_allocator *a = tarn__allocator_default();
  s->count = s->npz           ? tarn__npz_count(s->npz)
             : s->safetensors ? tarn__safetensors_count(s->safetensors)
                              : tarn_checkpoint_count(s->checkpoint);
  s->tensor = calloc(s->count + 1, sizeof *s->tensor);
  if (!s->tensor) return tarn_fail(TARN_NO_MEMORY, "no memory for the list of tensors");
  for (size_t i = 0; i < s->count; i++) {
    ckpt_tensor *t = &s->tensor[i];
    t->parts = 1;
    if (s->npz) {
      /* A member's type and shape stand in its data, which are read (and checked) for them. */
      tarn_tensor value;
      TARN_TRY(tarn__npz_read(s->npz, a, i, &value));
      t->name = tarn__npz_name(s->npz, i);
      t->dtype = value.dtype;
      t->shape = value.shape;
      tarn__tensor_clear(&value);
    } else if (s->safetensors) {
      const tarn_safetensors_entry *e = tarn__safetensors_entry_at(s->safetensors, i);
      t->name = e->name;
      t->dtype = e->dtype;
      t->shape = e->shape;
    } else {
      tarn_checkpoint_info info;
      tarn__checkpoint_info(s->checkpoint, i, &info);
      *t = (ckpt_tensor){info.name,  info.dtype, info.dtype_number,
                         info.shape, info.parts, info.stored_bytes};
    }
  }
  return TARN_OK;
}

tarn_status ckpt_source_open(const char *path, ckpt_source **source) {
  const tarn_allocator *a = tarn__allocator_default();
  ckpt_source *s = calloc(1, sizeof *s);
  if (!s) return tarn_fail(TARN_NO_MEMORY, "no memory to open '%s'", path);
  tarn_status status = ckpt_path_ends(path, ".npz") ? tarn__npz_open(a, path, &s->npz)
                       : ckpt_path_ends(path, ".safetensors")
                           ? tarn__safetensors_open(a, path, &s->safetensors)
                           : tarn__checkpoint_open(a, path, &s->checkpoint);
  if (status == TARN_OK) status = list(s);
  if (status != TARN_OK)
    ckpt_source_close(s);
  else
    *source = s;
  return status;
}

void ckpt_source_close(ckpt_source *s) {
  if (!s) return;
  tarn_checkpoint_close(s->checkpoint);
  tarn__npz_close(s->npz);
  tarn__safetensors_close(s->safetensors);
  free(s->tensor);
  free(s);
}

size_t ckpt_source_count(const ckpt_source *s) {
  return s->count;
}
const ckpt_tensor *ckpt_source_at(const ckpt_source *s, size_t i) {
  return &s->tensor[i];
}
const tarn_checkpoint *ckpt_source_checkpoint(const ckpt_source *s) {
  return s->checkpoint;
}

const char *ckpt_source_kind(const ckpt_source *s) {
  if (s->npz) return ".npz file";
  if (s->safetensors) return ".safetensors file";
  return tarn__checkpoint_version(s->checkpoint) == 2 ? "V2 checkpoint" : "V1 checkpoint";
}

tarn_status ckpt_source_read(const ckpt_source *s, size_t i, tarn_tensor *out) {
  const tarn_allocator *a = tarn__allocator_default();
  if (s->npz) return tarn__npz_read(s->npz, a, i, out);
  if (s->safetensors) return tarn__safetensors_read(s->safetensors, a, i, out);
  return tarn__checkpoint_read(s->checkpoint, a, i, out);
}
