/* Dynamic storage allocation, which is NP-hard: several good orders, and a search where they leave
 * a gap.
 *
 * Stretches are placed one after another, each at the lowest offset that is free for its whole
 * life. Some order gives the best placement there is: the order of a best placement's own offsets.
 * Tried are, until one needs no more than the bound:
 *
 *   by size          largest first (Pisarchyk and Lee, "Efficient memory management for deep neural
 * net inference", 2020) by breadth       stretches of the step with the most bytes alive first,
 * then the next step (the same paper) by area          bytes times steps, largest first by time as
 * they begin; and as they end, from the last all orders       of few stretches, as far as an order
 * can still be better than the best (branch and bound) improvement      the best order with one
 * stretch elsewhere, as long as there is time
 *
 * Steps of work are bounded, so that planning is quick for any graph. */
#include "graph/plan/memory/placement.h"

#include <stdlib.h>
#include <string.h>

/* MANY: beyond, one order alone. FEW: all orders are looked at, to LEAVES tries. */
enum { MANY = 4000, FEW = 12, LEAVES = 20000, WORK = 400000 };

typedef struct search {
  tarn_stretch *s;
  int count, steps;
  size_t bound, best;
  int *order, *best_order;
  int *placed;                  /* sorted by offset */
  size_t *offset, *best_offset; /* by stretch */
  double *key;                  /* by stretch: what an order sorts by */
  long work;                    /* looks at a placed stretch so far */
  long tries;
  bool *used;
} search;

tarn_status tarn__place_bound(const tarn_stretch *s, int count, int steps, tarn_arena *arena,
                              size_t *bytes) {
  size_t *begin = tarn__arena_array(arena, (size_t)steps + 1, sizeof *begin);
  size_t *end = tarn__arena_array(arena, (size_t)steps + 1, sizeof *end);
  if (!begin || !end) return TARN_NO_MEMORY;
  for (int i = 0; i < count; i++) {
    begin[s[i].first] += s[i].bytes;
    end[s[i].last] += s[i].bytes;
  }
  size_t now = 0, most = 0;
  for (int at = 0; at < steps; at++) {
    now += begin[at];
    if (now > most) most = now;
    now -= end[at];
  }
  *bytes = most;
  return TARN_OK;
}

static bool before_in_lane(const tarn_stretch *a, const tarn_stretch *b) {
  return a->ends_in && a->ends_in == b->begins_in && a->ends_at < b->begins_at;
}

static bool together(const tarn_stretch *a, const tarn_stretch *b) {
  return a->first <= b->last && b->first <= a->last && !before_in_lane(a, b) &&
         !before_in_lane(b, a);
}

/* Places stretch i as the (n+1)st; *at is where it comes among the placed. */
static size_t lowest(search *q, int i, int n, int *at) {
  const tarn_stretch *s = &q->s[i];
  size_t offset = 0;
  int k = 0;
  for (; k < n; k++) {
    const int other = q->placed[k];
    if (!together(s, &q->s[other])) continue;
    if (q->offset[other] >= offset && q->offset[other] - offset >= s->bytes) break;
    const size_t end = q->offset[other] + q->s[other].bytes;
    if (end > offset) offset = end;
  }
  q->work += k + 1;
  for (*at = 0; *at < n && q->offset[q->placed[*at]] <= offset;) ++*at;
  return offset;
}

static void insert(search *q, int i, size_t offset, int n, int at) {
  memmove(q->placed + at + 1, q->placed + at, (size_t)(n - at) * sizeof(int));
  q->placed[at] = i;
  q->offset[i] = offset;
}

static void keep(search *q, size_t bytes) {
  q->best = bytes;
  memcpy(q->best_offset, q->offset, (size_t)q->count * sizeof(size_t));
  memcpy(q->best_order, q->order, (size_t)q->count * sizeof(int));
}

/* The placement of the order; kept when it is the best (or, with `equal`, as good). Gives up as
 * soon as it is not. */
static void try_order(search *q, bool equal) {
  size_t bytes = 0;
  for (int n = 0; n < q->count; n++) {
    int at;
    const int i = q->order[n];
    const size_t offset = lowest(q, i, n, &at);
    insert(q, i, offset, n, at);
    if (offset + q->s[i].bytes > bytes) bytes = offset + q->s[i].bytes;
    if (equal ? bytes > q->best : bytes >= q->best) return;
  }
  keep(q, bytes);
}

/* Sorting by the keys of one search: largest first; then the larger, the earlier. */
typedef struct row {
  double key;
  size_t bytes;
  int first, index;
} row;

static int by_key(const void *a, const void *b) {
  const row *x = a, *y = b;
  if (x->key != y->key) return x->key > y->key ? -1 : 1;
  if (x->bytes != y->bytes) return x->bytes > y->bytes ? -1 : 1;
  if (x->first != y->first) return x->first < y->first ? -1 : 1;
  return x->index < y->index ? -1 : x->index > y->index;
}

static void sort_and_try(search *q, row *rows) {
  for (int i = 0; i < q->count; i++) rows[i] = (row){q->key[i], q->s[i].bytes, q->s[i].first, i};
  qsort(rows, (size_t)q->count, sizeof *rows, by_key);
  for (int i = 0; i < q->count; i++) q->order[i] = rows[i].index;
  try_order(q, false);
}

/* By stretch, the most bytes that are alive at one of its steps. */
static void breadths(search *q, double *live) {
  memset(live, 0, ((size_t)q->steps + 1) * sizeof *live);
  for (int i = 0; i < q->count; i++) {
    live[q->s[i].first] += (double)q->s[i].bytes;
    live[q->s[i].last + 1] -= (double)q->s[i].bytes;
  }
  for (int at = 1; at <= q->steps; at++) live[at] += live[at - 1];
  for (int i = 0; i < q->count; i++) {
    q->key[i] = 0;
    for (int at = q->s[i].first; at <= q->s[i].last; at++)
      if (live[at] > q->key[i]) q->key[i] = live[at];
    q->work += q->s[i].last - q->s[i].first;
  }
}

/* Within a hundredth there is nothing worth the time. */
static bool enough(const search *q) {
  return q->best - q->bound <= q->bound / 100 || q->work > WORK;
}

/* Every order of the stretches that are not used yet, behind the n that are. */
static void all_orders(search *q, int n, size_t bytes) {
  if (n == q->count) {
    keep(q, bytes);
    return;
  }
  for (int i = 0; i < q->count && !enough(q) && q->tries < LEAVES; i++) {
    if (q->used[i]) continue;
    int at;
    q->tries++;
    const size_t offset = lowest(q, i, n, &at), end = offset + q->s[i].bytes;
    if (end >= q->best) continue;
    insert(q, i, offset, n, at);
    q->order[n] = i;
    q->used[i] = true;
    all_orders(q, n + 1, end > bytes ? end : bytes);
    q->used[i] = false;
    memmove(q->placed + at, q->placed + at + 1, (size_t)(n - at) * sizeof(int));
  }
}

/* Rounds of trying the best order with a change: the stretch at the top, or one of those that live
 * with it and hold it up, comes earlier. A round that makes nothing worse is kept as well, so that
 * the search can leave a plateau. */
static void improve(search *q) {
  uint32_t random = 12345;
  for (int round = 0; !enough(q); round++) {
    int top = 0, candidates = 0, from = 0;
    for (int n = 0; n < q->count; n++)
      if (q->best_offset[q->best_order[n]] + q->s[q->best_order[n]].bytes == q->best) top = n;
    random = random * 1664525u + 1013904223u;
    for (int n = 0; n < q->count; n++) { /* one of them, each as likely as another */
      if (!together(&q->s[q->best_order[top]], &q->s[q->best_order[n]])) continue;
      candidates++;
      random = random * 1664525u + 1013904223u;
      if ((random >> 8) % (uint32_t)candidates == 0) from = n;
    }
    if (round % 2 == 0) from = top;
    memcpy(q->order, q->best_order, (size_t)q->count * sizeof(int));
    random = random * 1664525u + 1013904223u;
    const int to = (int)((random >> 8) % (uint32_t)q->count), moved = q->order[from];
    if (round % 3 == 0) {
      q->order[from] = q->order[to];
    } else if (to <= from) {
      memmove(q->order + to + 1, q->order + to, (size_t)(from - to) * sizeof(int));
    } else {
      memmove(q->order + from, q->order + from + 1, (size_t)(to - from) * sizeof(int));
    }
    q->order[to] = moved;
    q->work += q->count;
    try_order(q, true);
  }
}

static void look(search *q, row *rows, double *live) {
  for (int i = 0; i < q->count; i++) q->key[i] = (double)q->s[i].bytes;
  sort_and_try(q, rows);
  if (q->count > MANY || enough(q)) return;
  breadths(q, live);
  sort_and_try(q, rows);
  for (int i = 0; i < q->count; i++)
    q->key[i] = (double)q->s[i].bytes * (q->s[i].last - q->s[i].first + 1);
  if (!enough(q)) sort_and_try(q, rows);
  for (int i = 0; i < q->count; i++) q->key[i] = -(double)q->s[i].first;
  if (!enough(q)) sort_and_try(q, rows);
  for (int i = 0; i < q->count; i++) q->key[i] = (double)q->s[i].last;
  if (!enough(q)) sort_and_try(q, rows);
  if (!enough(q) && q->count <= FEW) all_orders(q, 0, 0);
  if (!enough(q)) improve(q);
}

tarn_status tarn__place(tarn_stretch *s, int count, size_t bound, tarn_arena *arena,
                        size_t *bytes) {
  const size_t n = (size_t)count + 1;
  search q = {.s = s, .count = count, .bound = bound, .best = SIZE_MAX};
  for (int i = 0; i < count; i++)
    if (s[i].last >= q.steps) q.steps = s[i].last + 1;
  q.order = tarn__arena_array(arena, n, sizeof(int));
  q.best_order = tarn__arena_array(arena, n, sizeof(int));
  q.placed = tarn__arena_array(arena, n, sizeof(int));
  q.offset = tarn__arena_array(arena, n, sizeof(size_t));
  q.best_offset = tarn__arena_array(arena, n, sizeof(size_t));
  q.key = tarn__arena_array(arena, n, sizeof(double));
  q.used = tarn__arena_array(arena, n, sizeof(bool));
  row *rows = tarn__arena_array(arena, n, sizeof *rows);
  double *live = tarn__arena_array(arena, (size_t)q.steps + 2, sizeof *live);
  if (!q.order || !q.best_order || !q.placed || !q.offset || !q.best_offset || !q.key || !q.used ||
      !rows || !live)
    return TARN_NO_MEMORY;
  *bytes = 0;
  if (!count) return TARN_OK;
  look(&q, rows, live);
  for (int i = 0; i < count; i++) s[i].offset = q.best_offset[i];
  *bytes = q.best;
  return TARN_OK;
}
