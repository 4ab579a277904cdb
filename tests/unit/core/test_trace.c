/* The trace, read back as JSON. */
#include <jansson.h>
#include <math.h>
#include <pthread.h>
#include <string.h>

#include "core/trace/trace.h"
#include "tests/unit/suite.h"

static json_t *read_back(const tarn_allocator *a, const tarn_trace *trace) {
  char *text;
  size_t bytes;
  ck_assert_int_eq(tarn__trace_json(trace, &text, &bytes), TARN_OK);
  ck_assert_uint_eq(strlen(text), bytes);
  json_error_t error;
  json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, &error);
  ck_assert_msg(root != NULL, "%s at %d", error.text, error.position);
  tarn__free(a, text, bytes + 1);
  json_t *events = json_object_get(root, "traceEvents");
  for (size_t i = json_array_size(events); i-- > 0;) /* the names of process and threads */
    if (!strcmp(json_string_value(json_object_get(json_array_get(events, i), "ph")), "M"))
      json_array_remove(events, i);
  return root;
}

static const char *text_of(const json_t *event, const char *key) {
  return json_string_value(json_object_get(event, key));
}

START_TEST(test_trace_reads_back) {
  const tarn_allocator *a = tarn__allocator_default();
  tarn_trace *trace;
  ck_assert_int_eq(tarn__trace_create(a, &trace), TARN_OK);
  uint64_t now = tarn__now_ns();
  char name[] = "conv \"1\"\\\n\x01\xff\xc3\xa9";
  tarn__trace_span(trace, "run", name, "x=f32[2x3]", now + 5000, now + 12500);
  memset(name, '?', sizeof name - 1); /* strings are copied */
  tarn__trace_span(trace, "run", "plain", NULL, now + 20000, now + 10000);
  tarn__trace_counter(trace, "memory", 1234.5);
  tarn__trace_counter(trace, "nothing", NAN);

  json_t *root = read_back(a, trace), *events = json_object_get(root, "traceEvents");
  ck_assert_uint_eq(json_array_size(events), 4);
  ck_assert_int_eq(
      json_integer_value(json_object_get(json_object_get(root, "otherData"), "dropped")), 0);
  const json_t *first = json_array_get(events, 0);
  ck_assert_str_eq(text_of(first, "ph"), "X");
  ck_assert_str_eq(text_of(first, "cat"), "run");
  ck_assert_str_eq(text_of(first, "name"), "conv \"1\"\\\\x0a\\x01\\xff\xc3\xa9");
  ck_assert_str_eq(text_of(json_object_get(first, "args"), "detail"), "x=f32[2x3]");
  ck_assert(json_number_value(json_object_get(first, "dur")) == 7.5);
  ck_assert(json_number_value(json_object_get(first, "ts")) >= 5.0);
  const json_t *second = json_array_get(events, 1);
  ck_assert_str_eq(text_of(second, "name"), "plain");
  ck_assert(json_number_value(json_object_get(second, "dur")) == 0.0);
  ck_assert_ptr_null(json_object_get(second, "args"));
  const json_t *third = json_array_get(events, 2);
  ck_assert_str_eq(text_of(third, "ph"), "C");
  ck_assert(json_number_value(json_object_get(json_object_get(third, "args"), "value")) == 1234.5);
  json_decref(root);
  tarn__trace_destroy(trace);
}
END_TEST

START_TEST(test_trace_long_names_stay_whole) {
  const tarn_allocator *a = tarn__allocator_default();
  tarn_trace *trace;
  /* Three-byte characters, so that pieces of any size would cut one; and bytes that are no text. */
  static char name[1000], junk[1000];
  for (size_t i = 0; i + 3 < sizeof name; i += 3) memcpy(name + i, "\xe2\x82\xac", 3);
  memset(junk, 0x80, sizeof junk - 1);
  ck_assert_int_eq(tarn__trace_create(a, &trace), TARN_OK);
  tarn__trace_span(trace, "run", name, junk, 0, 1);
  json_t *root = read_back(a, trace);
  const json_t *event = json_array_get(json_object_get(root, "traceEvents"), 0);
  ck_assert_str_eq(text_of(event, "name"), name);
  ck_assert_uint_eq(strlen(text_of(json_object_get(event, "args"), "detail")), 4 * strlen(junk));
  json_decref(root);
  tarn__trace_destroy(trace);
}
END_TEST

START_TEST(test_trace_ticks) {
  const tarn_allocator *a = tarn__allocator_default();
  tarn_trace *trace, *other;
  tarn_trace_total *totals;
  size_t count;
  ck_assert_int_eq(tarn__trace_create(a, &trace), TARN_OK);
  ck_assert_int_eq(tarn__trace_create(a, &other), TARN_OK);
  ck_assert_uint_ne(tarn__trace_serial(trace), tarn__trace_serial(other));
  const tarn_trace_label label = {.category = "MatMul",
                                  .name = "m",
                                  .detail = "matmul.k.avx2",
                                  .shapes = "f",
                                  .flops = 2e6,
                                  .peak = 2,
                                  .planned_bytes = 64};
  const int m = tarn__trace_label(trace, &label), o = tarn__trace_label(other, &label);
  const uint64_t now = tarn__now_ns();
  for (uint64_t i = 0; i < 10000; i++) {   /* more than a chunk, and between two traces */
    tarn__trace_tick(trace, m, false, now, now + 1000 + i);
    if (i % 100 == 0) tarn__trace_tick(other, o, true, now, now + 500);
  }
  tarn__trace_tick(trace, -1, false, now, now);
  tarn__trace_set_peaks(trace, &(tarn_trace_peaks){.gflops = {[2] = 4000}});
  ck_assert_int_eq(tarn__trace_totals(trace, &totals, &count), TARN_OK);
  ck_assert(count == 1 && totals[0].ticks == 10000 && totals[0].least_ns == 1000 &&
            totals[0].helped_ns == 0);
  ck_assert_str_eq(totals[0].label.detail, "matmul.k.avx2");
  tarn__free(a, totals, count * sizeof *totals);
  ck_assert_int_eq(tarn__trace_totals(other, &totals, &count), TARN_OK);
  ck_assert(totals[0].ticks == 0 && totals[0].helped_ns == 50000);
  tarn__free(a, totals, count * sizeof *totals);
  json_t *root = read_back(a, trace), *events = json_object_get(root, "traceEvents");
  ck_assert_uint_eq(json_array_size(events), 10001);   /* and the counter, once */
  ck_assert_int_eq(
      json_integer_value(json_object_get(json_object_get(root, "otherData"), "dropped")), 1);
  const json_t *args = json_object_get(json_array_get(events, 0), "args");
  ck_assert_str_eq(text_of(args, "kernel"), "matmul.k.avx2");
  ck_assert(json_number_value(json_object_get(args, "GFLOP/s")) == 2000);
  ck_assert(json_number_value(json_object_get(args, "% of peak")) == 50);
  ck_assert_str_eq(text_of(json_array_get(events, 1), "name"), "planned memory");
  json_decref(root);
  tarn__trace_destroy(trace);
  tarn__trace_destroy(other);
}
END_TEST

static void *record_many(void *trace) {
  for (int i = 0; i < 500; i++)
    tarn__trace_span(trace, "run", "step", NULL, tarn__now_ns(), tarn__now_ns());
  return NULL;
}

START_TEST(test_trace_takes_many_threads) {
  const tarn_allocator *a = tarn__allocator_default();
  tarn_trace *trace;
  pthread_t threads[3];
  ck_assert_int_eq(tarn__trace_create(a, &trace), TARN_OK);
  for (int i = 0; i < 3; i++)
    ck_assert_int_eq(pthread_create(&threads[i], NULL, record_many, trace), 0);
  for (int i = 0; i < 3; i++) (void)pthread_join(threads[i], NULL);
  json_t *root = read_back(a, trace), *events = json_object_get(root, "traceEvents");
  ck_assert_uint_eq(json_array_size(events), 1500);
  json_int_t rows[3];
  int seen = 0;
  for (size_t i = 0; i < 1500; i++) {
    json_int_t row = json_integer_value(json_object_get(json_array_get(events, i), "tid"));
    int k = 0;
    while (k < seen && rows[k] != row) k++;
    ck_assert_int_lt(k, 3);
    if (k == seen) rows[seen++] = row;
  }
  ck_assert_int_eq(seen, 3);
  json_decref(root);
  tarn__trace_destroy(trace);
}
END_TEST

START_TEST(test_trace_drops_and_counts_when_memory_is_short) {
  tarn__trace_span(NULL, "run", "nothing happens", NULL, 0, 1);
  tarn__trace_counter(NULL, "nothing happens", 1);
  tarn__trace_destroy(NULL);
  for (long n = 0; n < 30; n++) {
    tarn_failing f;
    tarn_trace *trace = NULL;
    tarn__failing_init(&f, n, false);
    tarn_status status = tarn__trace_create(&f.allocator, &trace);
    if (status == TARN_OK) {
      (void)tarn_fail(TARN_IO, "the caller's own");
      for (int i = 0; i < 20; i++) tarn__trace_span(trace, "category", "name", "detail", 0, 1);
      ck_assert_ptr_nonnull(strstr(tarn_error(), "the caller's own")); /* recording never fails */
      long failed_at = f.fail_at, count = f.count;
      f.fail_at = -1;
      json_t *root = read_back(&f.allocator, trace);
      json_int_t dropped =
          json_integer_value(json_object_get(json_object_get(root, "otherData"), "dropped"));
      ck_assert_int_eq(dropped, failed_at < count ? 1 : 0);
      ck_assert_uint_eq(json_array_size(json_object_get(root, "traceEvents")) + (size_t)dropped,
                        20);
      json_decref(root);
    } else {
      ck_assert_int_eq(status, TARN_NO_MEMORY);
    }
    tarn__trace_destroy(trace);
    ck_assert_int_eq(f.live, 0);
  }
}
END_TEST

SUITE_MAIN("trace", test_trace_reads_back, test_trace_ticks, test_trace_long_names_stay_whole,
           test_trace_takes_many_threads, test_trace_drops_and_counts_when_memory_is_short)
