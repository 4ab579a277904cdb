/* Protobuf's text form (.pbtxt), turned into wire bytes by the schema, so that one reader of
 * meaning serves both.
 *
 * All of the notation that TensorFlow's writers and hands use: comments, "key: value" and "key {
 * }", < > for { }, [lists], adjacent and escaped strings, hexadecimal and octal numbers, inf and
 * nan, enum names. Parts that tarn does not look into (object graphs, Any values) are skipped.
 * Errors are TARN_CORRUPT and name line and column. */
#ifndef TARN_LOADER_GRAPHDEF_PBTXT_H
#define TARN_LOADER_GRAPHDEF_PBTXT_H

#include "loader/graphdef/schema.h"

/* Which kind of file the first field's name belongs to; NULL when to none. */
const tarn_proto_message *tarn__pbtxt_kind(const char *text, size_t bytes);
/* Appends the wire form of a text message of type m to `wire`. */
TARN_MUST_CHECK tarn_status tarn__pbtxt_to_wire(const char *text, size_t bytes,
                                                const tarn_proto_message *m, tarn_bytes *wire);

#endif
