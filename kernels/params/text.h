/* Attributes of ops on strings. */
#ifndef TARN_KERNELS_PARAMS_TEXT_H
#define TARN_KERNELS_PARAMS_TEXT_H

#include "core/tensor/tensor.h"

typedef struct tarn_text_params {
  tarn_string separator; /* StringJoin, ReduceJoin */
  bool keep_dims;        /* ReduceJoin */
  bool skip_empty;       /* StringSplit */
  int64_t max_split;     /* StringSplitV2: -1 for any number */
  bool utf8; /* StringLength, Substr: characters, not bytes; StringLower, StringUpper: letters of
                UTF-8 */
  int64_t buckets;          /* hash ops */
  uint64_t key[2];          /* StringToHashBucketStrong */
  int64_t precision, width; /* AsString; -1: none */
  bool scientific, shortest;
  char fill;                    /* 0: none */
  tarn_string pattern, rewrite; /* StaticRegexFullMatch, StaticRegexReplace */
  bool replace_all;             /* RegexReplace, StaticRegexReplace: not only the first match */
  bool pad;                     /* EncodeBase64 */
  tarn_string template, placeholder; /* StringFormat */
  int64_t summarize;                 /* StringFormat: elements at the ends of each dim; -1: all */
  tarn_string left_pad, right_pad;   /* StringNGrams, with `separator` */
  const int64_t *ngram_widths;
  int64_t ngram_width_count, pad_width; /* pad_width -1: as wide as makes sense */
  bool preserve_short;
} tarn_text_params;

#endif
