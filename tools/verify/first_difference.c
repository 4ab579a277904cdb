/* All values are fetched in one run of each session, which keeps passes from joining what is
 * fetched. Where nothing differs then, values are fetched one by one, so that everything in front
 * of each is planned as it was. Every probe has a session of its own: runs may change variables. */
#include "tools/verify/first_difference.h"

#include <stdio.h>
#include <string.h>

void tarn__difference_within(const tarn_tensor *got, const tarn_tensor *wanted,
                             const tarn_tolerance *tolerance, tarn_difference *d, double *scale) {
  *scale = tarn__dtype_in(wanted->dtype, TARN_PLAIN) ? tarn__tensor_magnitude(wanted) : 0;
  const bool real = tarn__dtype_in(wanted->dtype, TARN_FLOATS | TARN_COMPLEX);
  tarn__difference_of(got, wanted, 0, tolerance->absolute + (real ? tolerance->share * *scale : 0),
                      d);
}

/* A session beside r's, and the steps in front of `step` done. The caller destroys probe->session.
 */
static tarn_status open_probe(const tarn_model_run *r, size_t step, tarn_model_run *probe) {
  *probe = *r;
  probe->session = NULL;
  probe->queue_runners = NULL;
  probe->trace = NULL;
  probe->no_queue_runners = true;
  TARN_TRY(tarn__model_run_session(probe));
  TARN_TRY(tarn__model_run_restore(probe));
  TARN_TRY(tarn__model_run_fill_queues(probe)); /* so that nothing waits for ever */
  for (size_t i = 0; i < step; i++) {
    const tarn_run_step *s = &r->steps[i];
    tarn_tensor **out = tarn__arena_array(r->arena, s->n_fetches + 1, sizeof *out);
    if (!out) return TARN_NO_MEMORY;
    const tarn_run_request request = tarn__run_step_request(s, s->feeds, s->n_feeds);
    TARN_TRY_IN(tarn__session_run(probe->session, &request, out), "step %zu", i);
    for (size_t k = 0; k < s->n_fetches; k++) tarn_tensor_release(out[k]);
  }
  return TARN_OK;
}

typedef struct candidates {
  const char **name; /* what is fetched; behind them what the step itself fetches */
  const char **op;
  size_t count, own;
  tarn_tensor **wanted;
} candidates;

/* The step's run with fetches [from, from + n) of the list. */
static tarn_status fetch(const tarn_model_run *probe, size_t step, const candidates *c, size_t from,
                         size_t n, tarn_tensor **out) {
  const tarn_run_step *s = &probe->steps[step];
  tarn_run_request request = tarn__run_step_request(s, s->feeds, s->n_feeds);
  request.fetches = c->name + from;
  request.n_fetches = n;
  return tarn__session_run(probe->session, &request, out);
}

/* The values of the root that kernels make in every run, in an order in which they can. */
static tarn_status find(const tarn_model_run *r, const tarn_plan *plan, size_t step,
                        candidates *c) {
  const tarn_graph *graph = tarn__session_graph(r->session);
  const tarn_run_step *s = &r->steps[step];
  const tarn_block *root = plan->root;
  const size_t most = (size_t)root->values + s->n_fetches + 1;
  c->name = tarn__arena_array(r->arena, most, sizeof *c->name);
  c->op = tarn__arena_array(r->arena, most, sizeof *c->op);
  c->wanted = tarn__arena_array(r->arena, most, sizeof *c->wanted);
  if (!c->name || !c->op || !c->wanted) return TARN_NO_MEMORY;
  for (int at = 0; at < root->steps; at++) {
    const tarn_step *step_at = &root->step[at];
    if (step_at->removed || step_at->may_die || !step_at->op || !step_at->node ||
        tarn__graph_node(graph, step_at->node->name) != step_at->node)
      continue;
    for (int k = 0; k < step_at->outputs; k++) {
      const tarn_value *v = &root->value[step_at->out[k]];
      if (v->is_ref || v->may_die || v->constant.dtype ||
          (v->dtype != TARN_STRING && !tarn__dtype_in(v->dtype, TARN_PLAIN)))
        continue;
      c->op[c->count] = step_at->op->name;
      c->name[c->count] = tarn__arena_printf(r->arena, "%s:%d", step_at->node->name, v->output);
      if (!c->name[c->count++]) return TARN_NO_MEMORY;
    }
  }
  for (size_t i = 0; i < s->n_fetches; i++) c->name[c->count + c->own++] = s->fetch_names[i];
  return TARN_OK;
}

static bool same_kind(const tarn_tensor *a, const tarn_tensor *b) {
  return a->dtype == b->dtype && tarn__shape_equal(&a->shape, &b->shape);
}

/* Whether value i of the list differs; then *found says how. */
static bool differs(const candidates *c, size_t i, const tarn_tensor *got,
                    const tarn_tolerance *tolerance, tarn_first_difference *found) {
  const tarn_tensor *wanted = c->wanted[i];
  found->compared++;
  if (!got || !wanted) return false;
  if (same_kind(got, wanted)) {
    tarn__difference_within(got, wanted, tolerance, &found->difference, &found->scale);
    if (!found->difference.differing) return false;
  } else {
    found->difference = (tarn_difference){0};
  }
  found->tensor = c->name[i];
  found->op = c->op[i];
  return true;
}

/* The kernel that made the tensor in the run at hand. */
static void name_kernel(const tarn_model_run *probe, size_t step, const candidates *c, size_t from,
                        size_t n, tarn_first_difference *found) {
  const tarn_run_step *s = &probe->steps[step];
  tarn_run_request request = tarn__run_step_request(s, s->feeds, s->n_feeds);
  const tarn_plan *plan;
  request.fetches = c->name + from;
  request.n_fetches = n;
  if (tarn__session_plan(probe->session, &request, true, &plan) != TARN_OK) return;
  for (size_t i = 0; i < n && i < (size_t)plan->root->results; i++) {
    if (request.fetches[i] != found->tensor) continue;
    const int at = plan->root->value[plan->root->result[i]].producer;
    if (at >= 0 && plan->root->step[at].binding)
      tarn__kernel_full_name(plan->root->step[at].binding->kernel, found->kernel,
                             sizeof found->kernel);
  }
}

static tarn_status compare_all(const tarn_model_run *r, size_t step, const candidates *c,
                               const tarn_tolerance *tolerance, tarn_first_difference *found) {
  tarn_model_run probe;
  tarn_tensor **got = tarn__arena_array(r->arena, c->count + c->own + 1, sizeof *got);
  if (!got) return TARN_NO_MEMORY;
  tarn_status status = open_probe(r, step, &probe);
  if (status == TARN_OK) status = fetch(&probe, step, c, 0, c->count + c->own, got);
  for (size_t i = 0; i < c->count && status == TARN_OK; i++)
    if (differs(c, i, got[i], tolerance, found)) {
      name_kernel(&probe, step, c, 0, c->count + c->own, found);
      break;
    }
  for (size_t i = 0; i < c->count + c->own; i++) tarn_tensor_release(got[i]);
  tarn_session_destroy(probe.session);
  return status;
}

static tarn_status compare_each(const tarn_model_run *r, size_t step, const candidates *c,
                                const tarn_tolerance *tolerance, tarn_first_difference *found) {
  for (size_t i = 0; i < c->count && !found->tensor; i++) {
    tarn_model_run probe;
    tarn_tensor *got = NULL;
    tarn_status status = open_probe(r, step, &probe);
    if (status == TARN_OK) status = fetch(&probe, step, c, i, 1, &got);
    if (status == TARN_OK && differs(c, i, got, tolerance, found)) {
      name_kernel(&probe, step, c, i, 1, found);
      found->alone = true;
    }
    tarn_tensor_release(got);
    tarn_session_destroy(probe.session);
    TARN_TRY(status);
  }
  return TARN_OK;
}

tarn_status tarn__first_difference(const tarn_model_run *r, size_t step,
                                   const tarn_tolerance *tolerance, tarn_first_difference *found) {
  static const char *all = "all";
  tarn_model_run slow = *r, probe;
  candidates c = {0};
  const tarn_plan *plan;
  const tarn_run_step *s = &r->steps[step];
  const tarn_run_request request = tarn__run_step_request(s, s->feeds, s->n_feeds);
  *found = (tarn_first_difference){0};
  slow.options.backend = "reference";
  slow.options.precision = NULL;
  slow.disabled = &all;
  slow.n_disabled = 1;
  slow.untuned = true;
  tarn_status status = open_probe(&slow, step, &probe);
  if (status == TARN_OK) status = tarn__session_plan(probe.session, &request, false, &plan);
  if (status == TARN_OK) status = find(&probe, plan, step, &c);
  if (status == TARN_OK) status = fetch(&probe, step, &c, 0, c.count + c.own, c.wanted);
  tarn_session_destroy(probe.session);
  if (status == TARN_OK) status = compare_all(r, step, &c, tolerance, found);
  if (status == TARN_OK && !found->tensor) {
    found->compared = 0;
    status = compare_each(r, step, &c, tolerance, found);
  }
  for (size_t i = 0; i < c.count + c.own; i++) tarn_tensor_release(c.wanted[i]);
  return status;
}
