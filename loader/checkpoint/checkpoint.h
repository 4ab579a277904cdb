/* Reading and writing checkpoints, inside the library; include/tarn.h has the public part.
 *
 * Opening reads and checks names, types, shapes and places; tensors are read on demand from the
 * mapped files, and every byte that is handed out has passed its crc. An open checkpoint is never
 * written: any number of threads may read it. Names are zero-terminated (a name with a zero inside
 * is refused). */
#ifndef TARN_LOADER_CHECKPOINT_CHECKPOINT_H
#define TARN_LOADER_CHECKPOINT_CHECKPOINT_H

#include "core/tensor/tensor.h"
#include "loader/checkpoint/slice.h"

typedef struct tarn_checkpoint_info {
  const char *name; /* valid while the checkpoint is open */
  int dtype_number; /* as stored; `dtype` is TARN_NO_DTYPE when we have no such type: it lists, but
                       does not read */
  tarn_dtype dtype;
  tarn_shape shape;
  size_t parts;          /* 1, or the slices of a partitioned variable */
  uint64_t stored_bytes; /* what its elements take in the files; 0 when that is not known without
                            reading (V1) */
} tarn_checkpoint_info;

/* `path` is one of: a prefix (V2 where PREFIX.index exists, else V1: PREFIX, or
 * PREFIX-?????-of-?????); one of the
 * files PREFIX.index, PREFIX.data-?????-of-????? and PREFIX.meta of a V2 checkpoint; a folder with
 * a `checkpoint` state file (its newest checkpoint); a SavedModel folder (its variables). Errors:
 * TARN_IO (nothing there), TARN_CORRUPT, TARN_UNSUPPORTED (a newer format), TARN_LIMIT,
 * TARN_NO_MEMORY. */
TARN_MUST_CHECK tarn_status tarn__checkpoint_open(const tarn_allocator *a, const char *path,
                                                  tarn_checkpoint **checkpoint);
/* What was opened: the prefix, and 1 or 2. */
const char *tarn__checkpoint_prefix(const tarn_checkpoint *c);
int tarn__checkpoint_version(const tarn_checkpoint *c);

/* Entry i (below tarn_checkpoint_count), in name order. */
void tarn__checkpoint_info(const tarn_checkpoint *c, size_t i, tarn_checkpoint_info *info);
bool tarn__checkpoint_find(const tarn_checkpoint *c, const char *name, size_t bytes, size_t *i);
/* The same, with a TARN_NOT_FOUND that gives the nearest names. */
TARN_MUST_CHECK tarn_status tarn__checkpoint_need(const tarn_checkpoint *c, const char *name,
                                                  size_t bytes, size_t *i);

/* The whole tensor i as a value of its own; slices are put together, big-endian bundles swapped. */
TARN_MUST_CHECK tarn_status tarn__checkpoint_read(const tarn_checkpoint *c, const tarn_allocator *a,
                                                  size_t i, tarn_tensor *out);
/* A box of it; lengths of -1 are whole dimensions. */
TARN_MUST_CHECK tarn_status tarn__checkpoint_read_slice(const tarn_checkpoint *c,
                                                        const tarn_allocator *a, size_t i,
                                                        const tarn_slice *slice, tarn_tensor *out);
/* As RestoreV2 asks: `spec` is "" or "10 300 0,4:-" with the full shape that the caller expects
 * (TARN_SHAPE). */
TARN_MUST_CHECK tarn_status tarn__checkpoint_read_spec(const tarn_checkpoint *c,
                                                       const tarn_allocator *a, size_t i,
                                                       const char *spec, size_t spec_bytes,
                                                       tarn_tensor *out);
/* The whole tensor without a copy: `out` looks into the mapped file, which stays mapped as long as
 * it (also when the checkpoint is closed). The memory is READ-ONLY: writing to it faults; the
 * tensor says so (tarn__tensor_is_mapped). Possible for plain elements of a V2 bundle of this
 * machine's byte order at an offset that suits them; elsewhere it reads as tarn__checkpoint_read
 * does. The crc is checked either way, and the pages that this read are let go again. */
TARN_MUST_CHECK tarn_status tarn__checkpoint_view(const tarn_checkpoint *c, const tarn_allocator *a,
                                                  size_t i, tarn_tensor *out);

/* Checks what opening leaves (it has read every block of every table): every shard, every tensor's
 * crc. */
typedef struct tarn_checkpoint_summary {
  int version;
  size_t tensors, files, blocks;
  uint64_t bytes; /* of elements in memory */
} tarn_checkpoint_summary;
TARN_MUST_CHECK tarn_status tarn__checkpoint_verify(const tarn_checkpoint *c,
                                                    const tarn_allocator *a,
                                                    tarn_checkpoint_summary *summary);

/* TF2 object graphs: the entry whose attribute has this full name ("dense/kernel"), by the graph
 * stored under _CHECKPOINTABLE_OBJECT_GRAPH. TARN_NOT_FOUND without such a graph or name. To look
 * up many, keep the graph. */
TARN_MUST_CHECK tarn_status tarn__checkpoint_find_by_full_name(const tarn_checkpoint *c,
                                                               const tarn_allocator *a,
                                                               const char *full_name, size_t bytes,
                                                               size_t *i);
typedef struct tarn_object_graph tarn_object_graph;
TARN_MUST_CHECK tarn_status tarn__object_graph_read(const tarn_checkpoint *c,
                                                    const tarn_allocator *a,
                                                    tarn_object_graph **graph);
void tarn__object_graph_destroy(tarn_object_graph *graph);
/* The checkpoint key of a full name, valid while the graph is; NULL: none. */
const char *tarn__object_graph_key(const tarn_object_graph *graph, const char *full_name,
                                   size_t bytes);

/* The newest checkpoint that a state file names, as a prefix, from `allocator`: free it with
 * *bytes. Relative paths count from the file's folder; an absolute one where nothing lies is looked
 * up there by its base name. */
TARN_MUST_CHECK tarn_status tarn__checkpoint_state_newest(const tarn_allocator *a,
                                                          const char *state_path, char **prefix,
                                                          size_t *bytes);

/* ---- writing --------------------------------------------------------------------------------- */

/* A V2 checkpoint of one shard. Elements are written as they are added, names may come in any
 * order; the files get their names at commit: whole or not at all. Not thread-safe. */
typedef struct tarn_checkpoint_writer tarn_checkpoint_writer;
TARN_MUST_CHECK tarn_status tarn__checkpoint_writer_create(const tarn_allocator *a,
                                                           const char *prefix,
                                                           tarn_checkpoint_writer **writer);
TARN_MUST_CHECK tarn_status tarn__checkpoint_writer_add(tarn_checkpoint_writer *w, const char *name,
                                                        const tarn_tensor *tensor);
/* A piece of the tensor `name` of shape `full`. */
TARN_MUST_CHECK tarn_status tarn__checkpoint_writer_add_slice(tarn_checkpoint_writer *w,
                                                              const char *name,
                                                              const tarn_shape *full,
                                                              const tarn_slice *slice,
                                                              const tarn_tensor *tensor);
/* Ends the writer, also on failure. */
TARN_MUST_CHECK tarn_status tarn__checkpoint_writer_commit(tarn_checkpoint_writer *w);
void tarn__checkpoint_writer_discard(tarn_checkpoint_writer *w); /* NULL passes */

/* A V1 checkpoint (SaveSlices) of one file, in the same manner; its records are kept in memory
 * until commit, as the table wants them sorted. bfloat16 and the 16-bit quantised types are not
 * possible (TARN_UNSUPPORTED), nor a record of 2 GB or more (TARN_LIMIT). */
typedef struct tarn_slice_file_writer tarn_slice_file_writer;
TARN_MUST_CHECK tarn_status tarn__slice_file_writer_create(const tarn_allocator *a,
                                                           const char *path,
                                                           tarn_slice_file_writer **writer);
/* `slice` NULL: the whole tensor, of shape `full` or, when that is NULL, the tensor's. */
TARN_MUST_CHECK tarn_status tarn__slice_file_writer_add(tarn_slice_file_writer *w, const char *name,
                                                        const tarn_shape *full,
                                                        const tarn_slice *slice,
                                                        const tarn_tensor *tensor);
TARN_MUST_CHECK tarn_status tarn__slice_file_writer_commit(tarn_slice_file_writer *w);
void tarn__slice_file_writer_discard(tarn_slice_file_writer *w);

#endif
