/* `tarn ckpt ls` and `tarn ckpt verify`. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "tools/ckpt/ckpt.h"

static bool counted(const ckpt_tensor *t) {
  return t->dtype != TARN_NO_DTYPE && tarn__dtype_in(t->dtype, TARN_PLAIN);
}

/* Bytes of the elements in memory; of strings and what we have no type for, as they are stored. */
static uint64_t bytes_of(const ckpt_tensor *t) {
  int64_t elements;
  size_t bytes;
  if (!counted(t)) return t->stored_bytes;
  return tarn__shape_bytes(&t->shape, tarn_dtype_bytes(t->dtype), &elements, &bytes) == TARN_OK
             ? bytes
             : 0;
}

static json_t *shape_json(const tarn_shape *shape) {
  json_t *dims = json_array();
  for (int i = 0; i < shape->rank; i++) json_array_append_new(dims, json_integer(shape->dim[i]));
  return dims;
}

/* JSON has no NaN or infinity: null. */
static json_t *real_json(double v) {
  return isfinite(v) ? json_real(v) : json_null();
}

static json_t *stats_json(const ckpt_stats *s) {
  json_t *o = json_object();
  bool any = s->finite > 0;
  json_object_set_new(o, "min", any ? real_json(s->min) : json_null());
  json_object_set_new(o, "max", any ? real_json(s->max) : json_null());
  json_object_set_new(o, "mean", any ? real_json(s->mean) : json_null());
  json_object_set_new(o, "std", any ? real_json(s->std) : json_null());
  json_object_set_new(o, "nan", json_integer(s->nan));
  json_object_set_new(o, "inf", json_integer(s->inf));
  return o;
}

static tarn_status stats_read(const ckpt_source *s, size_t i, ckpt_stats *stats) {
  tarn_tensor value;
  TARN_TRY(ckpt_source_read(s, i, &value));
  ckpt_stats_of(&value, stats);
  tarn__tensor_clear(&value);
  return TARN_OK;
}

static tarn_status list_json(const ckpt_source *s, const char *path, bool stats, json_t *out) {
  char text[CKPT_NAME_TEXT], dtype[32];
  json_t *rows = json_array();
  uint64_t total = 0;
  json_object_set_new(out, "path", json_string(ckpt_name(path, text)));
  json_object_set_new(out, "kind", json_string(ckpt_source_kind(s)));
  json_object_set_new(out, "tensors", rows);
  for (size_t i = 0; i < ckpt_source_count(s); i++) {
    const ckpt_tensor *t = ckpt_source_at(s, i);
    json_t *row = json_object();
    json_t *name = json_string(t->name); /* NULL when it is not UTF-8 */
    json_object_set_new(row, "name", name ? name : json_string(ckpt_name(t->name, text)));
    json_object_set_new(row, "dtype", json_string(ckpt_dtype(t, dtype)));
    json_object_set_new(row, "shape", shape_json(&t->shape));
    json_object_set_new(row, "bytes", json_integer((json_int_t)bytes_of(t)));
    if (t->parts > 1) json_object_set_new(row, "slices", json_integer((json_int_t)t->parts));
    json_array_append_new(rows, row);
    total += bytes_of(t);
    if (!stats || !counted(t)) continue;
    ckpt_stats numbers;
    TARN_TRY(stats_read(s, i, &numbers));
    json_object_set_new(row, "stats", stats_json(&numbers));
  }
  json_object_set_new(out, "count", json_integer((json_int_t)ckpt_source_count(s)));
  json_object_set_new(out, "bytes", json_integer((json_int_t)total));
  return TARN_OK;
}

static tarn_status list_text(const ckpt_source *s, const char *path, bool stats) {
  char text[CKPT_NAME_TEXT], dtype[32], shape[TARN_SHAPE_TEXT];
  int name_width = 4, dtype_width = 5, shape_width = 5;
  for (size_t i = 0; i < ckpt_source_count(s); i++) {
    const ckpt_tensor *t = ckpt_source_at(s, i);
    int n = (int)strlen(ckpt_name(t->name, text)), d = (int)strlen(ckpt_dtype(t, dtype)),
        h = (int)strlen(tarn__shape_print(&t->shape, shape));
    if (n > name_width && n <= 80) name_width = n;
    if (d > dtype_width) dtype_width = d;
    if (h > shape_width) shape_width = h;
  }
  uint64_t total = 0;
  printf("%-*s  %-*s  %-*s  %12s", name_width, "name", dtype_width, "dtype", shape_width, "shape",
         "bytes");
  if (stats)
    printf("  %12s  %12s  %12s  %12s  %8s  %8s", "min", "max", "mean", "std", "NaN", "Inf");
  printf("\n");
  for (size_t i = 0; i < ckpt_source_count(s); i++) {
    const ckpt_tensor *t = ckpt_source_at(s, i);
    ckpt_stats n;
    bool numbers = stats && counted(t);
    if (numbers) TARN_TRY(stats_read(s, i, &n));
    printf("%-*s  %-*s  %-*s  ", name_width, ckpt_name(t->name, text), dtype_width,
           ckpt_dtype(t, dtype), shape_width, tarn__shape_print(&t->shape, shape));
    if (bytes_of(t) > 0 || counted(t))
      printf("%12" PRIu64, bytes_of(t));
    else
      printf("%12s", "-");
    if (numbers && n.finite > 0)
      printf("  %12.5g  %12.5g  %12.5g  %12.5g  %8" PRId64 "  %8" PRId64, n.min, n.max, n.mean,
             n.std, n.nan, n.inf);
    else if (numbers)
      printf("  %12s  %12s  %12s  %12s  %8" PRId64 "  %8" PRId64, "-", "-", "-", "-", n.nan, n.inf);
    if (t->parts > 1) printf("  (%zu slices)", t->parts);
    printf("\n");
    total += bytes_of(t);
  }
  printf("%zu tensors, %" PRIu64 " bytes, %s %s\n", ckpt_source_count(s), total,
         ckpt_source_kind(s), ckpt_name(path, text));
  return TARN_OK;
}

/* One path gives one object, several an array of them. */
static int print_all(json_t *all, int paths) {
  if (paths > 1) return ckpt_print_json(all);
  json_t *only = json_incref(json_array_get(all, 0));
  json_decref(all);
  return ckpt_print_json(only);
}

int ckpt_ls(const ckpt_options *o) {
  json_t *all = o->json ? json_array() : NULL;
  for (int i = 0; i < o->paths; i++) {
    ckpt_source *s;
    tarn_status status = ckpt_source_open(o->path[i], &s);
    if (status == TARN_OK) {
      json_t *one = o->json ? json_object() : NULL;
      status = one ? list_json(s, o->path[i], o->stats, one) : list_text(s, o->path[i], o->stats);
      if (one) json_array_append_new(all, one);
      ckpt_source_close(s);
    }
    if (status != TARN_OK) {
      json_decref(all);
      return ckpt_fail(status);
    }
  }
  return o->json ? print_all(all, o->paths) : TARN_EXIT_OK;
}

/* ---- verify ---------------------------------------------------------------------------------- */

static tarn_status verify(const char *path, tarn_checkpoint_summary *summary, const char **kind) {
  ckpt_source *s;
  TARN_TRY(ckpt_source_open(path, &s));
  *kind = ckpt_source_kind(s);
  tarn_status status = TARN_OK;
  *summary = (tarn_checkpoint_summary){.tensors = ckpt_source_count(s), .files = 1};
  if (ckpt_source_checkpoint(s)) {
    status = tarn__checkpoint_verify(ckpt_source_checkpoint(s), tarn__allocator_default(), summary);
  } else {
    for (size_t i = 0; i < ckpt_source_count(s) && status == TARN_OK; i++) {
      tarn_tensor value;
      status = ckpt_source_read(s, i, &value);
      if (status != TARN_OK) break;
      summary->bytes += tarn__tensor_bytes(&value);
      tarn__tensor_clear(&value);
    }
  }
  ckpt_source_close(s);
  return status;
}

int ckpt_verify(const ckpt_options *o) {
  int worst = TARN_EXIT_OK;
  char text[CKPT_NAME_TEXT];
  json_t *all = o->json ? json_array() : NULL;
  for (int i = 0; i < o->paths; i++) {
    tarn_checkpoint_summary s;
    const char *kind;
    tarn_status status = verify(o->path[i], &s, &kind);
    if (status != TARN_OK) {
      int code = ckpt_fail(status);
      if (code > worst) worst = code;
      continue;
    }
    ckpt_name(o->path[i], text);
    if (o->json) {
      json_array_append_new(
          all, json_pack("{s:s, s:s, s:I, s:I, s:I, s:I, s:b}", "path", text, "kind", kind,
                         "tensors", (json_int_t)s.tensors, "files", (json_int_t)s.files, "blocks",
                         (json_int_t)s.blocks, "bytes", (json_int_t)s.bytes, "ok", 1));
    } else {
      printf("ok: %s %s: %zu tensors, %" PRIu64
             " bytes, %zu files; every length and crc is right\n",
             kind, text, s.tensors, s.bytes, s.files);
    }
  }
  /* What failed was told on standard error. */
  int printed = TARN_EXIT_OK;
  if (o->json && (o->paths > 1 || json_array_size(all) > 0))
    printed = print_all(all, o->paths);
  else
    json_decref(all);
  return worst > printed ? worst : printed;
}
