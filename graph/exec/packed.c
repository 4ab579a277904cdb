#include "graph/exec/packed.h"

#include "core/file.h"
#include "core/hash.h"
#include "core/tensor/contents.h"
#include "graph/plan/fold.h"
#include "kernels/device.h"

bool tarn__packed_on_device(const tarn_packed_key *key) {
  return tarn__target_on_device(key->kernel.file->target);
}

tarn_status tarn__packed_store_create(const tarn_allocator *a, const tarn_packed_source *source,
                                      tarn_packed_store **store) {
  tarn_packed_store *s = tarn__alloc_zero(a, sizeof *s);
  if (!s) return TARN_NO_MEMORY;
  s->allocator = a;
  s->source = source;
  if (source) source->retain(source->owner);
  pthread_mutex_init(&s->lock, NULL);
  pthread_cond_init(&s->made, NULL);
  s->references = 1;
  *store = s;
  return TARN_OK;
}

tarn_packed_store *tarn__packed_store_retain(tarn_packed_store *s) {
  pthread_mutex_lock(&s->lock);
  s->references++;
  pthread_mutex_unlock(&s->lock);
  return s;
}

void tarn__packed_store_release(tarn_packed_store *s) {
  if (!s) return;
  pthread_mutex_lock(&s->lock);
  const bool last = --s->references == 0;
  pthread_mutex_unlock(&s->lock);
  if (!last) return;
  pthread_mutex_destroy(&s->lock);
  pthread_cond_destroy(&s->made);
  const tarn_packed_source *source = s->source;
  tarn__free(s->allocator, s, sizeof *s);
  if (source) source->release(source->owner);
}

/* Numbers that were counted mean nothing to another process: what a file may have ready is known by
 * the elements. */
static uint64_t lasting(const tarn_tensor *t, uint64_t contents) {
  if (tarn__contents_last(contents) || !t->data || t->dtype == TARN_STRING) return contents;
  return tarn__hash((uint64_t)t->dtype, t->data, tarn__tensor_bytes(t)) | 3ull << 62;
}

tarn_packed_key tarn__packed_key(const tarn_packed_store *store, const tarn_binding *binding,
                                 const tarn_tensor *const *in, bool *shared) {
  const tarn_problem *p = &binding->problem;
  const tarn_kernel *k = binding->kernel.kernel;
  tarn_packed_key key = {.kernel = binding->kernel,
                         .form = k->prepared_key ? k->prepared_key(p) : 0,
                         .bytes = binding->prepared_bytes};
  uint64_t read = k->prepared_from ? k->prepared_from(p) : UINT64_MAX;
  if (tarn__packed_on_device(&key)) read &= k->spent;   /* the others are on the device */
  int n = 0;
  *shared = true;
  for (int i = 0; i < p->inputs; i++) {
    if (!p->stable || !p->stable[i] || (i < 64 && !(read >> i & 1))) continue;
    const uint64_t contents = tarn__tensor_contents(in[i]);
    *shared = *shared && n < TARN_PACKED_INPUTS && contents;
    if (!*shared) break;
    key.contents[n++] = store->source ? lasting(in[i], contents) : contents;
  }
  return key;
}

static bool same(const tarn_packed_key *a, const tarn_packed_key *b) {
  bool equal = a->kernel.kernel == b->kernel.kernel && a->form == b->form && a->bytes == b->bytes;
  for (int i = 0; equal && i < TARN_PACKED_INPUTS; i++) equal = a->contents[i] == b->contents[i];
  return equal;
}

static tarn_packed *find(const tarn_packed_store *s, const tarn_packed_key *key) {
  for (tarn_packed *p = s->first; p; p = p->next)
    if (p->listed && same(&p->key, key)) return p;
  return NULL;
}

tarn_status tarn__packed_take(tarn_packed_store *s, const tarn_packed_key *key, bool shared,
                              bool wait, tarn_packed **packed, bool *mine) {
  tarn_packed *p;
  *mine = false;
  *packed = NULL;
  while (shared && (p = find(s, key))) {
    if (p->ready) {
      p->users++;
      *packed = p;
      return TARN_OK;
    }
    if (!wait) return TARN_OK;
    pthread_cond_wait(&s->made, &s->lock);
  }
  bool lasts = shared && s->source;
  for (int i = 0; lasts && i < TARN_PACKED_INPUTS; i++)
    lasts = !key->contents[i] || tarn__contents_last(key->contents[i]);
  lasts = lasts && !tarn__packed_on_device(key);
  const void *there = lasts ? s->source->find(s->source, key) : NULL;
  p = tarn__alloc_zero(s->allocator, sizeof *p);
  if (!p) return TARN_NO_MEMORY;
  *p = (tarn_packed){.next = s->first,
                     .store = s,
                     .key = *key,
                     .listed = shared,
                     .users = 1,
                     .memory = there,
                     .mapped = there != NULL};
  s->first = p;
  *packed = p;
  *mine = true;
  return TARN_OK;
}

void tarn__packed_made(tarn_packed *p, bool made) {
  p->ready = made;
  if (!made) p->listed = false;
  pthread_cond_broadcast(&p->store->made);
}

void tarn__packed_leave(tarn_packed *p) {
  if (--p->users > 0) return;
  tarn_packed_store *s = p->store;
  for (tarn_packed **at = &s->first; *at; at = &(*at)->next)
    if (*at == p) {
      *at = p->next;
      break;
    }
  tarn_packed_slab *slab = p->slab;
  if (slab && --slab->users == 0) {
    tarn__free(s->allocator, slab->memory, slab->bytes);
    tarn__free(s->allocator, slab, sizeof *slab);
  } else if (tarn__packed_on_device(&p->key)) {
    const tarn_backend *b;
    if (p->memory && tarn__backend_cuda(&b) == TARN_OK)
      b->api->free(b->device, (void *)(uintptr_t)p->memory);
  } else if (!slab && !p->mapped) {
    tarn__free(s->allocator, (void *)(uintptr_t)p->memory, p->key.bytes);
  }
  tarn__free(s->allocator, p, sizeof *p);
}

tarn_status tarn__packed_alloc(tarn_packed *p) {
  if (p->mapped) return TARN_OK;
  if (tarn__packed_on_device(&p->key)) {
    const tarn_backend *b;
    void *memory = NULL;
    TARN_TRY(tarn__backend_cuda(&b));
    TARN_TRY(b->api->alloc(b->device, p->key.bytes, &memory));
    p->memory = memory;
    return TARN_OK;
  }
  p->memory = tarn__alloc(p->store->allocator, p->key.bytes);
  return p->memory ? TARN_OK : TARN_NO_MEMORY;
}

/* Scaled weights get elements for as long as the packing takes. */
static tarn_status make_elements(const tarn_allocator *scratch, const tarn_tensor *folded,
                                 tarn_tensor *made, tarn_pool *pool) {
  made->data = tarn__alloc(scratch, tarn__tensor_bytes(folded));
  if (!made->data) return TARN_NO_MEMORY;
  made->dtype = folded->dtype;
  made->shape = folded->shape;
  return tarn__fold_fill(tarn__fold_of(folded), made->data, pool);
}

tarn_status tarn__packed_fill(const tarn_packed *packed, const tarn_allocator *scratch, bool frugal,
                              const tarn_binding *binding, const tarn_tensor *const *in,
                              tarn_pool *pool) {
  const tarn_problem *p = &binding->problem;
  const tarn_kernel *k = binding->kernel.kernel;
  const tarn_packed_source *source = packed->store->source;
  if (source) TARN_TRY(source->check(source, &packed->key, packed->mapped ? packed->memory : NULL));
  if (packed->mapped) return TARN_OK;
  const size_t n = (size_t)p->inputs + 1;
  const tarn_tensor **with = tarn__alloc_zero(scratch, n * sizeof *with);
  tarn_tensor *made = tarn__alloc_zero(scratch, n * sizeof *made);
  tarn_status status = with && made ? TARN_OK : TARN_NO_MEMORY;
  for (int i = 0; i < p->inputs && status == TARN_OK; i++) {
    if (!p->stable || !p->stable[i]) continue;
    if (tarn__packed_on_device(&packed->key) && !(i < 32 && k->spent >> i & 1u)) continue;
    with[i] = in[i];
    if (!tarn__fold_of(in[i])) continue;
    status = make_elements(scratch, in[i], &made[i], pool);
    with[i] = &made[i];
  }
  if (status == TARN_OK) status = k->prepare(p, with, (void *)(uintptr_t)packed->memory, pool);
  for (int i = 0; made && i < p->inputs; i++) {
    if (!made[i].data) continue;
    if (frugal) tarn__pages_forget(made[i].data, tarn__tensor_bytes(in[i]));
    tarn__free(scratch, made[i].data, tarn__tensor_bytes(in[i]));
  }
  for (int i = 0; i < p->inputs && i < 32 && status == TARN_OK; i++)
    if (with[i] && k->spent >> i & 1u)
      tarn__tensor_forget(tarn__fold_of(in[i]) ? tarn__fold_source(tarn__fold_of(in[i])) : in[i]);
  tarn__free(scratch, with, n * sizeof *with);
  tarn__free(scratch, made, n * sizeof *made);
  return status;
}
