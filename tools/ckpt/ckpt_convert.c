/* `tarn ckpt convert`: every tensor of one file into another kind of file. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/bytes.h"
#include "loader/npy/npz.h"
#include "loader/safetensors/safetensors.h"
#include "tools/ckpt/ckpt.h"

/* A target, as three functions; `w` is its writer. */
typedef struct target {
  const char *what;
  bool (*holds)(tarn_dtype dtype);
  tarn_status (*create)(const char *path, const ckpt_source *source, void **w);
  tarn_status (*add)(void *w, const char *name, const tarn_tensor *tensor);
  tarn_status (*commit)(void *w);
  void (*discard)(void *w);
} target;

/* ---- .npz: bfloat16 has no place there and becomes float32, which holds its values exactly ----
 */

static bool npz_holds(tarn_dtype dtype) {
  return tarn__dtype_in(dtype, TARN_PLAIN);
}

static tarn_status npz_create(const char *path, const ckpt_source *source, void **w) {
  (void)source;
  return tarn__npz_writer_create(tarn__allocator_default(), path, (tarn_npz_writer **)w);
}

static tarn_status npz_add(void *w, const char *name, const tarn_tensor *t) {
  if (t->dtype != TARN_BF16) return tarn__npz_writer_add(w, name, t);
  tarn_tensor wide;
  TARN_TRY(tarn__tensor_new_raw(tarn__allocator_default(), TARN_F32, &t->shape, &wide));
  const uint16_t *from = t->data;
  float *to = wide.data;
  for (int64_t i = 0, n = tarn__tensor_elements(t); i < n; i++) to[i] = tarn__bf16_to_f32(from[i]);
  tarn_status status = tarn__npz_writer_add(w, name, &wide);
  tarn__tensor_clear(&wide);
  return status;
}

static tarn_status npz_commit(void *w) {
  return tarn__npz_writer_commit(w);
}
static void npz_discard(void *w) {
  tarn__npz_writer_discard(w);
}

/* ---- .safetensors ---- */

static tarn_status safetensors_create(const char *path, const ckpt_source *source, void **w) {
  size_t n = 0;
  tarn_safetensors_entry *entries = calloc(ckpt_source_count(source) + 1, sizeof *entries);
  if (!entries) return tarn_fail(TARN_NO_MEMORY, "no memory for the header");
  for (size_t i = 0; i < ckpt_source_count(source); i++) {
    const ckpt_tensor *t = ckpt_source_at(source, i);
    if (t->dtype != TARN_NO_DTYPE && tarn__safetensors_holds(t->dtype))
      entries[n++] = (tarn_safetensors_entry){t->name, t->dtype, t->shape};
  }
  tarn_status status = tarn__safetensors_writer_create(tarn__allocator_default(), path, n, entries,
                                                       (tarn_safetensors_writer **)w);
  free(entries);
  return status;
}

static tarn_status safetensors_add(void *w, const char *name, const tarn_tensor *t) {
  (void)name;
  return tarn__safetensors_writer_add(w, t);
}

static tarn_status safetensors_commit(void *w) {
  return tarn__safetensors_writer_commit(w);
}
static void safetensors_discard(void *w) {
  tarn__safetensors_writer_discard(w);
}

/* ---- a V2 checkpoint ---- */

static bool bundle_holds(tarn_dtype dtype) {
  return tarn__dtype_in(dtype, TARN_PLAIN | TARN_BIT(TARN_STRING));
}

static tarn_status bundle_create(const char *path, const ckpt_source *source, void **w) {
  (void)source;
  return tarn__checkpoint_writer_create(tarn__allocator_default(), path,
                                        (tarn_checkpoint_writer **)w);
}

static tarn_status bundle_add(void *w, const char *name, const tarn_tensor *t) {
  return tarn__checkpoint_writer_add(w, name, t);
}

static tarn_status bundle_commit(void *w) {
  return tarn__checkpoint_writer_commit(w);
}
static void bundle_discard(void *w) {
  tarn__checkpoint_writer_discard(w);
}

static const target npz = {".npz", npz_holds, npz_create, npz_add, npz_commit, npz_discard};
static const target safetensors = {".safetensors",  tarn__safetensors_holds, safetensors_create,
                                   safetensors_add, safetensors_commit,      safetensors_discard};
static const target bundle = {"checkpoint", bundle_holds,  bundle_create,
                              bundle_add,   bundle_commit, bundle_discard};

/* ---- the verb ---- */

static void note(const char *path, size_t n, const char *what, const char *names) {
  char text[CKPT_NAME_TEXT];
  fprintf(stderr, "tarn: %s: %zu %s%s%s\n", ckpt_name(path, text), n, what, names[0] ? ": " : "",
          names);
}

static tarn_status copy(const ckpt_source *source, const target *to, void *w, const char *path) {
  size_t left_out = 0, widened = 0;
  tarn_bytes names;
  tarn__bytes_init(&names, tarn__allocator_default());
  tarn_status status = TARN_OK;
  char text[CKPT_NAME_TEXT];
  for (size_t i = 0; i < ckpt_source_count(source) && status == TARN_OK; i++) {
    const ckpt_tensor *t = ckpt_source_at(source, i);
    if (t->dtype == TARN_NO_DTYPE || !to->holds(t->dtype)) {
      if (left_out++ < 5)
        status =
            tarn__bytes_printf(&names, "%s%s", names.size ? ", " : "", ckpt_name(t->name, text));
      continue;
    }
    widened += to == &npz && t->dtype == TARN_BF16;
    tarn_tensor value;
    status = ckpt_source_read(source, i, &value);
    if (status != TARN_OK) break;
    status = to->add(w, t->name, &value);
    tarn__tensor_clear(&value);
  }
  if (status == TARN_OK && left_out > 0) {
    char what[96];
    snprintf(what, sizeof what, "tensors left out, of types that %s files do not hold", to->what);
    note(path, left_out, what, names.data);
  }
  if (status == TARN_OK && widened > 0)
    note(path, widened, "bfloat16 tensors written as float32", "");
  tarn__bytes_clear(&names);
  return status;
}

int ckpt_convert(const ckpt_options *o) {
  const char *path = o->path[1];
  const target *to = ckpt_path_ends(path, ".npz")           ? &npz
                     : ckpt_path_ends(path, ".safetensors") ? &safetensors
                                                            : &bundle;
  ckpt_source *source;
  tarn_status status = ckpt_source_open(o->path[0], &source);
  if (status != TARN_OK) return ckpt_fail(status);
  void *w = NULL;
  status = to->create(path, source, &w);
  if (status == TARN_OK) {
    status = copy(source, to, w, path);
    if (status == TARN_OK)
      status = to->commit(w);
    else
      to->discard(w);
  }
  ckpt_source_close(source);
  return status == TARN_OK ? 0 : ckpt_fail(status);
}
