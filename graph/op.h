/* What an op is: one entry in graph/ops/<family>.c, true on any machine.
 *
 * Signatures are written in TensorFlow's own notation, parsed once (graph/signature/signature.c):
 *
 *   .inputs  = "input: T, filter: T"      also "values: N * T", "args: Tin" (a list of types),
 * "ref: Ref(T)" .outputs = "output: T" .attrs   = "T: {half, bfloat16, float, double, int32};
 * strides: list(int); padding: {'SAME', 'VALID', 'EXPLICIT'};" "data_format: {'NHWC', 'NCHW'} =
 * 'NHWC'; dilations: list(int) = [1, 1, 1, 1]" kinds: int, float, bool, string, type, shape,
 * tensor, func, list(...), each with "= default" and ">= minimum";
 *   {...} after a name: type with these values (also numbertype, realnumbertype, or quoted
 * strings).
 *
 * The build finds the file; no list is edited. It defines, ended by an empty row,
 *
 *   const tarn_op tarn_ops_<family>[] = { {.name = "Conv2D", ...}, ..., {0} };
 *
 * Shapes: infer sees fully known input shapes, always: plans are made for the shapes fed, and a
 * node behind a data-dependent one is inferred when it runs. It sets t->out[i] (rank -1 at first:
 * "not known yet"). Where it needs the elements of an input (Reshape's shape) and t->value[i] is
 * NULL, it leaves rank -1 and returns TARN_OK; when the node runs, every value is there. Ops whose
 * shape follows from elements in a way that only the kernel finds out (Where) leave -1 for good;
 * their kernels call tarn__call_allocate. infer is also where TensorFlow's error conditions on
 * ranks, shapes and small integer inputs are checked: kernels then need not. It must not trust
 * anything: inputs of any rank 0..12, any dims. */
#ifndef TARN_GRAPH_OP_H
#define TARN_GRAPH_OP_H

#include "graph/signature/attr.h"

typedef struct tarn_op tarn_op;

typedef struct tarn_infer {
  const tarn_op *op;
  const char *node;
  const tarn_attrs *attrs;         /* defaults filled in */
  const void *params;              /* what op->parse made, or NULL */
  int inputs, outputs;
  const tarn_dtype *in_dtype, *out_dtype;
  const tarn_shape *in;            /* fully known */
  const tarn_tensor *const *value; /* [inputs]; NULL where the elements are not known yet */
  tarn_shape *out;                 /* to set */
} tarn_infer;

enum {
  TARN_OP_STATEFUL =
      1, /* reads or writes state, or random: never folded, merged or pruned inside functions */
  TARN_OP_VIEW = 2, /* output 0 is input 0's bytes in another shape (or type): no kernel runs */
  TARN_OP_COMMUTATIVE = 4, /* inputs 0 and 1 may be swapped */
  TARN_OP_CONTROL = 8, /* the session itself runs it (Switch, While, PartitionedCall): no kernel */
  TARN_OP_NEVER_FOLD = 16,  /* pure, but not to be computed while planning */
  TARN_OP_FROM_SHAPES = 32, /* its kernel reads the shapes of its inputs, never their elements
                               (Shape, Rank): a plan may run it as soon as those are known */
  TARN_OP_NAMED = 64        /* its result holds the node's name: no two nodes give the same */
};

struct tarn_op {
  const char *name;            /* TensorFlow's */
  const char *inputs, *outputs, *attrs;   /* NULL: none */
  unsigned flags;
  int inplace; /* 1 + the input whose buffer output 0 may take over when it dies here; 0: none */
  /* Bit o: kernels leave output o out where nobody reads it: its tensor then has no elements, its
   * data is NULL. */
  unsigned spare;
  size_t params_bytes;         /* of the struct in kernels/params/ */
  tarn_status (*parse)(const tarn_attrs *attrs,
                       void *params); /* checks attribute values; params is zeroed */
  tarn_status (*infer)(
      tarn_infer *t);          /* NULL: every output has input 0's shape, a handle is a scalar */
  const char *formula;         /* one line of text */
  /* Case strings for conformance, gradient checks and the bench: "input=f32[2x5x5x3]
   * filter=f32[3x3x3x8] strides=[1,1,1,1] padding=SAME"; inputs by name (number_attr lists repeat
   * "values=..."), values as i32{1,2} for inputs whose elements matter, or f32[3x4]:0..1 for a
   * range; attributes by name. See graph/case/case.h. */
  const char *cases[16];
};

/* The generated table: one row a file, ended by a row without ops. */
typedef struct tarn_op_file {
  const tarn_op *ops;
  const char *path;
} tarn_op_file;
extern const tarn_op_file tarn__op_files[];

/* NULL when there is none. Thread-safe. */
const tarn_op *tarn__op_find(const char *name);
/* All ops in name order; valid for ever. */
const tarn_op *const *tarn__ops(size_t *count);

/* Runs op->infer, or the default where it has none, and checks that what came out can be allocated.
 * Everything outside op entries calls this and never op->infer. */
tarn_status tarn__infer(tarn_infer *t);

/* ---- conveniences for infer functions (graph/infer.c) ------------------------------------- */

/* "expected rank 4, got [2,3]" for input i. */
tarn_status tarn__infer_rank(const tarn_infer *t, int i, int rank);
tarn_status tarn__infer_rank_at_least(const tarn_infer *t, int i, int rank);
/* Input i must be a scalar / a vector. */
tarn_status tarn__infer_scalar(const tarn_infer *t, int i);
tarn_status tarn__infer_vector(const tarn_infer *t, int i);
/* Inputs i and j must have one shape. */
tarn_status tarn__infer_same(const tarn_infer *t, int i, int j);
/* out[o] = broadcast of inputs i and j. */
tarn_status tarn__infer_broadcast(tarn_infer *t, int i, int j, int o);
/* Input i, of int32 or int64, read as a shape (dims >= 0; minus_one: also -1, kept). Its elements
 * must be known. */
tarn_status tarn__infer_shape_value(const tarn_infer *t, int i, bool minus_one, tarn_shape *shape);
/* Element k of integer input i; its elements must be known. */
static inline int64_t tarn__infer_int(const tarn_infer *t, int i, int64_t k) {
  return tarn__tensor_int(t->value[i], k);
}
/* Ready-made infer functions. */
tarn_status tarn__infer_unary(tarn_infer *t);          /* every output: input 0's shape */
tarn_status tarn__infer_binary(tarn_infer *t);         /* out 0: broadcast of inputs 0 and 1 */
tarn_status tarn__infer_scalars(tarn_infer *t);        /* every output a scalar */
tarn_status tarn__infer_unknown(tarn_infer *t);        /* only the kernel knows */

#endif
