/* Kernels never crash, whatever their op's shape function lets through: every op gets many seeded
 * nodes with random inputs (ranks 0 to 6, no elements, values at the ends of their ranges, handles
 * of nothing and of the wrong things), and its own cases with a dim, a rank or elements changed.
 * Every kernel that takes the problem must end like `reference`: with a status, or with its
 * results. The sanitizer builds give this test its teeth.
 *
 * Arguments: -v to name each node before it is tried (which one crashed?), -n and how many percent
 * of the usual number of nodes to try, or an op's name. */
#include "compare.h"
#include "core/thread/cpu.h"
#include "core/trace/trace.h"
#include "graph/case/case.h"
#include "graph/case/case_input.h"
#include "hostile.h"

#include <stdio.h>
#include <stdlib.h>

enum { ROUNDS = 60, CHANGES = 12, MOST_ELEMENTS = 600, MEMORY = 64 << 20, LARGEST = 8 << 20 };
#define PATIENCE_NS 30000000u /* a kernel that waits for others (a queue) is stopped */
#define LATE_NS 20000000000u  /* and has ended by then */

typedef struct tally {
  long nodes, refused, runs, failed, differ, late;
} tally;

static const tarn_allocator *allocator; /* of MEMORY bytes: what asks for more is told so */
static bool verbose;
static unsigned percent = 100; /* of ROUNDS and CHANGES */

/* A handle on something that no op works with. */
static void drop_stranger(void *object) {
  free(object);
}
static const tarn_object_type stranger_type = {"Stranger", drop_stranger};

static void draw_handle(tarn_tensor *t) {
  const int64_t elements = tarn__tensor_elements(t);
  for (int64_t i = 0; i < elements; i++) {
    if (!draw(2)) continue;
    tarn_object *stranger = malloc(sizeof *stranger);
    if (!stranger) abort();
    tarn__object_init(stranger, &stranger_type);
    tarn__object_set(t, i, stranger);
  }
}

/* What kernels see of an input or output: a ref variable is a handle. */
static tarn_dtype seen(tarn_dtype dtype, bool is_ref) {
  return is_ref ? TARN_RESOURCE : dtype;
}

static void draw_input(tarn_tensor *t, tarn_dtype dtype, const tarn_shape *shape) {
  draw_tensor(t, allocator, dtype, shape);
  if (dtype == TARN_RESOURCE || dtype == TARN_VARIANT) draw_handle(t);
}

/* ---- one problem on every kernel ----------------------------------------------------------- */

/* The dtypes of the problem that is tried, as kernels see them. */
static tarn_dtype in_dtypes[TARN_CASE_MAX_INPUTS], out_dtypes[TARN_CASE_MAX_INPUTS];

/* The shapes that follow from the inputs; false when the op refuses them, or the outputs would be
 * large. */
static bool infer(tarn_case *made) {
  const tarn_node *n = made->node;
  const tarn_tensor *value[TARN_CASE_MAX_INPUTS] = {0};
  for (int i = 0; i < n->inputs; i++) {
    value[i] = &made->in[i];
    made->in_shape[i] = made->in[i].shape;
  }
  for (int i = 0; i < n->outputs; i++) made->out_shape[i] = tarn__shape_scalar();
  tarn_infer t = {.op = n->op,
                  .node = n->name,
                  .attrs = &n->attrs,
                  .params = n->params,
                  .inputs = n->inputs,
                  .outputs = n->outputs,
                  .in_dtype = n->in_dtype,
                  .out_dtype = n->out_dtype,
                  .in = made->in_shape,
                  .value = value,
                  .out = made->out_shape};
  if (n->op->infer && tarn__infer(&t) != TARN_OK) return false;
  if (!n->op->infer)
    for (int i = 0; i < n->outputs; i++)
      made->out_shape[i] = n->inputs ? made->in_shape[0] : tarn__shape_scalar();
  size_t total = 0;
  for (int i = 0; i < n->inputs; i++) in_dtypes[i] = made->in[i].dtype;
  for (int i = 0; i < n->outputs; i++) {
    out_dtypes[i] = seen(n->out_dtype[i], n->out_is_ref[i]);
    if (n->out_is_ref[i]) made->out_shape[i] = tarn__shape_scalar();
    int64_t elements;
    size_t bytes;
    if (made->out_shape[i].rank < 0) continue;
    if (tarn__shape_bytes(&made->out_shape[i], tarn_dtype_bytes(n->out_dtype[i]), &elements,
                          &bytes) != TARN_OK)
      return false;
    total += bytes > LARGEST ? LARGEST : bytes;
  }
  made->problem = (tarn_problem){.op = n->op->name,
                                 .node = n->name,
                                 .inputs = n->inputs,
                                 .outputs = n->outputs,
                                 .in_dtype = in_dtypes,
                                 .out_dtype = out_dtypes,
                                 .in_shape = made->in_shape,
                                 .out_shape = made->out_shape,
                                 .params = n->params};
  return total < LARGEST;
}

static void clear_all(tarn_tensor *t) {
  for (int i = 0; i < TARN_CASE_MAX_INPUTS; i++) tarn__tensor_clear(&t[i]);
}

/* Floats are compared where no value is so large that sums may overflow in one order and not in the
 * other. */
static bool same(const tarn_case *made, const tarn_tensor *wanted, const tarn_tensor *got,
                 bool tame, char *why, size_t bytes) {
  for (int i = 0; i < made->problem.outputs; i++) {
    if (made->problem.out_dtype[i] == TARN_RESOURCE || made->problem.out_dtype[i] == TARN_VARIANT)
      continue;
    if (!tame && tarn__dtype_in(made->problem.out_dtype[i], TARN_FLOATS | TARN_COMPLEX)) continue;
    if (same_bits(&wanted[i], &got[i])) continue;
    const tolerance t = tolerance_of(made, i);
    const worst w = compare_results(&wanted[i], &got[i], &t);
    if (!*w.why) continue;
    snprintf(why, bytes, "output %d %s: element %lld is %.9g, reference says %.9g", i, w.why,
             (long long)w.at, w.got, w.wanted);
    return false;
  }
  return true;
}

static void describe(const tarn_case *made, const char *kernel, const char *what) {
  char text[TARN_SHAPE_TEXT];
  fprintf(stdout, "%s (%s): %s; inputs", made->op->name, kernel, what);
  for (int i = 0; i < made->problem.inputs; i++)
    fprintf(stdout, " %s%s", tarn_dtype_name(made->in[i].dtype),
            tarn__shape_print(&made->in[i].shape, text));
  fputc('\n', stdout);
}

static void run_all(tarn_case *made, bool tame, tally *counts) {
  size_t count;
  const tarn_kernel_ref *k = tarn__kernels_of(made->op->name, &count);
  tarn_tensor wanted[TARN_CASE_MAX_INPUTS] = {{0}};
  tarn_status first = TARN_OK;
  bool have = false;
  for (size_t i = 0; i < count; i++) {
    char name[160], why[400] = "";
    if (tarn__kernel_refusal(k[i], &made->problem)) continue;
    tarn_tensor got[TARN_CASE_MAX_INPUTS] = {{0}};
    tarn__kernel_full_name(k[i], name, sizeof name);
    made->deadline_ns = tarn__now_ns() + PATIENCE_NS;
    const tarn_status status = tarn__case_run(made, k[i], NULL, got);
    counts->runs++;
    counts->failed += status != TARN_OK;
    if (tarn__now_ns() > made->deadline_ns + LATE_NS) {
      counts->late++;
      describe(made, name, "did not stop in time");
    }
    const bool oracle = k[i].file->target == TARN_TARGET_REFERENCE;
    if (have && (status == TARN_OK) != (first == TARN_OK)) {
      snprintf(why, sizeof why, "gave '%s', reference '%s'", tarn_status_text(status),
               tarn_status_text(first));
      counts->differ++;
      describe(made, name, why);
    } else if (have && status == TARN_OK && !same(made, wanted, got, tame, why, sizeof why)) {
      counts->differ++;
      describe(made, name, why);
    }
    if (oracle && !have) {
      have = true;
      first = status;
      memcpy(wanted, got, sizeof wanted);
    } else {
      clear_all(got);
    }
  }
  clear_all(wanted);
}

/* ---- where problems come from -------------------------------------------------------------- */

static void try_random(const tarn_op *op, tally *counts) {
  tarn_case made = {.op = op};
  tarn_node *n;
  const bool tame = draw(2);
  draw_tame(tame);
  made.graph = draw_node(allocator, op, &n);
  made.node = n;
  if (n->problem || n->inputs > TARN_CASE_MAX_INPUTS || n->outputs > TARN_CASE_MAX_INPUTS) {
    counts->refused++;
  } else {
    counts->nodes++;
    for (int round = 0; round < 4; round++) {
      for (int i = 0; i < n->inputs; i++) {
        const tarn_dtype dtype = seen(n->in_dtype[i], n->in_is_ref[i]);
        const bool alike = i > 0 && draw(2) && n->in_dtype[i] == n->in_dtype[i - 1];
        const tarn_shape shape = n->in_is_ref[i] ? tarn__shape_scalar()
                                 : alike         ? made.in[i - 1].shape
                                                 : draw_shape(dtype, MOST_ELEMENTS);
        draw_input(&made.in[i], dtype, &shape);
      }
      if (infer(&made)) run_all(&made, tame, counts);
      for (int i = 0; i < n->inputs; i++) tarn__tensor_clear(&made.in[i]);
    }
  }
  tarn__graph_destroy(made.graph);
}

/* A case that works, with a dim, a rank or elements changed: this passes the first checks. */
static void try_changed(const tarn_op *op, const char *text, tarn_dtype dtype, tally *counts) {
  tarn_case made;
  if (tarn__case_make(allocator, op, text, dtype, 1, &made) != TARN_OK) return;
  int64_t elements = 0;
  for (int i = 0; i < made.problem.inputs; i++) elements += tarn__tensor_elements(&made.in[i]);
  counts->nodes++;
  for (int round = 0; round < (int)(CHANGES * percent / 100) && elements <= 20000; round++) {
    const bool tame = draw(2);
    draw_tame(tame);
    tarn_tensor kept[TARN_CASE_MAX_INPUTS];
    memcpy(kept, made.in, sizeof kept);
    for (int i = 0; i < made.problem.inputs; i++) {
      tarn_shape shape = kept[i].shape;
      if (shape.rank > 0 && draw(3) == 0) shape.dim[draw((uint64_t)shape.rank)] = (int64_t)draw(6);
      if (shape.rank < TARN_MAX_RANK && draw(10) == 0) shape.dim[shape.rank++] = (int64_t)draw(4);
      if (shape.rank > 0 && draw(10) == 0) shape.rank--;
      int64_t n;
      size_t bytes;
      if (tarn__shape_bytes(&shape, 8, &n, &bytes) != TARN_OK || n > 20000) shape = kept[i].shape;
      if (!tarn__shape_equal(&shape, &kept[i].shape)) {
        draw_input(&made.in[i], kept[i].dtype, &shape);
        continue;
      }
      must(tarn__tensor_copy(allocator, &kept[i], &made.in[i]));
      n = tarn__tensor_elements(&made.in[i]);
      if (n > 0 && draw(2) && tarn__dtype_in(kept[i].dtype, TARN_PLAIN))
        tarn__element_put(&made.in[i], (int64_t)draw((uint64_t)n), (double)draw_int(), 0);
    }
    if (infer(&made)) run_all(&made, tame, counts);
    for (int i = 0; i < made.problem.inputs; i++) tarn__tensor_clear(&made.in[i]);
    memcpy(made.in, kept, sizeof kept);
    for (int i = 0; i < made.problem.inputs; i++) made.in_shape[i] = kept[i].shape;
  }
  tarn__case_clear(&made);
}

static void try_op(const tarn_op *op, tally *counts) {
  for (uint64_t seed = 0; seed < ROUNDS * percent / 100; seed++) {
    hostile_seed(seed);
    if (verbose) fprintf(stderr, "%s %llu\n", op->name, (unsigned long long)seed);
    try_random(op, counts);
  }
  for (size_t c = 0; c < sizeof op->cases / sizeof *op->cases && op->cases[c]; c++) {
    if (verbose) fprintf(stderr, "%s %s\n", op->name, op->cases[c]);
    hostile_seed(c);
    try_changed(op, op->cases[c], TARN_F32, counts);
    try_changed(op, op->cases[c], TARN_I32, counts);
  }
}

int main(int argc, char **argv) {
  tally counts = {0};
  size_t count, kernels;
  tarn_limited *limited;
  const tarn_op *const *ops = tarn__ops(&count);
  verbose = argc > 1 && !strcmp(argv[1], "-v");
  if (argc == 3 && !strcmp(argv[1], "-n")) percent = (unsigned)strtoul(argv[2], NULL, 10);
  const char *only = argc == 2 && !verbose ? argv[1] : NULL;
  must(tarn__limited_create(tarn__allocator_default(), MEMORY, &limited));
  allocator = tarn__limited_allocator(limited);
  const unsigned saved = tarn__denormals_off(); /* as a session runs them */
  for (size_t i = 0; i < count; i++) {
    if (only && strcmp(only, ops[i]->name) != 0) continue;
    tarn__kernels_of(ops[i]->name, &kernels);
    if (kernels) try_op(ops[i], &counts);
  }
  tarn__denormals_restore(saved);
  const bool leaked = tarn__limited_used(limited) != 0;
  if (leaked) printf("%zu bytes are still held\n", tarn__limited_used(limited));
  tarn__limited_destroy(limited);
  printf(
      "%ld nodes (%ld refused by their attributes), %ld runs, %ld of them ended with a status; %ld "
      "differ from reference, "
      "%ld did not stop\n",
      counts.nodes, counts.refused, counts.runs, counts.failed, counts.differ, counts.late);
  return counts.runs && counts.failed && !counts.differ && !counts.late && !leaked ? 0 : 1;
}
