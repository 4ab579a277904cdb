/* What the parts of planning share. The parts, in the order they run:
 *
 *   expand.c   from fetches and targets back to feeds: the nodes that must run, calls of functions
 *              expanded in place
 *   order.c    blocks with their steps in topological order (frames.c finds V1 loops, emit.c and
 * bodies.c write the steps) shapes.c   shapes along the steps, elements computed where they are
 * known (constant folding), loop variables to a fixpoint
 *   ../passes/ rewrites of the blocks
 *   bind.c     kernels for the steps whose shapes are known
 *   device/    what runs on a device, where there is one, and the copies to it and back
 *   lanes.c    branches that run side by side
 *   memory.c   last uses, the arena
 */
#ifndef TARN_GRAPH_PLAN_BUILDER_H
#define TARN_GRAPH_PLAN_BUILDER_H

#include "core/bytes.h"
#include "graph/plan.h"

/* A node to run: of the graph, or of one call of a function. */
typedef struct tarn_array tarn_array;
typedef struct tarn_instance tarn_instance;
/* output `index` of instance `from`; from -1: nothing (an unused result) */
typedef struct tarn_use {
  int from, index;
} tarn_use;

typedef struct tarn_frame {
  struct tarn_frame *parent;     /* NULL: the root's loops */
  const char *name;
  int unit;                      /* order.c */
  int id;
} tarn_frame;

struct tarn_instance {
  const tarn_node *node;         /* NULL: a gate */
  const char *name;
  tarn_use *in; int inputs;
  int outputs;                   /* of an unknown op: as many as are used */
  int *control; int controls;
  /* index of the block input it stands for (feeds by output are in the map), or -1 */
  int feed;
  tarn_frame *frame;             /* where its outputs are */
  tarn_frame *inside;            /* where it runs: differs for Exit */
  bool placed;
};

/* Nodes of one block before it has an order. */
typedef struct tarn_expansion {
  tarn_instance *instance; int count, capacity;
  /* instances that stand for fed outputs or arguments, by input index */
  tarn_use *fed;
  const tarn_value *fed_value;   /* their dtypes, shapes and variables */
  int n_fed;
  tarn_use *result; int results;
  int *target; int targets;
} tarn_expansion;

struct tarn_builder {
  const tarn_plan_context *context;
  tarn_plan *plan;
  tarn_arena *arena;             /* the plan's */
  const char *stack[64]; int stacked;   /* functions being expanded, to see recursion */
  int expansions;                /* calls expanded so far: bounded */
  tarn_map written;              /* variables by key that some step may write */
  tarn_map reshaped;             /* those that may change their shape */
  /* variables by key that were taken for constants: tarn_frozen index + 1 */
  tarn_map frozen;
  struct tarn_array *arrays;     /* arrays.c: TensorArrays and stacks */
  bool again;                    /* what was said of one of them was too much: find shapes anew */
  size_t folded_growth;          /* bytes by which constant folding has made the plan larger */
  tarn_bytes unsupported;        /* lines */
  tarn_map named;                /* ops that a line names already */
  tarn_map looked_at;            /* functions that kernels call: bind.c */
  tarn_shape *scratch_shape;     /* shapes.c: room for one step's inputs and outputs */
  tarn_dtype *scratch_dtype;
  const tarn_tensor **scratch_value;
  size_t scratch_count;
};

#define TARN_MAX_CALLS 100000       /* expanded calls of one plan */
#define TARN_MAX_INSTANCES 5000000

/* The nodes between feeds and fetches/targets. For a function body the feeds are its arguments and
 * the fetches its results; `effects` asks for its stateful nodes too. */
tarn_status tarn__plan_expand(tarn_builder *b, tarn_graph *graph, const tarn_plan_request *request,
                              bool body, const char *prefix, tarn_expansion *out);
/* Frames and steps. The block's inputs are the feeds, its results the fetches. */
tarn_status tarn__plan_order(tarn_builder *b, tarn_expansion *from, tarn_block *block);
/* A block for a function body (If, While, Case); variable[i] is the variable whose handle argument
 * i is, or NULL. */
tarn_status tarn__plan_body(tarn_builder *b, tarn_graph *body, const char *prefix,
                            const tarn_node *const *variable, tarn_block *parent,
                            tarn_block **block);
/* A function's arguments and results against those of a call: their number and dtypes. out NULL:
 * any dtypes. */
tarn_status tarn__plan_check_call(const char *node, const tarn_graph *body, const tarn_dtype *in,
                                  int inputs, const tarn_dtype *out, int outputs);
/* The value of a variable as a constant, when no step of the plan writes it and it is initialised;
 * else *value stays empty. Sharing: clear it. */
tarn_status tarn__plan_freeze(tarn_builder *b, const tarn_node *variable, tarn_tensor *value);
/* The declared shape of a variable (which may be NULL) when it is known and kept; else rank -1. */
tarn_status tarn__plan_declared(tarn_builder *b, const tarn_node *variable, tarn_shape *shape);
/* Shapes and known elements; the block's inputs have theirs set. */
tarn_status tarn__plan_shapes(tarn_builder *b, tarn_block *block);
/* One step's shapes anew, where a pass has made those of its inputs known. */
tarn_status tarn__plan_shapes_again(tarn_builder *b, tarn_block *block, int at);
/* The passes of ../passes/, on every block. */
tarn_status tarn__plan_passes(tarn_builder *b);
tarn_status tarn__plan_bind(tarn_builder *b, tarn_block *block);
/* device/: which steps run on the device, and the copies that this takes; does nothing without
 * one. */
tarn_status tarn__plan_devices(tarn_builder *b);
tarn_status tarn__plan_memory(tarn_builder *b);

/* Room for a step before step `at`, an empty gate until the caller fills it; NULL: no memory. Steps
 * from there on have moved up by one. */
tarn_step *tarn__block_make_room(tarn_block *block, int at);
/* A node that says what the outputs of a step are that no node asked for; NULL: no memory. */
tarn_node *tarn__plan_make_node(tarn_builder *b, const tarn_op *op, const tarn_node *like,
                                const char *name, const tarn_attrs *attrs, int outputs,
                                tarn_dtype dtype);

tarn_status tarn__block_create(tarn_builder *b, tarn_block *parent, tarn_block **block);

#endif
