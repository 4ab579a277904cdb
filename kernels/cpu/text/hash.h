/* Fixed functions of bytes, so that a bucket is the same on every machine and in TensorFlow. `s`
 * may be NULL where n is 0. */
#ifndef TARN_KERNELS_CPU_TEXT_HASH_H
#define TARN_KERNELS_CPU_TEXT_HASH_H

#include <stddef.h>
#include <stdint.h>

/* FarmHash's 64-bit fingerprint (Pike 2014). */
uint64_t tarn__fingerprint(const char *s, size_t n);
/* One fingerprint of two, in this order; what MurmurHash2 does with a word. */
uint64_t tarn__fingerprint_join(uint64_t a, uint64_t b);
/* SipHash-2-4 (Aumasson and Bernstein 2012). */
uint64_t tarn__siphash(const uint64_t key[2], const char *s, size_t n);
/* MurmurHash2 (Appleby 2008), seeded as StringToHashBucket does. */
uint64_t tarn__murmur(const char *s, size_t n);

#endif
