#include "kernels/state/variable.h"

#include "core/memory.h"
#include "kernels/state/resources.h"

static void destroy(void *object) {
  tarn_variable *v = object;
  tarn__tensor_clear(&v->value);
  pthread_mutex_destroy(&v->lock);
  tarn__free(v->allocator, v, sizeof *v + strlen(v->name) + 1);
}

const tarn_object_type tarn__variable_type = {.name = "Variable", .destroy = destroy};

typedef struct declaration {
  const char *name;
  tarn_dtype dtype;
  const tarn_shape *shape;
  bool is_ref;
} declaration;

/* The name follows the struct in one block. */
static tarn_status create(const tarn_allocator *a, const void *argument, void **object) {
  const declaration *d = argument;
  size_t name_bytes = strlen(d->name) + 1;
  tarn_variable *v = tarn__alloc_zero(a, sizeof *v + name_bytes);
  if (!v) return TARN_NO_MEMORY;
  if (pthread_mutex_init(&v->lock, NULL) != 0) {
    tarn__free(a, v, sizeof *v + name_bytes);
    return tarn_fail(TARN_NO_MEMORY, "no mutex for variable '%s'", d->name);
  }
  tarn__object_init(&v->object, &tarn__variable_type);
  v->name = memcpy(v + 1, d->name, name_bytes);
  v->allocator = a;
  v->dtype = d->dtype;
  v->shape = *d->shape;
  v->is_ref = d->is_ref;
  *object = v;
  return TARN_OK;
}

tarn_status tarn__variable_get(tarn_resources *resources, const char *name, tarn_dtype dtype,
                               const tarn_shape *shape, bool is_ref, tarn_variable **variable) {
  declaration d = {name, dtype, shape, is_ref};
  void *object;
  TARN_TRY(tarn__resources_get(resources, &tarn__variable_type, name, create, &d, &object));
  tarn_variable *v = object;
  if (v->dtype != dtype) {
    tarn_dtype had = v->dtype;
    tarn__object_release(v);
    return tarn_fail(TARN_DTYPE, "variable '%s' is %s, expected %s", name, tarn_dtype_name(had),
                     tarn_dtype_name(dtype));
  }
  *variable = v;
  return TARN_OK;
}

static tarn_status uninitialised(const tarn_variable *v) {
  return tarn_fail(TARN_FAILED, "Attempting to use uninitialized value %s%s%s", v->name, v->missing[0] ? ": " : "",
                   v->missing);
}

tarn_status tarn__variable_read(tarn_variable *v, tarn_tensor *out) {
  pthread_mutex_lock(&v->lock);
  bool there = v->value.dtype != TARN_NO_DTYPE;
  if (there) tarn__tensor_share(&v->value, out);
  pthread_mutex_unlock(&v->lock);
  return there ? TARN_OK : uninitialised(v);
}

static tarn_status check(const tarn_variable *v, const tarn_tensor *value, bool validate) {
  char had[TARN_SHAPE_TEXT], got[TARN_SHAPE_TEXT];
  if (value->dtype != v->dtype)
    return tarn_fail(TARN_DTYPE, "variable '%s' is %s, got %s", v->name, tarn_dtype_name(v->dtype),
                     tarn_dtype_name(value->dtype));
  /* The declared shape of a resource variable holds whatever the op says; that of a ref variable may be left behind. */
  if (!validate && (v->is_ref || tarn__shape_compatible(&v->shape, &value->shape))) return TARN_OK;
  const tarn_shape *wanted = v->value.dtype != TARN_NO_DTYPE ? &v->value.shape : &v->shape;
  if (!tarn__shape_compatible(&v->shape, &value->shape)) wanted = &v->shape;
  else if (tarn__shape_compatible(wanted, &value->shape)) return TARN_OK;
  return tarn_fail(TARN_SHAPE, "variable '%s' has shape %s, got %s", v->name, tarn__shape_print(wanted, had),
                   tarn__shape_print(&value->shape, got));
}

/* Ref: the elements change under every reader, and the buffer is nobody else's, so a constant that was assigned stays
 * as it is. Resource: the new value takes the old one's place; who read the old one keeps it. */
static tarn_status replace(tarn_variable *v, const tarn_tensor *value) {
  tarn_tensor made;
  const bool there = v->value.dtype != TARN_NO_DTYPE;
  /* What lies in a mapped file is shared until somebody writes. */
  if (!v->is_ref || (tarn__tensor_is_mapped(value) && (!there || tarn__tensor_is_mapped(&v->value)))) {
    TARN_TRY(tarn__tensor_own(v->allocator, value, &made));
  } else if (there && !tarn__tensor_is_mapped(&v->value) && tarn__shape_equal(&v->value.shape, &value->shape)) {
    if (value->data == v->value.data) return TARN_OK;   /* assigned to itself */
    TARN_TRY(tarn__tensor_copy_elements(&v->value, 0, value, 0, tarn__tensor_elements(value)));
    tarn__tensor_touch(&v->value);
    return TARN_OK;
  } else {
    TARN_TRY(tarn__tensor_copy(v->allocator, value, &made));
  }
  tarn__tensor_clear(&v->value);
  v->value = made;
  return TARN_OK;
}

tarn_status tarn__variable_assign(tarn_variable *v, const tarn_tensor *value, bool validate) {
  pthread_mutex_lock(&v->lock);
  tarn_status status = check(v, value, validate);
  if (status == TARN_OK) status = replace(v, value);
  pthread_mutex_unlock(&v->lock);
  return status;
}

tarn_status tarn__variable_begin(tarn_variable *v, tarn_tensor **value) {
  tarn_status status = TARN_OK;
  pthread_mutex_lock(&v->lock);
  if (v->value.dtype == TARN_NO_DTYPE) {
    status = uninitialised(v);
  } else if (v->is_ref ? tarn__tensor_is_mapped(&v->value) : !tarn__tensor_unique(&v->value)) {
    tarn_tensor copy;
    status = tarn__tensor_copy(v->allocator, &v->value, &copy);
    if (status == TARN_OK) {
      tarn__tensor_clear(&v->value);
      v->value = copy;
    }
  }
  if (status != TARN_OK) {
    pthread_mutex_unlock(&v->lock);
    return status;
  }
  *value = &v->value;
  return TARN_OK;
}

void tarn__variable_end(tarn_variable *v) {
  tarn__tensor_touch(&v->value);
  pthread_mutex_unlock(&v->lock);
}
