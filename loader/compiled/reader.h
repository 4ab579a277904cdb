/* An open compiled file, between the files of this folder. */
#ifndef TARN_LOADER_COMPILED_READER_H
#define TARN_LOADER_COMPILED_READER_H

#include <stdatomic.h>

#include "loader/compiled/compiled.h"

typedef struct compiled_weight {
  const char *variable; /* the name of the node; NULL: a constant */
  tarn_dtype dtype;
  tarn_shape shape;
  uint64_t offset, contents;
  size_t bytes;
  uint32_t crc;
  bool packed;  /* forms in the file stand for it */
  bool checked; /* its crc; under the lock */
} compiled_weight;

typedef struct compiled_form {
  const char *kernel; /* "winograd.f4.avx512 _FusedConv2D" */
  uint64_t key, bytes, contents[TARN_PACKED_INPUTS], offset;
  uint32_t crc;
} compiled_form;

struct tarn_compiled {
  atomic_int references;
  const tarn_allocator *allocator;
  tarn_arena *arena;
  tarn_source *source;
  uint64_t data_end; /* weights and forms lie before */
  tarn_wire meta;
  const char *tarn, *machine;
  bool usable;
  compiled_weight *weight;
  size_t weights;
  compiled_form *form;
  size_t forms;
  tarn_packed_source packed;
  pthread_mutex_t lock;
  bool all_checked; /* under the lock */
};

/* weights.c: the functions of tarn_packed_source and tarn_source.beside. */
const void *tarn__compiled_find(const tarn_packed_source *source, const tarn_packed_key *key);
tarn_status tarn__compiled_check(const tarn_packed_source *source, const tarn_packed_key *key,
                                 const void *form);
tarn_status tarn__compiled_beside(void *context, uint64_t number, tarn_dtype dtype,
                                  const tarn_shape *shape, tarn_tensor *out);
/* The crcs of weights; all: of those too that forms stand for. */
tarn_status tarn__compiled_check_weights(tarn_compiled *c, bool all);
/* "folder.method.target OP": what reads a form. */
const char *tarn__compiled_kernel(tarn_kernel_ref kernel, char *text, size_t bytes);

#endif
