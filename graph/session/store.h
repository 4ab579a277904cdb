/* The session's allocator: counts against the session's limit, and keeps freed blocks for the next
 * run, so that a steady run asks the system for nothing. Tensors handed out may outlive the
 * session: the store ends with its last block. */
#ifndef TARN_GRAPH_SESSION_STORE_H
#define TARN_GRAPH_SESSION_STORE_H

#include "core/memory.h"

typedef struct tarn_store tarn_store;

tarn_status tarn__store_create(const tarn_allocator *base, size_t limit, tarn_store **store);
/* How many bytes of freed blocks may be kept; 0: none. */
void tarn__store_keep(tarn_store *store, size_t bytes);
/* Gives back what is kept so far. */
void tarn__store_trim(tarn_store *store);
/* What counts against the limit. */
tarn_limited *tarn__store_limited(tarn_store *store);
/* Gives back what is kept; the rest follows as it is freed. */
void tarn__store_close(tarn_store *store);
const tarn_allocator *tarn__store_allocator(tarn_store *store);
size_t tarn__store_used(const tarn_store *store);
size_t tarn__store_peak(const tarn_store *store);
/* true when an allocation failed because of the limit. */
bool tarn__store_limit_hit(const tarn_store *store);

#endif
