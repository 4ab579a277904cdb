/* Weights times a factor for each channel, made when somebody needs the elements.
 *
 *   w'[.., o] = w[.., o] * scale[o]
 *
 * A filter that a batch norm was folded into is needed once, to be packed: keeping all of a net's
 * until then would hold every weight twice. So it is a constant without elements, which says what
 * it would be made of. Only between fuse_product and the end of planning, and then only as an input
 * that a kernel packs and does not read (tarn_step.spends): tarn__fold_settle makes all others.
 * Whoever asks for a constant's elements in between gets none: data is NULL. */
#ifndef TARN_GRAPH_PLAN_FOLD_H
#define TARN_GRAPH_PLAN_FOLD_H

#include "graph/plan.h"

typedef struct tarn_fold tarn_fold;

/* A constant of w's dtype (float or double) and shape, without elements yet. w is shared,
 * scale[channels] copied; channels is w's last dim. contents: its number
 * (tarn__tensor_name_contents, or _lasting); 0: none follows from what it is made of. */
tarn_status tarn__fold_create(const tarn_allocator *a, const tarn_tensor *w, const double *scale,
                              int64_t channels, uint64_t contents, bool lasting, tarn_tensor *out);
/* NULL: an ordinary tensor. Lives as long as t. */
const tarn_fold *tarn__fold_of(const tarn_tensor *t);
/* The elements into memory of tarn__tensor_bytes(t). pool may be NULL. */
tarn_status tarn__fold_fill(const tarn_fold *fold, void *elements, tarn_pool *pool);
/* What it is made of. */
const tarn_tensor *tarn__fold_source(const tarn_fold *fold);
/* Makes the elements: *t becomes an ordinary tensor. */
tarn_status tarn__fold_make(const tarn_allocator *a, tarn_tensor *t);

#endif
