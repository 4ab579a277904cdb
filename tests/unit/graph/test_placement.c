/* Placement of stretches: never two at one place at one time, never more than a twentieth above
 * what must live at once on graphs like those of nets, and the very best on small ones. */
#include "graph/plan/memory/placement.h"
#include "tests/unit/suite.h"

#define OK(call) ck_assert_int_eq(call, TARN_OK)

static uint32_t seed;
static uint32_t next(uint32_t n) {
  seed = seed * 1664525u + 1013904223u;
  return (seed >> 8) % n;
}

enum { MOST = 600 };
static tarn_stretch s[MOST];
static int count, steps;

static void add(int first, int last, size_t units) {
  ck_assert_int_lt(count, MOST);
  s[count++] = (tarn_stretch){.first = first, .last = last, .bytes = units * TARN_ALIGN};
  if (last >= steps) steps = last + 1;
}

/* Places, checks that nothing overlaps, and gives bytes / bound. */
static double place(void) {
  tarn_arena *arena;
  size_t bound, bytes;
  OK(tarn__arena_create(tarn__allocator_default(), &arena));
  OK(tarn__place_bound(s, count, steps, arena, &bound));
  OK(tarn__place(s, count, bound, arena, &bytes));
  tarn__arena_destroy(arena);
  size_t top = 0;
  for (int i = 0; i < count; i++) {
    ck_assert_uint_eq(s[i].offset % TARN_ALIGN, 0);
    if (s[i].offset + s[i].bytes > top) top = s[i].offset + s[i].bytes;
    for (int k = 0; k < i; k++)
      ck_assert_msg(s[i].last < s[k].first || s[k].last < s[i].first ||
                        s[i].offset + s[i].bytes <= s[k].offset ||
                        s[k].offset + s[k].bytes <= s[i].offset,
                    "%d and %d overlap", i, k);
  }
  ck_assert_uint_eq(top, bytes);
  ck_assert_uint_ge(bytes, bound);
  return bound ? (double)bytes / (double)bound : 1;
}

static void begin(uint32_t from) {
  seed = from;
  count = steps = 0;
}

START_TEST(test_place_nothing_and_one) {
  begin(1);
  ck_assert_double_eq(place(), 1);
  add(3, 5, 7);
  ck_assert_double_eq(place(), 1);
}
END_TEST

/* Two lanes of steps 2..5 and 6..9: what lies in one is apart from the other's, whenever it is
 * there. */
START_TEST(test_place_in_lanes) {
  const struct {
    int lane, first, last;
  } each[] = {{1, 2, 3}, {1, 4, 5}, {2, 6, 7}, {2, 8, 9}};
  begin(1);
  for (int i = 0; i < 4; i++) {
    add(2, 9, 1);
    s[i].begins_in = s[i].ends_in = each[i].lane;
    s[i].begins_at = each[i].first;
    s[i].ends_at = each[i].last;
  }
  tarn_arena *arena;
  size_t bytes;
  OK(tarn__arena_create(tarn__allocator_default(), &arena));
  OK(tarn__place(s, count, 2 * (size_t)TARN_ALIGN, arena, &bytes));
  tarn__arena_destroy(arena);
  ck_assert_uint_eq(bytes, 2 * TARN_ALIGN); /* one place a lane */
  ck_assert_uint_eq(s[0].offset, s[1].offset);
  ck_assert_uint_eq(s[2].offset, s[3].offset);
  ck_assert_uint_ne(s[0].offset, s[2].offset);
}
END_TEST

/* A chain of layers with a shortcut round every third, sizes that shrink as those of a residual net
 * do. */
START_TEST(test_place_residual_nets) {
  for (uint32_t k = 1; k <= 20; k++) {
    begin(k);
    size_t units = 4096;
    for (int at = 0; at < 160; at++) {
      if (at % 40 == 39) units /= 2;
      add(at, at + (at % 3 == 0 ? 3 : 1), at % 3 == 0 ? units : units / 4 + next(64));
    }
    ck_assert_double_le(place(), 1.05);
  }
}
END_TEST

/* Modules of four branches of two or three layers, joined by a concat. */
START_TEST(test_place_inception_like_nets) {
  for (uint32_t k = 1; k <= 20; k++) {
    begin(k);
    int at = 0;
    for (int module = 0; module < 11; module++) {
      const int in = at, branches = 4, layers[] = {1, 2, 3, 2};
      int end = at;
      for (int b = 0; b < branches; b++) end += layers[b];
      int now = in;
      for (int b = 0; b < branches; b++)
        for (int l = 0; l < layers[b]; l++, now++)
          add(now + 1, l + 1 == layers[b] ? end + 1 : now + 2, 64 + next(256));
      add(end + 1, end + 8 < 200 ? end + 1 + 8 : end + 2, 300 + next(400));
      at = end + 1;
    }
    ck_assert_double_le(place(), 1.05);
  }
}
END_TEST

/* The gates of unrolled cells: many small values, some kept to the end. */
START_TEST(test_place_unrolled_cells) {
  for (uint32_t k = 1; k <= 10; k++) {
    begin(k);
    for (int t = 0; t < 35; t++) {
      const int at = t * 8;
      add(at, at + 7, 4 * 13);
      for (int gate = 0; gate < 4; gate++) add(at + 1 + gate, at + 6, 13);
      add(at + 6, at + 14, 13);
      add(at + 7, k % 2 ? 35 * 8 : at + 15, 13);
    }
    ck_assert_double_le(place(), 1.05);
  }
}
END_TEST

/* Cut from a full rectangle, so that the bound can be reached: few stretches are placed as well as
 * can be. */
static void cut(int first, int last, size_t units, int depth) {
  if (depth == 0 || (units < 2 && first == last)) {
    add(first, last, units);
  } else if (next(2) && units >= 2) {
    const size_t part = 1 + next((uint32_t)units - 1);
    cut(first, last, part, depth - 1);
    cut(first, last, units - part, depth - 1);
  } else if (first < last) {
    const int at = first + (int)next((uint32_t)(last - first));
    cut(first, at, units, depth - 1);
    cut(at + 1, last, units, depth - 1);
  } else {
    add(first, last, units);
  }
}

START_TEST(test_place_few_stretches_best) {
  for (uint32_t k = 1; k <= 200; k++) {
    begin(k);
    cut(0, 15, 100, 3);
    ck_assert_msg(place() <= 1.01, "seed %u", k);
  }
}
END_TEST

START_TEST(test_place_random_stretches) {
  double worst = 1;
  for (uint32_t k = 1; k <= 20; k++) {
    begin(k);
    cut(0, 200, 100000, 7);
    const double ratio = place();
    if (ratio > worst) worst = ratio;
  }
  ck_assert_double_le(worst, 1.4); /* random cuts are harder than nets are */
}
END_TEST

int main(void) {
  const TTest *const tests[] = {test_place_nothing_and_one, test_place_in_lanes,
                                test_place_residual_nets,
                                test_place_inception_like_nets,
                                test_place_unrolled_cells,
                                test_place_few_stretches_best,
                                test_place_random_stretches,
                                NULL};
  return suite_run("placement", NULL, NULL, tests);
}
