/* A stroke font and a pen. A glyph is a list of pieces in a box of 1 x 1 (x right, y down); drawing
 * it is pieces -> points every few degrees -> bend, slant, turn, scale, shift -> distance of each
 * pixel to the nearest segment -> ink. The bend is a smooth displacement of the plane, not of
 * single points, so strokes that touch still touch. */
#include "demos/resnet/digits.h"

#include <math.h>
#include <stddef.h>

#include "core/random.h"

/* ---- the font ------------------------------------------------------------------------------ */

typedef enum piece_kind { END = 0, LINE, ARC } piece_kind;

/* LINE: x0 y0 x1 y1. ARC: centre x y, radii x y, from and to in degrees; 0 is right, 90 down. */
typedef struct piece {
  piece_kind kind;
  float v[6];
} piece;

#define MAX_PIECES 4

typedef struct glyph {
  int label;
  piece pieces[MAX_PIECES];
} glyph;

static const glyph font[] = {
    {0, {{ARC, {.50f, .50f, .34f, .50f, -100, 260}}}},
    {1, {{LINE, {.50f, .00f, .50f, 1.0f}}}},
    {1, {{LINE, {.30f, .20f, .52f, .00f}}, {LINE, {.52f, .00f, .52f, 1.0f}}}},
    {2,
     {{ARC, {.50f, .30f, .33f, .30f, 195, 400}},
      {LINE, {.753f, .493f, .17f, 1.0f}},
      {LINE, {.17f, 1.0f, .87f, .98f}}}},
    {3, {{ARC, {.45f, .26f, .33f, .26f, 205, 450}}, {ARC, {.45f, .76f, .37f, .24f, 270, 515}}}},
    {3,
     {{LINE, {.18f, .02f, .80f, .02f}},
      {LINE, {.80f, .02f, .45f, .42f}},
      {ARC, {.43f, .71f, .37f, .29f, 273, 510}}}},
    {4,
     {{LINE, {.64f, .00f, .10f, .64f}},
      {LINE, {.10f, .64f, .92f, .64f}},
      {LINE, {.66f, .00f, .66f, 1.0f}}}},
    {4,
     {{LINE, {.22f, .00f, .16f, .50f}},
      {LINE, {.16f, .50f, .80f, .48f}},
      {LINE, {.78f, .02f, .70f, 1.0f}}}},
    {5,
     {{LINE, {.82f, .00f, .27f, .02f}},
      {LINE, {.27f, .02f, .20f, .454f}},
      {ARC, {.45f, .68f, .36f, .32f, 226, 505}}}},
    {6, {{ARC, {.80f, .66f, .65f, .66f, 265, 180}}, {ARC, {.48f, .69f, .33f, .31f, 180, 540}}}},
    {7, {{LINE, {.14f, .03f, .84f, .00f}}, {LINE, {.84f, .00f, .42f, 1.0f}}}},
    {7,
     {{LINE, {.14f, .03f, .84f, .00f}},
      {LINE, {.84f, .00f, .42f, 1.0f}},
      {LINE, {.38f, .50f, .82f, .48f}}}},
    {8, {{ARC, {.50f, .25f, .27f, .25f, 90, 450}}, {ARC, {.50f, .75f, .33f, .25f, -90, 270}}}},
    {9, {{ARC, {.48f, .28f, .31f, .28f, 0, 360}}, {LINE, {.79f, .28f, .74f, 1.0f}}}},
    {9,
     {{ARC, {.48f, .28f, .31f, .28f, 0, 360}},
      {LINE, {.79f, .28f, .79f, .56f}},
      {ARC, {.43f, .56f, .36f, .44f, 0, 115}}}},
};

/* ---- randomness ---------------------------------------------------------------------------- */

typedef struct dice {
  tarn_philox philox;
  uint32_t words[4];
  int left;
} dice;

static uint32_t word(dice *d) {
  if (d->left == 0) {
    tarn__philox_next(&d->philox, d->words);
    d->left = 4;
  }
  return d->words[--d->left];
}

static float uniform(dice *d, float low, float high) {
  return low + (high - low) * tarn__uint32_to_float(word(d));
}

/* ---- drawing ------------------------------------------------------------------------------- */

typedef struct point {
  float x, y;
} point;

#define ARC_STEPS 24 /* 15 degrees a step of a full turn */
#define LINE_STEPS 8 /* lines are cut so that they can bend */

static const float pi = 3.14159265f;

/* One random manner of drawing: how the unit box lands on the picture. */
typedef struct hand {
  float wide, high, slant, cosine, sine; /* pixels, pixels, x per y, and the turn */
  float right, down;                     /* where the middle of the box lands */
  float bend[2][2], phase[2][2];         /* two waves for x, two for y, in units of the box */
  float radius;                          /* of the pen, in pixels */
} hand;

static hand take_hand(dice *d, int label) {
  hand h;
  h.high = uniform(d, 13.0f, 20.0f);
  h.wide = h.high * uniform(d, 0.62f, 1.10f);
  h.slant = uniform(d, -0.18f, 0.45f); /* most hands lean to the right */
  float turn = uniform(d, -0.20f, 0.20f);
  if (label == 7 || label == 1)
    turn = uniform(d, -0.08f, 0.12f); /* turned further, one becomes the other */
  h.cosine = cosf(turn);
  h.sine = sinf(turn);
  h.right = 13.5f + uniform(d, -1.5f, 1.5f);
  h.down = 13.5f + uniform(d, -1.5f, 1.5f);
  for (int axis = 0; axis < 2; axis++)
    for (int wave = 0; wave < 2; wave++) {
      h.bend[axis][wave] = uniform(d, 0.0f, wave == 0 ? 0.075f : 0.035f);
      h.phase[axis][wave] = uniform(d, 0.0f, 2 * pi);
    }
  h.radius = uniform(d, 0.7f, 2.0f);
  return h;
}

static point place(const hand *h, float x, float y) {
  /* Waves of one and two periods over the box, each along the other axis too. */
  float dx = h->bend[0][0] * sinf(4.0f * y + 2.0f * x + h->phase[0][0]) +
             h->bend[0][1] * sinf(9.0f * y - 3.0f * x + h->phase[0][1]);
  float dy = h->bend[1][0] * sinf(4.0f * x + 2.0f * y + h->phase[1][0]) +
             h->bend[1][1] * sinf(9.0f * x - 3.0f * y + h->phase[1][1]);
  float u = (x - 0.5f + dx) * h->wide, v = (y - 0.5f + dy) * h->high;
  u -= h->slant * v;
  return (point){h->right + u * h->cosine - v * h->sine, h->down + u * h->sine + v * h->cosine};
}

/* The points of one piece; returns their number. */
static int trace(const piece *p, const hand *h, point *points) {
  int steps = p->kind == ARC ? ARC_STEPS : LINE_STEPS;
  for (int i = 0; i <= steps; i++) {
    float t = (float)i / (float)steps;
    if (p->kind == ARC) {
      float a = (p->v[4] + (p->v[5] - p->v[4]) * t) * pi / 180.0f;
      points[i] = place(h, p->v[0] + p->v[2] * cosf(a), p->v[1] + p->v[3] * sinf(a));
    } else {
      points[i] = place(h, p->v[0] + (p->v[2] - p->v[0]) * t, p->v[1] + (p->v[3] - p->v[1]) * t);
    }
  }
  return steps + 1;
}

/* How far to move [low, high] so that a pen of that radius stays on a sheet of TARN_DIGIT_SIDE
 * pixels. */
static float back_on_paper(float low, float high, float radius) {
  return fmaxf(0, radius - low) + fminf(0, TARN_DIGIT_SIDE - 1 - radius - high);
}

static void keep_on_paper(point (*points)[ARC_STEPS + 1], const int *lengths, int pieces,
                          float radius) {
  point low = points[0][0], high = low;
  for (int k = 0; k < pieces; k++)
    for (int i = 0; i < lengths[k]; i++) {
      const point p = points[k][i];
      low = (point){fminf(low.x, p.x), fminf(low.y, p.y)};
      high = (point){fmaxf(high.x, p.x), fmaxf(high.y, p.y)};
    }
  const float dx = back_on_paper(low.x, high.x, radius), dy = back_on_paper(low.y, high.y, radius);
  for (int k = 0; k < pieces; k++)
    for (int i = 0; i < lengths[k]; i++)
      points[k][i] = (point){points[k][i].x + dx, points[k][i].y + dy};
}

static float squared_distance(point p, point a, point b) {
  float dx = b.x - a.x, dy = b.y - a.y, length = dx * dx + dy * dy;
  float t = length > 0 ? ((p.x - a.x) * dx + (p.y - a.y) * dy) / length : 0;
  t = t < 0 ? 0 : t > 1 ? 1 : t;
  dx = p.x - a.x - t * dx;
  dy = p.y - a.y - t * dy;
  return dx * dx + dy * dy;
}

void tarn__digit_draw(uint64_t seed, uint64_t index, tarn_digit *digit) {
  dice d = {.left = 0};
  tarn__philox_init(&d.philox, seed, index);
  digit->label = (int)(word(&d) % 10);
  size_t variants[sizeof font / sizeof *font], count = 0;
  for (size_t i = 0; i < sizeof font / sizeof *font; i++)
    if (font[i].label == digit->label) variants[count++] = i;
  const glyph *g = &font[variants[word(&d) % count]];
  hand h = take_hand(&d, digit->label);

  point points[MAX_PIECES][ARC_STEPS + 1];
  int lengths[MAX_PIECES], pieces = 0;
  for (; pieces < MAX_PIECES && g->pieces[pieces].kind != END; pieces++)
    lengths[pieces] = trace(&g->pieces[pieces], &h, points[pieces]);
  keep_on_paper(points, lengths, pieces, h.radius);

  for (int row = 0; row < TARN_DIGIT_SIDE; row++)
    for (int col = 0; col < TARN_DIGIT_SIDE; col++) {
      point p = {(float)col, (float)row};
      float nearest = 1e9f;
      for (int k = 0; k < pieces; k++)
        for (int i = 0; i + 1 < lengths[k]; i++)
          nearest = fminf(nearest, squared_distance(p, points[k][i], points[k][i + 1]));
      /* A pixel whose middle lies on the pen's edge is half covered. */
      float cover = h.radius + 0.5f - sqrtf(nearest);
      digit->ink[row * TARN_DIGIT_SIDE + col] = cover < 0 ? 0 : cover > 1 ? 1 : cover;
    }
}
