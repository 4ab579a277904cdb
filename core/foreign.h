/* Files that are taken for what they are not: downloads that failed, and models of other
 * programs. */
#ifndef TARN_CORE_FOREIGN_H
#define TARN_CORE_FOREIGN_H

#include <stddef.h>

#include "core/status.h"

/* What a file is by its first bytes, as it ends "the file is ", with what to do about it; NULL
 * where they say nothing. To be asked only once reading has failed: some of the signs could stand
 * in a GraphDef. */
const char *tarn__foreign_kind(const unsigned char *data, size_t bytes);

/* TARN_CORRUPT with such a message in place of the thread's own, and `expected` behind it; where
 * there is none `status`, and its message stays. TARN_OK passes. */
tarn_status tarn__foreign_refuse(tarn_status status, const unsigned char *data, size_t bytes,
                                 const char *expected);

#endif
