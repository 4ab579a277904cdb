/* A sorted array under one lock: sessions have some hundreds of named objects, look them up often,
 * and list them in name order when they save. */
#include "kernels/state/resources.h"

#include "core/memory.h"

#include <pthread.h>

typedef struct entry {
  const tarn_object_type *type;
  char *name;
  size_t name_bytes;      /* with the final zero */
  tarn_object *object;
} entry;

struct tarn_resources {
  const tarn_allocator *allocator;
  pthread_mutex_t lock;
  entry *entries;         /* by type's name, type, name */
  size_t count, capacity;
  tarn_residence *residence;
};

tarn_status tarn__resources_create(const tarn_allocator *a, tarn_resources **resources) {
  tarn_resources *r = tarn__alloc_zero(a, sizeof *r);
  if (!r) return TARN_NO_MEMORY;
  r->allocator = a;
  if (pthread_mutex_init(&r->lock, NULL) != 0) {
    tarn__free(a, r, sizeof *r);
    return tarn_fail(TARN_NO_MEMORY, "no mutex for the session's state");
  }
  *resources = r;
  return TARN_OK;
}

static void drop(tarn_resources *r, entry *e) {
  tarn__object_release(e->object);
  tarn__free(r->allocator, e->name, e->name_bytes);
}

void tarn__resources_destroy(tarn_resources *resources) {
  if (!resources) return;
  for (size_t i = 0; i < resources->count; i++) drop(resources, &resources->entries[i]);
  tarn__free(resources->allocator, resources->entries, resources->capacity * sizeof(entry));
  pthread_mutex_destroy(&resources->lock);
  tarn__object_release(resources->residence);
  tarn__free(resources->allocator, resources, sizeof *resources);
}

void tarn__resources_set_residence(tarn_resources *resources, tarn_residence *residence) {
  tarn__object_release(resources->residence);
  resources->residence = tarn__object_retain(residence);
}

tarn_residence *tarn__resources_residence(const tarn_resources *resources) {
  return resources->residence;
}

static int compare(const tarn_object_type *type, const char *name, const entry *e) {
  if (type != e->type) {
    int order = strcmp(type->name, e->type->name);
    if (order != 0) return order;
    return (uintptr_t)type < (uintptr_t)e->type ? -1 : 1;   /* two types of one name stay apart */
  }
  return strcmp(name, e->name);
}

/* Where the entry is, or where it belongs. */
static size_t place(const tarn_resources *r, const tarn_object_type *type, const char *name,
                    bool *found) {
  size_t low = 0, high = r->count;
  *found = false;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    int order = compare(type, name, &r->entries[middle]);
    if (order == 0) {
      *found = true;
      return middle;
    }
    if (order < 0) high = middle;
    else low = middle + 1;
  }
  return low;
}

void *tarn__resources_find(tarn_resources *resources, const tarn_object_type *type,
                           const char *name) {
  bool found;
  pthread_mutex_lock(&resources->lock);
  size_t i = place(resources, type, name, &found);
  void *object = found ? tarn__object_retain(resources->entries[i].object) : NULL;
  pthread_mutex_unlock(&resources->lock);
  return object;
}

/* Room for one more entry and a copy of the name, before anything is made. */
static tarn_status reserve(tarn_resources *r, const char *name, char **copy, size_t *bytes) {
  if (r->count == r->capacity) {
    size_t capacity = r->capacity ? 2 * r->capacity : 16;
    entry *grown = tarn__alloc(r->allocator, capacity * sizeof *grown);
    if (!grown) return TARN_NO_MEMORY;
    if (r->count) memcpy(grown, r->entries, r->count * sizeof *grown);
    tarn__free(r->allocator, r->entries, r->capacity * sizeof *grown);
    r->entries = grown;
    r->capacity = capacity;
  }
  *bytes = strlen(name) + 1;
  *copy = tarn__alloc(r->allocator, *bytes);
  if (!*copy) return TARN_NO_MEMORY;
  memcpy(*copy, name, *bytes);
  return TARN_OK;
}

static tarn_status insert(tarn_resources *r, size_t at, const tarn_object_type *type,
                          const char *name,
                          tarn_status (*create)(const tarn_allocator *, const void *, void **),
                          const void *argument) {
  char *copy;
  size_t bytes;
  void *object;
  TARN_TRY(reserve(r, name, &copy, &bytes));
  tarn_status status = create(r->allocator, argument, &object);
  if (status != TARN_OK) {
    tarn__free(r->allocator, copy, bytes);
    return status;
  }
  memmove(r->entries + at + 1, r->entries + at, (r->count - at) * sizeof(entry));
  r->entries[at] = (entry){type, copy, bytes, object};
  r->count++;
  return TARN_OK;
}

tarn_status tarn__resources_get(tarn_resources *resources, const tarn_object_type *type,
                                const char *name,
                                tarn_status (*create)(const tarn_allocator *a, const void *argument,
                                                      void **object),
                                const void *argument, void **object) {
  bool found;
  tarn_status status = TARN_OK;
  pthread_mutex_lock(&resources->lock);
  size_t i = place(resources, type, name, &found);
  if (!found) status = insert(resources, i, type, name, create, argument);
  if (status == TARN_OK) *object = tarn__object_retain(resources->entries[i].object);
  pthread_mutex_unlock(&resources->lock);
  return status;
}

tarn_status tarn__resources_remove(tarn_resources *resources, const tarn_object_type *type,
                                   const char *name) {
  bool found;
  entry removed = {0};
  pthread_mutex_lock(&resources->lock);
  size_t i = place(resources, type, name, &found);
  if (found) {
    removed = resources->entries[i];
    resources->count--;
    memmove(resources->entries + i, resources->entries + i + 1,
            (resources->count - i) * sizeof(entry));
  }
  pthread_mutex_unlock(&resources->lock);
  if (!found) return tarn_fail(TARN_NOT_FOUND, "there is no %s '%s'", type->name, name);
  drop(resources, &removed);   /* outside the lock: the object's end may take long */
  return TARN_OK;
}

tarn_status tarn__resources_visit(tarn_resources *resources, const tarn_object_type *type,
                                  tarn_status (*visit)(void *context, const char *name,
                                                       void *object),
                                  void *context) {
  tarn_status status = TARN_OK;
  pthread_mutex_lock(&resources->lock);
  for (size_t i = 0; i < resources->count && status == TARN_OK; i++)
    if (resources->entries[i].type == type)
      status = visit(context, resources->entries[i].name, resources->entries[i].object);
  pthread_mutex_unlock(&resources->lock);
  return status;
}
