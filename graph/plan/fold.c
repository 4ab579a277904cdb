#include "graph/plan/fold.h"

#include "core/tensor/contents.h"
#include "core/thread/threads.h"

struct tarn_fold {
  const tarn_allocator *allocator;
  tarn_tensor source;
  int64_t channels;
  double *scale; /* behind the struct, in its allocation */
};

static size_t bytes_of(const tarn_fold *f) {
  return sizeof *f + (size_t)f->channels * sizeof(double);
}

static void drop(void *context) {
  tarn_fold *f = context;
  tarn__tensor_clear(&f->source);
  tarn__free(f->allocator, f, bytes_of(f));
}

tarn_status tarn__fold_create(const tarn_allocator *a, const tarn_tensor *w, const double *scale,
                              int64_t channels, uint64_t contents, bool lasting, tarn_tensor *out) {
  tarn_fold *f = tarn__alloc(a, sizeof *f + (size_t)channels * sizeof(double));
  if (!f) return TARN_NO_MEMORY;
  *f = (tarn_fold){.allocator = a, .channels = channels, .scale = (double *)(void *)(f + 1)};
  if (channels) memcpy(f->scale, scale, (size_t)channels * sizeof(double));
  tarn__tensor_share(w, &f->source);
  const tarn_status status = tarn__tensor_wrap(a, w->dtype, &w->shape, NULL, drop, f, out);
  if (status != TARN_OK)
    drop(f);
  else if (lasting)
    tarn__tensor_name_lasting(out, contents);
  else if (contents)
    tarn__tensor_name_contents(out, contents);
  return status;
}

const tarn_fold *tarn__fold_of(const tarn_tensor *t) {
  return tarn__tensor_wrapped(t, drop);
}
const tarn_tensor *tarn__fold_source(const tarn_fold *fold) {
  return &fold->source;
}

typedef struct job {
  const tarn_fold *fold;
  void *to;
  int64_t rows, step;
} job;

/* Rows of channels. The product is rounded once, from double. */
static tarn_status fill_rows(void *argument, int64_t chunk, int worker) {
  (void)worker;
  const job *j = argument;
  const int64_t n = j->fold->channels, begin = chunk * j->step,
                end = j->rows - begin < j->step ? j->rows : begin + j->step;
  const double *scale = j->fold->scale;
  for (int64_t r = begin; r < end; r++) {
    if (j->fold->source.dtype == TARN_F64) {
      const double *from = (const double *)j->fold->source.data + r * n;
      double *to = (double *)j->to + r * n;
      for (int64_t o = 0; o < n; o++) to[o] = from[o] * scale[o];
    } else {
      const float *from = (const float *)j->fold->source.data + r * n;
      float *to = (float *)j->to + r * n;
      for (int64_t o = 0; o < n; o++) to[o] = (float)((double)from[o] * scale[o]);
    }
  }
  return TARN_OK;
}

tarn_status tarn__fold_fill(const tarn_fold *fold, void *elements, tarn_pool *pool) {
  const int64_t all = tarn__tensor_elements(&fold->source);
  if (!all) return TARN_OK;
  job j = {.fold = fold, .to = elements, .rows = all / fold->channels};
  j.step = 16384 / fold->channels + 1;
  return tarn__pool_run(pool, (j.rows + j.step - 1) / j.step, fill_rows, &j);
}

tarn_status tarn__fold_make(const tarn_allocator *a, tarn_tensor *t) {
  const tarn_fold *fold = tarn__fold_of(t);
  tarn_tensor made = {0};
  TARN_TRY(tarn__tensor_new_raw(a, t->dtype, &t->shape, &made));
  const tarn_status status = tarn__fold_fill(fold, made.data, NULL);
  if (status != TARN_OK) {
    tarn__tensor_clear(&made);
    return status;
  }
  const uint64_t contents = tarn__tensor_contents(t);
  if (tarn__contents_last(contents))
    tarn__tensor_name_lasting(&made, contents);
  else
    tarn__tensor_name_contents(&made, contents);
  tarn__tensor_clear(t);
  *t = made;
  return TARN_OK;
}
