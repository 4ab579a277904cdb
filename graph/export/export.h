/* A plan as a graph of TensorFlow's ops.
 *
 * Steps become nodes under their own names, known values become Const nodes (one for each buffer),
 * internal ops the TensorFlow ops that they stand for, bodies of If, While and Case functions of
 * the new graph, and V1 loops frames of Enter, Merge, Switch, NextIteration and Exit as they were.
 * Handles of variables whose values are constants now are dropped, also from the arguments of
 * functions. Each fetched tensor keeps its name: where its node is gone, an Identity (or IdentityN)
 * of that name gives it. */
#ifndef TARN_GRAPH_EXPORT_EXPORT_H
#define TARN_GRAPH_EXPORT_EXPORT_H

#include "graph/plan.h"

/* request: what the plan was made for, with TARN_FOR_EXPORT, TARN_FOR_EXPORT_ANY or TARN_FOR_FREEZE
 * in `purpose`. Placeholders get the shapes that were fed with TARN_FOR_EXPORT, those that they had
 * otherwise. The graph is finished and borrows from the plan and from the graph it was made of:
 * destroy it before them. Errors: TARN_INVALID (a variable without a value), TARN_UNSUPPORTED (one
 * that is written, an internal op that has no form in TensorFlow), TARN_NO_MEMORY. */
TARN_MUST_CHECK tarn_status tarn__plan_export(const tarn_plan *plan,
                                              const tarn_plan_request *request,
                                              tarn_purpose purpose, tarn_graph **graph);

#endif
