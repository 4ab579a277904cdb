/* Case strings: one line that says an op's inputs and attributes, shared by conformance tests and
 * the bench.
 *
 *   "input=f32[2x5x5x3] filter=f32[3x3x3x8] strides=[1,1,1,1] padding=SAME"
 *
 * An input is dtype[dims] (a scalar is f32[]), filled with seeded random elements (floats about
 * N(0,1), integers small, bools mixed), dtype[dims]:lo..hi for a range, dtype[dims]:from+step/run
 * for from + step * (i / run), dtype[dims]:dominant for square matrices whose diagonals outweigh
 * the rest, dtype{values} for a vector of given elements, dtype[dims]{values} for any shape of
 * them, or dtype(value) for a scalar. Type attributes follow from the inputs' dtypes where they
 * can. A list input (N * T) repeats its name; attributes are written as in signatures
 * (strides=[1,2,2,1], padding=SAME, DstT=i32). */
#ifndef TARN_GRAPH_CASE_CASE_H
#define TARN_GRAPH_CASE_CASE_H

#include "graph/graph.h"
#include "kernels/kernel.h"

#define TARN_CASE_MAX_INPUTS 32

/* A parsed case: a node of its own with inputs filled in and shapes inferred. It points into
 * itself: not to be copied. A test may put other tensors of the same shapes into `in`, and set
 * problem.stable, between make and run. */
typedef struct tarn_case {
  const tarn_op *op;
  tarn_graph *graph;             /* holds the one node */
  const tarn_node *node;
  tarn_tensor in[TARN_CASE_MAX_INPUTS];
  tarn_shape in_shape[TARN_CASE_MAX_INPUTS], out_shape[TARN_CASE_MAX_INPUTS];
  tarn_problem problem;          /* what kernels are asked with */
  uint64_t deadline_ns;          /* of runs (tarn__now_ns); 0: none */
} tarn_case;

/* dtype: replaces the dtype of every input written as "T" (so one case serves many dtypes);
 * TARN_NO_DTYPE: f32 for those. */
tarn_status tarn__case_make(const tarn_allocator *a, const tarn_op *op, const char *text,
                            tarn_dtype dtype, uint64_t seed, tarn_case *made);
void tarn__case_clear(tarn_case *made);
/* Runs one kernel on it, with state of its own. Outputs go where out[i] has memory already (its
 * dtype set), else into fresh tensors; the caller clears them, also on failure. `out` has
 * problem.outputs elements, zeroed where empty. */
tarn_status tarn__case_run(const tarn_case *made, tarn_kernel_ref kernel, tarn_pool *pool,
                           tarn_tensor *out);

/* The same in parts, for running one many times: scratch, outputs and packed stable inputs are made
 * once, as in a plan. The case, the pool and `out` outlive the binding. Not thread-safe. */
typedef struct tarn_case_binding tarn_case_binding;
tarn_status tarn__case_bind(const tarn_case *made, tarn_kernel_ref kernel, tarn_pool *pool,
                            tarn_tensor *out, tarn_case_binding **binding);
tarn_status tarn__case_binding_run(tarn_case_binding *binding);
void tarn__case_unbind(tarn_case_binding *binding);

#endif
