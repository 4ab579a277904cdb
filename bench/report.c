#include "bench/report.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/thread/cpu.h"

tarn_status tarn__report_add(tarn_bench_report *r, const tarn_bench_row *row, const char *text) {
  if (r->rows == r->room) {
    const size_t room = r->room ? 2 * r->room : 64;
    tarn_bench_row *larger = realloc(r->row, room * sizeof *larger);
    if (!larger) return tarn_fail(TARN_NO_MEMORY, "no memory for %zu rows", room);
    r->row = larger;
    r->room = room;
  }
  char *copy = strdup(text);
  if (!copy) return tarn_fail(TARN_NO_MEMORY, "no memory for a row");
  r->row[r->rows] = *row;
  r->row[r->rows++].text = copy;
  return TARN_OK;
}

void tarn__report_clear(tarn_bench_report *r) {
  for (size_t i = 0; i < r->rows; i++) free(r->row[i].text);
  free(r->row);
  *r = (tarn_bench_report){0};
}

static int by_value(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

double tarn__report_estimates_off(const tarn_bench_report *r) {
  double *off = malloc((r->rows + 1) * sizeof *off), median = 0;
  size_t n = 0;
  for (size_t i = 0; off && i < r->rows; i++)
    if (r->row[i].predicted_us > 0 && r->row[i].min_us > 0)
      off[n++] = fabs(r->row[i].predicted_us / r->row[i].min_us - 1);
  if (n) {
    qsort(off, n, sizeof *off, by_value);
    median = off[n / 2];
  }
  free(off);
  return median;
}

static bool by_flops(const tarn_bench_row *row) {
  return row->flops > 0 && !row->by_bytes;
}
static double rate(const tarn_bench_row *row) {
  return (by_flops(row) ? row->flops : row->bytes) / row->median_us / 1e3;
}
static const char *unit(const tarn_bench_row *row) {
  return by_flops(row) ? "GFLOP/s" : "GB/s";
}
static double share(const tarn_bench_row *row) {
  return row->ceiling > 0 ? 100 * rate(row) / row->ceiling : -1;
}

/* "12.3 / 24.5", one thread and all. */
static void print_ceilings(FILE *to, const tarn_ceiling *c, const char *between, const char *end) {
  static const char *const dots[TARN_PRECISIONS] = {
      [TARN_PRECISION_BF16] = "bf16", [TARN_PRECISION_INT8] = "int8"};
  fprintf(to, "%smultiply-adds of float32, GFLOP/s:", between);
  for (int t = 0; t < TARN_TARGETS; t++)
    if (c->gflops[t] > 0)
      fprintf(to, "  %s %.1f / %.1f", tarn__target_name((tarn_target)t), c->gflops[t],
              c->gflops_all[t]);
  fputs(end, to);
  fprintf(to, "%sdot products, 10^9 operations/s:", between);
  for (int p = TARN_PRECISION_BF16; p < TARN_PRECISIONS; p++)
    if (c->gdots[p] > 0)
      fprintf(to, "  %s %.1f / %.1f", dots[p], c->gdots[p], c->gdots_all[p]);
    else
      fprintf(to, "  %s: no instruction", dots[p]);
  fputs(end, to);
  fprintf(to, "%sreading, GB/s:", between);
  for (int l = 0; l < TARN_LEVELS; l++)
    fprintf(to, "  %s %.1f / %.1f", tarn__level_name((tarn_level)l), c->gbytes[l],
            c->gbytes_all[l]);
  fputs(end, to);
}

static void print_device(FILE *to, const tarn_device_ceiling *c, const char *between,
                         const char *end) {
  fprintf(to, "%scopies, GB/s read and written:  memory %.0f  cache %.0f%s", between, c->gbytes,
          c->gbytes_cached, end);
  if (c->gflops > 0)
    fprintf(to, "%smultiply-adds of float32, GFLOP/s:  %.0f%s", between, c->gflops, end);
  fprintf(to, "%smatrix products, GFLOP/s:", between);
  for (int i = 0; i < TARN_PRODUCTS; i++)
    if (c->products[i] > 0)
      fprintf(to, "  %s %.0f", tarn__product_name((tarn_product)i), c->products[i]);
  fputs(end, to);
}

void tarn__report_head(FILE *to, const tarn_bench_report *r) {
  const tarn_ceiling *c = &r->ceiling;
  if (r->device.info) {
    fprintf(to, "%s (%s), --precision %s. Ceilings measured now:\n", r->device.info->name,
            r->device.info->versions, r->device.precision);
    print_device(to, &r->device, "  ", "\n");
  } else {
    fprintf(to, "%s, %d thread%s. Ceilings measured now, one thread / all:\n", tarn__cpu()->name,
            c->threads, c->threads == 1 ? "" : "s");
    print_ceilings(to, c, "  ", "\n");
  }
  fprintf(to, "\n  %-30s %11s %11s %11s %17s %6s %11s %8s\n", "kernel", "us min", "us median",
          "us p90", "rate", "peak", "us guessed", "error");
}

static void optional(char *text, size_t bytes, const char *format, double x) {
  if (x >= 0)
    snprintf(text, bytes, format, x);
  else
    snprintf(text, bytes, "-");
}

void tarn__report_row(FILE *to, const tarn_bench_row *row) {
  char percent[24], wrong[24], cold[40] = "";
  optional(percent, sizeof percent, "%.0f %%", share(row));
  optional(wrong, sizeof wrong, "%.1e", row->error);
  if (row->cold_us >= 0) snprintf(cold, sizeof cold, "  cold %.2f", row->cold_us);
  fprintf(to, "  %-30s %11.2f %11.2f %11.2f %9.2f %-7s %6s %11.2f %8s%s\n", row->kernel,
          row->min_us, row->median_us, row->p90_us, rate(row), unit(row), percent,
          row->predicted_us, wrong, cold);
  fflush(to);
}

/* What was measured, and of what. */
static json_t *host_json(const tarn_bench_report *r) {
  json_t *flops = json_object(), *bytes = json_object(), *dots = json_object();
  for (int t = 0; t < TARN_TARGETS; t++)
    if (r->ceiling.gflops[t] > 0)
      json_object_set_new(flops, tarn__target_name((tarn_target)t),
                          json_pack("[f, f]", r->ceiling.gflops[t], r->ceiling.gflops_all[t]));
  for (int p = TARN_PRECISION_BF16; p < TARN_PRECISIONS; p++)
    if (r->ceiling.gdots[p] > 0)
      json_object_set_new(dots, tarn__precision_name((tarn_precision)p),
                          json_pack("[f, f]", r->ceiling.gdots[p], r->ceiling.gdots_all[p]));
  for (int l = 0; l < TARN_LEVELS; l++)
    json_object_set_new(bytes, tarn__level_name((tarn_level)l),
                        json_pack("[f, f]", r->ceiling.gbytes[l], r->ceiling.gbytes_all[l]));
  return json_pack("{s:s, s:i, s:{s:o, s:o, s:o}}", "cpu", tarn__cpu()->name, "threads",
                   r->ceiling.threads, "ceilings", "gflops_one_all", flops, "dots_one_all", dots,
                   "gbytes_one_all", bytes);
}

static json_t *device_json(const tarn_device_ceiling *c) {
  json_t *products = json_object();
  for (int i = 0; i < TARN_PRODUCTS; i++)
    if (c->products[i] > 0)
      json_object_set_new(products, tarn__product_name((tarn_product)i),
                          json_real(c->products[i]));
  return json_pack("{s:s, s:s, s:s, s:{s:f, s:f, s:f, s:o}}", "device", c->info->name, "versions",
                   c->info->versions, "precision", c->precision, "ceilings",
                   "copy_gbytes", c->gbytes, "copy_in_cache_gbytes", c->gbytes_cached,
                   "multiply_add_gflops", c->gflops, "product_gflops", products);
}

void tarn__report_json(FILE *to, const tarn_bench_report *r) {
  json_t *rows = json_array();
  for (size_t i = 0; i < r->rows; i++) {
    const tarn_bench_row *k = &r->row[i];
    json_t *row =
        json_pack("{s:s, s:s, s:s, s:s, s:f, s:f, s:f, s:I, s:f, s:s, s:f}", "kernel", k->kernel,
                  "op", k->op, "case", k->text, "file", k->file, "us_min", k->min_us, "us_median",
                  k->median_us, "us_p90", k->p90_us, "runs", (json_int_t)k->runs, "rate", rate(k),
                  "unit", unit(k), "predicted_us", k->predicted_us);
    if (k->cold_us >= 0) json_object_set_new(row, "us_cold", json_real(k->cold_us));
    if (share(k) >= 0) json_object_set_new(row, "percent_of_ceiling", json_real(share(k)));
    if (k->error >= 0 && isfinite(k->error)) json_object_set_new(row, "error", json_real(k->error));
    json_array_append_new(rows, row);
  }
  json_t *all = r->device.info ? device_json(&r->device) : host_json(r);
  json_object_set_new(all, "median_estimate_error", json_real(tarn__report_estimates_off(r)));
  json_object_set_new(all, "kernels", rows);
  json_dumpf(all, to, JSON_INDENT(1) | JSON_REAL_PRECISION(6));
  fputc('\n', to);
  json_decref(all);
}

/* A cell: bars would end it. */
static void cell(FILE *to, const char *text) {
  for (; *text; text++) fprintf(to, *text == '|' ? "\\|" : "%c", *text);
}

void tarn__report_markdown(FILE *to, const tarn_bench_report *r) {
  if (r->device.info) {
    fprintf(to, "%s (%s), --precision %s, tarn %s. Ceilings measured at the same time:\n\n",
            r->device.info->name, r->device.info->versions,
            r->device.precision, tarn_version());
    print_device(to, &r->device, "- ", "\n");
  } else {
    fprintf(to,
            "%s, %d thread%s, tarn %s. Ceilings measured at the same time, one thread / all:\n\n",
            tarn__cpu()->name, r->ceiling.threads, r->ceiling.threads == 1 ? "" : "s",
            tarn_version());
    print_ceilings(to, &r->ceiling, "- ", "\n");
  }
  fputs(
      "\n| op | case | kernel | us min | us median | us p90 | us cold | rate | of ceiling | us "
      "estimated | error |\n"
      "|---|---|---|---|---|---|---|---|---|---|---|\n",
      to);
  for (size_t i = 0; i < r->rows; i++) {
    const tarn_bench_row *k = &r->row[i];
    char percent[24], wrong[24], cold[24];
    optional(percent, sizeof percent, "%.0f %%", share(k));
    optional(wrong, sizeof wrong, "%.1e", k->error);
    optional(cold, sizeof cold, "%.2f", k->cold_us);
    fprintf(to, "| %s | ", k->op);
    cell(to, k->text);
    fprintf(to, " | %s | %.2f | %.2f | %.2f | %s | %.1f %s | %s | %.2f | %s |\n", k->kernel,
            k->min_us, k->median_us, k->p90_us, cold, rate(k), unit(k), percent, k->predicted_us,
            wrong);
  }
  fprintf(to, "\nEstimates are off by %.0f %% of the least time in the median.\n",
          100 * tarn__report_estimates_off(r));
}
