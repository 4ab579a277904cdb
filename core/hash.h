/* A 64-bit number of bytes that is the same in every process and on every machine, for recognising
 * what was seen before. Not for tables whose keys a file chooses (core/map.h), and no signature. */
#ifndef TARN_CORE_HASH_H
#define TARN_CORE_HASH_H

#include <stddef.h>
#include <stdint.h>

/* The hash of what gave `hash` followed by these bytes as one more part; start with any number. */
uint64_t tarn__hash(uint64_t hash, const void *data, size_t bytes);

#endif
