/* Wire bytes as protobuf text (.pbtxt): what TensorFlow's text_format and tarn's own reader
 * (pbtxt.h) read. */
#ifndef TARN_LOADER_GRAPHDEF_PBTXT_WRITE_H
#define TARN_LOADER_GRAPHDEF_PBTXT_WRITE_H

#include "loader/graphdef/schema.h"

/* Appends the text of a message of type m to `text`. Fields that the schema does not have, and
 * messages that it does not look into, are left out. Floating-point numbers are written so that
 * reading gives the same bits. Errors: TARN_CORRUPT (the bytes are no such message),
 * TARN_NO_MEMORY. */
TARN_MUST_CHECK tarn_status tarn__pbtxt_from_wire(tarn_wire wire, const tarn_proto_message *m,
                                                  tarn_bytes *text);

#endif
