/* The graph: nodes with TensorFlow's op names, attributes and semantics, and the function library.
 *
 * Built by the loader (or a program) in two steps: tarn__graph_add and tarn__node_* make nodes
 * whose inputs are still text ("conv/weights:0", "^init"); tarn__graph_finish resolves them all, so
 * nodes may come in any order. Then the graph is immutable and may be shared by threads. A node
 * whose op is not known, or whose attributes do not fit its op, stays in the graph with `problem`
 * set: only a plan that reaches it fails. */
#ifndef TARN_GRAPH_GRAPH_H
#define TARN_GRAPH_GRAPH_H

#include "core/map.h"
#include "graph/op.h"

typedef struct tarn_node tarn_node;
typedef struct tarn_graph tarn_graph;
typedef struct tarn_library tarn_library;

typedef struct tarn_edge {
  tarn_node *node;
  int index;                     /* which output */
} tarn_edge;

struct tarn_node {
  int id;                        /* index in graph->nodes */
  const char *name, *op_name, *device;
  const tarn_op *op;             /* NULL: unknown */
  const char *problem;           /* why the node cannot run, or NULL; the code in problem_status */
  tarn_status problem_status;
  tarn_attrs attrs;              /* with defaults once finished */
  void *params;                  /* op->parse's result */
  int inputs, controls, outputs; /* outputs of an unknown op: as many as others use */
  tarn_edge *in;                 /* [inputs] */
  tarn_node **control;           /* [controls] */
  tarn_dtype *in_dtype, *out_dtype;  /* by the op's signature */
  bool *in_is_ref, *out_is_ref;
  const char **input_text;       /* as added: data inputs, then "^control"; [texts] */
  int texts, text_capacity;
};

struct tarn_graph {
  tarn_arena *arena;             /* everything below lives here */
  const tarn_allocator *allocator;
  tarn_node **nodes;
  size_t count, capacity;
  tarn_map by_name;
  tarn_library *library;         /* shared by the graph and its functions; may be NULL */
  int producer, min_consumer;    /* versions of the GraphDef it came from; 0: not said */
  struct tarn_kept *kept;        /* tensors of attributes, released with the graph */
  /* Bodies of functions only: */
  const char *function;          /* the function's name, or NULL for a main graph */
  size_t args, rets;
  tarn_node **arg;               /* nodes of op _Arg, in order */
  tarn_edge *ret;                /* resolved results, in order */
  const char **ret_text, **ret_name;      /* "node:out_arg:k" before finishing */
  const char **control_ret_text; tarn_node **control_ret; size_t control_rets;
};

/* Functions by name, each a graph. */
struct tarn_library {
  tarn_map functions;            /* name -> tarn_graph */
  tarn_graph **bodies;           /* the same, in the order they came */
  size_t count;
};

tarn_status tarn__graph_create(const tarn_allocator *a, tarn_graph **graph);
/* Also destroys the library's functions when the graph owns it (a main graph). */
void tarn__graph_destroy(tarn_graph *graph);
/* A body in graph's library (which is made when there is none); its own finish follows the main
 * graph's. */
tarn_status tarn__graph_add_function(tarn_graph *graph, const char *name, tarn_graph **body);
/* NULL when there is none. */
tarn_graph *tarn__graph_function(const tarn_graph *graph, const char *name);

/* name, op and device are copied. TARN_CORRUPT when the name is taken or malformed. */
tarn_status tarn__graph_add(tarn_graph *graph, const char *name, const char *op, const char *device,
                            tarn_node **node);
tarn_status tarn__node_add_input(tarn_graph *graph, tarn_node *node, const char *text);
/* Keeps a tensor alive as long as the graph; takes the value. */
tarn_status tarn__graph_keep_tensor(tarn_graph *graph, tarn_tensor *value,
                                    const tarn_tensor **kept);
/* Function bodies: arguments (a node "name" of op _Arg with dtype), and results. */
tarn_status tarn__graph_add_arg(tarn_graph *body, const char *name, tarn_dtype dtype,
                                tarn_node **node);
tarn_status tarn__graph_add_ret(tarn_graph *body, const char *name, const char *text);
tarn_status tarn__graph_add_control_ret(tarn_graph *body, const char *text);
/* Resolves inputs ("node", "node:1"; in functions also "node:out_arg:1" and argument names), op
 * signatures, attribute defaults and kinds, dtypes along edges, and finds cycles that pass no
 * NextIteration. Structural errors (a missing input, a cycle, a duplicate) fail with TARN_CORRUPT;
 * what is wrong with one node goes to node->problem. Finishes the library's functions too.
 * Iterative: deep graphs do not use the stack. */
tarn_status tarn__graph_finish(tarn_graph *graph);

/* "name", "name:1" or "^name" of a finished graph. TARN_NOT_FOUND with the nearest names, or when
 * the node has no such output. A bare name gives index 0 even of a node without outputs (a target),
 * "^name" index -1. */
tarn_status tarn__graph_find(const tarn_graph *graph, const char *text, tarn_edge *edge);
tarn_node *tarn__graph_node(const tarn_graph *graph, const char *name);   /* NULL when absent */
/* The name under which a session keeps the variable of a VariableV2, Variable or VarHandleOp node:
 * its shared_name, or the node's own. Lives as long as the graph; not zero-terminated. */
tarn_string tarn__node_variable_name(const tarn_node *node);
/* Which input or output argument an index belongs to, for messages: "filter", "values[2]". */
const char *tarn__node_input_name(const tarn_node *node, int i, char *text, size_t bytes);

#endif
