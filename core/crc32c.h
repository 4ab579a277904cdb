/* CRC-32C (Castagnoli), the checksum of TensorFlow's tables, bundles and records, and the masked
 * form in which they store it: a crc of data that itself holds crcs would be weak, so the stored
 * ones are rotated and offset. */
#ifndef TARN_CORE_CRC32C_H
#define TARN_CORE_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/* The crc of what gave `crc` followed by these bytes; start with 0. */
uint32_t tarn__crc32c(uint32_t crc, const void *data, size_t bytes);
/* The same without special instructions, for machines that lack them and for the tests. */
uint32_t tarn__crc32c_table(uint32_t crc, const void *data, size_t bytes);

static inline uint32_t tarn__crc32c_mask(uint32_t crc) {
  return (crc >> 15 | crc << 17) + 0xa282ead8u;
}
static inline uint32_t tarn__crc32c_unmask(uint32_t masked) {
  uint32_t r = masked - 0xa282ead8u;
  return r >> 17 | r << 15;
}

#endif
