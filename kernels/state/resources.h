/* The session's named state: variables, queues, tables, random generators, by type and name.
 * Thread-safe. */
#ifndef TARN_KERNELS_STATE_RESOURCES_H
#define TARN_KERNELS_STATE_RESOURCES_H

#include "core/tensor/tensor.h"

typedef struct tarn_resources tarn_resources;

tarn_status tarn__resources_create(const tarn_allocator *a, tarn_resources **resources);
void tarn__resources_destroy(tarn_resources *resources);
/* Where variables may live besides the host's memory, for those that are made from now on; NULL:
 * nowhere. Retained. */
typedef struct tarn_residence tarn_residence;   /* residence.h */
void tarn__resources_set_residence(tarn_resources *resources, tarn_residence *residence);
tarn_residence *tarn__resources_residence(const tarn_resources *resources);   /* borrowed */
/* The object of this type and name (container and name joined by the caller), or NULL; retained for
 * the caller. */
void *tarn__resources_find(tarn_resources *resources, const tarn_object_type *type,
                           const char *name);
/* The object of this type and name, made by `create` when there is none (under the table's lock, so
 * exactly once); retained for the caller. */
tarn_status tarn__resources_get(tarn_resources *resources, const tarn_object_type *type,
                                const char *name,
                                tarn_status (*create)(const tarn_allocator *a, const void *argument,
                                                      void **object),
                                const void *argument, void **object);
/* Drops the table's reference (DestroyResourceOp); TARN_NOT_FOUND when there is none. */
tarn_status tarn__resources_remove(tarn_resources *resources, const tarn_object_type *type,
                                   const char *name);
/* Calls visit for each object of the type in name order until it fails. The table is locked
 * meanwhile. */
tarn_status tarn__resources_visit(tarn_resources *resources, const tarn_object_type *type,
                                  tarn_status (*visit)(void *context, const char *name,
                                                       void *object),
                                  void *context);

#endif
