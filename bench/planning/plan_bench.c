/* Times the making of a plan; see README.md. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/trace/trace.h"
#include "graph/passes/passes.h"
#include "graph/session.h"

enum { UNITS = 16, NODES_EACH = 9, TRIES = 20 };

static void check(tarn_status status) {
  if (status == TARN_OK) return;
  fprintf(stderr, "plan_bench: %s\n", tarn_error());
  exit(1);
}

static tarn_node *add(tarn_graph *g, const char *name, int layer, const char *op) {
  char full[64];
  tarn_node *node;
  snprintf(full, sizeof full, "%s%d", name, layer);
  check(tarn__graph_add(g, full, op, "", &node));
  if (strcmp(op, "Const") && strcmp(op, "Placeholder")) {
    const tarn_attr type = {.kind = TARN_ATTR_TYPE, .type = {TARN_F32, false}};
    check(tarn__attr_set(g->arena, &node->attrs, "T", &type));
  }
  return node;
}
static void input(tarn_graph *g, tarn_node *node, const char *name, int layer) {
  char full[64];
  snprintf(full, sizeof full, "%s%d", name, layer);
  check(tarn__node_add_input(g, node, full));
}
static void binary(tarn_graph *g, const char *name, const char *op, int layer, const char *a,
                   int a_layer, const char *b) {
  tarn_node *node = add(g, name, layer, op);
  input(g, node, a, a_layer);
  input(g, node, b, layer);
}
static void unary(tarn_graph *g, const char *name, const char *op, int layer, const char *a) {
  input(g, add(g, name, layer, op), a, layer);
}

static void constant(tarn_graph *g, const char *name, int layer, int rank) {
  tarn_node *node = add(g, name, layer, "Const");
  const int64_t dims[2] = {UNITS, UNITS};
  tarn_shape shape;
  tarn_tensor t;
  const tarn_tensor *kept;
  check(tarn__shape_make(rank, dims, &shape));
  check(tarn__tensor_new(tarn__allocator_default(), TARN_F32, &shape, &t));
  for (int64_t i = 0; i < tarn__tensor_elements(&t); i++)
    ((float *)t.data)[i] = (float)(i % 7 + layer) / 100;
  check(tarn__graph_keep_tensor(g, &t, &kept));
  const tarn_attr value = {.kind = TARN_ATTR_TENSOR, .tensor = kept},
                  type = {.kind = TARN_ATTR_TYPE, .type = {TARN_F32, false}};
  check(tarn__attr_set(g->arena, &node->attrs, "value", &value));
  check(tarn__attr_set(g->arena, &node->attrs, "dtype", &type));
}

/* y[k + 1] = y[k] + tanh(relu(y[k] w + b)) c */
static tarn_graph *layers(int count) {
  tarn_graph *g;
  check(tarn__graph_create(tarn__allocator_default(), &g));
  const tarn_attr type = {.kind = TARN_ATTR_TYPE, .type = {TARN_F32, false}};
  check(tarn__attr_set(g->arena, &add(g, "y", 0, "Placeholder")->attrs, "dtype", &type));
  for (int k = 1; k <= count; k++) {
    constant(g, "w", k, 2);
    constant(g, "b", k, 1);
    constant(g, "c", k, 0);
    binary(g, "p", "MatMul", k, "y", k - 1, "w");
    binary(g, "s", "AddV2", k, "p", k, "b");
    unary(g, "r", "Relu", k, "s");
    unary(g, "t", "Tanh", k, "r");
    binary(g, "m", "Mul", k, "t", k, "c");
    binary(g, "y", "AddV2", k, "y", k - 1, "m");
  }
  check(tarn__graph_finish(g));
  return g;
}

static double plan_ms(tarn_graph *g, int count, const char *const *off, size_t n) {
  double best = 1e9;
  char fetch[32];
  const char *fetches = fetch;
  const int64_t dims[2] = {4, UNITS};
  tarn_tensor *x;
  snprintf(fetch, sizeof fetch, "y%d", count);
  check(tarn_tensor_create(TARN_F32, 2, dims, &x));
  const tarn_feed feed = {"y0", x};
  for (int k = 0; k < TRIES; k++) {
    tarn_session *s;
    const tarn_plan *plan;
    check(tarn__session_create(g, NULL, &(tarn_session_options){.threads = 1}, NULL, &s));
    tarn__session_disable_passes(s, off, n);
    const tarn_run_request q = {.feeds = &feed, .n_feeds = 1, .fetches = &fetches, .n_fetches = 1};
    const uint64_t start = tarn__now_ns();
    check(tarn__session_plan(s, &q, false, &plan));
    const double ms = (double)(tarn__now_ns() - start) / 1e6;
    if (ms < best) best = ms;
    tarn_session_destroy(s);
  }
  tarn_tensor_release(x);
  return best;
}

int main(int argc, char **argv) {
  const int nodes = argc > 1 ? atoi(argv[1]) : 1000;
  if (nodes < NODES_EACH || nodes > 1000000) {
    fprintf(stderr, "usage: plan_bench [NODES]\n");
    return 2;
  }
  const int count = nodes / NODES_EACH;
  tarn_graph *g = layers(count);
  printf("%d nodes\n%-20s %8.2f ms\n", count * NODES_EACH + 1, "every pass",
         plan_ms(g, count, NULL, 0));
  for (const tarn_pass *pass = tarn__passes; pass->name; pass++)
    printf("no %-17s %8.2f ms\n", pass->name, plan_ms(g, count, &pass->name, 1));
  const char *all = "all";
  printf("%-20s %8.2f ms\n", "no pass", plan_ms(g, count, &all, 1));
  tarn__graph_destroy(g);
  return 0;
}
