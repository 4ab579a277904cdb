#include "kernels/state/generator.h"

#include "kernels/state/resources.h"

#include "core/memory.h"

#include <pthread.h>
#include <stdio.h>

typedef struct generator {
  tarn_object object;
  const tarn_allocator *allocator;
  pthread_mutex_t lock;
  tarn_philox stream;
} generator;

static void destroy(void *object) {
  generator *g = object;
  pthread_mutex_destroy(&g->lock);
  tarn__free(g->allocator, g, sizeof *g);
}

static const tarn_object_type generator_type = {.name = "RandomGenerator", .destroy = destroy};

static tarn_status create(const tarn_allocator *a, const void *argument, void **object) {
  const int64_t *seeds = argument;
  generator *g = tarn__alloc_zero(a, sizeof *g);
  if (!g) return TARN_NO_MEMORY;
  if (pthread_mutex_init(&g->lock, NULL) != 0) {
    tarn__free(a, g, sizeof *g);
    return tarn_fail(TARN_NO_MEMORY, "no mutex for a random generator");
  }
  tarn__object_init(&g->object, &generator_type);
  g->allocator = a;
  if (seeds[0] || seeds[1]) tarn__philox_init(&g->stream, (uint64_t)seeds[0], (uint64_t)seeds[1]);
  else tarn__philox_init(&g->stream, tarn__random_seed(), tarn__random_seed());
  *object = g;
  return TARN_OK;
}

/* The seeds are part of the name: nodes of two functions may share theirs. */
tarn_status tarn__generator_reserve(const tarn_call *call, int64_t seed, int64_t seed2,
                                    uint64_t blocks, tarn_philox *start) {
  const tarn_run *run = call->run;
  const char *node = call->problem->node;
  const int64_t seeds[2] = {seed, seed2};
  const tarn_allocator *a = tarn__allocator_default();
  const size_t bytes = strlen(node) + 72;
  char stack[256], *name = bytes <= sizeof stack ? stack : tarn__alloc(a, bytes);
  if (!name) return TARN_NO_MEMORY;
  snprintf(name, bytes, "%s %lld %lld %llx", node, (long long)seed, (long long)seed2,
           (unsigned long long)run->place);
  void *object;
  const tarn_status status = tarn__resources_get(run->streams ? run->streams : run->resources,
                                                 &generator_type, name, create, seeds, &object);
  if (name != stack) tarn__free(a, name, bytes);
  TARN_TRY(status);
  generator *g = object;
  pthread_mutex_lock(&g->lock);
  *start = g->stream;
  tarn__philox_skip(&g->stream, blocks);
  pthread_mutex_unlock(&g->lock);
  tarn__object_release(g);
  return TARN_OK;
}
