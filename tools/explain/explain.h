/* What would run where and why: the steps of a plan with the kernel chosen for each and the whole
 * contest behind the choice. */
#ifndef TARN_TOOLS_EXPLAIN_EXPLAIN_H
#define TARN_TOOLS_EXPLAIN_EXPLAIN_H

#include "graph/session.h"

#include <jansson.h>
#include <stdio.h>

typedef struct tarn_explain_options {
  bool brief;                    /* the chosen kernels alone */
  bool memory;                   /* the memory plan alone */
} tarn_explain_options;

/* As text: a line for each step (node, op, kernel, output, estimate) and under it the
 * candidates. */
void tarn__explain_print(FILE *to, const tarn_plan *plan, const tarn_machine *machine,
                         const tarn_explain_options *options);
/* The same as an object: steps, memory {peak_bytes, lower_bound_bytes}, unsupported. NULL: no
 * memory. */
json_t *tarn__explain_json(const tarn_plan *plan, const tarn_machine *machine,
                           const tarn_explain_options *options);

#endif
