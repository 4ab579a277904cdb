/* The input's elements as they come, with an eye on them: IgnoreErrorsDataset passes over those
 * that fail, AssertCardinalityDataset counts them, SleepDataset waits before each. */
#include <time.h>

#include "core/trace/trace.h"
#include "kernels/data/dataset.h"

typedef struct cursor {
  tarn_cursor base;
  int64_t seen;
} cursor;

static int64_t cardinality(const tarn_dataset *d) {
  return tarn__dataset_cardinality(d->input[0]);
}

/* What the run is to be told is no error of an element. */
static tarn_status next_good(tarn_cursor *c, const tarn_run *run, tarn_tensor *out) {
  for (;;) {
    const tarn_status status = tarn__cursor_next(c->input, run, out);
    if (status == TARN_OK || status == TARN_END || status == TARN_NO_MEMORY ||
        status == TARN_LIMIT || status == TARN_CANCELLED || status == TARN_REFUSED ||
        status == TARN_UNSUPPORTED)
      return status;
    TARN_TRY(tarn__run_check(run));
  }
}

static tarn_status check_count(tarn_dataset *d, const tarn_call *call) {
  (void)call;
  int64_t n;
  return tarn__dataset_number(d, 0, "cardinality", &n);
}

static tarn_status wrong_count(int64_t wanted, int64_t seen, bool more) {
  if (wanted == TARN_DATA_INFINITE)
    return tarn_fail(TARN_FAILED,
                     "Input dataset was expected to contain an infinite number of elements but "
                     "contained only %lld elements.",
                     (long long)seen);
  return tarn_fail(
      TARN_FAILED,
      "Input dataset was expected to contain %lld elements but contained %s%lld elements.",
      (long long)wanted, more ? "at least " : "only ", (long long)seen);
}

static tarn_status next_counted(tarn_cursor *c, const tarn_run *run, tarn_tensor *out) {
  cursor *self = (cursor *)c;
  const int64_t wanted = tarn__tensor_int(&c->dataset->value[0], 0);
  const tarn_status status = tarn__cursor_next(c->input, run, out);
  if (status == TARN_END && wanted != TARN_DATA_UNKNOWN && self->seen != wanted)
    return wrong_count(wanted, self->seen, false);
  if (status != TARN_OK || (++self->seen <= wanted || wanted < 0)) return status;
  tarn__element_clear(out, c->dataset->components);
  return wrong_count(wanted, self->seen, true);
}

static int64_t cardinality_said(const tarn_dataset *d) {
  return tarn__tensor_int(&d->value[0], 0);
}

static tarn_status check_sleep(tarn_dataset *d, const tarn_call *call) {
  (void)call;
  int64_t us;
  TARN_TRY(tarn__dataset_number(d, 0, "sleep_microseconds", &us));
  if (us < 0)
    return tarn_fail(TARN_INVALID, "`sleep_microseconds` must be >= 0, got %lld", (long long)us);
  return TARN_OK;
}

static tarn_status next_later(tarn_cursor *c, const tarn_run *run, tarn_tensor *out) {
  const uint64_t us = (uint64_t)tarn__tensor_int(&c->dataset->value[0], 0), start = tarn__now_ns();
  for (;;) {
    const uint64_t slept = (tarn__now_ns() - start) / 1000;
    if (slept >= us) return tarn__cursor_next(c->input, run, out);
    TARN_TRY(tarn__run_check(run));
    const uint64_t rest = us - slept < 10000
                              ? us - slept
                              : 10000; /* so long at most does a run that should stop go on */
    nanosleep(&(struct timespec){.tv_nsec = (long)rest * 1000}, NULL);
  }
}

#define WATCH .inputs = 1, .forwards = true
static const tarn_dataset_kind good = {.name = "IgnoreErrorsDataset", WATCH, .next = next_good};
static const tarn_dataset_kind counted = {.name = "AssertCardinalityDataset",
                                          WATCH,
                                          .bytes = sizeof(cursor),
                                          .check = check_count,
                                          .next = next_counted,
                                          .cardinality = cardinality_said};
static const tarn_dataset_kind slow = {.name = "SleepDataset",
                                       WATCH,
                                       .check = check_sleep,
                                       .next = next_later,
                                       .cardinality = cardinality};
#undef WATCH

static tarn_status make_good(const tarn_call *call) {
  return tarn__dataset_make(call, &good);
}
static tarn_status make_counted(const tarn_call *call) {
  return tarn__dataset_make(call, &counted);
}
static tarn_status make_slow(const tarn_call *call) {
  return tarn__dataset_make(call, &slow);
}

const tarn_kernel tarn_kernels_order_watch_reference[] = {
    {.op = "IgnoreErrorsDataset", .run = make_good},
    {.op = "ExperimentalIgnoreErrorsDataset", .run = make_good},
    {.op = "AssertCardinalityDataset", .run = make_counted},
    {.op = "SleepDataset", .run = make_slow},
    {.op = "ExperimentalSleepDataset", .run = make_slow},
    {0},
};
