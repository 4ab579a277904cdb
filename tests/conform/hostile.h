/* Random nodes, shapes, attributes and elements for tests that try what nobody would write.
 * Everything follows from the seed. Helpers exit where the test itself cannot go on. */
#ifndef TARN_TESTS_CONFORM_HOSTILE_H
#define TARN_TESTS_CONFORM_HOSTILE_H

#include "graph/graph.h"

/* What follows is drawn anew from here. */
void hostile_seed(uint64_t seed);
/* In [0, below). */
uint64_t draw(uint64_t below);
/* Small, or now and then (unless tame) at the ends of a range. */
int64_t draw_int(void);
/* From now on no values at the ends of their ranges. */
void draw_tame(bool tame);
/* Zero, one, prime; now and then huge. */
int64_t draw_dim(void);
/* A shape that a tensor could have, of at most `most` elements; ranks 0 to 6, now and then the
 * highest. */
tarn_shape draw_shape(tarn_dtype dtype, int64_t most);
/* A new tensor of random elements. */
void draw_tensor(tarn_tensor *t, const tarn_allocator *a, tarn_dtype dtype,
                 const tarn_shape *shape);
/* A graph with one node of the op ("node"), attributes and producers drawn; finished: see
 * node->problem. */
tarn_graph *draw_node(const tarn_allocator *a, const tarn_op *op, tarn_node **node);
/* Exits with the error when the status is one. */
void must(tarn_status status);

#endif
