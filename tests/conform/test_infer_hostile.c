/* Parse and shape functions never crash, whatever the shapes, attributes and small integer inputs:
 * each op gets many seeded nodes, and many changes of its own cases: ranks 0..6 (and the highest),
 * dims of zero, one, prime and huge, wrong ranks, and values at the ends of their range. A status
 * is all that is asked of them, and that shapes given are ones that can exist. The sanitizer builds
 * give this test its teeth. Arguments: -v to name each node before it is tried (which one
 * crashed?), -n and how many nodes of each op and changes of each case to try, or an op's name and
 * a seed (its cases are left out then). */
#include "graph/case/case.h"
#include "graph/case/case_input.h"
#include "hostile.h"

#include <stdio.h>
#include <stdlib.h>

#define ROUNDS 80
#define MAX_VALUES 64      /* elements of an input that infer may know */

typedef struct tally {
  long built, refused, inferred, failed;
} tally;

enum { MOST = 64 };   /* inputs of a node here */

static uint64_t rounds = ROUNDS;

/* Small inputs are known now and then. */
static void maybe_known(tarn_tensor *t, tarn_dtype dtype, const tarn_shape *shape) {
  if (tarn__shape_elements(shape) > MAX_VALUES || dtype == TARN_RESOURCE || dtype == TARN_VARIANT ||
      !draw(3))
    return;
  draw_tensor(t, tarn__allocator_default(), dtype, shape);
}

/* Runs infer on the shapes; values[i] belongs to the caller. */
static void infer(const tarn_node *n, const tarn_shape *in, const tarn_tensor *values,
                  tally *counts) {
  const tarn_tensor *value[MOST] = {0};
  tarn_shape *out = calloc((size_t)n->outputs + 1, sizeof *out);
  if (!out) exit(1);
  for (int i = 0; i < n->inputs; i++)
    if (values[i].dtype != TARN_NO_DTYPE) value[i] = &values[i];
  tarn_infer t = {.op = n->op,
                  .node = n->name,
                  .attrs = &n->attrs,
                  .params = n->params,
                  .inputs = n->inputs,
                  .outputs = n->outputs,
                  .in_dtype = n->in_dtype,
                  .out_dtype = n->out_dtype,
                  .in = in,
                  .value = value,
                  .out = out};
  if (tarn__infer(&t) == TARN_OK) counts->inferred++;
  else counts->failed++;
  free(out);
}

static bool possible(const tarn_shape *shape, tarn_dtype dtype) {
  int64_t elements;
  size_t bytes;
  return tarn__shape_bytes(shape, tarn_dtype_bytes(dtype), &elements, &bytes) == TARN_OK;
}

/* Shapes and values out of the blue. */
static void infer_random(const tarn_node *n, tally *counts) {
  tarn_shape in[MOST];
  tarn_tensor values[MOST] = {{0}};
  for (int i = 0; i < n->inputs; i++) {
    bool same =
        i > 0 && draw(2); /* often shapes that fit, or no check behind the first is reached */
    in[i] = same ? in[i - 1] : draw_shape(n->in_dtype[i], INT64_MAX);
    if (!possible(&in[i], n->in_dtype[i])) in[i] = tarn__shape_scalar();
    maybe_known(&values[i], n->in_dtype[i], &in[i]);
  }
  infer(n, in, values, counts);
  for (int i = 0; i < n->inputs; i++) tarn__tensor_clear(&values[i]);
}

/* A case that works, with a dim, a rank or an element changed here and there: this passes the first
 * checks. */
static void infer_changed(const tarn_case *made, tally *counts) {
  const tarn_node *n = made->node;
  tarn_shape in[MOST];
  tarn_tensor values[MOST] = {{0}};
  for (int i = 0; i < n->inputs; i++) {
    tarn_shape shape = made->in_shape[i];
    if (shape.rank > 0 && draw(3) == 0) shape.dim[draw((uint64_t)shape.rank)] = draw_dim();
    if (shape.rank < TARN_MAX_RANK && draw(10) == 0) shape.dim[shape.rank++] = draw_dim();
    if (shape.rank > 0 && draw(10) == 0) shape.rank--;
    in[i] = possible(&shape, n->in_dtype[i]) ? shape : made->in_shape[i];
    if (!tarn__shape_equal(&in[i], &made->in_shape[i])) {
      maybe_known(&values[i], n->in_dtype[i], &in[i]);
    } else if (draw(4)) {
      must(tarn__tensor_copy(tarn__allocator_default(), &made->in[i], &values[i]));
      int64_t elements = tarn__tensor_elements(&values[i]);
      if (elements > 0 && draw(2))
        tarn__element_put(&values[i], (int64_t)draw((uint64_t)elements), (double)draw_int(), 0);
    }
  }
  infer(n, in, values, counts);
  for (int i = 0; i < n->inputs; i++) tarn__tensor_clear(&values[i]);
}

static void try_cases(const tarn_op *op, tally *counts) {
  for (size_t c = 0; c < sizeof op->cases / sizeof *op->cases && op->cases[c]; c++) {
    tarn_case made;
    if (tarn__case_make(tarn__allocator_default(), op, op->cases[c], TARN_F32, 1, &made) != TARN_OK)
      continue;
    counts->built++;
    for (uint64_t i = 0; i < rounds; i++) {
      infer_changed(&made, counts);
      infer_random(made.node, counts);
    }
    tarn__case_clear(&made);
  }
}

static void try_op(const tarn_op *op, tally *counts) {
  tarn_node *n;
  tarn_graph *g = draw_node(tarn__allocator_default(), op, &n);
  if (n->problem) {
    counts->refused++;
  } else {
    counts->built++;
    for (int i = 0; i < 6; i++) infer_random(n, counts);
  }
  tarn__graph_destroy(g);
}

int main(int argc, char **argv) {
  tally counts = {0};
  size_t count;
  const tarn_op *const *ops = tarn__ops(&count);
  bool verbose = argc == 2 && strcmp(argv[1], "-v") == 0;
  if (argc == 3 && strcmp(argv[1], "-n") == 0) {
    rounds = strtoull(argv[2], NULL, 10);
    argc = 1;
  }
  uint64_t first = argc > 2 ? strtoull(argv[2], NULL, 10) : 0;
  for (size_t i = 0; i < count; i++) {
    if (argc > 1 && !verbose && strcmp(argv[1], ops[i]->name) != 0) continue;
    tally before = counts;
    for (uint64_t seed = first; seed < (argc > 2 ? first + 1 : rounds); seed++) {
      hostile_seed(seed);
      if (verbose) fprintf(stderr, "%s %llu\n", ops[i]->name, (unsigned long long)seed);
      try_op(ops[i], &counts);
    }
    hostile_seed(0);
    if (argc <= 2) try_cases(ops[i], &counts);
    if (counts.built == before.built) printf("%s: no node passes its own checks\n", ops[i]->name);
  }
  printf("%zu ops: %ld nodes (%ld refused by their attributes), %ld shapes inferred, %ld refused\n",
         count, counts.built, counts.refused, counts.inferred, counts.failed);
  return counts.built > 0 && counts.inferred > 0 && counts.failed > 0 ? 0 : 1;
}
