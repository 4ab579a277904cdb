/* Variables: what readers see after writes, by kind; refusals; read-modify-write from many
 * threads. */
#include "core/thread/threads.h"
#include "kernels/state/resources.h"
#include "kernels/state/variable.h"
#include "tests/unit/suite.h"


static tarn_resources *table;
static const tarn_allocator *a;

static void setup(void) {
  a = tarn__allocator_default();
  ck_assert_int_eq(tarn__resources_create(a, &table), TARN_OK);
}
static void teardown(void) { tarn__resources_destroy(table); }

static tarn_variable *get(const char *name, bool is_ref) {
  tarn_variable *v;
  tarn_shape shape = {.rank = 1, .dim = {-1}};
  ck_assert_int_eq(tarn__variable_get(table, name, TARN_F32, &shape, is_ref, &v), TARN_OK);
  return v;
}
static tarn_tensor vector(int64_t n, float first) {
  tarn_tensor t;
  tarn_shape shape = tarn__shape_vector(n);
  ck_assert_int_eq(tarn__tensor_new(a, TARN_F32, &shape, &t), TARN_OK);
  for (int64_t i = 0; i < n; i++) ((float *)t.data)[i] = first + (float)i;
  return t;
}
static void assign(tarn_variable *v, int64_t n, float first) {
  tarn_tensor t = vector(n, first);
  ck_assert_msg(tarn__variable_assign(v, &t, true) == TARN_OK, "%s", tarn_error());
  tarn__tensor_clear(&t);
}
static float at(const tarn_tensor *t, int64_t i) { return ((const float *)t->data)[i]; }
static tarn_tensor value_of(tarn_variable *v) {
  tarn_tensor t;
  ck_assert_msg(tarn__variable_read(v, &t) == TARN_OK, "%s", tarn_error());
  return t;
}

START_TEST(test_variable_is_one_by_name) {
  tarn_variable *v = get("w", false), *again = get("w", false), *other = get("b", false);
  ck_assert_ptr_eq(v, again);
  ck_assert_ptr_ne(v, other);
  tarn_variable *wrong;
  tarn_shape shape = {.rank = -1};
  ck_assert_int_eq(tarn__variable_get(table, "w", TARN_I32, &shape, false, &wrong), TARN_DTYPE);
  tarn__object_release(v);
  tarn__object_release(again);
  tarn__object_release(other);
}
END_TEST

START_TEST(test_variable_says_when_uninitialised) {
  tarn_variable *v = get("w", true);
  tarn_tensor t, *p;
  ck_assert_int_eq(tarn__variable_read(v, &t), TARN_FAILED);
  ck_assert_ptr_nonnull(strstr(tarn_error(), "Attempting to use uninitialized value w"));
  ck_assert_int_eq(tarn__variable_begin(v, &p), TARN_FAILED);
  assign(v, 2, 1);   /* not locked by the failed begin */
  tarn__object_release(v);
}
END_TEST

START_TEST(test_variable_ref_writes_reach_readers) {
  tarn_variable *v = get("w", true);
  assign(v, 3, 1);
  tarn_tensor before = value_of(v);
  assign(v, 3, 10);
  ck_assert(at(&before, 2) == 12);
  tarn_tensor *p;
  ck_assert_int_eq(tarn__variable_begin(v, &p), TARN_OK);
  ((float *)p->data)[0] = 99;
  tarn__variable_end(v);
  ck_assert(at(&before, 0) == 99);
  tarn__tensor_clear(&before);
  tarn__object_release(v);
}
END_TEST

START_TEST(test_variable_ref_leaves_what_was_assigned) {
  tarn_variable *v = get("w", true);
  tarn_tensor constant = vector(2, 1), *p;
  ck_assert_int_eq(tarn__variable_assign(v, &constant, true), TARN_OK);
  ck_assert_int_eq(tarn__variable_begin(v, &p), TARN_OK);
  ((float *)p->data)[0] = 99;
  tarn__variable_end(v);
  ck_assert(at(&constant, 0) == 1);
  tarn__tensor_clear(&constant);
  tarn__object_release(v);
}
END_TEST

START_TEST(test_variable_resource_readers_keep_theirs) {
  tarn_variable *v = get("w", false);
  assign(v, 3, 1);
  tarn_tensor before = value_of(v), *p;
  ck_assert_int_eq(tarn__variable_begin(v, &p), TARN_OK);
  ((float *)p->data)[0] = 99;
  tarn__variable_end(v);
  ck_assert(at(&before, 0) == 1);
  tarn_tensor after = value_of(v);
  ck_assert(at(&after, 0) == 99);
  assign(v, 3, 10);
  ck_assert(at(&after, 0) == 99);
  tarn__tensor_clear(&before);
  tarn__tensor_clear(&after);
  tarn__object_release(v);
}
END_TEST

START_TEST(test_variable_writes_renew_the_contents_number) {
  for (int is_ref = 0; is_ref < 2; is_ref++) {
    tarn_variable *v = get(is_ref ? "r" : "h", is_ref);
    assign(v, 3, 1);
    tarn_tensor t = value_of(v), *p;
    uint64_t first = tarn__tensor_contents(&t);
    tarn__tensor_clear(&t);
    t = value_of(v);
    ck_assert_uint_eq(tarn__tensor_contents(&t), first);   /* reading changes nothing */
    tarn__tensor_clear(&t);
    assign(v, 3, 5);
    t = value_of(v);
    uint64_t second = tarn__tensor_contents(&t);
    ck_assert_uint_ne(second, first);
    tarn__tensor_clear(&t);
    ck_assert_int_eq(tarn__variable_begin(v, &p), TARN_OK);
    tarn__variable_end(v);
    t = value_of(v);
    ck_assert_uint_ne(tarn__tensor_contents(&t), second);
    tarn__tensor_clear(&t);
    tarn__object_release(v);
  }
}
END_TEST

START_TEST(test_variable_refuses_what_does_not_fit) {
  tarn_variable *v = get("w", true);
  tarn_tensor matrix, ints, longer = vector(4, 0);
  tarn_shape two = {.rank = 2, .dim = {2, 2}}, one = tarn__shape_vector(3);
  ck_assert_int_eq(tarn__tensor_new(a, TARN_F32, &two, &matrix), TARN_OK);
  ck_assert_int_eq(tarn__tensor_new(a, TARN_I32, &one, &ints), TARN_OK);
  ck_assert_int_eq(tarn__variable_assign(v, &ints, false), TARN_DTYPE);
  ck_assert_int_eq(tarn__variable_assign(v, &matrix, true), TARN_SHAPE); /* declared is a vector */
  assign(v, 3, 1);
  ck_assert_int_eq(tarn__variable_assign(v, &longer, true), TARN_SHAPE);   /* three elements now */
  ck_assert_int_eq(tarn__variable_assign(v, &longer, false), TARN_OK);
  tarn_tensor t = value_of(v);
  ck_assert_int_eq(t.shape.dim[0], 4);
  tarn__tensor_clear(&t);
  tarn__tensor_clear(&matrix);
  tarn__tensor_clear(&ints);
  tarn__tensor_clear(&longer);
  tarn__object_release(v);
}
END_TEST

START_TEST(test_variable_outlives_its_table) {
  tarn_resources *other;
  tarn_variable *v;
  tarn_shape shape = {.rank = -1};
  ck_assert_int_eq(tarn__resources_create(a, &other), TARN_OK);
  ck_assert_int_eq(tarn__variable_get(other, "w", TARN_F32, &shape, false, &v), TARN_OK);
  tarn__resources_destroy(other);
  ck_assert_str_eq(v->name, "w");
  assign(v, 2, 1);
  tarn__object_release(v);
}
END_TEST

static tarn_status add_one(void *argument, int64_t chunk, int worker) {
  tarn_tensor *p, seen;
  (void)chunk;
  (void)worker;
  TARN_TRY(tarn__variable_begin(argument, &p));
  ((float *)p->data)[0] += 1;
  ((float *)p->data)[1] -= 1;
  tarn__variable_end(argument);
  TARN_TRY(tarn__variable_read(argument, &seen));
  /* Copied on write: what was read is whole. */
  bool whole = ((tarn_variable *)argument)->is_ref || at(&seen, 0) + at(&seen, 1) == 1;
  tarn__tensor_clear(&seen);
  return whole ? TARN_OK : tarn_fail(TARN_FAILED, "half a write was read");
}

START_TEST(test_variable_counts_from_many_threads) {
  tarn_pool *pool;
  ck_assert_int_eq(tarn__pool_create(a, 4, &pool), TARN_OK);
  for (int is_ref = 0; is_ref < 2; is_ref++) {
    tarn_variable *v = get(is_ref ? "r" : "h", is_ref);
    assign(v, 2, 0);
    ck_assert_msg(tarn__pool_run(pool, 1000, add_one, v) == TARN_OK, "%s", tarn_error());
    tarn_tensor t = value_of(v);
    ck_assert(at(&t, 0) == 1000);
    tarn__tensor_clear(&t);
    tarn__object_release(v);
  }
  tarn__pool_destroy(pool);
}
END_TEST

SUITE_MAIN_FIXTURE("variable", setup, teardown, test_variable_is_one_by_name,
                   test_variable_says_when_uninitialised, test_variable_ref_writes_reach_readers,
                   test_variable_ref_leaves_what_was_assigned,
                   test_variable_resource_readers_keep_theirs,
                   test_variable_writes_renew_the_contents_number,
                   test_variable_refuses_what_does_not_fit, test_variable_outlives_its_table,
                   test_variable_counts_from_many_threads)
