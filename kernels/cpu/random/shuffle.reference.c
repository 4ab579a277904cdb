/* RandomIndexShuffle: a permutation of [0, max_index], an index at a time. The index is encrypted
 * as a block of as many bits as max_index needs, again and again until it is in range: a walk along
 * the cipher's cycle (Black and Rogaway, "Ciphers with Arbitrary Finite Domains", 2002). The cipher
 * is Simon (Beaulieu and others, 2013) with words of any width, three key words and few rounds. */
#include <math.h>

#include "kernels/cpu/array/elements.h"
#include "kernels/params/random.h"

typedef struct cipher {
  int bits, rounds; /* of a word: half a block */
  uint64_t mask, key[TARN_SHUFFLE_ROUNDS];
} cipher;

static uint64_t left(const cipher *c, uint64_t x, int by) {
  return (x << by | x >> (c->bits - by)) & c->mask;
}
static uint64_t right(const cipher *c, uint64_t x, int by) {
  return left(c, x, c->bits - by);
}
static uint64_t mix(const cipher *c, uint64_t x) {
  return (left(c, x, 1) & left(c, x, 8)) ^ left(c, x, 2);
}

/* Blocks have an even number of bits, 16 at least. */
static void set_up(cipher *c, const uint32_t seed[3], uint64_t max_index, int rounds) {
  const int needed = (int)ceil(log2((double)max_index)), even = needed + needed % 2;
  const int block = even < 16 ? 16 : even > 64 ? 64 : even;
  c->bits = block / 2;
  c->rounds = rounds;
  c->mask = (UINT64_C(1) << c->bits) - 1;
  uint64_t z = UINT64_C(0x7369f885192c0ef5) & c->mask;
  for (int i = 0; i < 3; i++) c->key[i] = seed[i] & c->mask;
  for (int i = 3; i < rounds; i++, z >>= 1)
    c->key[i] = (UINT64_C(0xfffffffc) & c->mask) ^ (z & 1) ^ c->key[i - 3] ^
                right(c, c->key[i - 1], 3) ^ right(c, c->key[i - 1], 4);
}

static uint64_t encrypt(const cipher *c, uint64_t block) {
  uint64_t high = block >> c->bits & c->mask, low = block & c->mask;
  for (int i = 0; i < c->rounds; i += 2) {
    high ^= mix(c, low) ^ c->key[i];
    low ^= mix(c, high) ^ c->key[i + 1];
  }
  return high << c->bits | low;
}

/* Of an index that is in range the walk ends where it began, at the latest; of others it may not.
 */
static tarn_status walk(const tarn_call *call, const cipher *c, uint64_t max_index,
                        uint64_t *index) {
  uint64_t turns = 0;
  do {
    if (++turns % 65536 == 0 && call->run) TARN_TRY(tarn__run_check(call->run));
    *index = encrypt(c, *index);
  } while (*index > max_index);
  return TARN_OK;
}

static void put(tarn_tensor *y, int64_t i, uint64_t value) {
  if (tarn_dtype_bytes(y->dtype) == 8)
    ((uint64_t *)y->data)[i] = value;
  else
    ((uint32_t *)y->data)[i] = (uint32_t)value;
}

static tarn_status shuffle(const tarn_call *call) {
  const tarn_tensor *index = call->in[0], *seed = call->in[1], *max = call->in[2];
  const int rounds = ((const tarn_shuffle_params *)call->problem->params)->rounds;
  for (int64_t i = 0, n = tarn__tensor_elements(call->out[0]); i < n; i++) {
    const uint64_t max_index = (uint64_t)tarn__index_at(max, max->shape.rank ? i : 0);
    uint64_t value = 0;
    if (max_index != 0) {
      cipher c;
      uint32_t words[3];
      for (int k = 0; k < 3; k++)
        words[k] = (uint32_t)tarn__index_at(seed, (seed->shape.rank == 2 ? 3 * i : 0) + k);
      set_up(&c, words, max_index, rounds);
      value = (uint64_t)tarn__index_at(index, index->shape.rank ? i : 0);
      TARN_TRY(walk(call, &c, max_index, &value));
    }
    put(call->out[0], i, value);
  }
  return TARN_OK;
}

const tarn_kernel tarn_kernels_random_shuffle_reference[] = {
    {.op = "RandomIndexShuffle", .name = "shuffle", .run = shuffle},
    {0},
};
