#include "kernels/state/arrays/stack.h"

#include <pthread.h>

struct tarn_stack {
  tarn_object object;
  const tarn_allocator *allocator;
  pthread_mutex_t lock;
  tarn_dtype dtype;
  int64_t max_size;
  bool closed;
  tarn_tensor *value;
  size_t count, capacity;
};

static void drop(tarn_stack *s) {
  for (size_t i = 0; i < s->count; i++) tarn__tensor_clear(&s->value[i]);
  tarn__free(s->allocator, s->value, s->capacity * sizeof *s->value);
  s->value = NULL;
  s->count = s->capacity = 0;
}

static void destroy(void *object) {
  tarn_stack *s = object;
  drop(s);
  pthread_mutex_destroy(&s->lock);
  tarn__free(s->allocator, s, sizeof *s);
}

const tarn_object_type tarn__stack_type = {.name = "Stack", .destroy = destroy};

tarn_status tarn__stack_create(const tarn_allocator *a, tarn_dtype dtype, int64_t max_size,
                               tarn_stack **stack) {
  tarn_stack *s = tarn__alloc_zero(a, sizeof *s);
  if (!s) return TARN_NO_MEMORY;
  if (pthread_mutex_init(&s->lock, NULL) != 0) {
    tarn__free(a, s, sizeof *s);
    return tarn_fail(TARN_NO_MEMORY, "no mutex for a stack");
  }
  tarn__object_init(&s->object, &tarn__stack_type);
  s->allocator = a;
  s->dtype = dtype;
  s->max_size = max_size;
  *stack = s;
  return TARN_OK;
}

static tarn_status push(tarn_stack *s, const tarn_tensor *value) {
  if (s->closed) return tarn_fail(TARN_INVALID, "Stack has already been closed.");
  if (value->dtype != s->dtype)
    return tarn_fail(TARN_DTYPE, "a stack of %s was given %s", tarn_dtype_name(s->dtype),
                     tarn_dtype_name(value->dtype));
  if (s->max_size >= 0 && (int64_t)s->count >= s->max_size)
    return tarn_fail(TARN_INVALID, "Stack overflowed its max_size (%lld)", (long long)s->max_size);
  if (s->count == s->capacity) {
    size_t capacity = s->capacity ? 2 * s->capacity : 16;
    tarn_tensor *grown = tarn__alloc(s->allocator, capacity * sizeof *grown);
    if (!grown) return TARN_NO_MEMORY;
    if (s->count) memcpy(grown, s->value, s->count * sizeof *grown);
    tarn__free(s->allocator, s->value, s->capacity * sizeof *grown);
    s->value = grown;
    s->capacity = capacity;
  }
  TARN_TRY(tarn__tensor_own(s->allocator, value, &s->value[s->count]));
  s->count++;
  return TARN_OK;
}

tarn_status tarn__stack_push(tarn_stack *stack, const tarn_tensor *value) {
  pthread_mutex_lock(&stack->lock);
  const tarn_status status = push(stack, value);
  pthread_mutex_unlock(&stack->lock);
  return status;
}

tarn_status tarn__stack_pop(tarn_stack *stack, tarn_tensor *out) {
  tarn_status status = TARN_OK;
  pthread_mutex_lock(&stack->lock);
  if (stack->closed) status = tarn_fail(TARN_INVALID, "Stack has already been closed.");
  else if (stack->count == 0) status = tarn_fail(TARN_INVALID, "Stack is empty when calling Pop()");
  else *out = stack->value[--stack->count];
  pthread_mutex_unlock(&stack->lock);
  return status;
}

void tarn__stack_close(tarn_stack *stack) {
  pthread_mutex_lock(&stack->lock);
  drop(stack);
  stack->closed = true;
  pthread_mutex_unlock(&stack->lock);
}
