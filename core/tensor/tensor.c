/* Tensor values and their counted buffers. */
#include "core/tensor/tensor.h"

#include "core/file.h"
#include "core/tensor/cells.h"
#include "core/tensor/contents.h"

/* One allocation: this head, then the elements at HEAD bytes, and behind those of strings the
 * strings' store. A wrapped buffer has only the head. */
struct tarn_buffer {
  atomic_int references;
  tarn_dtype dtype;
  bool wrapped, mapped;
  int64_t elements;
  void *data;
  size_t bytes; /* of the whole allocation */
  const tarn_allocator *allocator;
  _Atomic uint64_t contents;
  void (*release)(void *context);
  void *context;
};

typedef struct string_store {
  tarn_cells cells;
  int64_t long_strings; /* elements whose bytes are blocks of their own */
} string_store;

#define HEAD ((sizeof(tarn_buffer) + TARN_ALIGN - 1) / TARN_ALIGN * TARN_ALIGN)

/* Names contents; 64 bits are not used up. The one written global of this layer. */
static _Atomic uint64_t last_contents;

static uint64_t new_contents(void) {
  return atomic_fetch_add_explicit(&last_contents, 1, memory_order_relaxed) + 1;
}

void tarn__object_init(tarn_object *object, const tarn_object_type *type) {
  object->type = type;
  atomic_init(&object->references, 1);
}

void *tarn__object_retain(void *object) {
  if (object)
    atomic_fetch_add_explicit(&((tarn_object *)object)->references, 1, memory_order_relaxed);
  return object;
}

void tarn__object_release(void *object) {
  tarn_object *o = object;
  if (o && atomic_fetch_sub_explicit(&o->references, 1, memory_order_acq_rel) == 1)
    o->type->destroy(o);
}

static bool holds_objects(tarn_dtype dtype) {
  return dtype == TARN_RESOURCE || dtype == TARN_VARIANT;
}

static string_store *store_of(tarn_buffer *b) {
  return (string_store *)((tarn_string *)b->data + b->elements);
}

static void string_drop(tarn_buffer *b, const tarn_string *s) {
  if (!s->size) return;
  if (tarn__cells_is_long(s->size)) store_of(b)->long_strings--;
  tarn__cells_give(&store_of(b)->cells, b->allocator, (char *)(uintptr_t)s->data, s->size);
}

static void strings_destroy(tarn_buffer *b) {
  const tarn_string *s = b->data;
  for (int64_t i = 0; i < b->elements && store_of(b)->long_strings; i++)
    if (tarn__cells_is_long(s[i].size)) string_drop(b, &s[i]);
  tarn__cells_clear(&store_of(b)->cells, b->allocator);
}

static void buffer_destroy(tarn_buffer *b) {
  if (b->wrapped) {
    if (b->release) b->release(b->context);
  } else if (b->dtype == TARN_STRING) {
    strings_destroy(b);
  } else if (holds_objects(b->dtype)) {
    for (int64_t i = 0; i < b->elements; i++) tarn__object_release(((void **)b->data)[i]);
  }
  tarn__free(b->allocator, b, b->bytes);
}

static void buffer_init(tarn_buffer *b, const tarn_allocator *a, tarn_dtype dtype, int64_t elements,
                        size_t bytes) {
  memset(b, 0, sizeof *b);
  b->allocator = a;
  b->dtype = dtype;
  b->elements = elements;
  b->bytes = bytes;
  atomic_init(&b->references, 1);
  atomic_init(&b->contents, new_contents());
}

static tarn_status make(const tarn_allocator *a, tarn_dtype dtype, const tarn_shape *shape,
                        bool zero, tarn_tensor *out) {
  size_t each = tarn_dtype_bytes(dtype), bytes, total;
  int64_t elements;
  if (each == 0) return tarn_fail(TARN_INVALID, "no dtype has the number %d", (int)dtype);
  TARN_TRY(tarn__shape_bytes(shape, each, &elements, &bytes));
  const size_t store = dtype == TARN_STRING ? sizeof(string_store) : 0;
  if (tarn__add_overflow(bytes, HEAD + store, &total) || total > (size_t)PTRDIFF_MAX)
    return tarn_fail(TARN_LIMIT, "%zu bytes do not fit the address space", bytes);
  tarn_buffer *b = tarn__alloc(a, total);
  if (!b) return TARN_NO_MEMORY;
  buffer_init(b, a, dtype, elements, total);
  b->data = (char *)b + HEAD;
  if (zero || !tarn__dtype_in(dtype, TARN_PLAIN)) memset(b->data, 0, bytes + store);
  *out = (tarn_tensor){.dtype = dtype, .shape = *shape, .data = b->data, .buffer = b};
  return TARN_OK;
}

tarn_status tarn__tensor_new(const tarn_allocator *a, tarn_dtype dtype, const tarn_shape *shape,
                             tarn_tensor *out) {
  return make(a, dtype, shape, true, out);
}

tarn_status tarn__tensor_new_raw(const tarn_allocator *a, tarn_dtype dtype, const tarn_shape *shape,
                                 tarn_tensor *out) {
  return make(a, dtype, shape, false, out);
}

tarn_status tarn__tensor_wrap(const tarn_allocator *a, tarn_dtype dtype, const tarn_shape *shape,
                              void *data, void (*release)(void *context), void *context,
                              tarn_tensor *out) {
  size_t each = tarn_dtype_bytes(dtype);
  int64_t elements;
  if (each == 0) return tarn_fail(TARN_INVALID, "no dtype has the number %d", (int)dtype);
  TARN_TRY(tarn__shape_bytes(shape, each, &elements, NULL));
  tarn_buffer *b = tarn__alloc(a, sizeof *b);
  if (!b) return TARN_NO_MEMORY;
  buffer_init(b, a, dtype, elements, sizeof *b);
  b->wrapped = true;
  b->data = data;
  b->release = release;
  b->context = context;
  *out = (tarn_tensor){.dtype = dtype, .shape = *shape, .data = data, .buffer = b};
  return TARN_OK;
}

void tarn__tensor_set_mapped(tarn_tensor *t) { t->buffer->mapped = true; }

bool tarn__tensor_is_mapped(const tarn_tensor *t) { return t->buffer && t->buffer->mapped; }

void tarn__tensor_forget(const tarn_tensor *t) {
  if (tarn__tensor_is_mapped(t)) tarn__pages_forget(t->data, tarn__tensor_bytes(t));
}

void *tarn__tensor_wrapped(const tarn_tensor *t, void (*release)(void *context)) {
  const tarn_buffer *b = t->buffer;
  return b && b->wrapped && b->release == release ? b->context : NULL;
}

void tarn__tensor_share(const tarn_tensor *from, tarn_tensor *out) {
  if (from->buffer) atomic_fetch_add_explicit(&from->buffer->references, 1, memory_order_relaxed);
  out->dtype = from->dtype;
  out->shape.rank = from->shape.rank;
  for (int i = 0; i < from->shape.rank; i++) out->shape.dim[i] = from->shape.dim[i];
  out->data = from->data;
  out->buffer = from->buffer;
}

void tarn__tensor_clear(tarn_tensor *t) {
  tarn_buffer *b = t->buffer;
  t->dtype =
      TARN_NO_DTYPE; /* dims of an empty tensor mean nothing: this runs several times a step */
  t->shape.rank = 0;
  t->data = NULL;
  t->buffer = NULL;
  if (b && atomic_fetch_sub_explicit(&b->references, 1, memory_order_acq_rel) == 1)
    buffer_destroy(b);
}

tarn_status tarn__tensor_own(const tarn_allocator *a, const tarn_tensor *t, tarn_tensor *out) {
  if (!t->buffer) return tarn__tensor_copy(a, t, out);
  tarn__tensor_share(t, out);
  return TARN_OK;
}

tarn_status tarn__tensor_copy(const tarn_allocator *a, const tarn_tensor *t, tarn_tensor *out) {
  if (t->dtype == TARN_NO_DTYPE) {
    *out = (tarn_tensor){.dtype = TARN_NO_DTYPE};
    return TARN_OK;
  }
  tarn_tensor made = {.dtype = TARN_NO_DTYPE};
  TARN_TRY(tarn__tensor_new_raw(a, t->dtype, &t->shape, &made));
  tarn_status status = tarn__tensor_copy_elements(&made, 0, t, 0, tarn__tensor_elements(t));
  if (status != TARN_OK) {
    tarn__tensor_clear(&made);
    return status;
  }
  *out = made;
  return TARN_OK;
}

tarn_status tarn__tensor_copy_elements(tarn_tensor *to, int64_t to_at, const tarn_tensor *from,
                                       int64_t from_at, int64_t n) {
  if (to->dtype != from->dtype)
    return tarn_fail(TARN_DTYPE, "copying elements of %s to %s", tarn_dtype_name(from->dtype),
                     tarn_dtype_name(to->dtype));
  if (n <= 0) return TARN_OK;
  if (to->dtype == TARN_STRING) {
    const tarn_string *strings = (const tarn_string *)from->data + from_at;
    for (int64_t i = 0; i < n; i++)
      TARN_TRY(tarn__string_set(to, to_at + i, strings[i].data, strings[i].size));
  } else if (holds_objects(to->dtype)) {
    for (int64_t i = 0; i < n; i++)
      tarn__object_set(to, to_at + i, tarn__object_retain(tarn__object_get(from, from_at + i)));
  } else {
    size_t each = tarn_dtype_bytes(to->dtype);
    memmove((char *)to->data + (size_t)to_at * each,
            (const char *)from->data + (size_t)from_at * each, (size_t)n * each);
  }
  return TARN_OK;
}

bool tarn__tensor_unique(const tarn_tensor *t) {
  return t->buffer && !t->buffer->wrapped &&
         atomic_load_explicit(&t->buffer->references, memory_order_acquire) == 1;
}

uint64_t tarn__tensor_contents(const tarn_tensor *t) {
  /* A view that starts elsewhere in the buffer has other elements: it has no name. */
  if (!t->buffer || t->data != t->buffer->data) return 0;
  return atomic_load_explicit(&t->buffer->contents, memory_order_acquire);
}

void tarn__tensor_touch(tarn_tensor *t) {
  if (t->buffer) atomic_store_explicit(&t->buffer->contents, new_contents(), memory_order_release);
}

static void name(tarn_tensor *t, uint64_t contents) {
  if (t->buffer) atomic_store_explicit(&t->buffer->contents, contents, memory_order_release);
}

/* Bit 62 tells numbers that last. */
void tarn__tensor_name_contents(tarn_tensor *t, uint64_t contents) {
  name(t, contents & ~(1ull << 62));
}
void tarn__tensor_name_lasting(tarn_tensor *t, uint64_t hash) { name(t, hash | 3ull << 62); }

int64_t tarn__tensor_elements(const tarn_tensor *t) {
  return t->dtype == TARN_NO_DTYPE ? 0 : tarn__shape_elements(&t->shape);
}

size_t tarn__tensor_bytes(const tarn_tensor *t) {
  return (size_t)tarn__tensor_elements(t) * tarn_dtype_bytes(t->dtype);
}

/* The bytes may be some of what is replaced: they are copied first. data NULL: the caller writes
 * them. */
static tarn_status string_put(tarn_tensor *t, int64_t i, const char *data, size_t bytes,
                              char **room) {
  tarn_buffer *b = t->buffer;
  *room = NULL;
  if (!b || b->wrapped)
    return tarn_fail(TARN_INVALID, "a string is set in memory that the tensor does not own");
  if (bytes) {
    *room = tarn__cells_take(&store_of(b)->cells, b->allocator, bytes, b->elements);
    if (!*room) return TARN_NO_MEMORY;
    if (tarn__cells_is_long(bytes)) store_of(b)->long_strings++;
    if (data) memcpy(*room, data, bytes);
  }
  tarn_string *s = (tarn_string *)t->data + i;
  string_drop(b, s);
  *s = (tarn_string){.data = *room, .size = bytes};
  return TARN_OK;
}

tarn_status tarn__string_set(tarn_tensor *t, int64_t i, const char *data, size_t bytes) {
  char *room;
  return string_put(t, i, data, bytes, &room);
}

tarn_status tarn__string_room(tarn_tensor *t, int64_t i, size_t bytes, char **room) {
  return string_put(t, i, NULL, bytes, room);
}

void tarn__object_set(tarn_tensor *t, int64_t i, void *object) {
  void **slot = (void **)t->data + i;
  void *old = *slot;
  *slot = object;
  tarn__object_release(old);
}

int64_t tarn__tensor_int(const tarn_tensor *t, int64_t i) {
  return t->dtype == TARN_I32 ? ((const int32_t *)t->data)[i] : ((const int64_t *)t->data)[i];
}
