/* Datasets and iterators in sessions: what stops a run, many threads on one iterator, memory that
 * runs out, and graphs that lie. What elements come in which order is for the golden cases. */
#include <pthread.h>

#include "core/trace/trace.h"
#include "tests/unit/graph/one_graph.h"

#define NUMBERS "output_types=[int64]; output_shapes=[[]]"
#define ANY "output_types=[int64]; output_shapes=[{ unknown_rank: true }]"

static void go(void) {
  s = session_on(g);
}

static void whole(tarn_graph *to, const char *name, int64_t x) {
  constant(to, name, "", TARN_I64, 0, NULL, &x);
}

/* "range": 0 .. n-1; -1: endless, for all that a test waits. */
static void add_range(int64_t n) {
  whole(g, "start", 0);
  whole(g, "step", 1);
  whole(g, "stop", n < 0 ? INT64_MAX : n);
  node(g, "range", "RangeDataset", "start stop step", NUMBERS);
}

/* "it" over `dataset`: "make" starts it, "next" is its next element. */
static void add_iterator(const char *dataset) {
  char inputs[64];
  snprintf(inputs, sizeof inputs, "%s it", dataset);
  node(g, "it", "IteratorV2", "", ANY "; shared_name=''; container=''");
  node(g, "make", "MakeIterator", inputs, "");
  node(g, "next", "IteratorGetNext", "it", ANY);
}

/* A function of one int64 that gives op(x, constant). */
static void add_function(const char *name, const char *op, int64_t with, const char *attrs) {
  tarn_graph *f;
  tarn_node *n;
  OK(tarn__graph_add_function(g, name, &f));
  OK(tarn__graph_add_arg(f, "x", TARN_I64, &n));
  whole(f, "c", with);
  node(f, "y", op, "x c:output:0", attrs);
  OK(tarn__graph_add_ret(f, "r", "y:z:0"));
}

static int64_t next_number(void) {
  tarn_tensor *y = NULL;
  OK(run_one(s, NULL, NULL, "next", &y));
  ck_assert_int_eq(tarn_tensor_dtype(y), TARN_I64);
  const int64_t v = *(const int64_t *)tarn_tensor_data_const(y);
  tarn_tensor_release(y);
  return v;
}

static void next_fails(tarn_status status, const char *text) {
  tarn_tensor *y = NULL;
  FAILS(run_one(s, NULL, NULL, "next", &y), status, text);
}

/* ---- elements -------------------------------------------------------------------------------- */

START_TEST(test_data_maps_filters_and_ends) {
  setup();
  add_range(10);
  add_function("square", "Mul", 3, "T=int64");
  add_function("large", "Greater", 10, "T=int64");
  node(g, "map", "MapDataset", "range", "f=square; Targuments=[]; " NUMBERS);
  node(g, "filter", "FilterDataset", "map", "predicate=large; Targuments=[]; " NUMBERS);
  add_iterator("filter");
  go();
  next_fails(TARN_FAILED, "has not been initialized");
  for (int round = 0; round < 2; round++) {
    OK(run_target(s, "make"));
    for (int64_t v = 12; v < 30; v += 3) ck_assert_int_eq(next_number(), v);
    for (int i = 0; i < 3; i++) next_fails(TARN_END, "End of sequence");
  }
}
END_TEST

/* TensorFlow before 1.10 wrote this op, and TensorFlow 2 does not run it any more. */
START_TEST(test_data_first_batch_op) {
  setup();
  add_range(5);
  whole(g, "size", 3);
  node(g, "batch", "BatchDataset", "range size", "output_types=[int64]; output_shapes=[[?]]");
  add_iterator("batch");
  go();
  OK(run_target(s, "make"));
  for (int64_t n = 3; n > 1; n--) {
    tarn_tensor *y = NULL;
    OK(run_one(s, NULL, NULL, "next", &y));
    ck_assert_int_eq(tarn_tensor_elements(y), n);
    ck_assert_int_eq(*(const int64_t *)tarn_tensor_data_const(y), n == 3 ? 0 : 3);
    tarn_tensor_release(y);
  }
  next_fails(TARN_END, "End of sequence");
}
END_TEST

enum { THREADS = 6, EACH = 200 };

static void *take_some(void *argument) {
  bool *seen = argument;
  for (int i = 0; i < EACH; i++) {
    tarn_tensor *y = NULL;
    if (run_one(s, NULL, NULL, "next", &y) != TARN_OK) return NULL;
    seen[*(const int64_t *)tarn_tensor_data_const(y)] = true;
    tarn_tensor_release(y);
  }
  return NULL;
}

START_TEST(test_data_threads_share_an_iterator) {
  static bool seen[THREADS * EACH];
  setup();
  add_range(THREADS * EACH);
  add_function("same", "Add", 0, "T=int64");
  whole(g, "seed", 5);
  whole(g, "buffer", 50);
  node(g, "map", "MapDataset", "range", "f=same; Targuments=[]; " NUMBERS);
  node(g, "shuffle", "ShuffleDataset", "map buffer seed seed", NUMBERS);
  add_iterator("shuffle");
  go();
  OK(run_target(s, "make"));
  pthread_t thread[THREADS];
  for (int i = 0; i < THREADS; i++) pthread_create(&thread[i], NULL, take_some, seen);
  for (int i = 0; i < THREADS; i++) pthread_join(thread[i], NULL);
  for (int i = 0; i < THREADS * EACH; i++) ck_assert_msg(seen[i], "element %d came to nobody", i);
  next_fails(TARN_END, "End of sequence");
}
END_TEST

/* ---- what stops ------------------------------------------------------------------------------ */

START_TEST(test_data_stops_at_the_time_limit) {
  const char *const last[] = {"never", "skip", "repeat", "sleep", "batch"};
  for (size_t i = 0; i < sizeof last / sizeof *last; i++) {
    setup();
    add_range(-1);
    add_function("negative", "Less", 0, "T=int64");
    whole(g, "most", INT64_MAX);
    whole(g, "minus", -1);
    whole(g, "none", 0);
    node(g, "never", "FilterDataset", "range", "predicate=negative; Targuments=[]; " NUMBERS);
    node(g, "skip", "SkipDataset", "range most", NUMBERS);
    node(g, "empty", "TakeDataset", "range none", NUMBERS);
    node(g, "thrice", "RepeatDataset", "empty most", NUMBERS);
    node(g, "repeat", "RepeatDataset", "thrice minus", NUMBERS);
    node(g, "sleep", "SleepDataset", "range most", NUMBERS);
    node(g, "none_of_many", "FilterDataset", "range",
         "predicate=negative; Targuments=[]; " NUMBERS);
    node(g, "batch", "BatchDataset", "none_of_many most", NUMBERS);
    add_iterator(last[i]);
    s = session_with(g, &(tarn_session_options){.threads = 1, .time_limit_s = 0.1});
    OK(run_target(s, "make"));
    const uint64_t start = tarn__now_ns();
    next_fails(TARN_LIMIT, "time limit");
    ck_assert_msg(tarn__now_ns() - start < 5000000000u, "%s went on", last[i]);
    teardown();
  }
  g = NULL;
  s = NULL;
}
END_TEST

START_TEST(test_data_stops_at_the_memory_limit) {
  setup();
  add_range(-1);
  whole(g, "most", INT64_MAX);
  whole(g, "seed", 1);
  node(g, "shuffle", "ShuffleDataset", "range most seed seed", NUMBERS);
  add_iterator("shuffle");
  s = session_with(g, &(tarn_session_options){.threads = 1, .memory_limit = 8u << 20});
  OK(run_target(s, "make"));
  next_fails(TARN_LIMIT, "memory limit");
}
END_TEST

/* ---- graphs that lie ------------------------------------------------------------------------- */

START_TEST(test_data_refuses_what_does_not_fit) {
  setup();
  add_range(5);
  add_function("double", "Mul", 2, "T=int64");
  whole(g, "two", 2);
  /* as many components as it likes to say */
  node(g, "take", "TakeDataset", "range two",
       "output_types=[int64, int64, int64]; output_shapes=[[], [], []]");
  node(g, "it3", "IteratorV2", "",
       "output_types=[int64]; output_shapes=[[]]; shared_name='three'; container=''");
  node(g, "make3", "MakeIterator", "take it3", "");
  node(g, "next3", "IteratorGetNext", "it3", "output_types=[int64, int64]; output_shapes=[[], []]");
  node(g, "next1", "IteratorGetNext", "it3", "output_types=[float]; output_shapes=[[]]");
  node(g, "map", "MapDataset", "range",
       "f=double; Targuments=[]; output_types=[int64, int64]; output_shapes=[[], []]");
  node(g, "itm", "IteratorV2", "",
       "output_types=[int64]; output_shapes=[[]]; shared_name='map'; container=''");
  node(g, "makem", "MakeIterator", "map itm", "");
  node(g, "nextm", "IteratorGetNext", "itm", "output_types=[int64, int64]; output_shapes=[[], []]");
  node(g, "none", "OptionalNone", "", "");
  node(g, "of_none", "TakeDataset", "none two", NUMBERS);
  add_iterator("of_none");
  node(g, "python", "GeneratorDataset", "",
       "init_func=double; next_func=double; finalize_func=double; Tinit_func_args=[];"
       "Tnext_func_args=[]; Tfinalize_func_args=[]; " NUMBERS);
  node(g, "makep", "MakeIterator", "python it", "");
  go();
  tarn_tensor *y = NULL;
  OK(run_target(s, "make3"));
  FAILS(run_one(s, NULL, NULL, "next3", &y), TARN_INVALID, "1 components, asked for 2");
  FAILS(run_one(s, NULL, NULL, "next1", &y), TARN_INVALID, "is int64, expected float");
  OK(run_target(s, "makem"));
  FAILS(run_one(s, NULL, NULL, "nextm", &y), TARN_INVALID, "gives 1 results, called with 1 and 2");
  FAILS(run_target(s, "make"), TARN_INVALID, "expected a dataset, got Optional");
  FAILS(run_target(s, "makep"), TARN_UNSUPPORTED, "Python");
}
END_TEST

START_TEST(test_data_refuses_a_tower) {
  setup();
  add_range(5);
  whole(g, "two", 2);
  char name[32], inputs[64] = "range two";
  for (int i = 0; i < 700; i++) {
    snprintf(name, sizeof name, "take%d", i);
    node(g, name, "TakeDataset", inputs, NUMBERS);
    snprintf(inputs, sizeof inputs, "%s two", name);
  }
  add_iterator("take699");
  go();
  FAILS(run_target(s, "make"), TARN_LIMIT, "stand on one another");
}
END_TEST

/* f(x) = the sum of f over a dataset: without end. */
START_TEST(test_data_refuses_endless_recursion) {
  setup();
  add_range(5);
  tarn_graph *f;
  tarn_node *n;
  OK(tarn__graph_add_function(g, "f", &f));
  OK(tarn__graph_add_arg(f, "x", TARN_I64, &n));
  whole(f, "zero", 0);
  whole(f, "one", 1);
  whole(f, "three", 3);
  node(f, "r", "RangeDataset", "zero:output:0 three:output:0 one:output:0", NUMBERS);
  node(f, "m", "MapDataset", "r:handle:0", "f=f; Targuments=[]; " NUMBERS);
  node(f, "y", "DatasetToSingleElement", "m:handle:0", NUMBERS);
  OK(tarn__graph_add_ret(f, "r", "y:components:0"));
  node(g, "map", "MapDataset", "range", "f=f; Targuments=[]; " NUMBERS);
  add_iterator("map");
  go();
  OK(run_target(s, "make"));
  next_fails(TARN_LIMIT, "deep");
}
END_TEST

START_TEST(test_data_refuses_an_iterator_that_reads_itself) {
  setup();
  add_range(5);
  tarn_graph *f;
  tarn_node *n;
  OK(tarn__graph_add_function(g, "again", &f));
  OK(tarn__graph_add_arg(f, "x", TARN_I64, &n));
  node(f, "it", "IteratorV2", "",
       "output_types=[int64]; output_shapes=[[]]; shared_name='it'; container=''");
  node(f, "y", "IteratorGetNext", "it:handle:0", NUMBERS);
  OK(tarn__graph_add_ret(f, "r", "y:components:0"));
  node(g, "map", "MapDataset", "range", "f=again; Targuments=[]; " NUMBERS);
  add_iterator("map");
  go();
  OK(run_target(s, "make"));
  next_fails(TARN_INVALID, "reads itself");
}
END_TEST

/* ---- memory ---------------------------------------------------------------------------------- */

/* A bit of every sort: ten elements of two batches of five. */
static void add_pipeline(void) {
  add_range(4);
  add_function("double", "Mul", 2, "T=int64");
  add_function("positive", "Greater", 0, "T=int64");
  whole(g, "two", 2);
  whole(g, "nine", 9);
  constant(g, "no_file", "", TARN_STRING, 0, NULL, NULL);
  tarn_graph *f;
  tarn_node *n;
  OK(tarn__graph_add_function(g, "twice", &f));
  OK(tarn__graph_add_arg(f, "x", TARN_I64, &n));
  whole(f, "two", 2);
  node(f, "one", "TensorDataset", "x", "Toutput_types=[int64]; output_shapes=[[]]");
  node(f, "r", "RepeatDataset", "one:handle:0 two:output:0", NUMBERS);
  OK(tarn__graph_add_ret(f, "r", "r:handle:0"));
  node(g, "map", "MapDataset", "range", "f=double; Targuments=[]; " NUMBERS); /* 0 2 4 6 */
  node(g, "filter", "FilterDataset", "map",
       "predicate=positive; Targuments=[]; " NUMBERS);                             /* 2 4 6 */
  node(g, "flat", "FlatMapDataset", "filter", "f=twice; Targuments=[]; " NUMBERS); /* 2 2 4 4 6 6 */
  node(g, "weave", "InterleaveDataset", "filter two two",
       "f=twice; Targuments=[]; " NUMBERS); /* 6 more */
  node(g, "both", "ConcatenateDataset", "flat weave", NUMBERS);
  node(g, "cache", "CacheDataset", "both no_file", NUMBERS);
  node(g, "shuffle", "ShuffleDataset", "cache nine two two", NUMBERS);
  node(g, "repeat", "RepeatDataset", "shuffle two", NUMBERS); /* 24 elements, 96 in all */
  node(g, "zip", "ZipDataset", "repeat repeat",
       "N=2; output_types=[int64, int64]; output_shapes=[[], []]");
  node(g, "batch", "BatchDataset", "zip nine",
       "output_types=[int64, int64]; output_shapes=[[?], [?]]");
  node(g, "it", "IteratorV2", "",
       "output_types=[int64, int64]; output_shapes=[[?], [?]]; shared_name=''; container=''");
  node(g, "make", "MakeIterator", "batch it", "");
  node(g, "next", "IteratorGetNext", "it", "output_types=[int64, int64]; output_shapes=[[?], [?]]");
  OK(tarn__graph_finish(g));
}

/* From the beginning to the end: the sum of all elements. */
static tarn_status walk(tarn_session *session, int64_t *sum) {
  static const char *const fetches[] = {"next:0", "next:1"};
  tarn_status status = run_target(session, "make");
  *sum = 0;
  while (status == TARN_OK) {
    tarn_tensor *y[2] = {NULL, NULL};
    status = tarn_session_run(session, NULL, 0, fetches, 2, NULL, 0, y);
    for (int k = 0; k < 2 && status == TARN_OK; k++) {
      for (int64_t i = 0; i < tarn_tensor_elements(y[k]); i++)
        *sum += ((const int64_t *)tarn_tensor_data_const(y[k]))[i];
      tarn_tensor_release(y[k]);
    }
  }
  return status == TARN_END ? TARN_OK : status;
}

START_TEST(test_data_at_the_nth_allocation_without_memory) {
  setup();
  add_pipeline();
  long total = 0, refused = 0;
  for (long n = -1; n < 0 || n < total; n += n < 100 ? 1 : 3) {
    tarn_failing failing;
    tarn__failing_init(&failing, n, false);
    const tarn_session_options options = {.threads = 1, .allocator = &failing.allocator};
    tarn_session *session;
    int64_t sum;
    if (tarn__session_create(g, NULL, &options, NULL, &session) != TARN_OK) {
      ck_assert_int_eq(failing.live, 0);
      continue;
    }
    tarn__session_keep_memory(session, 0);
    tarn_status status = walk(session, &sum);
    if (status != TARN_OK) {
      ck_assert_msg(status == TARN_NO_MEMORY, "allocation %ld: %s", n, tarn_error());
      refused++;
      status = walk(session, &sum);
    }
    ck_assert_msg(status == TARN_OK, "allocation %ld, again: %s", n, tarn_error());
    ck_assert_int_eq(sum, 192);
    tarn_session_destroy(session);
    ck_assert_msg(failing.live == 0, "allocation %ld: %ld blocks are left", n, failing.live);
    if (n < 0) total = failing.count;
  }
  ck_assert_int_gt(total, 300);
  ck_assert_int_gt(refused, total / 4);
}
END_TEST

SUITE_MAIN_TEARDOWN("datasets in sessions", teardown, test_data_maps_filters_and_ends,
                    test_data_first_batch_op, test_data_threads_share_an_iterator,
                    test_data_stops_at_the_time_limit, test_data_stops_at_the_memory_limit,
                    test_data_refuses_what_does_not_fit, test_data_refuses_a_tower,
                    test_data_refuses_endless_recursion,
                    test_data_refuses_an_iterator_that_reads_itself,
                    test_data_at_the_nth_allocation_without_memory)
