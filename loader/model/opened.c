#include "loader/model/opened.h"

#include <pthread.h>
#include <sys/stat.h>

/* What tells a file from another one of its name. */
typedef struct identity {
  dev_t device;
  ino_t number;
  off_t bytes;
  struct timespec changed;
} identity;

struct tarn_opened {
  atomic_int references;
  const tarn_allocator *allocator;
  pthread_mutex_t lock; /* view */
  tarn_checkpoint *checkpoint;
  char *path;
  identity file; /* the index (V2) or the one file (V1) */
  bool known;    /* false: it cannot be told from another, and is not used again */
  size_t count;
  tarn_tensor *view; /* by entry; empty: not taken yet */
};

struct tarn_opened_place {
  const tarn_allocator *allocator;
  pthread_mutex_t lock;
  tarn_opened *last;
};

tarn_status tarn__opened_place_create(const tarn_allocator *a, tarn_opened_place **place) {
  tarn_opened_place *p = tarn__alloc_zero(a, sizeof *p);
  if (!p) return TARN_NO_MEMORY;
  p->allocator = a;
  pthread_mutex_init(&p->lock, NULL);
  *place = p;
  return TARN_OK;
}

void tarn__opened_place_destroy(tarn_opened_place *place) {
  if (!place) return;
  tarn__opened_release(place->last);
  pthread_mutex_destroy(&place->lock);
  tarn__free(place->allocator, place, sizeof *place);
}

void tarn__opened_release(tarn_opened *o) {
  if (!o || atomic_fetch_sub_explicit(&o->references, 1, memory_order_acq_rel) != 1) return;
  for (size_t i = 0; o->view && i < o->count; i++) tarn__tensor_clear(&o->view[i]);
  tarn__free(o->allocator, o->view, (o->count + 1) * sizeof *o->view);
  if (o->path) tarn__free(o->allocator, o->path, strlen(o->path) + 1);
  tarn_checkpoint_close(o->checkpoint);
  pthread_mutex_destroy(&o->lock);
  tarn__free(o->allocator, o, sizeof *o);
}

/* The file whose change makes another checkpoint of a prefix. */
static bool identify(const tarn_allocator *a, const char *prefix, identity *id) {
  struct stat facts;
  const size_t bytes = strlen(prefix) + sizeof ".index";
  char *path = tarn__alloc(a, bytes);
  if (!path) return false;
  memcpy(path, prefix, bytes - sizeof ".index");
  memcpy(path + bytes - sizeof ".index", ".index", sizeof ".index");
  const bool found = stat(path, &facts) == 0 || stat(prefix, &facts) == 0;
  tarn__free(a, path, bytes);
  if (found) *id = (identity){facts.st_dev, facts.st_ino, facts.st_size, facts.st_mtim};
  return found;
}

static bool same(const identity *a, const identity *b) {
  return a->device == b->device && a->number == b->number && a->bytes == b->bytes &&
         a->changed.tv_sec == b->changed.tv_sec && a->changed.tv_nsec == b->changed.tv_nsec;
}

static tarn_status open_it(const tarn_allocator *a, const char *path, tarn_opened **opened) {
  tarn_opened *o = tarn__alloc_zero(a, sizeof *o);
  if (!o) return TARN_NO_MEMORY;
  tarn_status status;
  o->allocator = a;
  atomic_init(&o->references, 1);
  pthread_mutex_init(&o->lock, NULL);
  const size_t bytes = strlen(path) + 1;
  if (!(o->path = tarn__alloc(a, bytes))) {
    status = TARN_NO_MEMORY;
    goto done;
  }
  memcpy(o->path, path, bytes);
  identity before;
  const bool was_there = identify(a, path, &before); /* of a folder or an index: not known */
  TARN_GOTO(tarn__checkpoint_open(a, path, &o->checkpoint));
  o->known = was_there && identify(a, tarn__checkpoint_prefix(o->checkpoint), &o->file) &&
             same(&before, &o->file);
  o->count = tarn_checkpoint_count(o->checkpoint);
  if (!(o->view = tarn__alloc_zero(a, (o->count + 1) * sizeof *o->view))) status = TARN_NO_MEMORY;
done:
  if (status != TARN_OK)
    tarn__opened_release(o);
  else
    *opened = o;
  return status;
}

tarn_status tarn__opened_get(tarn_opened_place *place, const char *path, tarn_opened **opened) {
  identity now;
  tarn_status status = TARN_OK;
  pthread_mutex_lock(&place->lock);
  tarn_opened *o = place->last;
  if (!o || strcmp(o->path, path) || !o->known ||
      !identify(place->allocator, tarn__checkpoint_prefix(o->checkpoint), &now) ||
      !same(&now, &o->file)) {
    status = open_it(place->allocator, path, &o);
    if (status == TARN_OK) {
      tarn__opened_release(place->last);
      place->last = o;
    }
  }
  if (status == TARN_OK) {
    atomic_fetch_add_explicit(&o->references, 1, memory_order_relaxed);
    *opened = o;
  }
  pthread_mutex_unlock(&place->lock);
  return status;
}

const tarn_checkpoint *tarn__opened_checkpoint(const tarn_opened *opened) {
  return opened->checkpoint;
}

tarn_status tarn__opened_tensor(tarn_opened *o, const tarn_allocator *a, size_t i,
                                tarn_tensor *out) {
  tarn_status status = TARN_OK;
  tarn_tensor made = {0};
  pthread_mutex_lock(&o->lock);
  if (o->view[i].dtype) {
    tarn__tensor_share(&o->view[i], out);
    pthread_mutex_unlock(&o->lock);
    return TARN_OK;
  }
  pthread_mutex_unlock(&o->lock);
  status = tarn__checkpoint_view(o->checkpoint, o->allocator, i, &made);
  if (status != TARN_OK) return status;
  if (!tarn__tensor_is_mapped(&made)) { /* of the session's own memory, which its limit counts */
    tarn__tensor_clear(&made);
    return tarn__checkpoint_read(o->checkpoint, a, i, out);
  }
  pthread_mutex_lock(&o->lock);
  if (o->view[i].dtype)
    tarn__tensor_clear(&made); /* another thread was faster */
  else
    o->view[i] = made;
  tarn__tensor_share(&o->view[i], out);
  pthread_mutex_unlock(&o->lock);
  return TARN_OK;
}
