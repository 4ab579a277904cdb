/* The messages of TensorFlow's graph files as a table: field numbers, names, kinds, sub-messages.
 *
 * One table serves three readers: the check of a whole file before anything is built (check.c),
 * which also tells a GraphDef from a MetaGraphDef; and the text form (pbtxt.c), which is turned
 * into wire bytes so that there is one reader of meaning only. Messages that tarn never looks into
 * are `opaque`: bounded in depth, otherwise unread. */
#ifndef TARN_LOADER_GRAPHDEF_SCHEMA_H
#define TARN_LOADER_GRAPHDEF_SCHEMA_H

#include "core/wire/wire.h"

typedef enum tarn_proto_kind {
  TARN_PROTO_INT32,
  TARN_PROTO_INT64,
  TARN_PROTO_UINT32,
  TARN_PROTO_UINT64,
  TARN_PROTO_BOOL,
  TARN_PROTO_FLOAT,
  TARN_PROTO_DOUBLE,
  TARN_PROTO_STRING,   /* UTF-8 */
  TARN_PROTO_BYTES,
  TARN_PROTO_DTYPE,    /* enum DataType */
  TARN_PROTO_SAVER_VERSION, /* enum SaverDef.CheckpointFormatVersion */
  TARN_PROTO_MESSAGE,
  TARN_PROTO_OPAQUE    /* a message whose fields are not in the table */
} tarn_proto_kind;

typedef struct tarn_proto_message tarn_proto_message;

typedef struct tarn_proto_field {
  uint32_t number;
  const char *name;
  tarn_proto_kind kind;
  bool repeated;       /* maps are repeated messages of key = 1, value = 2 */
  const tarn_proto_message *message;
} tarn_proto_field;

struct tarn_proto_message {
  const char *name;
  const tarn_proto_field *fields;
  size_t count;        /* at most 64 */
};

extern const tarn_proto_message tarn__proto_graph_def, tarn__proto_meta_graph_def,
    tarn__proto_saved_model;

/* NULL when there is none. */
const tarn_proto_field *tarn__proto_field_number(const tarn_proto_message *m, uint32_t number);
const tarn_proto_field *tarn__proto_field_name(const tarn_proto_message *m, const char *name,
                                               size_t bytes);
/* A number of TensorFlow's DataType by its name in text files ("DT_FLOAT", "DT_INT4",
 * "DT_FLOAT_REF"); -1 when unknown. */
int32_t tarn__proto_dtype(const char *name, size_t bytes);
/* The other way, without "DT_" and "_REF": "FLOAT" of 1 and of 101; NULL when the number is none of
 * its types. */
const char *tarn__proto_dtype_name(int32_t number);

/* Walks a message and all that is inside it: wire types, lengths, UTF-8 of strings, depth. strict:
 * a field that is not in the table is an error too. *reached: the file offset of the last top-level
 * field that was right, and *known: how many top-level fields the table has; both are set on
 * failure too. TARN_CORRUPT names offset, found and expected. */
TARN_MUST_CHECK tarn_status tarn__proto_check(tarn_wire w, const tarn_proto_message *m, bool strict,
                                              uint64_t *reached, size_t *known);

#endif
