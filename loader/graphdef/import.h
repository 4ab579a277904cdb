/* From TensorFlow's binary graph messages to a tarn_graph.
 *
 * Nodes come with TensorFlow's names, ops and attributes, nothing interpreted: what an attribute
 * means is the op's business (graph/op.h). A value that tarn cannot hold (a constant of a float8
 * type, a shape of rank 13) sets node->problem, so that only a run that reaches the node fails; a
 * file that is wrong in itself fails with TARN_CORRUPT, byte offset and all.
 *
 * The message must have passed tarn__proto_check. */
#ifndef TARN_LOADER_GRAPHDEF_IMPORT_H
#define TARN_LOADER_GRAPHDEF_IMPORT_H

#include "graph/graph.h"
#include "loader/graphdef/source.h"
#include "core/wire/wire.h"

/* Constants written as "this value, n times" may ask for this much memory in one file, in bytes; a
 * few bytes of file could ask for any amount otherwise. TARN_LIMIT beyond. */
#define TARN_IMPORT_EXPANSION ((uint64_t)4 << 30)

/* A field of TensorProto that TensorFlow does not have: the elements lie beside the message, under
 * this number, where the source says (tarn_source.beside). Read only from sources that have such
 * tensors. */
enum { TARN_TENSOR_BESIDE = 1000 };

typedef struct tarn_import {
  tarn_graph *graph;         /* what nodes go to: the main graph or a function's body */
  tarn_source *source;       /* where the message lies; constants may keep it */
  uint64_t expanded;         /* bytes of TARN_IMPORT_EXPANSION used */
  const tarn_attrs *bound;   /* attributes of the function around, for placeholders; NULL outside */
  const tarn_map *lists;     /* the function's arguments that are lists, by name; NULL outside */
  /* Why the value just read cannot be held; NULL: it can. In the graph's arena. */
  const char *problem;
  tarn_status problem_status;
} tarn_import;

/* Reads a GraphDef into the empty `graph` and finishes it. */
TARN_MUST_CHECK tarn_status tarn__graphdef_read(tarn_wire message, tarn_source *source,
                                                tarn_graph *graph);

/* ---- the parts, each in a file of its own ---- */

/* NodeDef: one more node of im->graph. (node_def.c) */
TARN_MUST_CHECK tarn_status tarn__node_def_read(tarn_import *im, tarn_wire message);
/* FunctionDefLibrary: its functions join the library of im->graph, a main graph.
 * (function_def.c) */
TARN_MUST_CHECK tarn_status tarn__library_def_read(tarn_import *im, tarn_wire message);
/* An input of a node, as NodeDef has it; a function's argument that is a list becomes its elements.
 * (function_def.c) */
TARN_MUST_CHECK tarn_status tarn__import_input(tarn_import *im, tarn_node *node, const char *text);
/* AttrValue; kind NONE when nothing is set. (attr_value.c) */
TARN_MUST_CHECK tarn_status tarn__attr_value_read(tarn_import *im, tarn_wire message,
                                                  tarn_attr *value);
/* An entry of a map from names to AttrValue, into attrs. */
TARN_MUST_CHECK tarn_status tarn__attr_entry_read(tarn_import *im, tarn_wire message,
                                                  tarn_attrs *attrs);
/* tarn__shape_message_read; for more than TARN_MAX_RANK dims, im->problem. (tensor_proto.c) */
TARN_MUST_CHECK tarn_status tarn__shape_proto_read(tarn_import *im, tarn_wire message,
                                                   tarn_shape *shape);
/* TensorProto to a kept tensor; NULL with im->problem for types that have no constants.
 * (tensor_proto.c) */
TARN_MUST_CHECK tarn_status tarn__tensor_proto_read(tarn_import *im, tarn_wire message,
                                                    const tarn_tensor **tensor);

/* Sets im->problem unless there is one. */
void tarn__import_problem(tarn_import *im, tarn_status status, const char *format, ...)
    TARN_PRINTF(3, 4);
/* A string field as zero-terminated text in the arena. TARN_CORRUPT for a zero byte inside. */
TARN_MUST_CHECK tarn_status tarn__import_text(tarn_import *im, const tarn_wire_field *f,
                                              const char **text);

#endif
