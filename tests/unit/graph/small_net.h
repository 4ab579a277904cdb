/* A net with a little of everything that runs need, for suites that add more. */
#ifndef TARN_TESTS_UNIT_GRAPH_SMALL_NET_H
#define TARN_TESTS_UNIT_GRAPH_SMALL_NET_H

#include "tests/unit/graph/build_graph.h"

/* x [?,6,6,4] -> conv of `input` (x, or what follows from it), norm, relu ("relu"), a loop of so
 * many rounds as `limit` says ("x_out"), and one side or the other of a conditional ("merged", p
 * tells). */
static inline void add_small_net(tarn_graph *g, const char *input) {
  static float w[3 * 3 * 4 * 8], v[8];
  for (int i = 0; i < 3 * 3 * 4 * 8; i++) w[i] = (float)(i % 7 - 3) / 8;
  for (int i = 0; i < 8; i++) v[i] = 1 + (float)i / 8;
  char conv[40];
  snprintf(conv, sizeof conv, "%s w", input);
  node(g, "x", "Placeholder", "", "dtype=float; shape=[?,6,6,4]");
  node(g, "limit", "Placeholder", "", "dtype=int32; shape=[]");
  floats(g, "w", 4, (int64_t[]){3, 3, 4, 8}, w);
  floats(g, "scale", 1, (int64_t[]){8}, v);
  node(g, "conv", "Conv2D", conv, "T=float; strides=[1,1,1,1]; padding=SAME");
  node(g, "bn", "FusedBatchNormV3", "conv scale scale scale scale",
       "T=float; U=float; is_training=false");
  node(g, "relu", "Relu", "bn", "T=float");
  node(g, "small", "Tanh", "relu", "T=float");
  add_loop(g, "small");
  node(g, "p", "Greater", "limit one", "T=int32");
  node(g, "side", "Switch", "x_out p", "T=float");
  node(g, "up", "Exp", "side:0", "T=float");
  node(g, "down", "Neg", "side:1", "T=float");
  node(g, "merged", "Merge", "up down", "T=float; N=2");
}

#endif
