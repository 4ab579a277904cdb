/* The session's named objects: found, made once, removed, listed in order; also by many threads at
 * once. */
#include "core/thread/threads.h"
#include "kernels/state/resources.h"
#include "tests/unit/suite.h"

#include <stdio.h>

typedef struct thing {
  tarn_object object;
  const tarn_allocator *allocator;
  int number;
} thing;

static atomic_int made, destroyed;

static void destroy(void *object) {
  thing *t = object;
  atomic_fetch_add(&destroyed, 1);
  tarn__free(t->allocator, t, sizeof *t);
}
static const tarn_object_type apple = {"Apple", destroy}, pear = {"Pear", destroy};

static tarn_status make(const tarn_allocator *a, const void *argument, void **object) {
  thing *t = tarn__alloc_zero(a, sizeof *t);
  if (!t) return TARN_NO_MEMORY;
  tarn__object_init(&t->object, argument);
  t->allocator = a;
  t->number = atomic_fetch_add(&made, 1);
  *object = t;
  return TARN_OK;
}
static tarn_status make_nothing(const tarn_allocator *a, const void *argument, void **object) {
  (void)a;
  (void)argument;
  (void)object;
  return tarn_fail(TARN_FAILED, "cannot make this");
}

static tarn_resources *table;
static void setup(void) {
  atomic_store(&made, 0);
  atomic_store(&destroyed, 0);
  ck_assert_int_eq(tarn__resources_create(tarn__allocator_default(), &table), TARN_OK);
}
static void teardown(void) {
  tarn__resources_destroy(table);
  ck_assert_int_eq(atomic_load(&made), atomic_load(&destroyed));
}

START_TEST(test_resources_makes_each_once) {
  void *a, *b, *c;
  ck_assert_ptr_null(tarn__resources_find(table, &apple, "x"));
  ck_assert_int_eq(tarn__resources_get(table, &apple, "x", make, &apple, &a), TARN_OK);
  ck_assert_int_eq(tarn__resources_get(table, &apple, "x", make_nothing, NULL, &b), TARN_OK);
  ck_assert_int_eq(tarn__resources_get(table, &pear, "x", make, &pear, &c), TARN_OK);
  ck_assert_ptr_eq(a, b);
  ck_assert_ptr_ne(a, c);
  void *found = tarn__resources_find(table, &apple, "x");
  ck_assert_ptr_eq(found, a);
  tarn__object_release(found);
  tarn__object_release(a);
  tarn__object_release(b);
  tarn__object_release(c);
  ck_assert_int_eq(atomic_load(&destroyed), 0);
}
END_TEST

START_TEST(test_resources_passes_on_failure) {
  void *a = NULL;
  ck_assert_int_eq(tarn__resources_get(table, &apple, "x", make_nothing, NULL, &a), TARN_FAILED);
  ck_assert_ptr_null(a);
  ck_assert_ptr_null(tarn__resources_find(table, &apple, "x"));
}
END_TEST

START_TEST(test_resources_removes) {
  void *a;
  ck_assert_int_eq(tarn__resources_get(table, &apple, "x", make, &apple, &a), TARN_OK);
  ck_assert_int_eq(tarn__resources_remove(table, &pear, "x"), TARN_NOT_FOUND);
  ck_assert_int_eq(tarn__resources_remove(table, &apple, "x"), TARN_OK);
  ck_assert_int_eq(tarn__resources_remove(table, &apple, "x"), TARN_NOT_FOUND);
  ck_assert_int_eq(atomic_load(&destroyed), 0);   /* we still hold it */
  tarn__object_release(a);
  ck_assert_int_eq(atomic_load(&destroyed), 1);
}
END_TEST

static tarn_status collect(void *context, const char *name, void *object) {
  char *text = context;
  (void)object;
  if (strlen(text) > 20) return tarn_fail(TARN_END, "enough");
  strcat(strcat(text, name), " ");
  return TARN_OK;
}

START_TEST(test_resources_lists_in_name_order) {
  static const char *const names[] = {"b", "c", "a/1", "a", "d"};
  for (size_t i = 0; i < 5; i++) {
    void *a, *p;
    ck_assert_int_eq(tarn__resources_get(table, &apple, names[i], make, &apple, &a), TARN_OK);
    ck_assert_int_eq(tarn__resources_get(table, &pear, names[i], make, &pear, &p), TARN_OK);
    tarn__object_release(a);
    tarn__object_release(p);
  }
  char text[64] = "";
  ck_assert_int_eq(tarn__resources_visit(table, &apple, collect, text), TARN_OK);
  ck_assert_str_eq(text, "a a/1 b c d ");
  memset(text, 'x', 30);
  text[30] = 0;
  ck_assert_int_eq(tarn__resources_visit(table, &apple, collect, text), TARN_END);
}
END_TEST

/* Each chunk asks for names that the others ask for too, and drops some. */
static tarn_status hammer(void *argument, int64_t chunk, int worker) {
  (void)argument;
  (void)worker;
  for (int i = 0; i < 200; i++) {
    char name[16];
    void *object;
    snprintf(name, sizeof name, "n%d", (int)((chunk + i) % 17));
    TARN_TRY(tarn__resources_get(table, &apple, name, make, &apple, &object));
    tarn__object_release(object);
    if (i % 50 == 49) (void)!tarn__resources_remove(table, &apple, name);
    tarn__object_release(tarn__resources_find(table, &apple, name));
  }
  return TARN_OK;
}

START_TEST(test_resources_serves_threads) {
  tarn_pool *pool;
  ck_assert_int_eq(tarn__pool_create(tarn__allocator_default(), 4, &pool), TARN_OK);
  ck_assert_int_eq(tarn__pool_run(pool, 64, hammer, NULL), TARN_OK);
  tarn__pool_destroy(pool);
}
END_TEST

START_TEST(test_resources_survives_failing_allocations) {
  for (long at = 0; at < 12; at++) {
    tarn_failing failing;
    tarn__failing_init(&failing, at, true);
    tarn_resources *small = NULL;
    void *object;
    tarn_status status = tarn__resources_create(&failing.allocator, &small);
    for (int i = 0; i < 3 && status == TARN_OK; i++) {
      char name[8];
      snprintf(name, sizeof name, "n%d", i);
      status = tarn__resources_get(small, &apple, name, make, &apple, &object);
      if (status == TARN_OK) tarn__object_release(object);
    }
    ck_assert(status == TARN_OK || status == TARN_NO_MEMORY);
    ck_assert(status == TARN_NO_MEMORY || at >= 8);   /* table, array, and two for each of three */
    tarn__resources_destroy(small);
    ck_assert_int_eq(failing.live, 0);
  }
}
END_TEST

SUITE_MAIN_FIXTURE("resources", setup, teardown, test_resources_makes_each_once,
                   test_resources_passes_on_failure, test_resources_removes,
                   test_resources_lists_in_name_order, test_resources_serves_threads,
                   test_resources_survives_failing_allocations)
