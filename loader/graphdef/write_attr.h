/* Attributes and tensors into wire form; for write.c. */
#ifndef TARN_LOADER_GRAPHDEF_WRITE_ATTR_H
#define TARN_LOADER_GRAPHDEF_WRITE_ATTR_H

#include "core/bytes.h"
#include "graph/signature/attr.h"

/* A map from names to AttrValue, as repeated `field`. strict: see write.h. */
TARN_MUST_CHECK tarn_status tarn__attrs_write(const tarn_attrs *attrs, bool strict, uint32_t field,
                                              tarn_bytes *b);
/* A TensorProto: raw content for numbers, string_val for strings. TARN_UNSUPPORTED for resources
 * and variants. */
TARN_MUST_CHECK tarn_status tarn__tensor_proto_write(const tarn_tensor *t, uint32_t field,
                                                     tarn_bytes *b);

/* An entry of such a map for a tensor whose elements are kept beside the message, under a number
 * (write.h). */
TARN_MUST_CHECK tarn_status tarn__attr_beside_write(const char *name, const tarn_tensor *t,
                                                    uint64_t number, uint32_t field, tarn_bytes *b);

#endif
