/* What a MetaGraphDef says beside its graph: how to save and restore, what the variables are, which
 * tensors are inputs and outputs, what to run at the start. Everything lives in the graph's arena.
 * Names are as the file has them, unchecked against the graph: a collection may name nodes that
 * were pruned. */
#ifndef TARN_LOADER_GRAPHDEF_METAGRAPH_H
#define TARN_LOADER_GRAPHDEF_METAGRAPH_H

#include "graph/graph.h"
#include "loader/graphdef/source.h"
#include "core/wire/wire.h"

typedef struct tarn_saver {
  bool present;
  const char *filename_tensor, *save_tensor, *restore_op;   /* "" where absent */
  bool sharded;
  int version;                   /* 0 legacy, 1, 2: of the checkpoints it writes */
} tarn_saver;

/* An input or output of a signature. */
typedef struct tarn_tensor_info {
  const char *key;
  const char *name;              /* "x:0"; "" for sparse and composite tensors */
  tarn_dtype dtype;
  tarn_shape shape;
  const char *kind;              /* "dense", "sparse" or "composite" */
} tarn_tensor_info;

typedef struct tarn_signature {
  const char *key, *method;
  tarn_tensor_info *inputs, *outputs;    /* in the order of their keys */
  size_t n_inputs, n_outputs;
} tarn_signature;

/* A VariableDef of the collections "variables" and kin. */
typedef struct tarn_variable_def {
  const char *name;              /* "conv/weights:0" */
  const char *initializer, *snapshot, *initial_value;  /* "" where absent */
  bool is_resource, trainable;
  bool local;                    /* in local_variables only */
  /* A part of a partitioned variable: NAME and shape of the whole; full_name NULL otherwise. */
  const char *full_name;
  tarn_shape full_shape, offset, shape;
} tarn_variable_def;

typedef struct tarn_asset {
  const char *tensor, *filename; /* "asset_path:0"; relative to the SavedModel's assets/ */
} tarn_asset;

/* A QueueRunnerDef of the collection "queue_runners": threads that fill a queue. */
typedef struct tarn_queue_runner_def {
  const char *queue;             /* the queue's node */
  const char **enqueue;          /* ops, a thread each */
  size_t n_enqueue;
  const char *close, *cancel;    /* ops; "" where absent */
  bool ends_when_cancelled; /* a thread that finds its queue cancelled has ended well, as one that
                               finds the end of data */
} tarn_queue_runner_def;

/* Names (node lists) or serialized messages (bytes lists) of a collection that is kept as it is. */
typedef struct tarn_collection {
  const char *key;
  bool names;                    /* the items are names of nodes or tensors */
  tarn_string *items;
  size_t count;
} tarn_collection;

typedef struct tarn_metagraph {
  tarn_graph *graph;
  tarn_saver saver;
  tarn_signature *signatures;    /* in the order of their keys */
  size_t n_signatures;
  tarn_variable_def *variables;  /* global ones, then those that only local_variables has */
  size_t n_variables;
  tarn_asset *assets;
  size_t n_assets;
  tarn_queue_runner_def *queue_runners;
  size_t n_queue_runners;
  tarn_collection *collections;
  size_t n_collections;
  const char **tags;
  size_t n_tags;
  const char *tensorflow_version;  /* "" when it does not say */
} tarn_metagraph;

/* Reads a MetaGraphDef that passed tarn__proto_check into an empty graph, and finishes the
 * graph. */
TARN_MUST_CHECK tarn_status tarn__metagraph_read(tarn_wire message, tarn_source *source,
                                                 tarn_graph *graph, tarn_metagraph *meta);
/* Only its tags, for choosing among several; in the arena. */
TARN_MUST_CHECK tarn_status tarn__metagraph_tags(tarn_wire message, tarn_arena *arena,
                                                 const char ***tags, size_t *n);
/* NULL when there is none. */
const tarn_collection *tarn__metagraph_collection(const tarn_metagraph *meta, const char *key);
const tarn_signature *tarn__metagraph_signature(const tarn_metagraph *meta, const char *key);
/* A collection_def entry, into meta (collections.c). */
struct tarn_import;
TARN_MUST_CHECK tarn_status tarn__collection_read(struct tarn_import *im, tarn_wire entry,
                                                  tarn_metagraph *meta);
/* The serialized QueueRunnerDefs of a collection, into meta (queue_runner.c). */
TARN_MUST_CHECK tarn_status tarn__queue_runners_read(struct tarn_import *im,
                                                     const tarn_collection *c,
                                                     tarn_metagraph *meta);
/* Room for one more at the end of an array of `count` in the arena. */
TARN_MUST_CHECK tarn_status tarn__metagraph_grow(tarn_arena *arena, void *array, size_t count,
                                                 size_t bytes_each);

#endif
