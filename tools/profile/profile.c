#include "tools/profile/profile.h"

#include "kernels/device.h"

#include <stdlib.h>
#include <string.h>

static int by_time(const void *a, const void *b) {
  const tarn_profile_row *x = a, *y = b;
  return (x->us < y->us) - (x->us > y->us);
}

/* The least time that the ceilings allow, in microseconds. */
static void find_ideal(tarn_profile_row *row, const tarn_ceiling *c, int target, double flops,
                       double bytes) {
  const bool all = c->threads > 1;
  const bool device =
      target >= 0 && target < TARN_TARGETS && tarn__target_on_device((tarn_target)target);
  double gflops = device ? c->device_gflops
                  : target >= 0 && target < TARN_TARGETS
                      ? (all ? c->gflops_all[target] : c->gflops[target])
                      : 0;
  const double best = tarn__ceiling_best(c, all);
  /* what could be reached, not what this kernel's instruction set could */
  if (!device && gflops < best) gflops = best;
  const tarn_level level = tarn__ceiling_level((size_t)bytes);
  const double gbytes = device ? c->device_gbytes : all ? c->gbytes_all[level] : c->gbytes[level];
  const double arithmetic = gflops > 0 ? flops / gflops / 1e3 : 0,
               memory = gbytes > 0 ? bytes / gbytes / 1e3 : 0;
  row->by_memory = memory >= arithmetic;
  row->ideal_us = (row->by_memory ? memory : arithmetic) * (double)row->runs;
}

static tarn_profile_row row_of(const tarn_trace_total *t, size_t runs, const tarn_ceiling *c) {
  const double times = (double)t->ticks / (double)runs;
  tarn_profile_row row = {.name = t->label.name,
                          .op = t->label.category,
                          .kernel = t->label.detail,
                          .shapes = t->label.shapes,
                          .runs = (size_t)(times + 0.5),
                          .us = (double)t->total_ns / 1e3 / (double)runs,
                          .least_us = times * (double)t->least_ns / 1e3,
                          .gflop = times * t->label.flops / 1e9,
                          .mbytes = times * t->label.bytes / 1e6,
                          .helped_us = (double)t->helped_ns / 1e3 / (double)runs,
                          .steps = 1};
  find_ideal(&row, c, t->label.peak, t->label.flops, t->label.bytes);
  return row;
}

static void add(tarn_profile_row *sum, const tarn_profile_row *row) {
  sum->runs += row->runs;
  sum->us += row->us;
  sum->least_us += row->least_us;
  sum->gflop += row->gflop;
  sum->mbytes += row->mbytes;
  sum->ideal_us += row->ideal_us;
  sum->helped_us += row->helped_us;
  sum->steps++;
}

static void sum_by_op(tarn_profile *p) {
  for (size_t i = 0; i < p->steps; i++) {
    size_t k = 0;
    while (k < p->ops && strcmp(p->op[k].op, p->step[i].op)) k++;
    if (k == p->ops)
      p->op[p->ops++] = p->step[i];
    else
      add(&p->op[k], &p->step[i]);
  }
  if (p->ops) qsort(p->op, p->ops, sizeof *p->op, by_time);
}

/* ---- what would help ----------------------------------------------------------------------- */

static void advise(tarn_profile *p, double us, const char *text) {
  if (!text || us < 0.01 * p->wall_us) return;
  size_t at = p->advices;
  while (at > 0 && p->advice[at - 1].us < us) at--;
  if (at == 3) return;
  for (size_t i = p->advices < 3 ? p->advices : 2; i > at; i--) p->advice[i] = p->advice[i - 1];
  p->advice[at] = (struct tarn_advice){us, text};
  if (p->advices < 3) p->advices++;
}

static bool is_reference(const tarn_profile_row *r) {
  const size_t n = r->kernel ? strlen(r->kernel) : 0;
  return n > 10 && !strcmp(r->kernel + n - 10, ".reference");
}

/* Why no faster kernel took the step: its refusals. NULL: it is in no plan, or there is none to
 * refuse. */
static const char *refusals(tarn_profile *p, const char *name, const tarn_plan *const *plans,
                            size_t n_plans) {
  for (size_t k = 0; k < n_plans; k++)
    for (int b = 0; b < plans[k]->blocks; b++)
      for (int at = 0; at < plans[k]->block[b]->steps; at++) {
        const tarn_step *step = &plans[k]->block[b]->step[at];
        if (step->removed || !step->binding || strcmp(step->name, name)) continue;
        size_t count;
        const tarn_kernel_ref *rows = tarn__kernels_of(step->op->name, &count);
        for (size_t i = count; i-- > 0;) {
          const char *why = tarn__kernel_refusal(rows[i], &step->binding->problem);
          char full[160];
          if (why)
            return tarn__arena_printf(p->arena, "%s: %s",
                                      tarn__kernel_full_name(rows[i], full, sizeof full), why);
        }
        return "there is no other kernel";
      }
  return NULL;
}

static void advise_reference(tarn_profile *p, const tarn_plan *const *plans, size_t n_plans) {
  for (size_t k = 0; k < p->ops; k++) {
    double us = 0, ideal = 0;
    const tarn_profile_row *longest = NULL;
    for (size_t i = 0; i < p->steps; i++) {
      const tarn_profile_row *r = &p->step[i];
      if (strcmp(r->op, p->op[k].op) || !is_reference(r)) continue;
      if (!longest) longest = r;
      us += r->us;
      ideal += r->ideal_us;
    }
    if (!longest) continue;
    const char *why = refusals(p, longest->name, plans, n_plans);
    advise(p, us - 2 * ideal,
           tarn__arena_printf(p->arena,
                              "%.1f %% of the time is in %s by the reference kernel, the longest "
                              "'%s' %s: a kernel for it, or a "
                              "form of the op that has one (%s)",
                              100 * us / p->wall_us, longest->op, longest->name, longest->shapes,
                              why ? why : "not in the plan"));
  }
}

static void advise_ops(tarn_profile *p) {
  for (size_t k = 0; k < p->ops; k++) {
    const tarn_profile_row *r = &p->op[k];
    double arithmetic = 0, memory = 0, over_arithmetic = 0, over_memory = 0;
    for (size_t i = 0; i < p->steps; i++) {
      const tarn_profile_row *s = &p->step[i];
      if (strcmp(s->op, r->op) || is_reference(s)) continue;
      const double over = s->us > s->ideal_us ? s->us - s->ideal_us : 0;
      *(s->by_memory ? &memory : &arithmetic) += s->us;
      *(s->by_memory ? &over_memory : &over_arithmetic) += over;
    }
    if (arithmetic > 0)
      advise(p, over_arithmetic,
             tarn__arena_printf(p->arena,
                                "%.1f %% of the time is in %s bound by arithmetic, at %.0f %% of "
                                "the peak: fewer operations (a smaller or "
                                "quantised model), or a better kernel for its shapes (tarn tune "
                                "measures the candidates)",
                                100 * arithmetic / p->wall_us, r->op,
                                100 * (arithmetic - over_arithmetic) / arithmetic));
    if (memory > 0)
      advise(
          p, r->gflop > 0 ? 0.5 * memory : memory - 0.25 * (memory - over_memory),
          tarn__arena_printf(p->arena,
                             r->gflop > 0 ? "%.1f %% of the time is in %s bound by memory, %.1f MB "
                                            "a run at %.0f %% of what memory gives: "
                                            "its weights are read for few rows; a larger batch "
                                            "shares them, and smaller types halve them"
                                          : "%.1f %% of the time is in %s bound by memory, %.1f MB "
                                            "a run at %.0f %% of what memory gives: "
                                            "it would cost nothing as a part of the step before it",
                             100 * memory / p->wall_us, r->op, r->mbytes,
                             100 * (memory - over_memory) / memory));
  }
}

static void advise_whole(tarn_profile *p) {
  const double outside = p->wall_us - p->kernels_us;
  double runs = 0, helped = 0;
  for (size_t i = 0; i < p->steps; i++) {
    runs += (double)p->step[i].runs;
    helped += p->step[i].helped_us;
  }
  advise(p, outside,
         tarn__arena_printf(p->arena,
                            "%.1f %% of the time is between kernels, over %.0f steps a run: fewer, "
                            "larger steps (fewer rounds of loops, a "
                            "larger batch)",
                            100 * outside / p->wall_us, runs));
  if (p->ceiling->threads > 1) {
    const double most = (p->ceiling->threads - 1) * p->kernels_us, idle = most - helped;
    advise(p, idle / p->ceiling->threads,
           tarn__arena_printf(
               p->arena,
               "the other %d of %d threads are at work %.0f %% of the time: steps are too small to "
               "share, or kernels do "
               "not divide; a larger batch, or one thread a run and several runs at once",
               p->ceiling->threads - 1, p->ceiling->threads, most > 0 ? 100 * helped / most : 0));
  }
}

tarn_status tarn__profile_make(tarn_arena *arena, const tarn_trace_total *totals, size_t n,
                               size_t runs, double wall_us, const tarn_ceiling *ceiling,
                               const tarn_plan *const *plans, size_t n_plans,
                               tarn_profile *profile) {
  tarn_profile p = {.arena = arena, .ceiling = ceiling, .wall_us = wall_us, .runs = (double)runs};
  p.step = tarn__arena_array(arena, n + 1, sizeof *p.step);
  p.op = tarn__arena_array(arena, n + 1, sizeof *p.op);
  p.advice = tarn__arena_array(arena, 3, sizeof *p.advice);
  if (!p.step || !p.op || !p.advice || !runs) return TARN_NO_MEMORY;
  for (size_t i = 0; i < n; i++) /* steps with steps inside have no kernel: theirs are counted */
    if (totals[i].ticks && totals[i].label.detail && totals[i].label.detail[0])
      p.step[p.steps++] = row_of(&totals[i], runs, ceiling);
  if (p.steps) qsort(p.step, p.steps, sizeof *p.step, by_time);
  for (size_t i = 0; i < p.steps; i++) p.kernels_us += p.step[i].us;
  sum_by_op(&p);
  advise_reference(&p, plans, n_plans);
  advise_ops(&p);
  advise_whole(&p);
  *profile = p;
  return TARN_OK;
}

/* ---- printing ------------------------------------------------------------------------------ */

static void print_row(FILE *to, const tarn_profile *p, const tarn_profile_row *r) {
  char rate[32] = "";
  if (r->us > 0)
    snprintf(rate, sizeof rate, r->gflop > 0 ? "%.1f GFLOP/s" : "%.1f GB/s",
             (r->gflop > 0 ? r->gflop * 1e6 : r->mbytes * 1e3) / r->us);
  fprintf(to, "  %9.1f %6.1f %%  %14s  %5.0f %%  %-10s", r->us, 100 * r->us / p->wall_us, rate,
          r->us > 0 ? 100 * r->ideal_us / r->us : 0, r->by_memory ? "memory" : "arithmetic");
}

void tarn__profile_print(FILE *to, const tarn_profile *p, size_t most) {
  const bool all = p->ceiling->threads > 1;
  fprintf(to,
          "%.1f us a run over %.0f runs, %.1f %% of it in kernels; ceilings of %d thread%s: %.0f "
          "GFLOP/s, %.0f GB/s from memory\n\n",
          p->wall_us, p->runs, 100 * p->kernels_us / p->wall_us, p->ceiling->threads,
          all ? "s" : "", tarn__ceiling_best(p->ceiling, all),
          all ? p->ceiling->gbytes_all[TARN_LEVEL_DRAM] : p->ceiling->gbytes[TARN_LEVEL_DRAM]);
  if (p->ceiling->device[0])
    fprintf(to, "%s: %.0f GFLOP/s and %.0f GB/s by its clocks and widths\n\n", p->ceiling->device,
            p->ceiling->device_gflops, p->ceiling->device_gbytes);
  fprintf(to, "  %9s %8s  %14s  %7s  %-10s  op (steps)\n", "us a run", "share", "rate", "of roof",
          "bound by");
  for (size_t k = 0; k < p->ops; k++) {
    print_row(to, p, &p->op[k]);
    fprintf(to, "  %s (%zu)\n", p->op[k].op, p->op[k].steps);
  }
  fprintf(to, "  %9.1f %6.1f %%  %14s  %7s  %-10s  between kernels\n\n", p->wall_us - p->kernels_us,
          100 * (p->wall_us - p->kernels_us) / p->wall_us, "", "", "");
  fprintf(to, "  %9s %8s  %14s  %7s  %-10s  step: op, kernel, shapes\n", "us a run", "share",
          "rate", "of roof", "bound by");
  for (size_t i = 0; i < p->steps && (!most || i < most); i++) {
    const tarn_profile_row *r = &p->step[i];
    print_row(to, p, r);
    fprintf(to, "  %s: %s, %s, %s", r->name, r->op, r->kernel, r->shapes);
    if (r->runs != 1) fprintf(to, " (%zu times)", r->runs);
    fputc('\n', to);
  }
  if (most && p->steps > most) fprintf(to, "  and %zu more (--all)\n", p->steps - most);
  fprintf(to, p->advices ? "\nWhat would help most:\n" : "\nNothing stands out.\n");
  for (size_t i = 0; i < p->advices; i++)
    fprintf(to, "  %zu. %s; at best %.0f us a run.\n", i + 1, p->advice[i].text, p->advice[i].us);
}

static json_t *row_json(const tarn_profile *p, const tarn_profile_row *r) {
  return json_pack("{s:s, s:f, s:f, s:f, s:f, s:f, s:f, s:s, s:I, s:I}", "op", r->op, "us", r->us,
                   "share", r->us / p->wall_us, "gflop", r->gflop, "mbytes", r->mbytes, "ideal_us",
                   r->ideal_us, "of_roofline", r->us > 0 ? r->ideal_us / r->us : 0.0, "bound_by",
                   r->by_memory ? "memory" : "arithmetic", "steps", (json_int_t)r->steps, "runs",
                   (json_int_t)r->runs);
}

json_t *tarn__profile_json(const tarn_profile *p) {
  json_t *steps = json_array(), *ops = json_array(), *advice = json_array();
  for (size_t i = 0; i < p->steps; i++) {
    json_t *row = row_json(p, &p->step[i]);
    json_object_set_new(row, "name", json_string(p->step[i].name));
    json_object_set_new(row, "kernel", json_string(p->step[i].kernel));
    json_object_set_new(row, "shapes", json_string(p->step[i].shapes));
    json_array_append_new(steps, row);
  }
  for (size_t k = 0; k < p->ops; k++) json_array_append_new(ops, row_json(p, &p->op[k]));
  for (size_t i = 0; i < p->advices; i++)
    json_array_append_new(
        advice, json_pack("{s:s, s:f}", "text", p->advice[i].text, "us", p->advice[i].us));
  return json_pack("{s:f, s:f, s:f, s:i, s:o, s:o, s:o}", "us", p->wall_us, "kernels_us",
                   p->kernels_us, "runs", p->runs, "threads", p->ceiling->threads, "steps", steps,
                   "ops", ops, "advice", advice);
}
