/* The picture of a roofline, as SVG. */
#include <math.h>
#include <string.h>

#include "bench/report.h"
#include "core/bytes.h"
#include "core/file.h"
#include "core/thread/cpu.h"

enum { WIDTH = 960, HEIGHT = 600, LEFT = 80, RIGHT = 220, TOP = 50, BOTTOM = 60 };

/* What the axes span, as powers of ten. */
typedef struct axes {
  double x0, x1, y0, y1;
} axes;

static double at_x(const axes *a, double x) {
  return LEFT + (WIDTH - LEFT - RIGHT) * (log10(x) - a->x0) / (a->x1 - a->x0);
}
static double at_y(const axes *a, double y) {
  return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * (log10(y) - a->y0) / (a->y1 - a->y0);
}

/* Characters that XML takes for its own, as entities. */
static tarn_status add_text(tarn_bytes *b, const char *text) {
  for (; *text; text++) switch (*text) {
      case '<':
        TARN_TRY(tarn__bytes_printf(b, "&lt;"));
        break;
      case '>':
        TARN_TRY(tarn__bytes_printf(b, "&gt;"));
        break;
      case '&':
        TARN_TRY(tarn__bytes_printf(b, "&amp;"));
        break;
      case '"':
        TARN_TRY(tarn__bytes_printf(b, "&quot;"));
        break;
      default:
        TARN_TRY(tarn__bytes_add(b, text, 1));
    }
  return TARN_OK;
}

static tarn_status add_grid(tarn_bytes *b, const axes *a) {
  for (int d = (int)a->x0; d <= (int)a->x1; d++) {
    const double x = at_x(a, pow(10, d));
    TARN_TRY(tarn__bytes_printf(b,
                                "<line x1='%.1f' y1='%d' x2='%.1f' y2='%d' stroke='#ddd'/><text "
                                "x='%.1f' y='%d' text-anchor='middle'>%g</text>\n",
                                x, TOP, x, HEIGHT - BOTTOM, x, HEIGHT - BOTTOM + 18, pow(10, d)));
  }
  for (int d = (int)a->y0; d <= (int)a->y1; d++) {
    const double y = at_y(a, pow(10, d));
    TARN_TRY(tarn__bytes_printf(b,
                                "<line x1='%d' y1='%.1f' x2='%d' y2='%.1f' stroke='#ddd'/><text "
                                "x='%d' y='%.1f' text-anchor='end'>%g</text>\n",
                                LEFT, y, WIDTH - RIGHT, y, LEFT - 6, y + 4, pow(10, d)));
  }
  return tarn__bytes_printf(
      b,
      "<text x='%d' y='%d' text-anchor='middle'>operations a byte (inputs and outputs counted "
      "once)</text>"
      "<text x='20' y='%d' transform='rotate(-90 20 %d)' text-anchor='middle'>GFLOP/s</text>\n",
      (LEFT + WIDTH - RIGHT) / 2, HEIGHT - 16, HEIGHT / 2, HEIGHT / 2);
}

/* What memory and arithmetic allow at best, by name. */
enum { MOST_ROOFS = TARN_TARGETS + TARN_PRODUCTS + TARN_LEVELS };
typedef struct roof {
  const char *name;
  double rate;
} roof;
typedef struct roofs {
  roof slope[MOST_ROOFS], flat[MOST_ROOFS];
  int slopes, flats;
  double best; /* of the flat ones */
} roofs;

static void add_slope(roofs *r, const char *name, double rate) {
  if (rate > 0) r->slope[r->slopes++] = (roof){name, rate};
}
static void add_flat(roofs *r, const char *name, double rate) {
  if (rate > 0) r->flat[r->flats++] = (roof){name, rate};
  r->best = fmax(r->best, rate);
}

static roofs roofs_of(const tarn_bench_report *report) {
  const tarn_ceiling *c = &report->ceiling;
  const bool all = c->threads > 1;
  roofs r = {.slopes = 0};
  if (report->device.info) {
    add_slope(&r, "cache", report->device.gbytes_cached);
    add_slope(&r, "memory", report->device.gbytes);
    for (int i = 0; i < TARN_PRODUCTS; i++)
      add_flat(&r, tarn__product_name((tarn_product)i),
               tarn__device_gflops(&report->device, (tarn_product)i));
    return r;
  }
  for (int l = 0; l < TARN_LEVELS; l++)
    add_slope(&r, tarn__level_name((tarn_level)l), all ? c->gbytes_all[l] : c->gbytes[l]);
  for (int t = 0; t < TARN_TARGETS; t++)
    add_flat(&r, tarn__target_name((tarn_target)t), all ? c->gflops_all[t] : c->gflops[t]);
  return r;
}

/* A level's slope up to the highest of the roofs; the roofs themselves. */
static tarn_status add_roofs(tarn_bytes *b, const axes *a, const roofs *r) {
  const double low = pow(10, a->y0), right = pow(10, a->x1);
  for (int l = 0; l < r->slopes; l++) {
    const double g = r->slope[l].rate;
    const double from = fmax(pow(10, a->x0), low / g), to = fmin(right, r->best / g);
    if (from < to)
      TARN_TRY(tarn__bytes_printf(
          b,
          "<line x1='%.1f' y1='%.1f' x2='%.1f' y2='%.1f' stroke='#36c' stroke-width='1.5'/>"
          "<text x='%.1f' y='%.1f' fill='#36c'>%s %.0f GB/s</text>\n",
          at_x(a, from), at_y(a, from * g), at_x(a, to), at_y(a, to * g), at_x(a, from) + 4,
          at_y(a, from * g) - 6 - 13 * (l == 0), r->slope[l].name, g));
  }
  for (int t = 0; t < r->flats; t++) {
    const double g = r->flat[t].rate;
    if (!(g > low)) continue;
    TARN_TRY(tarn__bytes_printf(
        b,
        "<line x1='%d' y1='%.1f' x2='%d' y2='%.1f' stroke='#c33' stroke-width='1.5'/>"
        "<text x='%d' y='%.1f' fill='#c33'>%s %.0f GFLOP/s</text>\n",
        LEFT, at_y(a, g), WIDTH - RIGHT, at_y(a, g), WIDTH - RIGHT + 6,
        at_y(a, g) + (t % 2 ? 12 : 0), r->flat[t].name, g));
  }
  return TARN_OK;
}

static const char *colour(const char *kernel) {
  if (strstr(kernel, ".avx512")) return "#162";
  if (strstr(kernel, ".avx2")) return "#4a4";
  if (strstr(kernel, ".openblas") || strstr(kernel, ".cublas")) return "#c80";
  if (strstr(kernel, ".cudnn")) return "#84c";
  if (strstr(kernel, ".cuda")) return "#162";
  return "#999";
}

static tarn_status add_rows(tarn_bytes *b, const axes *a, const tarn_bench_report *r) {
  for (size_t i = 0; i < r->rows; i++) {
    const tarn_bench_row *k = &r->row[i];
    if (!(k->flops > 0) || !(k->bytes > 0) || !(k->min_us > 0)) continue;
    TARN_TRY(tarn__bytes_printf(
        b, "<circle cx='%.1f' cy='%.1f' r='3.5' fill='%s' fill-opacity='0.7'><title>",
        at_x(a, k->flops / k->bytes), at_y(a, k->flops / k->min_us / 1e3), colour(k->kernel)));
    TARN_TRY(add_text(b, k->kernel));
    TARN_TRY(tarn__bytes_printf(b, " %.1f GFLOP/s: ", k->flops / k->min_us / 1e3));
    TARN_TRY(add_text(b, k->op));
    TARN_TRY(tarn__bytes_printf(b, " "));
    TARN_TRY(add_text(b, k->text));
    TARN_TRY(tarn__bytes_printf(b, "</title></circle>\n"));
  }
  return TARN_OK;
}

static axes span(const tarn_bench_report *r, double best) {
  axes a = {.x0 = 0, .x1 = 1, .y0 = 0, .y1 = ceil(log10(best))};
  for (size_t i = 0; i < r->rows; i++) {
    const tarn_bench_row *k = &r->row[i];
    if (!(k->flops > 0) || !(k->bytes > 0) || !(k->min_us > 0)) continue;
    const double x = log10(k->flops / k->bytes), y = log10(k->flops / k->min_us / 1e3);
    a.x0 = fmin(a.x0, floor(x));
    a.x1 = fmax(a.x1, ceil(x));
    a.y0 = fmin(a.y0, floor(y));
    a.y1 = fmax(a.y1, ceil(y));
  }
  a.x0 = fmax(a.x0, -4);
  a.y0 = fmax(a.y0, -4);
  return a;
}

static tarn_status draw(tarn_bytes *b, const tarn_bench_report *r) {
  const roofs lines = roofs_of(r);
  const axes a = span(r, lines.best);
  TARN_TRY(tarn__bytes_printf(
      b,
      "<svg xmlns='http://www.w3.org/2000/svg' width='%d' height='%d' font-family='sans-serif' "
      "font-size='12'>\n"
      "<rect width='100%%' height='100%%' fill='white'/><text x='%d' y='28' font-size='16'>",
      WIDTH, HEIGHT, LEFT));
  TARN_TRY(add_text(b, r->device.info ? r->device.info->name : tarn__cpu()->name));
  if (r->device.info)
    TARN_TRY(tarn__bytes_printf(b, "</text>\n"));
  else
    TARN_TRY(tarn__bytes_printf(b, ", %d thread%s</text>\n", r->ceiling.threads,
                                r->ceiling.threads == 1 ? "" : "s"));
  TARN_TRY(add_grid(b, &a));
  TARN_TRY(add_roofs(b, &a, &lines));
  TARN_TRY(add_rows(b, &a, r));
  return tarn__bytes_printf(b, "</svg>\n");
}

tarn_status tarn__report_roofline(const char *path, const tarn_bench_report *r) {
  tarn_bytes b;
  tarn__bytes_init(&b, tarn__allocator_default());
  tarn_status status = draw(&b, r);
  if (status == TARN_OK)
    status = tarn__output_file(tarn__allocator_default(), path, b.data, b.size);
  tarn__bytes_clear(&b);
  return status;
}
