/* A plan: what a session runs for one set of feeds (with their dtypes and shapes), fetches and
 * targets.
 *
 * A plan is a tree of blocks. A block is a list of steps in an order in which they can run, and a
 * table of the values that pass between them. The root block is the graph; a V1 while loop (a frame
 * of Enter, Merge, Switch, NextIteration, Exit) is a block of its own run by one Loop step of the
 * block around it; the bodies of If, While and Case are blocks too. Calls of functions are expanded
 * in place. Within a block, V1 conditionals run by dead tokens: Switch kills the values of the side
 * not taken, a step with a dead input gives dead outputs, Merge takes the input that is alive. As
 * steps are in topological order, one pass over them gives what TensorFlow's executor gives.
 *
 * Built once, immutable afterwards but for what prepare made (exec/prepared.c); threads share
 * it. */
#ifndef TARN_GRAPH_PLAN_H
#define TARN_GRAPH_PLAN_H

#include "core/bytes.h"
#include "graph/graph.h"
#include "kernels/kernel.h"
#include "kernels/run.h"

typedef struct tarn_plan tarn_plan;
typedef struct tarn_block tarn_block;
typedef struct tarn_step tarn_step;
typedef struct tarn_value tarn_value;
typedef struct tarn_binding tarn_binding;

typedef enum tarn_storage {
  TARN_STORE_RUN,      /* a counted buffer, made when the step runs */
  TARN_STORE_CONSTANT, /* value->constant */
  TARN_STORE_ARENA, /* at value->offset of the run's arena, or of its part of the device's memory */
  TARN_STORE_PREPARED, /* a constant in the device's memory: what its step's binding prepared */
  TARN_STORE_VARIABLE, /* a variable's memory on the device, counted */
  TARN_STORE_LEFT_OUT  /* nowhere: nobody reads it, and its kernel does without (tarn_op.spare) */
} tarn_storage;

struct tarn_value {
  tarn_dtype dtype;
  bool is_ref;              /* a handle on a ref variable: read when a step wants the value */
  bool may_die;
  bool carried;             /* by a straight loop: written between its rounds */
  bool on_device;           /* its elements are in the device's memory (plan/devices.c) */
  tarn_shape shape;         /* rank -1: known only when it runs */
  tarn_tensor
      constant; /* dtype set: the elements are known; they may be made later (plan/fold.h) */
  const tarn_node *variable;/* of a handle: the node that made the variable, where it is known */
  int producer, output;     /* step and its output; -1: comes from outside the block */
  int view_of;              /* the value whose elements it shares, or -1 */
  int within; /* the value whose memory it is made in, from byte within_at on, or -1
               * (plan/joins.c) */
  size_t within_at;
  /* the last step that needs the elements; INT32_MAX: the block's result */
  int last_use;
  tarn_storage storage;
  size_t offset;
};

typedef enum tarn_step_kind {
  TARN_STEP_KERNEL,
  TARN_STEP_VIEW,           /* output 0 shares input 0's bytes */
  /* every output i is input i as it is, handles too (Identity of refs, Enter, IdentityN) */
  TARN_STEP_PASS,
  /* joins deadness and order (NoOp, calls); its outputs, if any, are constants */
  TARN_STEP_GATE,
  TARN_STEP_SWITCH,
  TARN_STEP_MERGE,
  TARN_STEP_REF_SELECT,
  TARN_STEP_LOOP,           /* a V1 frame: block[0] */
  TARN_STEP_IF,             /* block[0] then, block[1] else; Case: block[i] */
  TARN_STEP_WHILE,          /* block[0] condition, block[1] body */
  TARN_STEP_CALL            /* a recursive call: its block is built when it is first reached */
} tarn_step_kind;

struct tarn_step {
  tarn_step_kind kind;
  const char *name;         /* of the node, with the names of the calls around it */
  const tarn_node *node;    /* where it came from */
  const tarn_op *op;        /* what runs: node's, or an internal op's after fusion */
  const tarn_attrs *attrs;
  const void *params;
  int inputs, outputs, controls, guards;
  int *in, *out;            /* values of the block */
  bool *deref;              /* input i is a ref variable whose value is wanted; NULL: none */
  int *control;             /* steps that must have run before */
  int *guard;               /* those of them that may be dead: then this step is dead */
  bool removed;             /* by a pass, or its outputs are all constants */
  bool may_die;
  tarn_binding *binding;    /* kernel and problem, where all shapes are known; else NULL */
  /* bit i: input i is a constant that nobody else uses and that the kernel does not read once it is
   * packed */
  unsigned spends;
  /* Not NULL: no kernel runs; output k is input part_of's elements from byte part[k] on
   * (plan/parts.c) */
  const size_t *part;
  int part_of;
  /* Not NULL: no kernel runs; input i belongs at byte join[i] of output 0, where most were made
   * already; SIZE_MAX: it is not one of those that are joined (plan/joins.c) */
  const size_t *join;
  bool kept;                /* a target, or somebody waits for it: not to be removed as unused */
  bool on_device;           /* its kernel runs on the device */
  /* Not 0: the device's work for the steps from here to before that one is recorded once and
   * replayed. */
  int record_until, recording;
  int blocks;
  tarn_block **block;       /* NULL entries: recursive, built when reached; named by block_name */
  const char **block_name;  /* functions of If, Case and While */
  const char *note;         /* of a loop: what became of its recurrent layers; or NULL */
  tarn_graph *callee;       /* of a recursive call */
  int *release; int releases;  /* values of TARN_STORE_RUN that no later step uses */
};

/* Steps [first, end) of a block, which run side by side: lane l is begin[l] to before begin[l + 1],
 * and none needs another (plan/lanes.h). Their lanes have the numbers from first_lane on. */
typedef struct tarn_section {
  int first, end, lanes, first_lane;
  int *begin;
} tarn_section;

struct tarn_block {
  tarn_plan *plan;
  tarn_block *parent;       /* NULL: the root, or the body of a function */
  int id, depth;
  tarn_step *step; int steps, step_capacity;
  tarn_value *value; int values, value_capacity;
  bool has_dead;            /* some value may be dead */
  /* From outside: feeds of the root, arguments of a body, Enter values of a loop. */
  int *input; int inputs; int input_capacity;
  bool *input_constant;     /* loop: an Enter with is_constant: there in every iteration */
  bool *input_written;      /* argument i is a handle that some step may write */
  int *result; int results; /* fetches of the root, results of a body, Exit values of a loop */
  /* Loops: next[i] of an iteration becomes carried[i] of the one after. */
  int *carried, *next; int loop_vars;
  /* The steps that NextIteration k waited for, before any pass: for export. */
  struct tarn_waits { int *step, steps; } *next_waits;
  /* A straight loop (passes/straighten_*.c) has no dead values for its own sake: inputs that are
   * not constant are the carried values themselves, steps before `stop_at` run first, then the loop
   * ends when stop_value is false, and the results are as they are then. */
  bool straight;
  int stop_at, stop_value;
  /* Its part of the arena, with those of the blocks inside, and what that needs at least. */
  size_t arena_offset, arena_bytes, lower_bound_bytes;
  /* The same of the device's memory. */
  size_t device_offset, device_bytes, device_bound_bytes;
  tarn_section *section; int sections;   /* in order */
};

/* A kernel chosen for fixed shapes. Owned by the plan (static steps) or by a run's context (dynamic
 * ones). */
struct tarn_binding {
  tarn_problem problem;     /* its arrays follow in the same allocation */
  tarn_kernel_ref kernel;
  size_t scratch_bytes, prepared_bytes;
  struct tarn_prepared *_Atomic prepared; /* made before the first run or at it; exec/prepared.c */
  bool preparing;           /* by some thread; under the lock of the store of packed weights */
};

/* A variable that the plan took for a constant: stale when its contents number differs. */
typedef struct tarn_frozen {
  const char *name;
  void *variable;           /* tarn_variable, retained */
  uint64_t contents;
} tarn_frozen;

struct tarn_plan {
  const tarn_allocator *allocator;
  tarn_arena *arena;
  tarn_graph *graph;
  tarn_block *root;
  tarn_block **block; int blocks, block_capacity;
  size_t arena_bytes, lower_bound_bytes, scratch_bytes;
  struct tarn_device_needs {        /* all 0 where everything is on the host */
    size_t arena_bytes, lower_bound_bytes, scratch_bytes;
    size_t staging_bytes;           /* of host memory that copies pass through */
    int steps, recordings;
    bool variables;                 /* some step reads or writes variables there */
    bool faults;                    /* some step's work may find elements that it cannot take */
    bool wanted;                    /* there is a device, whether or not anything runs there */
  } device;
  tarn_frozen *frozen; size_t frozens, frozen_capacity;
  char *unsupported;        /* one line an op that cannot run, or NULL */
  int lanes;                /* the most that run side by side; 0: none do */
  size_t lane_scratch_bytes;   /* of each of them */
};

/* What a plan is asked for. */
typedef struct tarn_plan_request {
  const tarn_edge *feeds;         /* [n_feeds] */
  const tarn_tensor *const *feed_tensors;  /* dtype and shape count, elements do not */
  size_t n_feeds;
  const tarn_edge *fetches; size_t n_fetches;
  tarn_node *const *targets; size_t n_targets;
} tarn_plan_request;

/* What a plan is made for. Those that are not run are written back as a graph (export/export.h):
 * they have no kernels and no memory plan, and missing ops do not matter. */
typedef enum tarn_purpose {
  TARN_FOR_RUN,
  TARN_FOR_EXPORT,          /* optimised, for the shapes that are fed */
  TARN_FOR_EXPORT_ANY,      /* optimised as far as it holds for whatever sizes the open dims have */
  TARN_FOR_FREEZE           /* the nodes as they are; variables become constants */
} tarn_purpose;

/* What planning may use of the session. */
typedef struct tarn_plan_context {
  const tarn_allocator *allocator;
  tarn_resources *resources;      /* to freeze variables; NULL: none are */
  const tarn_map *volatile_variables;   /* names that change too often to be frozen; may be NULL */
  tarn_machine machine;
  tarn_target backend;            /* TARN_TARGETS: no request */
  const struct tarn_backend
      *device; /* runs what it has kernels for; NULL: everything is on the host */
  tarn_precision precision;       /* the least that products may have */
  tarn_dtype narrow; /* with a device: what its products and what stands between them are computed
                        in; TARN_NO_DTYPE: in what they are */
  bool explain;                   /* bind what can be bound and go on where an op is missing */
  tarn_purpose purpose;
  const struct tarn_tuning *tuning;   /* measured kernel choices; NULL: none */
  struct tarn_trace *trace;       /* gets a span for each part of planning; NULL: none */
  const char *const *disabled; size_t n_disabled;   /* passes by name */
} tarn_plan_context;

/* TARN_UNSUPPORTED: the message has a line for each op that cannot run, "unsupported op: NAME (node
 * ...)". */
tarn_status tarn__plan_make(const tarn_plan_context *context, tarn_graph *graph,
                            const tarn_plan_request *request, tarn_plan **plan);
/* A plan for a function's body alone, made when a call is reached while running (exec/functions.h).
 * args: shapes of the arguments; NULL: any. */
tarn_status tarn__plan_make_body(const tarn_plan_context *context, tarn_graph *body,
                                 const tarn_shape *args, tarn_plan **plan);
void tarn__plan_destroy(tarn_plan *plan);

/* ---- parts, in the order they run (graph/plan/) ------------------------------------------- */

typedef struct tarn_builder tarn_builder;   /* plan/builder.h */

/* ---- used by passes ------------------------------------------------------------------------ */

/* -1: no memory */
int tarn__block_add_value(tarn_block *block, tarn_dtype dtype, const tarn_shape *shape);
/* takes the tensor; -1: no memory */
int tarn__block_add_constant(tarn_block *block, tarn_tensor *constant);
tarn_step *tarn__block_add_step(tarn_block *block, tarn_step_kind kind);  /* NULL: no memory */
/* How many steps (and results) use each value: an array of block->values in the plan's arena. NULL:
 * no memory. */
int *tarn__block_uses(tarn_block *block);
/* An array of block->values in the plan's arena, each value standing for itself. NULL: no
 * memory. */
int *tarn__block_aliases(tarn_block *block);
/* A step that no node of the graph asked for. */
typedef struct tarn_new_step {
  const char *op;           /* of a kernel or a view, parsed from attrs */
  const char *name;         /* in the plan's arena; NULL: like's */
  const tarn_node *like;    /* where it came from */
  const tarn_attrs *attrs;  /* every one that the op declares; of the plan's arena; NULL: none */
  const int *in; int inputs;
  int outputs; tarn_dtype dtype;   /* all of one */
} tarn_new_step;
/* Puts a step before step `at`, which and whose followers move up by one; out[outputs] are its
 * values, with their shapes. *made is false, and nothing has changed, when the op does not fit its
 * inputs or their shapes are not known. */
tarn_status tarn__block_insert(tarn_builder *b, tarn_block *block, int at,
                               const tarn_new_step *wanted, int *out, bool *made);
/* Whatever uses value v (steps, results, loop variables) uses stands_for[v] from now on. */
void tarn__block_rename(tarn_block *block, const int *stands_for);

#endif
