/* The dictionary in front of an array: parsed here, used by npy.c. */
#ifndef TARN_LOADER_NPY_NPY_HEADER_H
#define TARN_LOADER_NPY_NPY_HEADER_H

#include "core/tensor/shape.h"

typedef struct npy_header {
  tarn_dtype dtype;
  size_t width; /* bytes of an element: of a TARN_STRING its fixed width, filled up with zeros */
  bool swap;    /* the elements are of the other byte order */
  bool fortran; /* the first dimension runs fastest */
  tarn_shape shape;
} npy_header;

/* `offset` is that of `text` in the file, for messages. */
TARN_MUST_CHECK tarn_status tarn__npy_header_parse(const char *text, size_t bytes, size_t offset,
                                                   npy_header *header);

#endif
