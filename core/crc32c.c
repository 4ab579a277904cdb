/* CRC-32C: eight bytes a step, either through tables (slicing by 8) or with the SSE4.2 instruction,
 * chosen at run time. Both walk the same reflected polynomial 0x82F63B78. */
#include "core/crc32c.h"

#include <pthread.h>
#include <string.h>

#include "core/wire/wire.h"

/* table[k][n] is the crc of byte n followed by k zero bytes. A crc is linear over XOR, so each
 * entry follows from the eight single-bit bytes of its row, and the compiler fills the table in. */
#define BIT(n, i, v) ((n) >> (i)&1 ? (v) : 0u)
#define E(n, a, b, c, d, e, f, g, h)                                                         \
  (BIT(n, 0, a) ^ BIT(n, 1, b) ^ BIT(n, 2, c) ^ BIT(n, 3, d) ^ BIT(n, 4, e) ^ BIT(n, 5, f) ^ \
   BIT(n, 6, g) ^ BIT(n, 7, h))
#define E4(n, ...) \
  E(n, __VA_ARGS__), E(n + 1, __VA_ARGS__), E(n + 2, __VA_ARGS__), E(n + 3, __VA_ARGS__)
#define E16(n, ...) \
  E4(n, __VA_ARGS__), E4(n + 4, __VA_ARGS__), E4(n + 8, __VA_ARGS__), E4(n + 12, __VA_ARGS__)
#define E64(n, ...) \
  E16(n, __VA_ARGS__), E16(n + 16, __VA_ARGS__), E16(n + 32, __VA_ARGS__), E16(n + 48, __VA_ARGS__)
#define TABLE(...) \
  { E64(0u, __VA_ARGS__), E64(64u, __VA_ARGS__), E64(128u, __VA_ARGS__), E64(192u, __VA_ARGS__) }
static const uint32_t table[8][256] = {
    TABLE(0xf26b8303, 0xe13b70f7, 0xc79a971f, 0x8ad958cf, 0x105ec76f, 0x20bd8ede, 0x417b1dbc,
          0x82f63b78),
    TABLE(0x13a29877, 0x274530ee, 0x4e8a61dc, 0x9d14c3b8, 0x3fc5f181, 0x7f8be302, 0xff17c604,
          0xfbc3faf9),
    TABLE(0xa541927e, 0x4f6f520d, 0x9edea41a, 0x38513ec5, 0x70a27d8a, 0xe144fb14, 0xc76580d9,
          0x8b277743),
    TABLE(0xdd45aab8, 0xbf672381, 0x7b2231f3, 0xf64463e6, 0xe964b13d, 0xd725148b, 0xaba65fe7,
          0x52a0c93f),
    TABLE(0x38116fac, 0x7022df58, 0xe045beb0, 0xc5670b91, 0x8f2261d3, 0x1ba8b557, 0x37516aae,
          0x6ea2d55c),
    TABLE(0xef306b19, 0xdb8ca0c3, 0xb2f53777, 0x6006181f, 0xc00c303e, 0x85f4168d, 0x0e045beb,
          0x1c08b7d6),
    TABLE(0x68032cc8, 0xd0065990, 0xa5e0c5d1, 0x4e2dfd53, 0x9c5bfaa6, 0x3d5b83bd, 0x7ab7077a,
          0xf56e0ef4),
    TABLE(0x493c7d27, 0x9278fa4e, 0x211d826d, 0x423b04da, 0x847609b4, 0x0d006599, 0x1a00cb32,
          0x34019664),
};
#undef TABLE
#undef E64
#undef E16
#undef E4
#undef E
#undef BIT

uint32_t tarn__crc32c_table(uint32_t crc, const void *data, size_t bytes) {
  const unsigned char *p = data;
  uint32_t c = ~crc;
  for (; bytes >= 8; p += 8, bytes -= 8) {
    uint32_t lo = tarn__le32(p) ^ c, hi = tarn__le32(p + 4);
    c = table[7][lo & 0xff] ^ table[6][lo >> 8 & 0xff] ^ table[5][lo >> 16 & 0xff] ^
        table[4][lo >> 24] ^ table[3][hi & 0xff] ^ table[2][hi >> 8 & 0xff] ^
        table[1][hi >> 16 & 0xff] ^ table[0][hi >> 24];
  }
  for (; bytes > 0; p++, bytes--) c = c >> 8 ^ table[0][(c ^ *p) & 0xff];
  return ~c;
}

#if defined(__x86_64__) && defined(__GNUC__)
/* The instruction takes 8 bytes every 3 cycles when each waits for the one before, so three
 * stretches go side by side. A crc is linear: that of stretches A B is that of A, moved on by the
 * length of B (as if zeros followed), XOR that of B begun at 0. `moved` does the moving by STRETCH
 * bytes, a byte of the crc at a time. */
enum { STRETCH = 1024 };
static uint32_t moved[4][256];
static pthread_once_t moved_once = PTHREAD_ONCE_INIT;

static void make_moved(void) {
  static const unsigned char zeros[STRETCH];
  for (int k = 0; k < 4; k++)
    for (uint32_t n = 0; n < 256; n++) {
      /* from the inner state n << 8k, without the complements at both ends */
      const uint32_t inner = n << 8 * k;
      moved[k][n] = ~tarn__crc32c_table(~inner, zeros, STRETCH);
    }
}

static uint32_t move(uint32_t c) {
  return moved[0][c & 0xff] ^ moved[1][c >> 8 & 0xff] ^ moved[2][c >> 16 & 0xff] ^
         moved[3][c >> 24];
}

__attribute__((target("sse4.2"))) static uint32_t crc_sse42(uint32_t crc, const void *data,
                                                            size_t bytes) {
  const unsigned char *p = data;
  uint64_t c = ~crc;
  if (bytes >= 3 * STRETCH) (void)pthread_once(&moved_once, make_moved);
  for (; bytes >= 3 * STRETCH; p += 3 * STRETCH, bytes -= 3 * STRETCH) {
    uint64_t c1 = 0, c2 = 0;
    for (size_t i = 0; i < STRETCH; i += 8) {
      uint64_t w0, w1, w2;
      memcpy(&w0, p + i, 8);
      memcpy(&w1, p + STRETCH + i, 8);
      memcpy(&w2, p + 2 * STRETCH + i, 8);
      c = __builtin_ia32_crc32di(c, w0);
      c1 = __builtin_ia32_crc32di(c1, w1);
      c2 = __builtin_ia32_crc32di(c2, w2);
    }
    c = move(move((uint32_t)c) ^ (uint32_t)c1) ^ (uint32_t)c2;
  }
  for (; bytes >= 8; p += 8, bytes -= 8) {
    uint64_t word;
    memcpy(&word, p, 8);
    c = __builtin_ia32_crc32di(c, word);
  }
  uint32_t d = (uint32_t)c;
  for (; bytes > 0; p++, bytes--) d = __builtin_ia32_crc32qi(d, *p);
  return ~d;
}

uint32_t tarn__crc32c(uint32_t crc, const void *data, size_t bytes) {
  return __builtin_cpu_supports("sse4.2") ? crc_sse42(crc, data, bytes)
                                          : tarn__crc32c_table(crc, data, bytes);
}
#else
uint32_t tarn__crc32c(uint32_t crc, const void *data, size_t bytes) {
  return tarn__crc32c_table(crc, data, bytes);
}
#endif
