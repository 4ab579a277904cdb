/* `tarn ckpt diff`: what two files of tensors do not have in common. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/map.h"
#include "tools/ckpt/ckpt.h"
#include "tools/verify/difference.h"

typedef struct report {
  const ckpt_options *options;
  json_t *rows; /* with --json */
  size_t same, differ, only[2];
} report;

static json_t *row(report *r, const char *what, const ckpt_tensor *t) {
  char text[CKPT_NAME_TEXT];
  json_t *o = json_object(), *name = json_string(t->name);
  json_object_set_new(o, "what", json_string(what));
  json_object_set_new(o, "name", name ? name : json_string(ckpt_name(t->name, text)));
  json_array_append_new(r->rows, o);
  return o;
}

static void only_in(report *r, int side, const ckpt_tensor *t) {
  char text[CKPT_NAME_TEXT], dtype[32], shape[TARN_SHAPE_TEXT];
  const char *what = side == 0 ? "only in the first" : "only in the second";
  r->only[side]++;
  if (r->rows)
    (void)row(r, what, t);
  else
    printf("%s: %s %s %s\n", what, ckpt_name(t->name, text), ckpt_dtype(t, dtype),
           tarn__shape_print(&t->shape, shape));
}

static void pair(report *r, const char *what, const ckpt_tensor *t, const char *a, const char *b) {
  char text[CKPT_NAME_TEXT];
  r->differ++;
  if (r->rows) {
    json_t *o = row(r, what, t);
    json_object_set_new(o, "first", json_string(a));
    json_object_set_new(o, "second", json_string(b));
  } else {
    printf("%s: %s: %s and %s\n", what, ckpt_name(t->name, text), a, b);
  }
}

static void values(report *r, const ckpt_tensor *t, const tarn_difference *d) {
  char text[CKPT_NAME_TEXT];
  r->differ++;
  if (r->rows) {
    json_t *o = row(r, "values", t);
    json_object_set_new(o, "elements", json_integer(d->elements));
    json_object_set_new(o, "differing", json_integer(d->differing));
    json_object_set_new(
        o, "max_abs_diff",
        t->dtype != TARN_STRING && isfinite(d->worst) ? json_real(d->worst) : json_null());
    json_object_set_new(o, "at", json_integer(d->worst_at));
    return;
  }
  printf("values: %s: %" PRId64 " of %" PRId64 " elements differ", ckpt_name(t->name, text),
         d->differing, d->elements);
  if (t->dtype == TARN_STRING)
    printf(", first at element %" PRId64 "\n", d->worst_at);
  else
    printf(", max |a - b| = %.6g at element %" PRId64 "\n", d->worst, d->worst_at);
}

static tarn_status compare_one(report *r, const ckpt_source *a, size_t i, const ckpt_source *b,
                               size_t j) {
  const ckpt_tensor *x = ckpt_source_at(a, i), *y = ckpt_source_at(b, j);
  char first[TARN_SHAPE_TEXT], second[TARN_SHAPE_TEXT];
  /* Types that we do not have compare by number; where the format gives none they are compared by
   * reading. */
  bool unlike =
      x->dtype != y->dtype || (x->dtype == TARN_NO_DTYPE && x->dtype_number != y->dtype_number);
  if (unlike) {
    pair(r, "dtype", x, ckpt_dtype(x, first), ckpt_dtype(y, second));
    return TARN_OK;
  }
  if (!tarn__shape_equal(&x->shape, &y->shape)) {
    pair(r, "shape", x, tarn__shape_print(&x->shape, first), tarn__shape_print(&y->shape, second));
    return TARN_OK;
  }
  tarn_tensor p = {0}, q = {0};
  tarn_difference d;
  TARN_TRY(ckpt_source_read(a, i, &p));
  tarn_status status = ckpt_source_read(b, j, &q);
  if (status == TARN_OK) {
    tarn__difference_of(&p, &q, r->options->rtol, r->options->atol, &d);
    if (d.differing > 0)
      values(r, x, &d);
    else
      r->same++;
  }
  tarn__tensor_clear(&p);
  tarn__tensor_clear(&q);
  return status;
}

static tarn_status names_of(const ckpt_source *s, tarn_map *names) {
  for (size_t i = 0; i < ckpt_source_count(s); i++) {
    const ckpt_tensor *t = ckpt_source_at(s, i);
    TARN_TRY(tarn__map_put(names, t->name, strlen(t->name), (void *)(uintptr_t)t));
  }
  return TARN_OK;
}

static tarn_status diff(report *r, const ckpt_source *a, const ckpt_source *b) {
  tarn_map in_a, in_b;
  tarn__map_init(&in_a, tarn__allocator_default());
  tarn__map_init(&in_b, tarn__allocator_default());
  tarn_status status = names_of(a, &in_a);
  if (status == TARN_OK) status = names_of(b, &in_b);
  for (size_t i = 0; i < ckpt_source_count(a) && status == TARN_OK; i++) {
    const ckpt_tensor *t = ckpt_source_at(a, i);
    const ckpt_tensor *other = tarn__map_get(&in_b, t->name, strlen(t->name));
    if (other)
      status = compare_one(r, a, i, b, (size_t)(other - ckpt_source_at(b, 0)));
    else
      only_in(r, 0, t);
  }
  for (size_t i = 0; i < ckpt_source_count(b) && status == TARN_OK; i++) {
    const ckpt_tensor *t = ckpt_source_at(b, i);
    if (!tarn__map_get(&in_a, t->name, strlen(t->name))) only_in(r, 1, t);
  }
  tarn__map_clear(&in_a);
  tarn__map_clear(&in_b);
  return status;
}

int ckpt_diff(const ckpt_options *o) {
  ckpt_source *a = NULL, *b = NULL;
  report r = {.options = o, .rows = o->json ? json_array() : NULL};
  tarn_status status = ckpt_source_open(o->path[0], &a);
  if (status == TARN_OK) status = ckpt_source_open(o->path[1], &b);
  if (status == TARN_OK) status = diff(&r, a, b);
  ckpt_source_close(a);
  ckpt_source_close(b);
  if (status != TARN_OK) {
    json_decref(r.rows);
    return ckpt_fail(status);
  }
  int differs = r.differ + r.only[0] + r.only[1] > 0;
  if (o->json) {
    int code =
        ckpt_print_json(json_pack("{s:I, s:I, s:I, s:I, s:o}", "same", (json_int_t)r.same, "differ",
                                  (json_int_t)r.differ, "only_first", (json_int_t)r.only[0],
                                  "only_second", (json_int_t)r.only[1], "differences", r.rows));
    return code ? code : differs;
  }
  printf("%zu the same, %zu differ, %zu only in the first, %zu only in the second\n", r.same,
         r.differ, r.only[0], r.only[1]);
  return differs;
}
