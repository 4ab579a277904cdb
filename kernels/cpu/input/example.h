/* Examples in protobuf: Example{1: Features{1: map of string to Feature}}; a Feature is one list of
 * bytes (field 1), floats (2) or int64 (3), whose values are field 1. Nothing is copied until a
 * feature is read; sizes come from the message's own bytes. */
#ifndef TARN_KERNELS_CPU_INPUT_EXAMPLE_H
#define TARN_KERNELS_CPU_INPUT_EXAMPLE_H

#include "core/tensor/tensor.h"
#include "kernels/kernel.h"

typedef struct tarn_feature {
  tarn_dtype
      dtype; /* TARN_F32, TARN_I64, TARN_STRING; TARN_NO_DTYPE: not there, or without a list */
  const void *data;          /* the list's message, inside of the Example */
  size_t bytes;
  uint64_t offset;           /* of the list in the Example, for messages */
} tarn_feature;

/* found[i] becomes the feature called keys[i]; a key that comes twice: the last. TARN_CORRUPT when
 * this is no Example. */
TARN_MUST_CHECK tarn_status tarn__example_find(const tarn_string *example, size_t count,
                                               const tarn_string *keys, tarn_feature *found);
/* A list of features, one for each step of a sequence. */
typedef struct tarn_feature_list {
  bool present;
  const void *data;          /* the list's message */
  size_t bytes;
  uint64_t offset;
} tarn_feature_list;

/* found[i] becomes the list called keys[i] of a SequenceExample. TARN_CORRUPT when this is none. */
TARN_MUST_CHECK tarn_status tarn__example_find_lists(const tarn_string *example, size_t count,
                                                     const tarn_string *keys,
                                                     tarn_feature_list *found);
/* Calls `each` for every feature of a list, in order, until it fails. */
TARN_MUST_CHECK tarn_status tarn__feature_list_walk(
    const tarn_feature_list *list,
    tarn_status (*each)(void *context, int64_t step, const tarn_feature *feature), void *context);
/* How many values there are; 0 where the feature is absent. TARN_CORRUPT. */
TARN_MUST_CHECK tarn_status tarn__feature_count(const tarn_feature *feature, int64_t *count);
/* Puts the counted values into elements [at, at + count) of a tensor of the feature's dtype. */
TARN_MUST_CHECK tarn_status tarn__feature_read(const tarn_feature *feature, tarn_tensor *to,
                                               int64_t at);

/* A call of ParseExample or one of its kin: problem->params is a tarn_example_params. */
TARN_MUST_CHECK tarn_status tarn__example_parse(const tarn_call *call);

#endif
