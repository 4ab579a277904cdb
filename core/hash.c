/* Four lanes of multiply and rotate, eight bytes each, and a final mixing: the scheme of xxHash64
 * (Collet, 2012) with constants of our own (odd 64-bit parts of sqrt(2), sqrt(3), sqrt(5),
 * sqrt(7)). */
#include "core/hash.h"

#include "core/wire/wire.h"

#define A 0x6a09e667f3bcc909u
#define B 0xbb67ae8584caa73bu
#define C 0x3c6ef372fe94f82bu
#define D 0xa54ff53a5f1d36f1u

static uint64_t rotate(uint64_t x, int by) {
  return x << by | x >> (64 - by);
}
static uint64_t step(uint64_t lane, uint64_t word) {
  return rotate(lane + word * A, 31) * B;
}

uint64_t tarn__hash(uint64_t hash, const void *data, size_t bytes) {
  const unsigned char *p = data;
  uint64_t lane[4] = {hash + A, hash ^ B, hash + C, hash ^ D}, x = hash + bytes * C;
  size_t left = bytes;
  for (; left >= 32; left -= 32, p += 32)
    for (int i = 0; i < 4; i++) lane[i] = step(lane[i], tarn__le64(p + 8 * i));
  for (int i = 0; i < 4; i++) x = rotate(x ^ step(0, lane[i]), 27) * A + D;
  for (; left >= 8; left -= 8, p += 8) x = rotate(x ^ step(0, tarn__le64(p)), 27) * A + D;
  for (; left > 0; left--, p++) x = rotate(x ^ *p * C, 11) * A;
  x = (x ^ x >> 33) * B;
  x = (x ^ x >> 29) * C;
  return x ^ x >> 32;
}
