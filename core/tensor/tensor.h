/* Tensors: a dtype, a shape and row-major elements in a counted buffer.
 *
 * A tarn_tensor is a small value: the executor keeps arrays of them and copies them freely; the
 * handle of the public API is one on the heap. `buffer` owns the memory; NULL means the memory
 * belongs to somebody else who outlives the tensor (an arena slot, a memory-mapped file): call
 * tarn__tensor_own before keeping it.
 *
 * Buffers are counted atomically. Strings own their bytes; resource and variant elements are
 * counted objects (tarn_object), released with the buffer. */
#ifndef TARN_CORE_TENSOR_TENSOR_H
#define TARN_CORE_TENSOR_TENSOR_H

#include "core/memory.h"
#include "core/tensor/dtype.h"
#include "core/tensor/shape.h"

#include <stdatomic.h>

typedef struct tarn_buffer tarn_buffer;

struct tarn_tensor {
  tarn_dtype dtype;     /* TARN_NO_DTYPE: empty */
  tarn_shape shape;     /* fully known */
  void *data;
  tarn_buffer *buffer;  /* NULL: borrowed memory */
  atomic_int handles;   /* of the public handle; unused inside */
};

/* A counted object behind an element of a resource or variant tensor. The first member of every
 * such type. `type` tells what it is ("Variable", "TensorArray"): compare pointers to the type's
 * own constant. */
typedef struct tarn_object_type {
  const char *name;
  void (*destroy)(void *object);
} tarn_object_type;
typedef struct tarn_object {
  const tarn_object_type *type;
  atomic_int references;
} tarn_object;
void tarn__object_init(tarn_object *object, const tarn_object_type *type); /* one reference */
void *tarn__object_retain(void *object);   /* NULL passes */
void tarn__object_release(void *object);

/* A new zeroed tensor value of its own buffer (strings empty, objects NULL). */
tarn_status tarn__tensor_new(const tarn_allocator *a, tarn_dtype dtype, const tarn_shape *shape,
                             tarn_tensor *out);
/* The same with the elements not set (plain dtypes only; others are zeroed all the same). */
tarn_status tarn__tensor_new_raw(const tarn_allocator *a, tarn_dtype dtype, const tarn_shape *shape,
                                 tarn_tensor *out);
/* Wraps memory that somebody else keeps; `release(context)` is called with the last reference (may
 * be NULL). */
tarn_status tarn__tensor_wrap(const tarn_allocator *a, tarn_dtype dtype, const tarn_shape *shape,
                              void *data, void (*release)(void *context), void *context,
                              tarn_tensor *out);
/* Says that the wrapped memory of t is a file's, mapped for reading: nobody may write it, and its
 * pages may leave the process's memory at any time, to come back from the file when they are
 * touched. */
void tarn__tensor_set_mapped(tarn_tensor *t);
bool tarn__tensor_is_mapped(const tarn_tensor *t);
/* The elements are not needed again soon: of mapped memory the whole pages are let go; else nothing
 * happens. */
void tarn__tensor_forget(const tarn_tensor *t);
/* The context that t was wrapped with, when its release function is `release`; else NULL. */
void *tarn__tensor_wrapped(const tarn_tensor *t, void (*release)(void *context));
/* A second value on the same buffer. `from` may be borrowed: then so is the copy. */
void tarn__tensor_share(const tarn_tensor *from, tarn_tensor *out);
/* Drops the buffer reference and empties the value. Empty values pass. */
void tarn__tensor_clear(tarn_tensor *t);
/* Shares when t has a buffer, else copies: the result may be kept. */
tarn_status tarn__tensor_own(const tarn_allocator *a, const tarn_tensor *t, tarn_tensor *out);
/* Always a deep copy in a buffer of its own. */
tarn_status tarn__tensor_copy(const tarn_allocator *a, const tarn_tensor *t, tarn_tensor *out);
/* Copies n elements between tensors of one dtype, strings and objects properly. Ranges are the
 * caller's duty. */
tarn_status tarn__tensor_copy_elements(tarn_tensor *to, int64_t to_at, const tarn_tensor *from,
                                       int64_t from_at, int64_t n);
/* true when nobody else holds the buffer, so it may be overwritten; never for wrapped memory. */
bool tarn__tensor_unique(const tarn_tensor *t);
/* A number that names the elements: the same as long as nobody wrote them, never used again. 0 for
 * borrowed memory and for a view that does not start where its buffer does. Writers of shared state
 * call tarn__tensor_touch after a write. */
uint64_t tarn__tensor_contents(const tarn_tensor *t);
void tarn__tensor_touch(tarn_tensor *t);
/* For elements that were computed from others: a contents number that follows from theirs (top bit
 * set, so that it is no counted one), which a second computation of the same gives again. */
void tarn__tensor_name_contents(tarn_tensor *t, uint64_t contents);
int64_t tarn__tensor_elements(const tarn_tensor *t);
size_t tarn__tensor_bytes(const tarn_tensor *t);   /* elements * element size */
/* Element i of a string tensor becomes a copy of the bytes (from the buffer's allocator).
 * TARN_INVALID for borrowed and wrapped memory, whose strings somebody else owns. One thread at a
 * time sets strings of a tensor: they share memory (core/tensor/cells.h). */
tarn_status tarn__string_set(tarn_tensor *t, int64_t i, const char *data, size_t bytes);
/* The same with the bytes not set: the caller writes them at *room (NULL for none) before anybody
 * reads them. What the element was is gone. */
tarn_status tarn__string_room(tarn_tensor *t, int64_t i, size_t bytes, char **room);
/* Element i of a resource or variant tensor becomes `object`; takes one reference of it, drops the
 * old. */
void tarn__object_set(tarn_tensor *t, int64_t i, void *object);
static inline void *tarn__object_get(const tarn_tensor *t, int64_t i) {
  return ((void **)t->data)[i];
}

/* The public handle from a value; takes the value's reference (it is empty afterwards) on
 * success. */
tarn_status tarn__tensor_handle(const tarn_allocator *a, tarn_tensor *value, tarn_tensor **tensor);

/* Integers of a small tensor of int32 or int64 (shape and axis inputs); element i must exist. */
int64_t tarn__tensor_int(const tarn_tensor *t, int64_t i);

#endif
