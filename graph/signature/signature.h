/* An op's signature, parsed from TensorFlow's notation in its entry (see op.h).
 *
 * Signatures are parsed on first use, kept for the life of the process and shared by all
 * threads. */
#ifndef TARN_GRAPH_SIGNATURE_SIGNATURE_H
#define TARN_GRAPH_SIGNATURE_SIGNATURE_H

#include "graph/op.h"

/* One input or output argument; it spans several tensors when number_attr or list_attr is there. */
typedef struct tarn_arg_def {
  const char *name;
  bool is_ref;
  tarn_dtype dtype;          /* fixed; TARN_NO_DTYPE when an attribute says */
  const char *type_attr;     /* "T": its dtype */
  const char *number_attr;   /* "N": how many tensors of one dtype */
  const char *list_attr;     /* "Tin": a tensor for each dtype of the list */
} tarn_arg_def;

typedef struct tarn_attr_def {
  const char *name;
  tarn_attr_kind kind, element;   /* element: of a list */
  bool has_default, has_minimum;
  tarn_attr initial;              /* the default */
  int64_t minimum;                /* of an int, or of the length of a list */
  tarn_dtypes types;              /* allowed values of a type or of a list of types */
  const tarn_string *allowed; /* allowed values of a string or of a list of strings; NULL: any */
  size_t allowed_count;
} tarn_attr_def;

typedef struct tarn_signature {
  const tarn_arg_def *input, *output;
  const tarn_attr_def *attr;
  size_t inputs, outputs, attrs;
} tarn_signature;

/* The signature of a registered op. Errors: TARN_INVALID (the notation is malformed: our own bug,
 * and a unit test parses all), TARN_NO_MEMORY. Thread-safe. */
TARN_MUST_CHECK tarn_status tarn__signature_of(const tarn_op *op, const tarn_signature **signature);

/* Parses into the arena. */
TARN_MUST_CHECK tarn_status tarn__signature_parse(tarn_arena *arena, const tarn_op *op,
                                                  tarn_signature *signature);

/* NULL when absent. */
const tarn_attr_def *tarn__signature_attr(const tarn_signature *signature, const char *name);

/* One attribute value from text, as defaults are written: 3, -1.5e-4, true, 'SAME' (or SAME),
 * DT_FLOAT (or float), [1, 2], and shapes {}, { unknown_rank: true } or [2, ?]. The whole text must
 * be used. TARN_INVALID otherwise. */
TARN_MUST_CHECK tarn_status tarn__attr_read(tarn_arena *arena, tarn_attr_kind kind,
                                            tarn_attr_kind element, const char *text,
                                            tarn_attr *value);

/* NULL: the value fits the definition; else why not, in words that live in the arena (or a constant
 * when memory is short). */
const char *tarn__attr_refusal(tarn_arena *arena, const tarn_attr_def *def, const tarn_attr *value);

/* "int", "list(type)". */
const char *tarn__attr_kind_name(tarn_attr_kind kind);

/* How many tensors an argument spans on a node with these (complete) attributes; -1: no sane
 * number. */
int64_t tarn__arg_count(const tarn_arg_def *arg, const tarn_attrs *attrs);
/* The dtype of the argument's k-th tensor. */
tarn_dtype tarn__arg_dtype(const tarn_arg_def *arg, const tarn_attrs *attrs, int64_t k);

/* The op's place in tarn__ops, or -1 for an op that is not registered. (graph/registry.c) */
int64_t tarn__op_index(const tarn_op *op);

#endif
