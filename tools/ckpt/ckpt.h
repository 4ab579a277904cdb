/* The parts of `tarn ckpt`: what its verbs share. */
#ifndef TARN_TOOLS_CKPT_CKPT_H
#define TARN_TOOLS_CKPT_CKPT_H

#include <jansson.h>

#include "core/tensor/tensor.h"
#include "loader/checkpoint/checkpoint.h"
#include "tools/cli.h"

/* ---- where tensors come from: a checkpoint, an .npz or a .safetensors file, by what the path ends
 * in ---- */

typedef struct ckpt_source ckpt_source;

typedef struct ckpt_tensor {
  const char *name; /* valid while the source is open */
  tarn_dtype dtype; /* TARN_NO_DTYPE: stored in a type that we do not have */
  int dtype_number; /* TensorFlow's; 0 where the format has none */
  tarn_shape shape;
  size_t parts;
  uint64_t stored_bytes; /* in the files; 0: not known without reading */
} ckpt_tensor;

TARN_MUST_CHECK tarn_status ckpt_source_open(const char *path, ckpt_source **source);
void ckpt_source_close(ckpt_source *source);
size_t ckpt_source_count(const ckpt_source *source);
const ckpt_tensor *ckpt_source_at(const ckpt_source *source, size_t i);
TARN_MUST_CHECK tarn_status ckpt_source_read(const ckpt_source *source, size_t i, tarn_tensor *out);
/* NULL when the source is no checkpoint. */
const tarn_checkpoint *ckpt_source_checkpoint(const ckpt_source *source);
/* "checkpoint (V2)", ".npz file", ... */
const char *ckpt_source_kind(const ckpt_source *source);
bool ckpt_path_ends(const char *path, const char *suffix);

/* ---- numbers ---- */

typedef struct ckpt_stats {
  int64_t finite, nan, inf;
  double min, max, mean,
      std; /* of the finite elements (complex: of their magnitudes); 0 when there are none */
} ckpt_stats;
void ckpt_stats_of(const tarn_tensor *t, ckpt_stats *stats);

/* ---- printing ---- */

#define CKPT_NAME_TEXT 1024
/* A name as it may be printed: control bytes and what is not UTF-8 as \xNN. */
const char *ckpt_name(const char *name, char text[CKPT_NAME_TEXT]);
const char *ckpt_dtype(const ckpt_tensor *t, char text[32]);
/* One JSON value and a line feed to standard output; takes the reference. Returns the exit status.
 */
int ckpt_print_json(json_t *value);
/* Prints this thread's failure to standard error; returns its exit status. */
int ckpt_fail(tarn_status status);

/* ---- the actions: `tarn ckpt ACTION PATH...`, options taken out; each gives the exit status ----
 */

typedef struct ckpt_options {
  bool json, stats;
  double rtol, atol;
  const char **path;
  int paths;
} ckpt_options;

int ckpt_ls(const ckpt_options *options);
int ckpt_diff(const ckpt_options *options);
int ckpt_verify(const ckpt_options *options);
int ckpt_convert(const ckpt_options *options);

#endif
