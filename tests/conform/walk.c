/* The walk itself: see walk.h. */
#include "walk.h"

#include "compare.h"
#include "core/thread/cpu.h"
#include "device_run.h"
#include "graph/case/case_input.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* One way to run a kernel on a case. */
typedef struct variant {
  const char *name;
  int threads;
  bool misaligned, in_place, stable, not_finite;
  bool replayed;   /* of kernels on a device: recorded first */
} variant;

/* A replay does to memory what its recording was of: with the address sanitizer, where the walk
 * takes ten times as long, kernels are only run. */
#ifdef __SANITIZE_ADDRESS__
enum { REPLAYS = false };
#else
enum { REPLAYS = true };
#endif

static const variant variants[] = {
  {.name = "plain", .threads = 1},
  {.name = "two threads", .threads = 2},
  {.name = "misaligned", .threads = 1, .misaligned = true},
  {.name = "in place", .threads = 1, .in_place = true},
  {.name = "stable inputs", .threads = 1, .stable = true},
  {.name = "stable inputs, two threads", .threads = 2, .stable = true},
  {.name = "replayed", .threads = 1, .replayed = true},
  {.name = "NaN and infinities", .threads = 1, .not_finite = true},
};

static tarn_pool *pools[3];   /* by threads */
static const tarn_backend *device;   /* whose kernels are walked; NULL: the CPU's */
static tarn_queue *queue;

static bool is_plain(tarn_dtype dtype) { return tarn__dtype_in(dtype, TARN_PLAIN); }

/* What one run of one kernel gave; cleared with drop. */
typedef struct outcome {
  tarn_status status;
  char error[300];
  tarn_tensor out[TARN_CASE_MAX_INPUTS];
  guarded guard[TARN_CASE_MAX_INPUTS];
  int outputs;
  bool guards_intact;
} outcome;

static void drop(outcome *o) {
  for (int i = 0; i < o->outputs; i++) {
    tarn__tensor_clear(&o->out[i]);
    free(o->guard[i].block);
  }
}

static void run_variant(tarn_case *made, tarn_kernel_ref k, const variant *v, outcome *o) {
  guarded in_guard[TARN_CASE_MAX_INPUTS] = {{0}};
  tarn_tensor kept[TARN_CASE_MAX_INPUTS];
  bool stable[TARN_CASE_MAX_INPUTS];
  memset(o, 0, sizeof *o);
  o->outputs = made->problem.outputs;
  for (int i = 0; i < made->problem.inputs; i++) {
    kept[i] = made->in[i];
    stable[i] = true;
    if (!is_plain(kept[i].dtype)) continue;
    in_guard[i] = guard_make(&made->in[i], kept[i].dtype, &kept[i].shape, v->misaligned);
    memcpy(made->in[i].data, kept[i].data, in_guard[i].bytes);
  }
  for (int i = 0; i < o->outputs; i++)
    if (made->out_shape[i].rank >= 0 && is_plain(made->problem.out_dtype[i]))
      o->guard[i] =
          guard_make(&o->out[i], made->problem.out_dtype[i], &made->out_shape[i], v->misaligned);
  int taken = made->op->inplace - 1;   /* the plan would let output 0 take this input's place */
  if (v->in_place && made->in[taken].dtype == o->out[0].dtype) {
    memcpy(o->out[0].data, made->in[taken].data, o->guard[0].bytes);
    made->in[taken].data = o->out[0].data;
  }
  made->problem.stable = v->stable ? stable : NULL;
  bool inputs_kept = true;
  if (tarn__target_on_device(k.file->target))
    o->status = device_run(
        device, queue, made, k, in_guard, o->guard, o->out,
        (device_way){.replayed = v->replayed, .in_place = v->in_place ? taken : -1}, &inputs_kept);
  else
    o->status = tarn__case_run(made, k, pools[v->threads], o->out);
  if (o->status != TARN_OK) snprintf(o->error, sizeof o->error, "%s", tarn_error());
  made->problem.stable = NULL;
  o->guards_intact = inputs_kept;
  for (int i = 0; i < o->outputs; i++)
    if (o->guard[i].block && !guard_intact(&o->guard[i])) o->guards_intact = false;
  for (int i = 0; i < made->problem.inputs; i++) {
    if (in_guard[i].block && !guard_intact(&in_guard[i])) o->guards_intact = false;
    made->in[i] = kept[i];
    free(in_guard[i].block);
  }
}

/* ---- reporting ----------------------------------------------------------------------------- */

/* The case with T spelt out, as the bench takes it. */
static void spell(const char *text, tarn_dtype dtype, char *out, size_t bytes) {
  size_t used = 0;
  for (const char *c = text; *c && used + 8 < bytes; c++) {
    bool t = c > text && c[-1] == '=' && *c == 'T' && (!c[1] || strchr("[{( ", c[1]));
    if (t) used += (size_t)snprintf(out + used, bytes - used, "%s", tarn__dtype_short(dtype));
    else out[used++] = *c;
  }
  out[used] = 0;
}

typedef struct place {
  const tarn_op *op;
  const char *text;
  tarn_dtype dtype;
  walk_tally *counts;
  FILE *report;
} place;

static void fail(const place *p, const char *kernel, const char *variant_name, const char *what) {
  char text[600];
  spell(p->text, p->dtype, text, sizeof text);
  p->counts->failures++;
  if (!p->report) return;
  fprintf(p->report, "FAIL %s: %s: %s: %s\n     tarn bench --kernels %s --case \"%s\"\n",
          p->op->name, kernel, variant_name, what, kernel, text);
}

static void check(const place *p, const tarn_case *made, const char *kernel, const variant *v,
                  const outcome *wanted, const outcome *got) {
  char what[700];
  if (!got->guards_intact) fail(p, kernel, v->name, "wrote outside its outputs");
  if (wanted->status != got->status && (wanted->status == TARN_OK || got->status == TARN_OK)) {
    snprintf(what, sizeof what, "gave '%s' (%s), reference gave '%s' (%s)",
             tarn_status_text(got->status), got->error, tarn_status_text(wanted->status),
             wanted->error);
    fail(p, kernel, v->name, what);
    return;
  }
  if (wanted->status != TARN_OK) return;
  for (int i = 0; i < got->outputs; i++) {
    if (same_bits(&wanted->out[i], &got->out[i]))
      continue; /* most: how far off it may be takes longer to say */
    tolerance t = tolerance_of(made, i);
    worst w = compare_results(&wanted->out[i], &got->out[i], &t);
    if (!*w.why) continue;
    snprintf(what, sizeof what,
             "output %d %s: element %lld is %.9g, reference says %.9g (%.3g ULP)", i, w.why,
             (long long)w.at, w.got, w.wanted, w.ulp);
    fail(p, kernel, v->name, what);
    return;
  }
}

static void check_bits(const place *p, const tarn_case *made, const char *kernel, const variant *v,
                       const outcome *one, const outcome *two) {
  if (one->status != TARN_OK || two->status != TARN_OK) return;
  for (int i = 0; i < one->outputs; i++)
    if (!same_bits(&one->out[i], &two->out[i]) && tolerance_of(made, i).threads)
      fail(p, kernel, v->name,
           v->replayed ? "differs from what running gives"
                       : "differs from its own result with one thread");
}

/* ---- the walk ------------------------------------------------------------------------------ */

static bool has_packing(tarn_kernel_ref k) { return k.kernel->prepared_bytes != NULL; }

/* NaN and both infinities into every real input of some size; false when there is none. */
static bool spoil(tarn_case *made) {
  bool any = false;
  for (int i = 0; i < made->problem.inputs; i++) {
    tarn_tensor *t = &made->in[i];
    int64_t n = tarn__tensor_elements(t);
    if (!tarn__dtype_in(t->dtype, TARN_FLOATS) || n < 4) continue;
    tarn__element_put(t, n / 4, (double)NAN, 0);
    tarn__element_put(t, n / 2, (double)INFINITY, 0);
    tarn__element_put(t, n - 1, -(double)INFINITY, 0);
    any = true;
  }
  return any;
}

/* packed: it takes the case with constant inputs alone, so that is how it is run in every way. */
static void run_kernel(const place *p, tarn_case *made, tarn_kernel_ref k, const outcome *wanted,
                       bool spoilt, bool packed) {
  char name[160];
  tarn__kernel_full_name(k, name, sizeof name);
  const bool on_device = tarn__target_on_device(k.file->target);
  outcome first = {0}, first_stable = {0};
  for (size_t i = 0; i < sizeof variants / sizeof *variants; i++) {
    const variant *v = &variants[i];
    const variant with_packed = {.name = v->name,
                                 .threads = v->threads,
                                 .misaligned = v->misaligned,
                                 .in_place = v->in_place,
                                 .not_finite = v->not_finite,
                                 .replayed = v->replayed,
                                 .stable = true};
    if (v->not_finite != spoilt) continue;
    if (v->stable && (packed || !has_packing(k))) continue;
    if (packed) v = &with_packed;
    if (v->replayed && (!REPLAYS || !on_device || k.kernel->fleeting || k.kernel->host_out))
      continue;
    if (on_device && v->threads > 1) continue;
    if (v->in_place &&
        (!made->op->inplace || !made->problem.outputs || made->out_shape[0].rank < 0 ||
         !tarn__shape_equal(&made->in_shape[made->op->inplace - 1], &made->out_shape[0]) ||
         !is_plain(made->problem.out_dtype[0])))
      continue;
    outcome got;
    run_variant(made, k, v, &got);
    p->counts->runs++;
    check(p, made, name, v, wanted, &got);
    outcome *before = v->stable ? &first_stable : &first;
    if (v->threads == 2 || v->replayed) check_bits(p, made, name, v, before, &got);
    if (v->threads == 1 && !v->replayed && !before->outputs && !v->misaligned && !v->in_place)
      *before = got;
    else drop(&got);
  }
  drop(&first);
  drop(&first_stable);
}

/* The device's kernels of an op; at most `room`. */
static size_t device_kernels(const char *op, tarn_kernel_ref *refs, size_t room) {
  size_t count = 0;
  for (tarn_kernel_ref k = {0}; count < room && tarn__backend_next(device, op, &k);)
    refs[count++] = k;
  return count;
}

/* Whether it takes the problem where every input is constant. */
static bool takes_packed(tarn_kernel_ref k, const tarn_problem *p) {
  bool stable[TARN_CASE_MAX_INPUTS];
  tarn_problem constant = *p;
  for (int i = 0; i < p->inputs; i++) stable[i] = true;
  constant.stable = stable;
  return has_packing(k) && !tarn__kernel_refusal(k, &constant);
}

/* Runs every kernel on one made case. */
static void run_case(const place *p, tarn_case *made, bool spoilt, bool *covered) {
  size_t count;
  const tarn_kernel_ref *kernels = tarn__kernels_of(p->op->name, &count);
  const tarn_kernel_ref *oracle = NULL;
  for (size_t i = 0; i < count && !oracle; i++)
    if (kernels[i].file->target == TARN_TARGET_REFERENCE &&
        !tarn__kernel_refusal(kernels[i], &made->problem))
      oracle = &kernels[i];
  if (!oracle) {
    for (size_t i = 0; i < count; i++)
      if (!tarn__kernel_refusal(kernels[i], &made->problem)) {
        char name[160];
        fail(p, tarn__kernel_full_name(kernels[i], name, sizeof name), "plain",
             "no reference kernel takes this");
      }
    return;
  }
  *covered = true;
  outcome wanted;
  variant v = {.name = "reference", .threads = 1};
  run_variant(made, *oracle, &v, &wanted);
  if (wanted.status != TARN_OK && !spoilt) {
    char name[160];
    fail(p, tarn__kernel_full_name(*oracle, name, sizeof name), v.name, wanted.error);
  }
  tarn_kernel_ref on_device[64];
  if (device) {
    count = device_kernels(p->op->name, on_device, sizeof on_device / sizeof *on_device);
    kernels = on_device;
  }
  for (size_t i = 0; i < count; i++) {
    made->problem.precision = kernels[i].kernel->precision;
    /* A range that is not finite has no scale: all of it becomes NaN. */
    if (spoilt && made->problem.precision == TARN_PRECISION_INT8) continue;
    if (!tarn__kernel_refusal(kernels[i], &made->problem))
      run_kernel(p, made, kernels[i], &wanted, spoilt, false);
    else if (device && takes_packed(kernels[i], &made->problem))
      run_kernel(p, made, kernels[i], &wanted, spoilt, true);
  }
  made->problem.precision = TARN_PRECISION_F32;
  drop(&wanted);
}

static bool names_t(const char *text) {
  for (const char *c = text; *c; c++)
    if (*c == '=' && c[1] == 'T' && (!c[2] || strchr("[{( ", c[2]))) return true;
  return false;
}

/* The case without the bench's million elements: several chunks for each thread, and a rest, are as
 * good in an eighth of the time. */
static const char *fewer(const char *text, char *out, size_t bytes) {
  static const char million[] = "1048576", enough[] = "131077";
  size_t used = 0;
  while (*text && used + sizeof million < bytes) {
    const bool found = !strncmp(text, million, sizeof million - 1);
    used += (size_t)snprintf(out + used, bytes - used, "%.*s", found ? (int)sizeof enough : 1,
                             found ? enough : text);
    text += found ? sizeof million - 1 : 1;
  }
  out[used] = 0;
  return out;
}

static void walk_case(const tarn_op *op, const char *text, FILE *report, walk_tally *counts) {
  static const tarn_dtype dtypes[] = {
#define X(name, number, bytes, text) name,
      TARN_DTYPE_MAP(X)
#undef X
  };
  bool any = names_t(text), made_once = false, covered = false;
  char error[500] = "";
  for (size_t d = 0; d < (any ? sizeof dtypes / sizeof *dtypes : 1); d++) {
    tarn_case made;
    place p = {op, text, any ? dtypes[d] : TARN_F32, counts, report};
    if (tarn__case_make(tarn__allocator_default(), op, text, p.dtype, 1 + d, &made) != TARN_OK) {
      if (!*error || p.dtype == TARN_F32) snprintf(error, sizeof error, "%s", tarn_error());
      continue;   /* a dtype that the op does not take; that all fail is an error below */
    }
    made_once = true;
    counts->cases++;
    run_case(&p, &made, false, &covered);
    bool nan = true;
    for (int i = 0; i < made.problem.outputs; i++) nan = nan && tolerance_of(&made, i).nan;
    bool ignored;
    if (nan && spoil(&made)) run_case(&p, &made, true, &ignored);
    tarn__case_clear(&made);
  }
  place p = {op, text, TARN_F32, counts, report};
  if (!made_once) fail(&p, op->name, "making the case", error);
  else if (!covered)
    fail(&p, op->name, "selection", "no reference kernel takes this case in any dtype");
}

tarn_status walk_kernels(const tarn_backend *backend, const char *only, FILE *report,
                         walk_tally *counts) {
  *counts = (walk_tally){0};
  device = backend;
  if (device) TARN_TRY(device->api->queue_create(device->device, &queue));
  for (int threads = 1; threads <= 2; threads++)
    TARN_TRY(tarn__pool_create(tarn__allocator_default(), threads, &pools[threads]));
  unsigned saved = tarn__denormals_off();   /* as a session runs them */
  size_t count, kernels;
  const tarn_op *const *ops = tarn__ops(&count);
  for (size_t i = 0; i < count; i++) {
    const tarn_op *op = ops[i];
    if (only && strcmp(only, op->name) != 0) continue;
    if (op->flags & (TARN_OP_CONTROL | TARN_OP_VIEW)) continue;
    tarn_kernel_ref ignored;
    if (device && !device_kernels(op->name, &ignored, 1)) continue;
    counts->ops++;
    tarn__kernels_of(op->name, &kernels);
    counts->without_kernel += !kernels;
    if (kernels && !op->cases[0]) {
      counts->without_case++;
      if (report && !(op->flags & TARN_OP_STATEFUL))
        fprintf(report, "%s has kernels and no case\n", op->name);
    }
    for (size_t c = 0; kernels && c < sizeof op->cases / sizeof *op->cases && op->cases[c]; c++) {
      char text[2000];
      walk_case(op, fewer(op->cases[c], text, sizeof text), report, counts);
    }
  }
  tarn__denormals_restore(saved);
  if (device) device->api->queue_destroy(queue);
  for (int threads = 1; threads <= 2; threads++) tarn__pool_destroy(pools[threads]);
  return TARN_OK;
}
