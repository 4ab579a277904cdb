/* The picture of a roofline, as SVG. */
#include <math.h>
#include <string.h>

#include "bench/report.h"
#include "core/bytes.h"
#include "core/cpu.h"
#include "core/file.h"

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

/* A level's slope up to the highest of the roofs; the roofs themselves. */
static tarn_status add_roofs(tarn_bytes *b, const axes *a, const tarn_ceiling *c) {
  const bool all = c->threads > 1;
  const double best = tarn__ceiling_best(c, all), low = pow(10, a->y0), right = pow(10, a->x1);
  for (int l = 0; l < TARN_LEVELS; l++) {
    const double g = all ? c->gbytes_all[l] : c->gbytes[l];
    if (!(g > 0)) continue;
    const double from = fmax(pow(10, a->x0), low / g), to = fmin(right, best / g);
    if (from < to)
      TARN_TRY(tarn__bytes_printf(
          b,
          "<line x1='%.1f' y1='%.1f' x2='%.1f' y2='%.1f' stroke='#36c' stroke-width='1.5'/>"
          "<text x='%.1f' y='%.1f' fill='#36c'>%s %.0f GB/s</text>\n",
          at_x(a, from), at_y(a, from * g), at_x(a, to), at_y(a, to * g), at_x(a, from) + 4,
          at_y(a, from * g) - 6 - 13 * (l == TARN_LEVEL_L1), tarn__level_name((tarn_level)l), g));
  }
  for (int t = 0; t < TARN_TARGETS; t++) {
    const double g = all ? c->gflops_all[t] : c->gflops[t];
    if (!(g > low)) continue;
    TARN_TRY(tarn__bytes_printf(
        b,
        "<line x1='%d' y1='%.1f' x2='%d' y2='%.1f' stroke='#c33' stroke-width='1.5'/>"
        "<text x='%d' y='%.1f' fill='#c33'>%s %.0f GFLOP/s</text>\n",
        LEFT, at_y(a, g), WIDTH - RIGHT, at_y(a, g), WIDTH - RIGHT + 6,
        at_y(a, g) + (t == TARN_TARGET_AVX2 ? 12 : 0), tarn__target_name((tarn_target)t), g));
  }
  return TARN_OK;
}

static const char *colour(const char *kernel) {
  if (strstr(kernel, ".avx512")) return "#162";
  if (strstr(kernel, ".avx2")) return "#4a4";
  if (strstr(kernel, ".openblas")) return "#c80";
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

static axes span(const tarn_bench_report *r) {
  axes a = {.x0 = 0,
            .x1 = 1,
            .y0 = 0,
            .y1 = ceil(log10(tarn__ceiling_best(&r->ceiling, r->ceiling.threads > 1)))};
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
  const axes a = span(r);
  TARN_TRY(tarn__bytes_printf(
      b,
      "<svg xmlns='http://www.w3.org/2000/svg' width='%d' height='%d' font-family='sans-serif' "
      "font-size='12'>\n"
      "<rect width='100%%' height='100%%' fill='white'/><text x='%d' y='28' font-size='16'>",
      WIDTH, HEIGHT, LEFT));
  TARN_TRY(add_text(b, tarn__cpu()->name));
  TARN_TRY(tarn__bytes_printf(b, ", %d thread%s</text>\n", r->ceiling.threads,
                              r->ceiling.threads == 1 ? "" : "s"));
  TARN_TRY(add_grid(b, &a));
  TARN_TRY(add_roofs(b, &a, &r->ceiling));
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
