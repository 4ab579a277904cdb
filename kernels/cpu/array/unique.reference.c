/* Distinct slices by an open hash table of their indices, in scratch. Floats compare by value: a
 * NaN equals nothing, and -0 equals 0; but TensorFlow hashes the bits of 16-bit floats, so that
 * there -0 and 0 are two values. */
#include "kernels/cpu/array/elements.h"
#include "kernels/params/padding.h"

static bool equal(const tarn_tensor *x, int64_t i, const tarn_tensor *y, int64_t j) {
  switch ((int)x->dtype) {
    case TARN_F32: return ((const float *)x->data)[i] == ((const float *)y->data)[j];
    case TARN_F64: return ((const double *)x->data)[i] == ((const double *)y->data)[j];
    case TARN_F16: case TARN_BF16: {
      const uint16_t a = ((const uint16_t *)x->data)[i],
                     inf = x->dtype == TARN_F16 ? 0x7c00 : 0x7f80;
      return a == ((const uint16_t *)y->data)[j] && (a & 0x7fff) <= inf;
    }
    case TARN_STRING: {
      const tarn_string *a = (const tarn_string *)x->data + i,
                        *b = (const tarn_string *)y->data + j;
      return a->size == b->size && (a->size == 0 || memcmp(a->data, b->data, a->size) == 0);
    }
    default: break;
  }
  int64_t size = (int64_t)tarn_dtype_bytes(x->dtype);
  return memcmp((const char *)x->data + i * size, (const char *)y->data + j * size, (size_t)size) ==
         0;
}

/* Equal elements have equal hashes; NaNs may have any. */
static uint64_t mix(const tarn_tensor *x, int64_t i, uint64_t h) {
  size_t size = tarn_dtype_bytes(x->dtype);
  const unsigned char *bytes = (const unsigned char *)x->data + (size_t)i * size;
  uint64_t word = 0;
  if (x->dtype == TARN_STRING) {
    const tarn_string *s = (const tarn_string *)x->data + i;
    for (size_t k = 0; k < s->size; k++) h = (h ^ (unsigned char)s->data[k]) * 0x100000001b3u;
    word = s->size;
  } else {
    memcpy(&word, bytes, size < sizeof word ? size : sizeof word);
    bool negative_zero = (x->dtype == TARN_F32 && word == 0x80000000u) ||
                         (x->dtype == TARN_F64 && word == (uint64_t)1 << 63);
    if (negative_zero) word = 0;
  }
  h = (h ^ word) * 0x9e3779b97f4a7c15u;
  return h ^ h >> 29;
}

/* x seen as [outer, dim, inner]; slice i is all x[o, i, k]. */
typedef struct slices {
  const tarn_tensor *x;
  int64_t outer, dim, inner;
} slices;

static uint64_t hash(const slices *s, int64_t i) {
  uint64_t h = 0xcbf29ce484222325u;
  for (int64_t o = 0; o < s->outer; o++)
    for (int64_t k = 0; k < s->inner; k++) h = mix(s->x, (o * s->dim + i) * s->inner + k, h);
  return h;
}

static bool same(const slices *a, int64_t i, const slices *b, int64_t j) {
  for (int64_t o = 0; o < a->outer; o++)
    for (int64_t k = 0; k < a->inner; k++)
      if (!equal(a->x, (o * a->dim + i) * a->inner + k, b->x, (o * b->dim + j) * b->inner + k))
        return false;
  return true;
}

/* Of the table: a power of two, at most half full. */
static int64_t table_slots(int64_t n) {
  int64_t slots = 8;
  while (slots < 2 * n) slots *= 2;
  return slots;
}

/* table[slot] is 1 + the index of a slice of `held`, or 0. Gives the slot of the slice that equals
 * slice i of s, or the free one where it belongs. */
static int64_t find(const int64_t *table, int64_t slots, const slices *held, const slices *s,
                    int64_t i) {
  int64_t slot = (int64_t)(hash(s, i) & (uint64_t)(slots - 1));
  while (table[slot] && !same(held, table[slot] - 1, s, i)) slot = (slot + 1) & (slots - 1);
  return slot;
}

/* The axis in input 1, where there is one with an element. */
static int axis_of(const tarn_problem *p, const tarn_tensor *axis) {
  if (p->inputs < 2 || tarn__shape_elements(&p->in_shape[1]) == 0) return 0;
  int64_t a = tarn__index_at(axis, 0);
  return (int)(a < 0 ? a + p->in_shape[0].rank : a);
}

/* ---- elements of up to 8 bytes ------------------------------------------------------------ */

enum { WORDS = 512 };

/* n elements from `at` on as words that are equal where the elements are; alone[k]: equal to
 * nothing, a NaN. */
static void read_words(const tarn_tensor *x, int64_t at, int64_t n, uint64_t *word, bool *alone) {
  memset(alone, 0, (size_t)n);
  switch ((int)x->dtype) {
#define FLOATS(DT, S, BITS)                                                         \
  case DT:                                                                          \
    for (int64_t k = 0; k < n; k++) {                                               \
      const S v = ((const S *)x->data)[at + k];                                     \
      BITS bits;                                                                    \
      memcpy(&bits, &v, sizeof bits);                                               \
      word[k] = v == 0 ? 0 : bits; /* zeros of both signs */                        \
      alone[k] = v != v;                                                            \
    }                                                                               \
    return;
    FLOATS(TARN_F32, float, uint32_t)
    FLOATS(TARN_F64, double, uint64_t)
#undef FLOATS
    case TARN_F16: case TARN_BF16:
      for (int64_t k = 0; k < n; k++) {
        word[k] = ((const uint16_t *)x->data)[at + k];
        alone[k] = (word[k] & 0x7fff) > (x->dtype == TARN_F16 ? 0x7c00 : 0x7f80);
      }
      return;
    default: break;
  }
  switch (tarn_dtype_bytes(x->dtype)) {
#define INTEGERS(T, BYTES) \
  case BYTES: for (int64_t k = 0; k < n; k++) word[k] = ((const T *)x->data)[at + k]; break;
    INTEGERS(uint8_t, 1) INTEGERS(uint16_t, 2) INTEGERS(uint32_t, 4) INTEGERS(uint64_t, 8)
#undef INTEGERS
    default: break;
  }
}

static uint64_t mix_word(uint64_t word) {
  const uint64_t h = (word ^ word >> 32) * 0x9e3779b97f4a7c15u;
  return h ^ h >> 29;
}

/* A table that grows with what it holds, so that few values among many elements stay in the cache.
 * A slot is the upper half of the hash and, below, 1 + the value's number; 0: free. */
typedef struct word_table {
  uint64_t *slot, *word;       /* word[number] */
  int64_t slots, most, found;
} word_table;

static uint64_t *word_slot(const word_table *t, uint64_t word, uint64_t h) {
  int64_t at = (int64_t)(h & (uint64_t)(t->slots - 1));
  for (; t->slot[at]; at = (at + 1) & (t->slots - 1))
    if (t->slot[at] >> 32 == h >> 32 && t->word[(uint32_t)t->slot[at] - 1] == word) break;
  return &t->slot[at];
}

static void grow(word_table *t) {
  t->slots *= 4;
  if (t->slots > t->most) t->slots = t->most;
  memset(t->slot, 0, (size_t)t->slots * sizeof *t->slot);
  for (int64_t k = 0; k < t->found;
       k++) { /* those that are equal to nothing may be found, but not looked for */
    const uint64_t h = mix_word(t->word[k]);
    *word_slot(t, t->word[k], h) = (h & ~(uint64_t)UINT32_MAX) | (uint64_t)(k + 1);
  }
}

static void empty(word_table *t) {
  t->slots = t->most < 1024 ? t->most : 1024;
  t->found = 0;
  memset(t->slot, 0, (size_t)t->slots * sizeof *t->slot);
}

/* A new value, into its slot; NULL: one that is equal to nothing. */
static void add_word(word_table *t, uint64_t *slot, uint64_t word, uint64_t h) {
  t->word[t->found++] = word;
  if (slot) *slot = (h & ~(uint64_t)UINT32_MAX) | (uint64_t)t->found;
  if (2 * t->found > t->slots && t->slots < t->most) grow(t);
}

/* Numbers the values of n elements, n < 2^31, as unique() does; returns how many there are. */
static int64_t number_words(const tarn_tensor *x, int64_t n, word_table *t, int64_t *number,
                            int64_t *first, int64_t *count) {
  uint64_t word[WORDS];
  bool alone[WORDS];
  empty(t);
  for (int64_t i = 0; i < n; i += WORDS) {
    const int64_t part = n - i < WORDS ? n - i : WORDS;
    read_words(x, i, part, word, alone);
    for (int64_t k = 0; k < part; k++) {
      const uint64_t h = mix_word(word[k]);
      uint64_t *slot = alone[k] ? NULL : word_slot(t, word[k], h);
      if (!slot || !*slot) {
        first[t->found] = i + k;
        count[t->found] = 1;
        number[i + k] = t->found;
        add_word(t, slot, word[k], h);
      } else {
        number[i + k] = (int64_t)(uint32_t)*slot - 1;
        count[number[i + k]]++;
      }
    }
  }
  return t->found;
}

/* ---- kernels ------------------------------------------------------------------------------ */

static tarn_status unique(const tarn_call *call) {
  const tarn_tensor *x = call->in[0];
  int axis = axis_of(call->problem, call->problem->inputs > 1 ? call->in[1] : NULL);
  slices s = {x, tarn__dims_product(&x->shape, 0, axis), x->shape.dim[axis],
              tarn__dims_product(&x->shape, axis + 1, x->shape.rank)};
  /* Scratch: the table, then by slice: the number of its value; by value: its first slice, its
   * count and its word. */
  int64_t slots = table_slots(s.dim), *table = call->scratch, *number = table + slots,
          *first = number + s.dim;
  int64_t *count = first + s.dim, found = 0;
  const bool words = s.outer == 1 && s.inner == 1 && x->dtype != TARN_STRING && s.dim < INT32_MAX;
  word_table t = {.slot = (uint64_t *)table, .word = (uint64_t *)(count + s.dim), .most = slots};
  if (words) found = number_words(x, s.dim, &t, number, first, count);
  else memset(table, 0, (size_t)slots * sizeof *table);
  for (int64_t i = 0; i < s.dim && !words; i++) {
    int64_t slot = find(table, slots, &s, &s, i);
    if (!table[slot]) {
      table[slot] = i + 1;
      first[found] = i;
      count[found] = 0;
      number[i] = found++;
    } else {
      number[i] = number[table[slot] - 1];
    }
    count[number[i]]++;
  }
  tarn_shape shape = x->shape, vector = tarn__shape_vector(s.dim);
  shape.dim[axis] = found;
  TARN_TRY(tarn__call_allocate(call, 0, &shape));
  if (call->problem->out_shape[1].rank < 0) TARN_TRY(tarn__call_allocate(call, 1, &vector));
  for (int64_t o = 0; o < s.outer; o++)
    for (int64_t j = 0; j < found; j++)
      TARN_TRY(tarn__move(call->out[0], (o * found + j) * s.inner, x,
                          (o * s.dim + first[j]) * s.inner, s.inner));
  for (int64_t i = 0; i < s.dim; i++) tarn__index_put(call->out[1], i, number[i]);
  if (call->problem->outputs < 3) return TARN_OK;
  vector = tarn__shape_vector(found);
  TARN_TRY(tarn__call_allocate(call, 2, &vector));
  for (int64_t j = 0; j < found; j++) tarn__index_put(call->out[2], j, count[j]);
  return TARN_OK;
}

/* The axis is not known here: room for the longest dim. */
static size_t unique_scratch(const tarn_problem *p, int threads) {
  (void)threads;
  int64_t n = 0;
  for (int d = 0; d < p->in_shape[0].rank; d++)
    if (p->in_shape[0].dim[d] > n) n = p->in_shape[0].dim[d];
  return (size_t)(table_slots(n) + 4 * n) * sizeof(int64_t);
}

/* missing[i]: element i of x is not among y's; returns how many. */
static int64_t mark_missing(const tarn_tensor *x, const tarn_tensor *y, word_table *t,
                            uint8_t *missing) {
  uint64_t word[WORDS];
  bool alone[WORDS];
  const int64_t nx = tarn__tensor_elements(x), ny = tarn__tensor_elements(y);
  int64_t left = 0;
  empty(t);
  for (int64_t i = 0; i < ny; i += WORDS) {
    const int64_t part = ny - i < WORDS ? ny - i : WORDS;
    read_words(y, i, part, word, alone);
    for (int64_t k = 0; k < part; k++) {
      const uint64_t h = mix_word(word[k]);
      uint64_t *slot = word_slot(t, word[k], h);
      if (!alone[k] && !*slot) add_word(t, slot, word[k], h);
    }
  }
  for (int64_t i = 0; i < nx; i += WORDS) {
    const int64_t part = nx - i < WORDS ? nx - i : WORDS;
    read_words(x, i, part, word, alone);
    for (int64_t k = 0; k < part; k++) {
      missing[i + k] = alone[k] || !*word_slot(t, word[k], mix_word(word[k]));
      left += missing[i + k];
    }
  }
  return left;
}

static tarn_status list_diff(const tarn_call *call) {
  slices x = {call->in[0], 1, tarn__tensor_elements(call->in[0]), 1};
  slices y = {call->in[1], 1, tarn__tensor_elements(call->in[1]), 1};
  /* Scratch: the table, y's words, and for each element of x whether it stays. */
  int64_t slots = table_slots(y.dim), *table = call->scratch, left = 0;
  uint8_t *missing = (uint8_t *)(table + slots + y.dim);
  if (x.x->dtype != TARN_STRING && y.dim < INT32_MAX) {
    word_table t = {.slot = (uint64_t *)table, .word = (uint64_t *)(table + slots), .most = slots};
    left = mark_missing(x.x, y.x, &t, missing);
  } else {
    memset(table, 0, (size_t)slots * sizeof *table);
    for (int64_t i = 0; i < y.dim; i++) table[find(table, slots, &y, &y, i)] = i + 1;
    for (int64_t i = 0; i < x.dim; i++)
      left += missing[i] = table[find(table, slots, &y, &x, i)] == 0;
  }
  tarn_shape shape = tarn__shape_vector(left);
  TARN_TRY(tarn__call_allocate(call, 0, &shape));
  TARN_TRY(tarn__call_allocate(call, 1, &shape));
  int64_t at = 0;
  for (int64_t i = 0; i < x.dim; i++) {
    if (!missing[i]) continue;
    TARN_TRY(tarn__move(call->out[0], at, x.x, i, 1));
    tarn__index_put(call->out[1], at++, i);
  }
  return TARN_OK;
}

/* Of indices, which are whole numbers. */
static tarn_status unique_padded(const tarn_call *call) {
  const tarn_tensor *x = call->in[0];
  const int64_t n = x->shape.dim[0], slots = table_slots(n),
                padding = TARN_PADDING(x->dtype == TARN_I64);
  int64_t *table = call->scratch, *number = table + slots, *first = number + n, *count = first + n;
  word_table t = {.slot = (uint64_t *)table, .word = (uint64_t *)(count + n), .most = slots};
  const int64_t found = number_words(x, n, &t, number, first, count);
  for (int64_t i = 0; i < n; i++) {
    tarn__index_put(call->out[0], i, i < found ? tarn__index_at(x, first[i]) : padding);
    tarn__index_put(call->out[1], i, number[i]);
  }
  return TARN_OK;
}

static const char *refuse_long(const tarn_problem *p) {
  return p->in_shape[0].dim[0] < INT32_MAX ? NULL : "more than 2^31 indices";
}

static size_t list_diff_scratch(const tarn_problem *p, int threads) {
  (void)threads;
  const int64_t x = tarn__shape_elements(&p->in_shape[0]),
                y = tarn__shape_elements(&p->in_shape[1]);
  return (size_t)(table_slots(y) + y) * sizeof(int64_t) + (size_t)x;
}

#define COMPARABLE (TARN_REALS | TARN_BIT(TARN_BOOL) | TARN_BIT(TARN_STRING))

const tarn_kernel tarn_kernels_array_unique_reference[] = {
    {.op = "Unique", .run = unique, .dtypes = COMPARABLE, .scratch_bytes = unique_scratch},
    {.op = "_UniquePadded",
     .run = unique_padded,
     .dtypes = TARN_BIT(TARN_I32) | TARN_BIT(TARN_I64),
     .supports = refuse_long,
     .scratch_bytes = unique_scratch},
    {.op = "UniqueV2", .run = unique, .dtypes = COMPARABLE, .scratch_bytes = unique_scratch},
    {.op = "UniqueWithCounts",
     .run = unique,
     .dtypes = COMPARABLE,
     .scratch_bytes = unique_scratch},
    {.op = "UniqueWithCountsV2",
     .run = unique,
     .dtypes = COMPARABLE,
     .scratch_bytes = unique_scratch},
    {.op = "ListDiff", .run = list_diff, .dtypes = COMPARABLE, .scratch_bytes = list_diff_scratch},
    {0},
};
