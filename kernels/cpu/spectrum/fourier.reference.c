/* Fourier transforms over the last one to three axes: each axis in turn, row by row. */
#include "kernels/cpu/spectrum/transform.h"
#include "kernels/run.h"

#include <complex.h>
#undef I

/* What one item of the batch is: `axes` trailing dims. The transform has lengths n; of what is
 * read, the first `in` of each axis count; the last of a real transform's spectrum has n/2 + 1. */
typedef struct shape {
  int axes;
  bool inverse, real;
  int64_t batches, n[3], in[3], out[3], in_dim[3];
  int64_t points, longest;   /* product and greatest of n */
  int64_t kept, work;        /* points that the transforms of any axis need */
} shape;

static shape shape_of(const tarn_problem *p, int axes, bool inverse) {
  const tarn_shape *x = &p->in_shape[0], *y = &p->out_shape[0];
  shape s = {.axes = axes, .inverse = inverse, .real = p->inputs > 1, .batches = 1, .points = 1};
  for (int d = 0; d < x->rank - axes; d++) s.batches *= x->dim[d];
  for (int a = 0; a < axes; a++) {
    const bool last = a == axes - 1;
    s.in_dim[a] = x->dim[x->rank - axes + a];
    s.out[a] = y->dim[y->rank - axes + a];
    /* of an odd length n, n/2 + 1 is as of n - 1: the length comes with the call (lengths) */
    s.n[a] = s.real && !inverse && last ? s.in_dim[a] : s.out[a];
  }
  return s;
}

static int64_t larger(int64_t a, int64_t b) { return a > b ? a : b; }

/* Once the lengths are known: those of a real transform are in input 1. */
static void lengths(shape *s, const tarn_tensor *given) {
  s->points = 1;
  s->longest = s->kept = s->work = 0;
  for (int a = 0; a < s->axes; a++) {
    if (given) s->n[a] = tarn__tensor_int(given, a);
    s->in[a] = s->real && s->inverse && a == s->axes - 1 ? s->n[a] / 2 + 1 : s->n[a];
    s->points *= s->n[a];
    s->longest = larger(s->longest, s->n[a]);
    s->kept = larger(s->kept, tarn__transform_kept(s->n[a]));
    s->work = larger(s->work, tarn__transform_work(s->n[a]));
  }
}

static tarn_point load(const tarn_tensor *t, int64_t i) {
  switch ((int)t->dtype) {
    case TARN_F32: return (tarn_point){(double)((const float *)t->data)[i], 0};
    case TARN_F64: return (tarn_point){((const double *)t->data)[i], 0};
    case TARN_C64: {
      const float *x = (const float *)t->data + 2 * i;
      return (tarn_point){(double)x[0], (double)x[1]};
    }
    default: return ((const tarn_point *)t->data)[i];
  }
}
static void store(tarn_tensor *t, int64_t i, tarn_point x) {
  switch ((int)t->dtype) {
    case TARN_F32: ((float *)t->data)[i] = (float)x.re; break;
    case TARN_F64: ((double *)t->data)[i] = x.re; break;
    case TARN_C64:
      ((float *)t->data)[2 * i] = (float)x.re;
      ((float *)t->data)[2 * i + 1] = (float)x.im;
      break;
    default: ((tarn_point *)t->data)[i] = x; break;
  }
}

/* Rows of one axis, each taken out into `row` and put back. A row's other indices are those of
 * point `at`, 0 on the axis. */
static void along(const shape *s, int axis, const tarn_transform *t, tarn_point *x, tarn_point *row,
                  tarn_point *work) {
  int64_t step = 1;
  for (int a = axis + 1; a < s->axes; a++) step *= s->n[a];
  const int64_t n = s->n[axis];
  for (int64_t at = 0; at < s->points; at++) {
    if (at / step % n != 0) continue;
    if (s->real && s->inverse && axis < s->axes - 1 &&
        at % s->n[s->axes - 1] > s->n[s->axes - 1] / 2)
      continue;
    for (int64_t k = 0; k < n; k++) row[k] = x[at + k * step];
    if (s->real && s->inverse &&
        axis == s->axes - 1) { /* the other half is conjugate; ends are real */
      row[0].im = 0;
      for (int64_t k = n / 2 + 1; k < n; k++) row[k] = (tarn_point){row[n - k].re, -row[n - k].im};
      if (n % 2 == 0) row[n / 2].im = 0;
    }
    tarn__transform_run(t, s->inverse, row, work);
    for (int64_t k = 0; k < n; k++) x[at + k * step] = row[k];
  }
}

/* Point `at` of the transform in a tensor of these dims (of one item), or -1 where it lies outside
 * of `used` of them. */
static int64_t position(const shape *s, int64_t at, const int64_t *used, const int64_t *dim) {
  int64_t index[3], to = 0;
  for (int a = s->axes - 1; a >= 0; a--) {
    index[a] = at % s->n[a];
    at /= s->n[a];
    if (index[a] >= used[a]) return -1;
  }
  for (int a = 0; a < s->axes; a++) to = to * dim[a] + index[a];
  return to;
}

static int64_t product(const shape *s, const int64_t *dim) {
  int64_t n = 1;
  for (int a = 0; a < s->axes; a++) n *= dim[a];
  return n;
}

static tarn_status transform(const tarn_call *call, int axes, bool inverse) {
  shape s = shape_of(call->problem, axes, inverse);
  const tarn_tensor *x = call->in[0];
  tarn_tensor *y = call->out[0];
  if (tarn__tensor_elements(y) == 0) return TARN_OK;
  lengths(&s, s.real ? call->in[1] : NULL);
  const size_t bytes = (size_t)(s.points + s.longest + s.kept + s.work) * sizeof(tarn_point);
  const int64_t in_item = product(&s, s.in_dim), out_item = product(&s, s.out);
  tarn_point *memory = tarn__alloc(tarn__call_allocator(call), bytes);
  if (!memory) return TARN_NO_MEMORY;
  tarn_point *points = memory, *row = points + s.points, *table = row + s.longest;
  tarn_status status = TARN_OK;
  for (int64_t b = 0; b < s.batches && status == TARN_OK; b++) {
    if (call->run) status = tarn__run_check(call->run);
    for (int64_t i = 0; i < s.points; i++) {
      const int64_t from = position(&s, i, s.in, s.in_dim);
      points[i] = from < 0 ? (tarn_point){0, 0} : load(x, b * in_item + from);
    }
    for (int a = inverse ? 0 : axes - 1; a >= 0 && a < axes; a += inverse ? 1 : -1) {
      tarn_transform t;
      tarn__transform_init(&t, s.n[a], table);
      along(&s, a, &t, points, row, table + s.kept);
    }
    const double scale = inverse ? 1 / (double)s.points : 1;
    for (int64_t i = 0; i < s.points; i++) {
      const int64_t to = position(&s, i, s.out, s.out);
      if (to >= 0)
        store(y, b * out_item + to, (tarn_point){points[i].re * scale, points[i].im * scale});
    }
  }
  tarn__free(tarn__call_allocator(call), memory, bytes);
  return status;
}

#define RUNS(axes)                                               \
  static tarn_status run_##axes(const tarn_call *call) {         \
    return transform(call, axes, false);                         \
  }                                                              \
  static tarn_status run_inverse_##axes(const tarn_call *call) { \
    return transform(call, axes, true);                          \
  }
RUNS(1)
RUNS(2)
RUNS(3)

#define ROWS(suffix, axes)                                                                   \
  {.op = "FFT" suffix, .run = run_##axes}, {.op = "IFFT" suffix, .run = run_inverse_##axes}, \
      {.op = "BatchFFT" suffix, .run = run_##axes},                                          \
      {.op = "BatchIFFT" suffix, .run = run_inverse_##axes},                                 \
      {.op = "RFFT" suffix, .run = run_##axes}, {.op = "IRFFT" suffix, .run = run_inverse_##axes},

const tarn_kernel tarn_kernels_spectrum_fourier_reference[] = {ROWS("", 1) ROWS("2D", 2)
                                                                   ROWS("3D", 3){0}};
