/* Where a run's time goes, from a trace's totals: the table by step and by op, and what would help
 * most. */
#ifndef TARN_TOOLS_PROFILE_PROFILE_H
#define TARN_TOOLS_PROFILE_PROFILE_H

#include <jansson.h>
#include <stdio.h>

#include "bench/ceiling.h"
#include "core/trace/trace.h"
#include "graph/plan.h"

typedef struct tarn_profile_row {
  const char *name, *op, *kernel, *shapes;
  size_t runs;          /* of the step, in one run of the model */
  double us, least_us;  /* in one run: the mean; runs times the least */
  double gflop, mbytes; /* in one run; each input and output once */
  double ideal_us;      /* by the ceilings: the longer of arithmetic and memory */
  bool by_memory;       /* which of them that is */
  double helped_us;     /* by other threads */
  size_t steps;         /* rows of an op: how many steps */
} tarn_profile_row;

typedef struct tarn_profile {
  tarn_arena *arena;
  const tarn_ceiling *ceiling;
  tarn_profile_row *step;
  size_t steps; /* longest first */
  tarn_profile_row *op;
  size_t ops;                 /* the same by op */
  double wall_us, kernels_us; /* of one run: all of it; in kernels */
  double runs;
  struct tarn_advice {
    double us; /* what a run would be shorter by, at best */
    const char *text;
  } * advice;
  size_t advices; /* most first, at most three */
} tarn_profile;

/* totals: of a trace of so many runs, which took wall_us each; its strings stay in use. plans: of
 * these runs, for the reasons why a kernel was not taken. In the arena. */
TARN_MUST_CHECK tarn_status tarn__profile_make(tarn_arena *arena, const tarn_trace_total *totals,
                                               size_t n, size_t runs, double wall_us,
                                               const tarn_ceiling *ceiling,
                                               const tarn_plan *const *plans, size_t n_plans,
                                               tarn_profile *profile);
/* most: how many steps to list; 0: all. */
void tarn__profile_print(FILE *to, const tarn_profile *profile, size_t most);
json_t *tarn__profile_json(const tarn_profile *profile);

#endif
