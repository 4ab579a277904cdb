/* .npy files: NumPy's arrays.
 *
 * An .npy file is "\x93NUMPY", a version (1.0 with a 2-byte header length; 2.0 and 3.0 with 4), the
 * header (a Python dictionary literal of descr, fortran_order and shape, in any order) and the
 * elements. The header is parsed by a small strict parser: nothing is ever evaluated, and object
 * arrays (pickles) are refused. */
#ifndef TARN_LOADER_NPY_NPY_H
#define TARN_LOADER_NPY_NPY_H

#include "core/bytes.h"
#include "core/file.h"
#include "core/tensor/tensor.h"

/* Reads an .npy image out of memory: row-major and of this machine's byte order afterwards,
 * whatever it was. Fixed-width bytes ('S<n>') become strings without the zeros that filled them up.
 * Errors: TARN_CORRUPT (with the byte, counted from `data`), TARN_DTYPE (objects, text, records,
 * dates, long doubles: said in words), TARN_LIMIT (more dims than TARN_MAX_RANK),
 * TARN_NO_MEMORY. */
TARN_MUST_CHECK tarn_status tarn__npy_parse(const tarn_allocator *a, const unsigned char *data,
                                            size_t bytes, tarn_tensor *out);
/* Appends magic, version and padded header for a tensor, byte for byte as numpy.save does; the
 * elements follow as they are in memory. Quantised types take the integers behind them. TARN_DTYPE
 * for strings, bfloat16, resources. */
TARN_MUST_CHECK tarn_status tarn__npy_header(tarn_dtype dtype, const tarn_shape *shape,
                                             tarn_bytes *b);

TARN_MUST_CHECK tarn_status tarn__npy_load(const tarn_allocator *a, const char *path,
                                           tarn_tensor *out);
/* Strings are written as fixed-width bytes; TARN_DTYPE when one ends in a zero byte. */
TARN_MUST_CHECK tarn_status tarn__npy_save(const tarn_allocator *a, const tarn_tensor *tensor,
                                           const char *path);

#endif
