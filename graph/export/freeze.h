/* Plans that are written back take variables for constants wherever they are read. */
#ifndef TARN_GRAPH_EXPORT_FREEZE_H
#define TARN_GRAPH_EXPORT_FREEZE_H

#include "graph/plan/builder.h"

/* May this pass rewrite a plan that is made for `purpose`? Those for graphs leave only TensorFlow's
 * ops, or internal ones that expand.c writes as such; some are right only for the shapes that were
 * fed. */
bool tarn__export_allows(const char *pass, tarn_purpose purpose);

/* Ops that read a variable through its handle (ResourceGather, VariableShape) get its value as
 * input 0, where nothing in the plan writes it; expand.c writes them as the ops that take values.
 * Before the passes. */
tarn_status tarn__export_freeze_reads(tarn_builder *b);
/* Weights that were to be scaled when they are packed are scaled now. After the passes. */
tarn_status tarn__export_make_weights(tarn_builder *b);
/* Is it such an op? */
bool tarn__export_reads_handle(const char *op);

#endif
