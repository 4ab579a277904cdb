/* Hash tables from keys to values, both of one dtype each: strings or numbers. Thread-safe. */
#ifndef TARN_KERNELS_STATE_LOOKUP_H
#define TARN_KERNELS_STATE_LOOKUP_H

#include "kernels/state/resources.h"

typedef struct tarn_lookup tarn_lookup;

extern const tarn_object_type tarn__lookup_type;

/* The table of that name; retained for the caller. TARN_INVALID when it has other dtypes. */
tarn_status tarn__lookup_get(tarn_resources *resources, const char *name, tarn_dtype keys, tarn_dtype values, bool is_mutable,
                             tarn_lookup **table);
tarn_dtype tarn__lookup_keys(const tarn_lookup *table);
tarn_dtype tarn__lookup_values(const tarn_lookup *table);
int64_t tarn__lookup_size(tarn_lookup *table);
/* Adds all pairs (n elements each). clear: drops what was there. A table that is not mutable is filled once; a key that comes
 * again must then have the value it has (TARN_FAILED). */
tarn_status tarn__lookup_insert(tarn_lookup *table, const tarn_tensor *keys, const tarn_tensor *values, bool clear);
/* values[i] of keys[i], or the one element of `otherwise`. */
tarn_status tarn__lookup_find(tarn_lookup *table, const tarn_tensor *keys, const tarn_tensor *otherwise, tarn_tensor *values);
/* Everything, in the order it came; keys and values are the caller's to clear. */
tarn_status tarn__lookup_export(tarn_lookup *table, tarn_tensor *keys, tarn_tensor *values);

#endif
