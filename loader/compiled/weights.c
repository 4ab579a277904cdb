/* Weights and packed forms of an open compiled file, where they lie in its mapping. */
#include <inttypes.h>
#include <stdio.h>

#include "core/crc32c.h"
#include "core/tensor/contents.h"
#include "loader/compiled/reader.h"

static const unsigned char *at(const tarn_compiled *c, uint64_t offset) {
  return c->source->data + offset;
}

static tarn_status check(const tarn_compiled *c, const char *what, uint64_t offset, uint64_t bytes,
                         uint32_t crc) {
  const uint32_t found = tarn__crc32c(0, at(c, offset), (size_t)bytes);
  if (found == crc) return TARN_OK;
  return tarn_fail(TARN_CORRUPT,
                   "offset %" PRIu64 ": %s has crc 0x%08" PRIx32 ", expected 0x%08" PRIx32, offset,
                   what, found, crc);
}

tarn_status tarn__compiled_check_weights(tarn_compiled *c, bool all) {
  tarn_status status = TARN_OK;
  pthread_mutex_lock(&c->lock);
  for (size_t i = 0; i < c->weights && status == TARN_OK && !c->all_checked; i++) {
    compiled_weight *w = &c->weight[i];
    if (w->checked || (w->packed && !all)) continue;
    status = check(c, "a weight", w->offset, w->bytes, w->crc);
    w->checked = status == TARN_OK;
  }
  if (status == TARN_OK && all) c->all_checked = true;
  pthread_mutex_unlock(&c->lock);
  return status;
}

const char *tarn__compiled_kernel(tarn_kernel_ref kernel, char *text, size_t bytes) {
  char name[160];
  snprintf(text, bytes, "%s %s", tarn__kernel_full_name(kernel, name, sizeof name),
           kernel.kernel->op);
  return text;
}

static const compiled_form *form_of(const tarn_compiled *c, const tarn_packed_key *key) {
  char name[256];
  if (!c->usable) return NULL;
  tarn__compiled_kernel(key->kernel, name, sizeof name);
  for (size_t i = 0; i < c->forms; i++) {
    const compiled_form *f = &c->form[i];
    if (f->key == key->form && f->bytes == key->bytes &&
        !memcmp(f->contents, key->contents, sizeof key->contents) && !strcmp(f->kernel, name))
      return f;
  }
  return NULL;
}

const void *tarn__compiled_find(const tarn_packed_source *source, const tarn_packed_key *key) {
  const tarn_compiled *c = source->owner;
  const compiled_form *f = form_of(c, key);
  return f ? at(c, f->offset) : NULL;
}

tarn_status tarn__compiled_check(const tarn_packed_source *source, const tarn_packed_key *key,
                                 const void *form) {
  tarn_compiled *c = source->owner;
  if (!form) return tarn__compiled_check_weights(c, true); /* the originals are needed after all */
  const compiled_form *f = form_of(c, key);
  tarn__pages_soon(form, (size_t)f->bytes);
  return check(c, "a packed form", f->offset, f->bytes, f->crc);
}

/* The tensor of a weight: it looks into the file and keeps it. */
static tarn_status tensor(tarn_compiled *c, const compiled_weight *w, tarn_tensor *out) {
  if (w->dtype ==
      TARN_BOOL) { /* a byte of one may be anything in a file; kernels count on 0 and 1 */
    TARN_TRY(tarn__tensor_new_raw(c->allocator, w->dtype, &w->shape, out));
    for (size_t i = 0; i < w->bytes; i++) ((bool *)out->data)[i] = at(c, w->offset)[i] != 0;
    return TARN_OK;
  }
  tarn__source_retain(c->source);
  const tarn_status status =
      tarn__tensor_wrap(c->allocator, w->dtype, &w->shape, (void *)(uintptr_t)at(c, w->offset),
                        tarn__source_release, c->source, out);
  if (status != TARN_OK) {
    tarn__source_release(c->source);
    return status;
  }
  tarn__tensor_set_mapped(out);
  tarn__tensor_name_lasting(out, w->contents);
  return TARN_OK;
}

tarn_status tarn__compiled_beside(void *context, uint64_t number, tarn_dtype dtype,
                                  const tarn_shape *shape, tarn_tensor *out) {
  tarn_compiled *c = context;
  if (number >= c->weights)
    return tarn_fail(TARN_CORRUPT, "weight %" PRIu64 " of %zu", number, c->weights);
  const compiled_weight *w = &c->weight[number];
  if (w->dtype != dtype || !tarn__shape_equal(&w->shape, shape))
    return tarn_fail(TARN_CORRUPT,
                     "weight %" PRIu64 " is of another data type or shape than its constant",
                     number);
  return tensor(c, w, out);
}

tarn_status tarn__compiled_restore(tarn_compiled *c, tarn_session *session) {
  for (size_t i = 0; i < c->weights; i++) {
    const compiled_weight *w = &c->weight[i];
    if (!w->variable) continue;
    tarn_tensor value = {0};
    char shown[200];
    tarn__printable(w->variable, strlen(w->variable), shown, sizeof shown);
    const tarn_node *node = tarn__graph_node(tarn__session_graph(session), w->variable);
    if (!node)
      return tarn_fail(TARN_CORRUPT, "a variable of node '%s', which the graph does not have",
                       shown);
    TARN_TRY(tensor(c, w, &value));
    const tarn_status status = tarn__session_variable_set(session, node, &value);
    tarn__tensor_clear(&value);
    if (status != TARN_OK) {
      tarn__context("setting variable '%s'", shown);
      return status == TARN_NO_MEMORY ? status : TARN_CORRUPT;
    }
  }
  return TARN_OK;
}
