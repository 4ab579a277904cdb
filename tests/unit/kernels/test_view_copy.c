/* Copies between strided views against one element at a time: every element size, runs, repeats,
 * reversals and transposes; small, and larger than what is written past the caches. */
#include "kernels/cpu/array/stream.h"
#include "kernels/cpu/array/views/view_copy.h"
#include "tests/unit/suite.h"


/* to[...] = from[...] by the definition in view_copy.h. */
static void copy_plainly(const tarn_view_copy *c, char *to, const char *from, size_t size) {
  int64_t index[TARN_VIEW_MAX] = {0};
  for (;;) {
    int64_t t = c->to_at, f = c->from_at;
    for (int d = 0; d < c->rank; d++)
      t += index[d] * c->to_stride[d], f += index[d] * c->from_stride[d];
    memcpy(to + t * (int64_t)size, from + f * (int64_t)size, size);
    int d = c->rank - 1;
    for (; d >= 0 && ++index[d] == c->dim[d]; d--) index[d] = 0;
    if (d < 0) return;
  }
}

static tarn_tensor tensor(tarn_dtype dtype, int64_t elements, uint32_t seed) {
  tarn_tensor t;
  const tarn_shape shape = tarn__shape_vector(elements);
  ck_assert(tarn__tensor_new(tarn__allocator_default(), dtype, &shape, &t) == TARN_OK);
  for (size_t i = 0; i < tarn__tensor_bytes(&t); i++) {
    seed = seed * 1664525 + 1013904223;
    ((unsigned char *)t.data)[i] = (unsigned char)(seed >> 24);
  }
  return t;
}

static void check(const tarn_view_copy *c, tarn_dtype dtype, int64_t to_elements,
                  int64_t from_elements) {
  tarn_tensor from = tensor(dtype, from_elements, 1), got = tensor(dtype, to_elements, 2),
              wanted = tensor(dtype, to_elements, 2);
  copy_plainly(c, wanted.data, from.data, tarn_dtype_bytes(dtype));
  ck_assert(tarn__view_copy_run(c, &got, &from, NULL) == TARN_OK);
  ck_assert_msg(memcmp(got.data, wanted.data, tarn__tensor_bytes(&got)) == 0,
                "%s: rank %d, last dim %lld, from stride %lld", tarn_dtype_name(dtype), c->rank,
                (long long)c->dim[c->rank - 1], (long long)c->from_stride[c->rank - 1]);
  tarn__tensor_clear(&from);
  tarn__tensor_clear(&got);
  tarn__tensor_clear(&wanted);
}

static const tarn_dtype sizes[] = {TARN_U8, TARN_F16, TARN_F32, TARN_F64, TARN_C128};

/* [a, b, c] with each kind of step along each dim. */
static void check_all(tarn_dtype dtype, int64_t a, int64_t b, int64_t c) {
  const int64_t n = a * b * c;
  tarn_view_copy v = {.rank = 0};
  tarn__view_add(&v, a, b * c, 1);          /* y[i, j, k] = x[k, j, i] */
  tarn__view_add(&v, b, c, a);
  tarn__view_add(&v, c, 1, a * b);
  check(&v, dtype, n, n);
  v = (tarn_view_copy){.rank = 0, .from_at = n - 1};   /* backwards */
  tarn__view_add(&v, a * b, c, -c);
  tarn__view_add(&v, c, 1, -1);
  check(&v, dtype, n, n);
  v = (tarn_view_copy){.rank = 0, .from_at = c - 1};   /* rows backwards */
  tarn__view_add(&v, a * b, c, c);
  tarn__view_add(&v, c, 1, -1);
  check(&v, dtype, n, n);
  v = (tarn_view_copy){.rank = 0};          /* rows repeated */
  tarn__view_add(&v, a, b * c, c);
  tarn__view_add(&v, b, c, 0);
  tarn__view_add(&v, c, 1, 1);
  check(&v, dtype, n, a * c);
  v = (tarn_view_copy){.rank = 0};          /* elements repeated */
  tarn__view_add(&v, a * b, c, 1);
  tarn__view_add(&v, c, 1, 0);
  check(&v, dtype, n, a * b);
  v = (tarn_view_copy){.rank = 0, .to_at = 2};   /* into the middle of longer rows */
  tarn__view_add(&v, a * b, c + 3, c);
  tarn__view_add(&v, c, 1, 1);
  check(&v, dtype, a * b * (c + 3), n);
  v = (tarn_view_copy){.rank = 0};          /* every second element */
  tarn__view_add(&v, a * b, c, 2 * c);
  tarn__view_add(&v, c, 1, 2);
  check(&v, dtype, n, 2 * n);
}

START_TEST(test_view_copy_of_small_shapes) {
  static const int64_t dims[] = {1, 2, 3, 7, 8, 16, 17, 33};
  for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
    for (size_t i = 0; i < 8; i++)
      for (size_t k = 0; k < 8; k++) check_all(sizes[s], dims[i], 3, dims[k]);
}
END_TEST

START_TEST(test_view_copy_past_the_caches) {
  const int64_t n = TARN_STREAM_BYTES / 16;
  check_all(TARN_C128, 301, 1, n / 301 + 5);
  check_all(TARN_C128, n / 15 + 1, 3, 5);
}
END_TEST

SUITE_MAIN("view_copy", test_view_copy_of_small_shapes, test_view_copy_past_the_caches)
