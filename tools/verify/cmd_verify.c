/* tarn verify: recorded inputs and outputs replayed, and where they differ the first node that
 * does. */
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/bytes.h"
#include "tools/run/tensor_file.h"
#include "tools/verify/first_difference.h"

static const tarn_option options[] = {
    TARN_SESSION_OPTIONS,
    {"--tolerance", "SHARE",
     "how far floats may be off, as a share of the tensor's largest (1e-4)"},
    {"--absolute", "A", "and how far any number may be off beyond that (0)"},
    {"--only-outputs", NULL, "do not look for the node that differs"},
    {"--json", NULL, "what was compared as one JSON object"},
    {0},
};

static int run(int argc, char **argv);

const tarn_verb tarn__verb_verify = {
    .name = "verify",
    .arguments = "MODEL CASES.json",
    .help = "replay recorded inputs and outputs, and name the first node that differs",
    .options = options,
    .run = run,
    .text =
        "CASES.json is a list of steps as `tarn run --steps` takes it, run in order in one "
        "session; the "
        "files of its fetches hold\n"
        "the values that are expected: .npy, or .json for strings. A step without fetches is only "
        "run.\n"
        "\n"
        "Where a step's values differ, the step is run again with the plainest kernels (reference) "
        "and "
        "without the optimiser, and\n"
        "the values of its nodes compared one after another: the first node that differs is named. "
        "Values inside of loops,\n"
        "branches and functions are not looked at; the step that uses them is named then. Where no "
        "node "
        "differs, plain kernels give\n"
        "what was computed too, and the recorded values are of another model or need a larger "
        "tolerance.\n"
        "\n"
        "The exit status is 1 when anything differs.",
    .example = "tarn verify saved_model_folder cases.json",
};

typedef struct job {
  const char *cases;
  tarn_tolerance tolerance;
  bool only_outputs, json;
  json_t *rows;
  size_t differing;
  size_t first_step; /* with a difference */
} job;

/* Element `at` of a shape as indices: "[0,3,17]". */
static const char *place(const tarn_shape *shape, int64_t at, char *text, size_t bytes) {
  int64_t index[TARN_MAX_RANK];
  size_t used = 1;
  for (int d = shape->rank - 1; d >= 0; d--) {
    index[d] = at % shape->dim[d];
    at /= shape->dim[d];
  }
  snprintf(text, bytes, "[");
  for (int d = 0; d < shape->rank && used < bytes; d++)
    used += (size_t)snprintf(text + used, bytes - used, "%s%" PRId64, d ? "," : "", index[d]);
  if (used < bytes) snprintf(text + used, bytes - used, "]");
  return text;
}

/* One fetch of one step: said, and counted. */
static void report(job *j, size_t step, const char *name, const tarn_tensor *got,
                   const tarn_tensor *wanted) {
  char had[TARN_SHAPE_TEXT], asked[TARN_SHAPE_TEXT], at[TARN_SHAPE_TEXT], printable[512];
  tarn_difference d = {0};
  double scale = 0, re[2], im;
  const bool alike = got->dtype == wanted->dtype && tarn__shape_equal(&got->shape, &wanted->shape);
  if (alike) tarn__difference_within(got, wanted, &j->tolerance, &d, &scale);
  const bool ok = alike && !d.differing;
  if (!ok && j->differing++ == 0) j->first_step = step;
  json_t *row = j->json
                    ? json_pack("{s:I, s:s, s:b}", "step", (json_int_t)step, "name", name, "ok", ok)
                    : NULL;
  if (row)
    json_array_append_new(j->rows, row);
  else
    printf("step %zu, %s: ", step,
           tarn__printable(name, strlen(name), printable, sizeof printable));
  if (!alike) {
    tarn__shape_print(&got->shape, had);
    tarn__shape_print(&wanted->shape, asked);
    if (row)
      json_object_set_new(row, "differs", json_string("type"));
    else
      printf("DIFFERS: %s%s, expected %s%s\n", tarn_dtype_name(got->dtype), had,
             tarn_dtype_name(wanted->dtype), asked);
    return;
  }
  if (row) {
    json_object_set_new(row, "elements", json_integer(d.elements));
    json_object_set_new(row, "differing", json_integer(d.differing));
    json_object_set_new(row, "magnitude", json_real(scale));
    if (d.differing) json_object_set_new(row, "at", json_integer(d.worst_at));
    if (d.differing && isfinite(d.worst))
      json_object_set_new(row, "max_abs_diff", json_real(d.worst));
    return;
  }
  if (ok) {
    printf("ok, %" PRId64 " elements\n", d.elements);
    return;
  }
  printf("DIFFERS: %" PRId64 " of %" PRId64 " elements, most at %s", d.differing, d.elements,
         place(&got->shape, d.worst_at, at, sizeof at));
  if (got->dtype != TARN_STRING) {
    tarn__element_parts(got, d.worst_at, &re[0], &im);
    tarn__element_parts(wanted, d.worst_at, &re[1], &im);
    printf(": %.7g, expected %.7g (largest magnitude %.3g)", re[0], re[1], scale);
  }
  putchar('\n');
}

static tarn_status one_step(tarn_model_run *r, job *j, size_t at) {
  const tarn_run_step *step = &r->steps[at];
  const tarn_run_request request = tarn__run_step_request(step, step->feeds, step->n_feeds);
  tarn_tensor **got = tarn__arena_array(r->arena, step->n_fetches + 1, sizeof *got);
  if (!got) return TARN_NO_MEMORY;
  tarn_status status = tarn__session_run(r->session, &request, got);
  for (size_t k = 0; k < step->n_fetches && status == TARN_OK; k++) {
    tarn_tensor *wanted = NULL;
    status = tarn__tensor_file_read(step->fetches[k].file, got[k]->dtype, &wanted);
    if (status == TARN_OK)
      report(j, at, step->fetches[k].name, got[k], wanted);
    else
      tarn__context("reading what is expected of '%s'", step->fetches[k].name);
    tarn_tensor_release(wanted);
  }
  for (size_t k = 0; k < step->n_fetches; k++) tarn_tensor_release(got[k]);
  if (status != TARN_OK) tarn__context("step %zu", at);
  return status;
}

static void tell(const job *j, const tarn_first_difference *f, json_t *object) {
  char name[512];
  if (object) {
    json_t *o = !f->tensor ? json_null()
                           : json_pack("{s:s, s:s, s:s, s:b, s:I}", "tensor", f->tensor, "op",
                                       f->op, "kernel", f->kernel, "alone", f->alone, "differing",
                                       (json_int_t)f->difference.differing);
    json_object_set_new(object, "first_differing_node", o);
    return;
  }
  if (!f->tensor) {
    printf(
        "step %zu: no node differs from plain kernels (%zu values compared): the recorded values "
        "do\n",
        j->first_step, f->compared);
    return;
  }
  printf("step %zu: the first node that differs from plain kernels: %s (%s%s%s)%s", j->first_step,
         tarn__printable(f->tensor, strlen(f->tensor), name, sizeof name), f->op,
         f->kernel[0] ? ", " : "", f->kernel,
         f->alone ? ", as it is planned with what is in front of it" : "");
  if (f->difference.differing)
    printf(": %" PRId64 " of %" PRId64 " elements, by %.3g of %.3g at most",
           f->difference.differing, f->difference.elements, f->difference.worst, f->scale);
  putchar('\n');
}

static tarn_status work(tarn_model_run *r, void *own) {
  job *j = own;
  r->steps_file = j->cases;
  TARN_TRY(tarn__model_run_open(r));
  TARN_TRY(tarn__model_run_restore(r));
  TARN_TRY(tarn__model_run_steps(r));
  size_t fetches = 0;
  for (size_t i = 0; i < r->n_steps; i++) fetches += r->steps[i].n_fetches;
  if (!fetches) return tarn_fail(TARN_INVALID, "%s expects nothing: no step has fetches", j->cases);
  TARN_TRY(tarn__model_run_fill_queues(r));
  tarn_status status = TARN_OK;
  json_t *object = j->json ? json_object() : NULL;
  j->rows = j->json ? json_array() : NULL;
  for (size_t i = 0; i < r->n_steps && status == TARN_OK; i++) status = one_step(r, j, i);
  const bool queues = r->queue_runners != NULL;
  status = tarn__model_run_end_queues(r, status);
  if (status == TARN_OK && j->differing && !j->only_outputs) {
    tarn_first_difference found = {0};
    if (queues)
      fprintf(stderr, "tarn: what queues give is not run again: no node is looked for\n");
    else if ((status = tarn__first_difference(r, j->first_step, &j->tolerance, &found)) == TARN_OK)
      tell(j, &found, object);
  }
  if (object && status == TARN_OK) {
    json_object_set(object, "fetches", j->rows);
    json_object_set_new(object, "differing", json_integer((json_int_t)j->differing));
    json_dumpf(object, stdout, JSON_INDENT(1));
    putchar('\n');
  }
  json_decref(j->rows);
  json_decref(object);
  if (status == TARN_OK && j->differing)
    return tarn_fail(TARN_FAILED, "%zu of %zu values differ from %s", j->differing, fetches,
                     j->cases);
  if (status == TARN_OK && !j->json)
    printf("%zu values in %zu steps as recorded\n", fetches, r->n_steps);
  return status;
}

static bool take(void *own, const tarn_cli *cli, int option, const char *value) {
  job *j = own;
  if (tarn__cli_is(cli, option, "--tolerance"))
    return tarn__cli_real(cli->verb, "--tolerance", value, 0, 1e30, &j->tolerance.share);
  if (tarn__cli_is(cli, option, "--absolute"))
    return tarn__cli_real(cli->verb, "--absolute", value, 0, 1e300, &j->tolerance.absolute);
  if (tarn__cli_is(cli, option, "--only-outputs"))
    j->only_outputs = true;
  else if (tarn__cli_is(cli, option, "--json"))
    j->json = true;
  return true;
}

static const char *lacks(const void *own, const tarn_model_run *r) {
  return !r->path ? "MODEL is missing" : ((const job *)own)->cases ? NULL : "CASES.json is missing";
}

static int run(int argc, char **argv) {
  job j = {.tolerance = {.share = 1e-4}};
  const tarn_model_work how = {.take = take, .lacks = lacks, .work = work, .second = &j.cases};
  return tarn__model_run_main(&tarn__verb_verify, argc, argv, &how, &j);
}
